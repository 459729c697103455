//! The moving layer: wires and messages, written to the page each frame without Yew.
//!
//! Where a message is follows from its own times and the clock, so pausing needs no code. Where the boxes
//! are is measured when the picture has changed, not each frame.

use std::rc::Rc;

use gloo::utils::document;
use sim::{SortedMap, SortedSet, Time};
use stage::Stage;
use view::{Flight, Flow, Place};
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, MediaQueryList};

use super::anchor::{Anchor, place_id, place_name, read_place};
use super::hop_places::{self, Slot};
use super::labels::{Measure, has_room, left_edge};
use super::wires::{self, Point, Rect, Way};
use sim::order::SortShared;

const SVG: &str = "http://www.w3.org/2000/svg";
/// From here on, marks carry no label: there is no room to read them.
const LABELS: usize = 8;
/// More than this are not drawn one by one.
const MOST: usize = 120;

/// One mark: messages of the same way, verb and kind that left together.
struct Mark {
    element: HtmlElement,
    label: HtmlElement,
    lane: u8,
    way: Place,
    text: String,
}

#[derive(Default)]
pub struct Overlay {
    anchors: SortedMap<Anchor, Rect>,
    ways: SortedMap<Place, Rc<Way>>,
    wires: SortedMap<Place, Element>,
    busy: SortedSet<Place>,
    marks: SortedMap<u64, Mark>,
    stale: bool,
    measure: Measure,
    facts: String,
    flows: Vec<Flow>,
    streams: SortedMap<(Place, bool), Stream>,
    flows_at: f64,
}

/// Everything that goes one way, drawn as one moving line with its number.
struct Stream {
    line: Element,
    label: HtmlElement,
    count: u32,
    path: String,
}

/// Flows are counted at most this often: what is drawn between follows from the clock alone.
const FLOWS_EVERY_MS: f64 = 100.0;
/// Pixels from one dash of a flow to the next.
const DASH: f64 = 18.0;

/// What all wires come from.
const HUB: Anchor = Anchor::Place(Place::ApiServer);

/// What the numbers of the trail have in common that stand in one line.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum HopLine {
    /// Their way.
    OnWay(Place),
    /// Their node's card, and a height in it.
    InCard(Rc<str>, i32),
}

/// The end of a number's way, as the trail has written it into the page.
fn hop_end(mark: &HtmlElement) -> Option<Place> {
    read_place(&mark.get_attribute("data-hop-end")?)
}

/// What has a wire that always stands: all that is no part of a node's card but its kubelet.
fn wired(anchor: &Anchor) -> Option<&Place> {
    match anchor {
        Anchor::Card(_) | Anchor::Place(Place::ApiServer | Place::Disk(_) | Place::Pod(..)) => None,
        Anchor::Place(place) => Some(place),
    }
}

fn find(name: &str) -> Option<HtmlElement> {
    document().query_selector(&format!("[data-layer=\"{name}\"]")).ok()??.dyn_into().ok()
}

thread_local! {
    static REDUCED: Option<MediaQueryList> =
        gloo::utils::window().match_media("(prefers-reduced-motion: reduce)").ok().flatten();
}

pub fn reduced_motion() -> bool {
    REDUCED.with(|query| query.as_ref().is_some_and(MediaQueryList::matches))
}

/// Pixels of a label's letters at a scale of 1.
const SMALL: f64 = 12.0;

/// How large everything is, by the letters of the labels.
fn scale() -> f64 {
    let style = find("flights").and_then(|layer| gloo::utils::window().get_computed_style(&layer).ok()?);
    let size = style.and_then(|style| style.get_property_value("font-size").ok());
    size.and_then(|size| size.trim_end_matches("px").parse().ok()).map_or(1.0, |size: f64| size / SMALL)
}

impl Overlay {
    /// The picture has changed: measure again before the next drawing.
    pub fn invalidate(&mut self) {
        self.stale = true;
    }

    fn measure(&mut self) -> Option<()> {
        let scene = find("scene")?;
        let origin = scene.get_bounding_client_rect();
        let found = scene.query_selector_all("[data-anchor]:not(.map-cards *)").ok()?;
        self.anchors.clear();
        for at in 0..found.length() {
            let Some(element) = found.get(at).and_then(|node| node.dyn_into::<Element>().ok()) else {
                continue;
            };
            let name = element.get_attribute("data-anchor");
            let Some(anchor) = name.and_then(|name| Anchor::read(&name)) else { continue };
            let rect = element.get_bounding_client_rect();
            let rect = Rect {
                x: rect.x() - origin.x(),
                y: rect.y() - origin.y(),
                width: rect.width(),
                height: rect.height(),
            };
            self.anchors.insert(anchor, rect);
        }
        self.measure = Measure { width: origin.width(), scale: scale() };
        self.ways.clear();
        self.draw_wires();
        self.place_hops();
        self.stale = false;
        Some(())
    }

    /// The lines that stand: from the API server to every part and every kubelet.
    fn draw_wires(&mut self) -> Option<()> {
        let group = document().query_selector("[data-layer=\"wires\"]").ok()??;
        let ends: Vec<Place> = self.anchors.keys().filter_map(wired).cloned().collect();
        let gone: Vec<Place> = self.wires.keys().filter(|place| !ends.contains(place)).cloned().collect();
        for place in gone {
            self.wires.remove(&place).iter().for_each(Element::remove);
        }
        for place in ends {
            let Some(way) = self.way(&place) else { continue };
            let wire = self.wires.entry(place.clone()).or_insert_with(|| {
                let wire = document().create_element_ns(Some(SVG), "path");
                let wire = wire.unwrap_or_else(|_| group.clone());
                let name = place_id(&place);
                set(&wire, "class", "wire");
                set(&wire, "data-kind", name.split(':').next().unwrap_or_default());
                set(&wire, "data-wire", &name);
                wire
            });
            if wire.parent_node().is_none() {
                let _ = group.append_child(wire);
            }
            set(wire, "d", &way.path);
        }
        Some(())
    }

    /// Puts the numbers of the trail beside their ways, those of one way apart from each other.
    fn place_hops(&mut self) -> Option<()> {
        let layer = find("trail")?;
        let found = layer.query_selector_all("[data-hop-end]").ok()?;
        let all: Vec<HtmlElement> =
            (0..found.length()).filter_map(|at| found.get(at)?.dyn_into().ok()).collect();
        let ends: Vec<Option<Place>> = all.iter().map(hop_end).collect();
        let lines: Vec<Option<HopLine>> =
            ends.iter().map(|end| end.as_ref().map(|end| self.hop_line(end))).collect();
        let mut on_line: SortedMap<&Option<HopLine>, Slot> = SortedMap::new();
        let none = Slot { at: 0, count: 0, wide: false, scale: self.measure.scale };
        for (line, mark) in lines.iter().zip(&all) {
            let slot = on_line.entry(line).or_insert(none);
            slot.count += 1;
            slot.wide |= mark.dataset().get("hop").is_some_and(|number| number.len() > 1);
        }
        let mut slots = Vec::new();
        for line in &lines {
            let slot = on_line.entry(line).or_insert(none);
            slots.push(*slot);
            slot.at += 1;
        }
        for ((mark, end), slot) in all.iter().zip(&ends).zip(slots) {
            let place = end.as_ref().and_then(|end| self.hop_place(end, slot));
            if let Some((x, y)) = place {
                let shift = format!("translate({x:.1}px, {y:.1}px) translate(-50%, -50%)");
                let _ = mark.style().set_property("transform", &shift);
            }
            let _ = mark.class_list().toggle_with_force("nowhere", place.is_none());
        }
        Some(())
    }

    /// The line that a number stands in, by the end of its way.
    fn hop_line(&self, end: &Place) -> HopLine {
        match (end, self.rect(end)) {
            (Place::Pod(node, _) | Place::Disk(node), Some(rect)) => {
                HopLine::InCard(node.clone(), rect.y.round() as i32)
            }
            _ => HopLine::OnWay(end.clone()),
        }
    }

    fn hop_place(&mut self, end: &Place, slot: Slot) -> Option<Point> {
        let rect = self.rect(end)?;
        match end {
            Place::Kubelet(node) => Some(hop_places::on_top(rect, self.card(node)?, slot)),
            Place::Disk(node) | Place::Pod(node, _) => {
                Some(hop_places::at_edge(self.card(node)?, rect.y + rect.height / 2.0, slot))
            }
            _ => {
                let way = self.way(end)?;
                let (_, y) = way.at(0.5);
                Some(hop_places::in_gap(way.gap()?, y, slot))
            }
        }
    }

    fn rect(&self, place: &Place) -> Option<Rect> {
        self.anchors.get(&Anchor::Place(place.clone())).copied()
    }

    fn card(&self, node: &Rc<str>) -> Option<Rect> {
        self.anchors.get(&Anchor::Card(node.clone())).copied()
    }

    /// Where the first row of cards begins.
    fn first_row(&self) -> f64 {
        let tops = self.anchors.iter().filter(|(anchor, _)| matches!(anchor, Anchor::Card(_)));
        tops.map(|(_, rect)| rect.y).fold(f64::INFINITY, f64::min)
    }

    /// The way between the hub (for what lies inside a node: its kubelet) and a place.
    fn way(&mut self, end: &Place) -> Option<Rc<Way>> {
        if let Some(way) = self.ways.get(end) {
            return Some(way.clone());
        }
        let (hub, to) = (*self.anchors.get(&HUB)?, self.rect(end)?);
        let way = match end {
            Place::Kubelet(node) => wires::downwards(hub, to, self.card(node)?, self.first_row()),
            Place::Kubelets => wires::straight_down(hub, to),
            Place::Pod(node, _) | Place::Disk(node) => {
                wires::inside(self.rect(&Place::Kubelet(node.clone()))?, to)
            }
            _ => wires::sideways(hub, to),
        };
        let way = Rc::new(way);
        self.ways.insert(end.clone(), way.clone());
        Some(way)
    }

    /// Draws what is under way now.
    pub fn draw(&mut self, flights: &[Flight], now: Time, still: bool) {
        if self.stale {
            self.measure();
        }
        self.clear_streams();
        if still {
            self.clear();
            return;
        }
        let Some(layer) = find("flights") else { return };
        let groups = group(flights);
        let crowded = groups.len() > LABELS;
        let measure = self.measure;
        let mut busy = SortedSet::new();
        let mut seen = SortedSet::new();
        for (flight, count) in groups.into_iter().take(MOST) {
            let (end, outward) = end_of(flight);
            let Some(way) = self.way(&end) else { continue };
            seen.insert(flight.id);
            let part = f64::from(flight.progress_permille(now)) / 1000.0;
            let (x, y) = way.at(if outward { part } else { 1.0 - part });
            let full = mark_text(flight, &flight.kind, count);
            let text = if has_room(&way, &full, measure) { full } else { mark_text(flight, "", count) };
            let mark = self.mark(&layer, flight, &end);
            if mark.text != text {
                mark.label.set_text_content(Some(&text));
                mark.text = text;
            }
            let left = left_edge(&way, (x, y), &mark.text, measure);
            let style = mark.element.style();
            let _ = style.set_property("transform", &format!("translate3d({x:.1}px, {y:.1}px, 0)"));
            let _ = mark.label.style().set_property("left", &format!("{left:.1}px"));
            let classes = mark.element.class_list();
            let _ = classes.toggle_with_force("crowded", crowded);
            let _ = classes.toggle_with_force("level", way.gap().is_some());
            busy.insert(end);
        }
        self.marks.retain(|id, mark| {
            let stays = seen.contains(id);
            if !stays {
                mark.element.remove();
            }
            stays
        });
        self.light(busy);
    }

    /// Draws what is under way as flows: a line for each way, however much goes along it.
    pub fn draw_flows(&mut self, at: f64, now: Time, still: bool, stage: &Stage) {
        if self.stale {
            self.measure();
        }
        if at - self.flows_at >= FLOWS_EVERY_MS {
            self.flows_at = at;
            self.flows = stage.flows();
            self.set_streams();
            if still {
                self.write_flow_facts();
            }
        }
        if still {
            return;
        }
        // How far the dashes have moved, from the clock, so that a pause stops them.
        let delay = stage.link_delay().0.max(1);
        let part = (now.0 % delay) as f64 / delay as f64;
        for ((_, outward), stream) in &self.streams {
            let offset = if *outward { -part * DASH * 4.0 } else { part * DASH * 4.0 };
            set(&stream.line, "stroke-dashoffset", &format!("{offset:.1}"));
        }
    }

    fn set_streams(&mut self) {
        self.clear_marks();
        let Some(group) = document().query_selector("[data-layer=\"wires\"]").ok().flatten() else { return };
        let Some(layer) = find("flights") else { return };
        let mut busy = SortedSet::new();
        let mut seen = SortedSet::new();
        for flow in std::mem::take(&mut self.flows) {
            let (end, outward) = match (&flow.from, &flow.to) {
                (Place::ApiServer, to) => (to.clone(), true),
                (from, _) => (from.clone(), false),
            };
            let Some(way) = self.way(&end) else { continue };
            let key = (end.clone(), outward);
            let stream =
                self.streams.entry(key.clone()).or_insert_with(|| new_stream(&group, &layer, &end, outward));
            if stream.path != way.path {
                stream.path.clone_from(&way.path);
                set(&stream.line, "d", &way.path);
                let (x, y) = way.at(0.5);
                let _ = stream
                    .label
                    .style()
                    .set_property("transform", &format!("translate3d({x:.1}px, {y:.1}px, 0)"));
            }
            if stream.count != flow.count {
                stream.count = flow.count;
                let width = 1.5 + f64::from(flow.count).log10() * 0.9;
                set(&stream.line, "stroke-width", &format!("{width:.2}"));
                stream.label.set_text_content(Some(&format!(
                    "{}{}",
                    if outward { "↓" } else { "↑" },
                    flow.count
                )));
            }
            busy.insert(end);
            seen.insert(key);
            self.flows.push(flow);
        }
        self.streams.retain(|key, stream| {
            let stays = seen.contains(key);
            if !stays {
                stream.line.remove();
                stream.label.remove();
            }
            stays
        });
        self.light(busy);
    }

    fn write_flow_facts(&mut self) {
        let line =
            |flow: &Flow| format!("{} → {}  ×{}", place_name(&flow.from), place_name(&flow.to), flow.count);
        let lines: Vec<String> = self.flows.iter().map(line).collect();
        self.write_lines(lines.join("\n"));
    }

    fn clear_streams(&mut self) {
        for stream in std::mem::take(&mut self.streams).into_values() {
            stream.line.remove();
            stream.label.remove();
        }
    }

    fn mark(&mut self, layer: &HtmlElement, flight: &Flight, end: &Place) -> &mut Mark {
        let taken: SortedSet<u8> =
            self.marks.values().filter(|mark| mark.way == *end).map(|mark| mark.lane).collect();
        let lane = (0..8).find(|lane| !taken.contains(lane)).unwrap_or(8);
        self.marks.entry(flight.id).or_insert_with(|| {
            let (element, label) = new_mark(flight, lane);
            let _ = layer.append_child(&element);
            Mark { element, label, lane, way: end.clone(), text: String::new() }
        })
    }

    /// Lets the wires shine that carry something.
    fn light(&mut self, busy: SortedSet<Place>) {
        for name in self.busy.difference(&busy).chain(busy.difference(&self.busy)) {
            if let Some(wire) = self.wires.get(name) {
                let _ = wire.class_list().toggle_with_force("busy", busy.contains(name));
            }
        }
        self.busy = busy;
    }

    fn clear(&mut self) {
        self.clear_marks();
        self.light(SortedSet::new());
    }

    fn clear_marks(&mut self) {
        for mark in self.marks.values() {
            mark.element.remove();
        }
        self.marks.clear();
    }

    /// The moving layer as text, for those who want no movement.
    pub fn write_lines(&mut self, facts: String) {
        if facts != self.facts
            && let Some(list) = find("facts")
        {
            list.set_text_content(Some(&facts));
            self.facts = facts;
        }
    }
}

fn set(element: &Element, name: &str, value: &str) {
    let _ = element.set_attribute(name, value);
}

/// The end of a message's way that is not the hub, and whether it flies towards that end.
fn end_of(flight: &Flight) -> (Place, bool) {
    match (&flight.from, &flight.to) {
        (Place::ApiServer | Place::Kubelet(_), to) if *to != Place::ApiServer => (to.clone(), true),
        (from, _) => (from.clone(), false),
    }
}

/// What messages drawn as one have in common: their way, when they were sent, verb and kind.
type GroupKey<'a> = (&'a Place, &'a Place, Time, &'a str, &'a str);

/// Messages that left together on the same way and say the same count as one.
fn group(flights: &[Flight]) -> Vec<(&Flight, u32)> {
    let mut groups: SortedMap<GroupKey<'_>, (&Flight, u32)> = SortedMap::new();
    for flight in flights {
        let key = (&flight.from, &flight.to, flight.sent, &*flight.verb, &*flight.kind);
        groups.entry(key).or_insert((flight, 0)).1 += flight.count;
    }
    let mut groups: Vec<_> = groups.into_values().collect();
    groups.sort_shared_by_key(|(flight, _)| (flight.sent, flight.id));
    groups
}

/// What a label says: the verb, the kind, and how many there are.
fn mark_text(flight: &Flight, kind: &str, count: u32) -> String {
    let what = match kind {
        "" | "File" => String::new(),
        kind => format!(" {kind}"),
    };
    let times = if count > 1 { format!(" ×{count}") } else { String::new() };
    format!("{}{what}{times}", flight.verb)
}

fn new_stream(group: &Element, layer: &HtmlElement, end: &Place, outward: bool) -> Stream {
    let end = place_id(end);
    let line = document().create_element_ns(Some(SVG), "path").unwrap_or_else(|_| group.clone());
    set(&line, "class", "stream");
    set(&line, "data-flow", &end);
    set(&line, "data-outward", if outward { "true" } else { "false" });
    let _ = group.append_child(&line);
    let label: HtmlElement =
        document().create_element("span").map(JsCast::unchecked_into).unwrap_or_else(|_| gloo::utils::body());
    label.set_class_name(if outward { "stream-label outward" } else { "stream-label" });
    set(&label, "data-flow", &end);
    let _ = layer.append_child(&label);
    Stream { line, label, count: 0, path: String::new() }
}

fn new_mark(flight: &Flight, lane: u8) -> (HtmlElement, HtmlElement) {
    let create = |tag: &str, class: &str| -> HtmlElement {
        let element: HtmlElement = document()
            .create_element(tag)
            .map(JsCast::unchecked_into)
            .unwrap_or_else(|_| gloo::utils::body());
        element.set_class_name(class);
        element
    };
    let element = create("div", "flight");
    let label = create("span", "flight-label");
    for (name, value) in [
        ("data-message", flight.id.to_string()),
        ("data-from", place_id(&flight.from)),
        ("data-to", place_id(&flight.to)),
        ("data-verb", flight.verb.to_string()),
        ("data-kind", flight.kind.to_string()),
        ("data-object", flight.object.to_string()),
        ("data-lane", lane.to_string()),
    ] {
        set(&element, name, &value);
    }
    let _ = element.append_child(&create("span", "flight-dot"));
    let _ = element.append_child(&label);
    (element, label)
}

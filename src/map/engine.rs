//! The map at work: camera, canvas and the marks beside it, moved each frame without Yew.

use std::rc::Rc;

use gloo::utils::window;
use sim::SortedMap;
use view::filter::Filtered;
use view::{Fleet, NodeMark};
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlCanvasElement, HtmlElement};

use super::camera::{Camera, LARGEST};
use super::layout::Layout;
use super::numbers;
use super::painter::{Painter, Picture};
use super::palette::Palette;
use crate::same::Same;
use crate::words::{Lang, Words, grouped};

/// From these pixels of a cell on, nodes are drawn as cards: small ones, then full ones.
pub const CARDS_FROM: f64 = 84.0;
pub const FULL_FROM: f64 = 290.0;
/// Pixels between cards, at least.
const CARD_GAP: f64 = 3.0;
/// More cards than this are never made at once.
const CARDS_MOST: usize = 120;
const SMALL_AT_ONCE: usize = 10;
const FULL_AT_ONCE: usize = 2;
/// Pixels that a group's name needs.
const GROUP_NAME: f64 = 40.0;
/// Sharper than this a picture need not be.
const DENSITY_MOST: f64 = 2.0;
const PIXELS_MOST: f64 = 5e6;

/// The nodes that are drawn as cards now.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cards {
    pub nodes: Vec<usize>,
    pub full: bool,
}

/// The elements that the map moves.
pub struct Parts {
    pub view: HtmlElement,
    pub canvas: HtmlCanvasElement,
    pub groups: HtmlElement,
    pub cards: HtmlElement,
    pub ring: HtmlElement,
    pub tip: HtmlElement,
    pub said: HtmlElement,
}

/// What a tick has found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ticked {
    /// Goes on moving: another frame is wanted.
    pub moves: bool,
    /// Other nodes are drawn as cards.
    pub cards: bool,
    /// Something changed that is not painted yet.
    pub unpainted: bool,
}

#[derive(Default)]
pub struct Engine {
    parts: Option<Parts>,
    painter: Option<Painter>,
    pub camera: Camera,
    pub layout: Layout,
    /// What the layout was made for.
    made_for: Option<(u64, Option<Rc<str>>, u32)>,
    pub label: Option<Rc<str>>,
    /// What is painted.
    painted: Vec<Rc<NodeMark>>,
    /// What is asked for, and how the nodes look by that: those without it are grey.
    filtered: Same<Option<Filtered>>,
    shown: Vec<Rc<NodeMark>>,
    version: Option<u64>,
    /// The most pods that a node has had.
    most_pods: usize,
    palette: Option<Palette>,
    density: f64,
    pub cards: Rc<Cards>,
    /// Not all cards that are in sight are made yet.
    more_cards: bool,
    /// A node to go to as soon as it is painted.
    wish: Option<Rc<str>>,
    pub focus: Option<usize>,
    pub hover: Option<usize>,
    stale_size: bool,
    stale_picture: bool,
    stale_marks: bool,
    pub lang: Lang,
    pub(super) pointers: SortedMap<i32, (f64, f64)>,
    pub(super) dragged: f64,
}

impl Engine {
    pub fn mount(&mut self, parts: Parts) {
        self.painter = Painter::new(&parts.canvas);
        self.parts = Some(parts);
        self.palette = None;
        self.painted.clear();
        self.version = None;
        self.measure();
    }

    pub fn unmount(&mut self) {
        self.parts = None;
        self.painter = None;
        self.painted = Vec::new();
        self.cards = Rc::default();
        self.pointers.clear();
    }

    /// Its element may have another size.
    pub fn measure(&mut self) {
        (self.stale_size, self.stale_marks) = (true, true);
    }

    /// Light has become dark, or the reverse.
    pub fn recolour(&mut self) {
        self.palette = None;
    }

    /// Another session: everything is shown.
    pub fn begin_anew(&mut self) {
        self.camera.fit();
        self.most_pods = 0;
        (self.focus, self.hover) = (None, None);
    }

    pub fn group_by(&mut self, label: Option<Rc<str>>) {
        if self.label != label {
            self.label = label;
            self.camera.fit();
        }
    }

    /// The way the painter works: `webgl2` or `2d`.
    pub fn painter_name(&self) -> &'static str {
        self.painter.as_ref().map_or("none", Painter::name)
    }

    /// Brings the picture up to date.
    ///
    /// `fresh` says whether what has changed is to be painted now.
    pub fn tick(&mut self, ms: f64, fleet: &Fleet, still: bool, fresh: bool) -> Ticked {
        if self.parts.is_none() {
            return Ticked::default();
        }
        self.take_size();
        if fresh || self.made_for.is_none() {
            self.take_layout(fleet);
        }
        let moved = self.camera.tick(ms, still);
        if moved {
            self.hover = None;
        }
        let fresh = fresh || moved || self.stale_picture;
        let unpainted = !fresh && self.version != Some(fleet.version);
        let changed = if fresh { self.take_changes(fleet) } else { Vec::new() };
        self.grant_wish();
        let cards = (moved || self.stale_marks || self.more_cards) && self.choose_cards();
        self.paint(moved, changed);
        if moved || self.stale_marks || cards {
            self.place_marks();
        }
        if moved || self.hover.is_some() || self.focus.is_some() || self.stale_marks {
            self.place_tip();
        }
        self.stale_marks = false;
        let moves = moved || self.more_cards || self.camera.zooms();
        Ticked { moves, cards, unpainted }
    }

    fn take_size(&mut self) {
        let Some(parts) = self.parts.as_ref().filter(|_| self.stale_size) else { return };
        self.stale_size = false;
        let (width, height) = (f64::from(parts.view.client_width()), f64::from(parts.view.client_height()));
        if width < 1.0 || height < 1.0 {
            return;
        }
        let sharpest = (PIXELS_MOST / (width * height)).sqrt();
        let density = window().device_pixel_ratio().clamp(1.0, DENSITY_MOST).min(sharpest.max(1.0));
        let pixels = |length: f64| (length * density).round().max(1.0) as u32;
        let same = (self.camera.width, self.camera.height, self.density) == (width, height, density);
        let sized = parts.canvas.width() == pixels(width) && parts.canvas.height() == pixels(height);
        if same && sized {
            return;
        }
        parts.canvas.set_width(pixels(width));
        parts.canvas.set_height(pixels(height));
        self.density = density;
        self.made_for = None;
        self.stale_picture = true;
        self.camera.resize(width, height, (self.layout.width, self.layout.height));
    }

    fn take_layout(&mut self, fleet: &Fleet) {
        let aspect = (self.camera.width / self.camera.height * 16.0).round() as u32;
        let wanted = (fleet.layout_version, self.label.clone(), aspect);
        if self.made_for.as_ref() == Some(&wanted) {
            return;
        }
        self.layout = Layout::new(fleet, self.label.as_deref(), f64::from(aspect.max(1)) / 16.0);
        self.made_for = Some(wanted);
        self.camera.resize(self.camera.width, self.camera.height, (self.layout.width, self.layout.height));
        self.painted.clear();
        self.version = None;
        (self.stale_picture, self.stale_marks) = (true, true);
        self.name_groups();
    }

    /// What is asked for; the rest turns grey.
    pub fn filter(&mut self, filtered: &Same<Option<Filtered>>) {
        if self.filtered != *filtered {
            self.filtered = filtered.clone();
            self.painted.clear();
            self.version = None;
            self.stale_picture = true;
        }
    }

    fn as_shown(&self, at: usize, node: &Rc<NodeMark>) -> Rc<NodeMark> {
        let is_dim = (*self.filtered).as_ref().is_some_and(|filtered| filtered.is_dim(at));
        if is_dim { Rc::new(node.dimmed()) } else { node.clone() }
    }

    /// The nodes that look different from what is painted.
    fn take_changes(&mut self, fleet: &Fleet) -> Vec<usize> {
        if self.version == Some(fleet.version) {
            return Vec::new();
        }
        self.version = Some(fleet.version);
        let mut changed = Vec::new();
        if self.painted.len() != fleet.nodes.len() {
            self.painted.clone_from(&fleet.nodes);
            self.shown = fleet.nodes.iter().enumerate().map(|(at, node)| self.as_shown(at, node)).collect();
            self.stale_picture = true;
        } else {
            for (at, node) in fleet.nodes.iter().enumerate() {
                if !Rc::ptr_eq(node, &self.painted[at]) {
                    self.painted[at] = node.clone();
                    self.shown[at] = self.as_shown(at, node);
                    changed.push(at);
                }
            }
        }
        let most = match self.stale_picture {
            true => self.painted.iter().map(|node| node.pods.len()).max(),
            false => changed.iter().map(|at| self.painted[*at].pods.len()).max(),
        };
        if most.is_some_and(|most| most > self.most_pods) {
            self.most_pods = most.unwrap_or(0);
            self.stale_picture = true;
        }
        changed
    }

    fn paint(&mut self, moved: bool, changed: Vec<usize>) {
        let palette = match self.palette.take() {
            Some(palette) => palette,
            None => {
                self.stale_picture = true;
                Palette::read()
            }
        };
        if let Some(painter) = &mut self.painter {
            let picture = Picture {
                view: self.camera.now,
                density: self.density,
                nodes: &self.shown,
                layout: &self.layout,
                grid: grid(self.most_pods),
                palette: &palette,
            };
            painter.paint(&picture, std::mem::take(&mut self.stale_picture), moved, &changed);
        }
        self.palette = Some(palette);
    }

    /// Which nodes are near enough to be cards; whether these are others than before.
    ///
    /// While the picture zooms none are made, and then only a few with each frame.
    fn choose_cards(&mut self) -> bool {
        let scale = self.camera.now.scale;
        self.more_cards = self.camera.zooms();
        if self.more_cards {
            return false;
        }
        let full = scale >= FULL_FROM;
        let mut nodes = Vec::new();
        if scale >= CARDS_FROM {
            let (left, top) = self.camera.to_map(0.0, 0.0);
            let (right, bottom) = self.camera.to_map(self.camera.width, self.camera.height);
            nodes = self.layout.within(left, top, right, bottom);
            nodes.truncate(CARDS_MOST);
        }
        let mut room = if full { FULL_AT_ONCE } else { SMALL_AT_ONCE };
        let old = &self.cards.nodes;
        let had = self.cards.full == full;
        let all = nodes.len();
        nodes.retain(|at| {
            let known = had && old.contains(at);
            let stays = known || room > 0;
            room -= usize::from(!known && room > 0);
            stays
        });
        self.more_cards = nodes.len() < all;
        let cards = Cards { nodes, full };
        let other = cards != *self.cards;
        if other {
            self.cards = Rc::new(cards);
        }
        other
    }

    fn name_groups(&self) {
        let Some(parts) = &self.parts else { return };
        parts.groups.set_text_content(None);
        for group in self.layout.groups.iter().filter(|_| self.label.is_some()) {
            let Ok(element) = gloo::utils::document().create_element("span") else { return };
            let nodes = group.end - group.begin;
            let short = self.label.as_deref().and_then(|label| label.rsplit('/').next()).unwrap_or_default();
            let name = if group.name.is_empty() { format!("no {short}") } else { group.name.to_string() };
            element.set_text_content(Some(&format!("{name}  {}", grouped(nodes as u32))));
            let _ = element.set_attribute("title", &name);
            let _ = parts.groups.append_child(&element);
        }
    }

    /// Moves everything that stands over the canvas to its place. Cards that are not drawn yet come with
    /// the next rendering.
    pub fn place_marks(&self) {
        let Some(parts) = &self.parts else { return };
        let scale = self.camera.now.scale;
        let groups = parts.groups.children();
        for (at, group) in self.layout.groups.iter().enumerate() {
            let Some(element) = groups.item(at as u32) else { break };
            let (x, y) = self.camera.to_screen(group.x, group.y);
            let width = group.columns as f64 * scale;
            // A name that has no room is no help.
            let width = if width < GROUP_NAME { 0.0 } else { width };
            move_to(&element, x, y - 17.0, width, None);
        }
        let far = scale < CARDS_FROM || (self.cards.full != (scale >= FULL_FROM) && self.camera.zooms());
        let _ = parts.cards.toggle_attribute_with_force("hidden", far);
        let cards = parts.cards.children();
        for at in 0..cards.length() {
            let Some(element) = cards.item(at) else { break };
            let Some(place) = number_of(&element).and_then(|at| self.layout.places.get(at)) else { continue };
            let (x, y) = self.camera.to_screen(place.0, place.1);
            let size = scale - numbers::gap(scale).max(CARD_GAP);
            move_to(&element, x, y, size, Some(size));
        }
    }

    fn place_tip(&self) {
        let Some(parts) = &self.parts else { return };
        let shown = self.hover.or(self.focus).filter(|at| *at < self.painted.len());
        let place = |element: &HtmlElement, at: Option<usize>| {
            let place = at.and_then(|at| self.layout.places.get(at));
            let _ = element.toggle_attribute_with_force("hidden", place.is_none());
            place.map(|place| self.camera.to_screen(place.0, place.1))
        };
        if let Some((x, y)) = place(&parts.ring, self.focus) {
            let size = self.camera.now.scale;
            move_to(&parts.ring, x - 2.0, y - 2.0, size + 3.0, Some(size + 3.0));
        }
        let near = self.camera.now.scale >= CARDS_FROM;
        let Some((x, y)) = place(&parts.tip, shown.filter(|_| !near)) else { return };
        if let Some(node) = shown.and_then(|at| self.painted.get(at)) {
            let text = summary(node, self.lang.words());
            if parts.tip.text_content().as_deref() != Some(&text) {
                parts.tip.set_text_content(Some(&text));
            }
        }
        // Beside the node, towards the middle: nothing has to be measured.
        let (left, across) = match x > self.camera.width * 0.55 {
            true => (x - 6.0, "-100%"),
            false => (x + self.camera.now.scale + 6.0, "0"),
        };
        let (top, down) = match y > self.camera.height * 0.5 {
            true => (y - 4.0, "-100%"),
            false => (y + self.camera.now.scale + 4.0, "0"),
        };
        let place = format!("translate({left:.0}px, {top:.0}px) translate({across}, {down})");
        let _ = parts.tip.style().set_property("transform", &place);
    }

    // ---- actions of a person ----

    pub fn name_of(&self, node: usize) -> Option<Rc<str>> {
        self.painted.get(node).map(|mark| mark.name.clone())
    }

    fn find(&self, name: &str) -> Option<usize> {
        self.painted.iter().position(|node| &*node.name == name)
    }

    /// The names of the nodes whose cards are drawn in full.
    pub fn near(&self) -> impl Iterator<Item = Rc<str>> + '_ {
        let nodes = self.cards.nodes.iter().filter(|_| self.cards.full);
        nodes.filter_map(|at| self.name_of(*at))
    }

    /// The keyboard's or pointer's spot in the picture: where keys zoom.
    pub fn centre(&self) -> (f64, f64) {
        let place = self.focus.and_then(|at| self.layout.places.get(at));
        let focus = place.map(|place| self.camera.to_screen(place.0 + 0.5, place.1 + 0.5));
        focus.unwrap_or((self.camera.width / 2.0, self.camera.height / 2.0))
    }

    pub fn pick(&self, x: f64, y: f64) -> Option<usize> {
        let (x, y) = self.camera.to_map(x, y);
        self.layout.at(x, y)
    }

    /// Where a node's cell is in the window.
    pub fn spot(&self, node: usize) -> Option<(i32, i32)> {
        let parts = self.parts.as_ref()?;
        let place = self.layout.places.get(node)?;
        let (x, y) = self.camera.to_screen(place.0 + 0.5, place.1 + 1.0);
        let rect = parts.view.get_bounding_client_rect();
        Some(((rect.x() + x) as i32, (rect.y() + y) as i32))
    }

    /// Puts the keyboard's mark on a node and says what it is.
    fn focus_on(&mut self, node: usize) {
        let Some(mark) = self.painted.get(node) else { return };
        let text = summary(mark, self.lang.words());
        self.focus = Some(node);
        self.stale_marks = true;
        if let Some(place) = self.layout.places.get(node) {
            self.camera.reveal(*place);
        }
        if let Some(parts) = &self.parts {
            parts.said.set_text_content(Some(&text));
        }
    }

    /// Moves the keyboard's mark; from nowhere to the first node that is seen.
    pub fn move_focus(&mut self, dx: f64, dy: f64) {
        let next = match self.focus.filter(|at| *at < self.layout.places.len()) {
            Some(at) => self.layout.beside(at, dx, dy).unwrap_or(at),
            None => self.pick(self.camera.width / 2.0, self.camera.height / 2.0).unwrap_or(0),
        };
        self.focus_on(next);
    }

    /// Goes to a node, once the map is there, and puts the keyboard's mark on it.
    pub fn wish_for(&mut self, name: Rc<str>) {
        self.wish = Some(name);
    }

    fn grant_wish(&mut self) {
        if self.painted.is_empty() {
            return;
        }
        let Some(node) = self.wish.take().and_then(|name| self.find(&name)) else { return };
        self.focus_on(node);
        self.go_to(node);
        if let Some(parts) = &self.parts {
            let _ = parts.view.focus();
        }
    }

    /// Zooms to a node until its card is in full.
    fn go_to(&mut self, node: usize) {
        if let Some(place) = self.layout.places.get(node) {
            self.camera.go_to(*place, LARGEST);
        }
    }

    pub fn hover_at(&mut self, at: Option<(f64, f64)>) -> bool {
        let found = at.and_then(|(x, y)| self.pick(x, y));
        let other = found != self.hover;
        self.hover = found;
        self.stale_marks |= other;
        other
    }
}

/// Columns and rows for so many pods in a square.
fn grid(pods: usize) -> (usize, usize) {
    let columns = (pods as f64).sqrt().ceil().max(2.0) as usize;
    (columns, pods.div_ceil(columns).max(2))
}

/// A node in a few words: its name, its state, its pods by their states.
pub fn summary(node: &NodeMark, words: &Words) -> String {
    let counts = node.counts();
    let states = view::fleet::STATES.iter().filter(|state| counts.of(**state) > 0);
    let pods: Vec<String> =
        states.map(|state| format!("{} {}", counts.of(*state), state_word(*state))).collect();
    let pods = if pods.is_empty() { words.scene.no_pods.to_owned() } else { pods.join(", ") };
    format!("{}  {}\n{pods}", node.name, node.status())
}

/// STATUS as kubectl prints it, for the classes that the far picture knows.
pub fn state_word(state: view::PodState) -> &'static str {
    use view::PodState::*;
    match state {
        Pending => "Pending",
        ContainerCreating => "ContainerCreating",
        Running => "Running",
        NotReady => "NotReady",
        CrashLoopBackOff => "CrashLoopBackOff",
        Error => "Error",
        Terminating => "Terminating",
        Completed => "Completed",
        Unknown => "Unknown",
    }
}

fn number_of(element: &Element) -> Option<usize> {
    element.get_attribute("data-at")?.parse().ok()
}

fn move_to(element: &Element, x: f64, y: f64, width: f64, height: Option<f64>) {
    let Some(element) = element.dyn_ref::<HtmlElement>() else { return };
    let height = height.map_or(String::new(), |height| format!("; height: {height:.1}px"));
    element
        .style()
        .set_css_text(&format!("transform: translate({x:.1}px, {y:.1}px); width: {width:.1}px{height}"));
}

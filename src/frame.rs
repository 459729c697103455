//! The only wall clock: each animation frame lets virtual time pass, and draws what moves.
//!
//! Everything has its share of the frame, so that no task is long: the simulation, the look at what changed,
//! the map. With many nodes the page around the moving layer is drawn again a few times a second only.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use gloo::events::EventListener;
use gloo::render::{AnimationFrame, request_animation_frame};
use gloo::utils::{document, document_element, window};
use stage::Stage;
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;
use yew::Callback;

use super::captions::{Caption, Captions, Scene};
use super::clock::{budget, now_ms};
use super::map::Map;
use super::overlay::{Overlay, reduced_motion};
use super::session::SharedSession;
use super::speed::{clock_text, speed_text};
use super::words::Lang;

/// Milliseconds of a frame that the simulation may take.
const BUDGET_MS: f64 = 8.0;
/// The same while nothing but opening a session is to be done.
const OPENING_MS: f64 = 20.0;
/// The part of a long frame that opening may take: where drawing takes long, fewer pictures are drawn meanwhile.
const OPENING_SHARE: f64 = 2.0 / 3.0;
/// Milliseconds that the look at what changed may take.
const LOOK_MS: f64 = 4.0;
/// Milliseconds of a frame for giving up a session that is over.
const APART_MS: f64 = 3.0;
/// So long after a key, the simulation takes less of each frame, and with many nodes the picture changes less
/// often: what is typed is seen first.
const TYPING_MS: f64 = 600.0;
const TYPING_SHARE: f64 = 0.4;
const TYPING_PAUSES: f64 = 3.0;
/// What changes on the map is painted at most this often; what moves is painted in each frame.
const PAINT_EVERY_MS: f64 = 50.0;
/// After a longer pause (another tab was in front) no more than this is made up for.
const LONGEST_MS: f64 = 100.0;
const COUNTDOWNS_EVERY_MS: f64 = 200.0;
/// With many nodes the page is drawn again at most this often.
const REDRAW_EVERY_MS: f64 = 150.0;
/// Other cards come into sight of the map at most this often.
const CARDS_EVERY_MS: f64 = 60.0;
/// More messages under way than this are drawn as flows.
const FLIGHTS_MOST: usize = 400;

pub struct Frame {
    session: SharedSession,
    overlay: RefCell<Overlay>,
    map: Map,
    changed: Callback<()>,
    next: RefCell<Option<AnimationFrame>>,
    last: Cell<f64>,
    counted: Cell<f64>,
    redrawn: Cell<f64>,
    /// There is something else to draw than the moving layer.
    pending: Cell<bool>,
    /// Other nodes of the map are cards.
    other_cards: Cell<bool>,
    /// When a key was pressed last: then typing comes first.
    typed: Cell<f64>,
    painted: Cell<f64>,
    captions: RefCell<Captions>,
    /// What captions are in.
    pub lang: Cell<Lang>,
    /// Sessions that are over, given up piece by piece.
    over: RefCell<Vec<Stage>>,
    listeners: RefCell<Vec<EventListener>>,
}

impl Frame {
    /// Starts; `changed` is called when there is something else to draw than the moving layer.
    pub fn start(session: SharedSession, map: Map, changed: Callback<()>) -> Rc<Frame> {
        let frame = Rc::new(Frame {
            session,
            overlay: RefCell::default(),
            map,
            changed,
            next: RefCell::default(),
            last: Cell::new(0.0),
            counted: Cell::new(0.0),
            redrawn: Cell::new(0.0),
            pending: Cell::new(false),
            other_cards: Cell::new(false),
            typed: Cell::new(f64::NEG_INFINITY),
            painted: Cell::new(0.0),
            captions: RefCell::default(),
            lang: Cell::default(),
            over: RefCell::default(),
            listeners: RefCell::default(),
        });
        frame.listen(&document(), "keydown", |frame| frame.typed.set(now_ms()));
        for (target, event) in [
            (AsRef::<web_sys::EventTarget>::as_ref(&window()).clone(), "resize"),
            (document().into(), "visibilitychange"),
        ] {
            frame.listen(&target, event, |frame| frame.measure());
        }
        if let Some(dark) = window().match_media("(prefers-color-scheme: dark)").ok().flatten() {
            frame.listen(&dark, "change", |frame| frame.recolour());
        }
        frame.wake();
        frame
    }

    fn listen(self: &Rc<Self>, target: &web_sys::EventTarget, event: &'static str, then: fn(&Rc<Self>)) {
        let weak = Rc::downgrade(self);
        let listener = EventListener::new(target, event, move |_| {
            if let Some(frame) = weak.upgrade() {
                then(&frame);
            }
        });
        self.listeners.borrow_mut().push(listener);
    }

    /// Measures the boxes again before the next drawing.
    pub fn measure(self: &Rc<Self>) {
        self.overlay.borrow_mut().invalidate();
        self.map.0.borrow_mut().measure();
        self.wake();
    }

    /// Light has become dark, or the reverse.
    pub fn recolour(self: &Rc<Self>) {
        self.map.0.borrow_mut().recolour();
        self.wake();
    }

    /// Asks for a frame; while time stands still there are none.
    pub fn wake(self: &Rc<Self>) {
        if self.next.borrow().is_some() || document().hidden() {
            return;
        }
        let weak = Rc::downgrade(self);
        let handle = request_animation_frame(move |at| {
            if let Some(frame) = weak.upgrade() {
                frame.tick(at);
            }
        });
        *self.next.borrow_mut() = Some(handle);
    }

    fn tick(self: &Rc<Self>, at: f64) {
        self.next.borrow_mut().take();
        let wall = (at - self.last.replace(at)).clamp(0.0, LONGEST_MS);
        let goes_on = self.pass_time(wall) | self.take_apart();
        let still = reduced_motion();
        let moves = self.draw_map(at, wall, still);
        self.redraw_page(at);
        self.draw(at, still);
        if goes_on || moves || self.pending.get() || self.other_cards.get() {
            self.wake();
        }
    }

    /// Lets virtual time pass, and looks at what it brought; whether it goes on by itself.
    fn pass_time(&self, wall: f64) -> bool {
        let mut session = self.session.borrow_mut();
        let opening = session.opening().is_some();
        let share = if self.is_typed() { TYPING_SHARE } else { 1.0 };
        if opening {
            session.open_slice(budget(OPENING_MS.max(wall * OPENING_SHARE) * share));
        } else {
            session.advance(wall, budget(BUDGET_MS * share));
        }
        let looked = session.look(budget(LOOK_MS * share));
        let console = session.refresh_console();
        if looked.board || looked.fleet || console || opening {
            self.pending.set(true);
        }
        session.playback.playing || looked.more || session.opening().is_some()
    }

    fn is_typed(&self) -> bool {
        now_ms() - self.typed.get() < TYPING_MS
    }

    /// The shortest time between two pictures of a sort, usually `ms`.
    fn pause(&self, ms: f64) -> f64 {
        if self.is_typed() { ms * TYPING_PAUSES } else { ms }
    }

    /// Sessions that are over are given up while nothing else waits long for it.
    fn take_apart(&self) -> bool {
        let mut over = self.over.borrow_mut();
        let left = budget(APART_MS);
        while let Some(stage) = over.last_mut() {
            if !left() {
                return true;
            }
            let goes_on = (0..8).all(|_| stage.take_apart());
            if !goes_on {
                over.pop();
            }
        }
        false
    }

    /// Another session begins.
    pub fn begin_anew(&self) {
        self.captions.borrow_mut().begin_anew();
    }

    /// A session that is over.
    pub fn give_up(self: &Rc<Self>, stage: Stage) {
        self.over.borrow_mut().push(stage);
        self.wake();
    }

    fn draw_map(&self, at: f64, wall: f64, still: bool) -> bool {
        let session = self.session.borrow();
        let mut map = self.map.0.borrow_mut();
        let fresh = at - self.painted.get() >= self.pause(PAINT_EVERY_MS);
        if fresh {
            self.painted.set(at);
        }
        let ticked = map.tick(wall, session.stage.fleet(), still, fresh);
        if ticked.cards {
            self.other_cards.set(true);
        }
        ticked.moves || ticked.unpainted
    }

    /// Lets the page be drawn again if there is something new, but not too often where that takes long.
    fn redraw_page(&self, at: f64) {
        let far = self.session.borrow().is_far();
        let since = at - self.redrawn.get();
        let due = self.pending.get() && (!far || since >= self.pause(REDRAW_EVERY_MS));
        if due || (self.other_cards.get() && since >= CARDS_EVERY_MS) {
            self.pending.set(false);
            self.other_cards.set(false);
            self.redrawn.set(at);
            self.changed.emit(());
        }
    }

    fn draw(&self, at: f64, still: bool) {
        let session = self.session.borrow();
        let now = session.stage.now();
        let mut overlay = self.overlay.borrow_mut();
        if session.is_far() || session.stage.messages_under_way() > FLIGHTS_MOST {
            overlay.draw_flows(at, now, still, &session.stage);
            caption(None);
        } else {
            let mut captions = self.captions.borrow_mut();
            let hops = if session.opening().is_some() { Vec::new() } else { session.stage.hops() };
            let board = session.board();
            let scene = Scene { hops: &hops, board: &board, tick: &|| session.stage.next_tick(), now };
            caption(captions.line(&scene, at, self.lang.get()));
            if still {
                overlay.write_lines(captions.listed());
            }
            overlay.draw(&session.stage.flights(), now, still);
        }
        write("[data-clock]", |_| Some(clock_text(session.elapsed())));
        // While time stands still this may be the last frame for long.
        if session.playback.playing && at - self.counted.get() < COUNTDOWNS_EVERY_MS {
            return;
        }
        self.counted.set(at);
        write("[data-speed-now]", |_| Some(speed_text(session.factor())));
        write("[data-until]", |element| {
            let until: u64 = element.dataset().get("until")?.parse().ok()?;
            Some(until.saturating_sub(now.0).div_ceil(1_000_000).to_string())
        });
        draw_rings(now.0);
    }
}

/// Says of every ring how much of its time is left, from 0 to 1.
fn draw_rings(now: u64) {
    let Ok(found) = document().query_selector_all("[data-ring]") else { return };
    for at in 0..found.length() {
        let Some(element) = found.get(at).and_then(|node| node.dyn_into::<HtmlElement>().ok()) else {
            continue;
        };
        let number = |name: &str| element.dataset().get(name).and_then(|text| text.parse::<u64>().ok());
        let (Some(from), Some(until)) = (number("ring"), number("ends")) else { continue };
        let left = until.saturating_sub(now) as f64 / until.saturating_sub(from).max(1) as f64;
        let _ = element.style().set_property("--left", &format!("{:.3}", left.min(1.0)));
    }
}

/// Shows a caption in the place of what the guide says, or takes it away.
fn caption(line: Option<Caption<'_>>) {
    let root = document_element();
    let shown = root.get_attribute("data-captioned");
    match line {
        Some(Caption { text, waits }) => {
            write("[data-caption]", |_| Some(text.to_owned()));
            // Where there is little room, the guide gives way to what happens, and to nothing else.
            let sort = if waits { "waits" } else { "happens" };
            if shown.as_deref() != Some(sort) {
                let _ = root.set_attribute("data-captioned", sort);
            }
        }
        None if shown.is_some() => {
            let _ = root.remove_attribute("data-captioned");
        }
        None => {}
    }
}

/// Writes a text into every element that matches, where it differs.
fn write(selector: &str, text: impl Fn(&HtmlElement) -> Option<String>) {
    let Ok(found) = document().query_selector_all(selector) else { return };
    for at in 0..found.length() {
        let Some(element) = found.get(at).and_then(|node| node.dyn_into::<HtmlElement>().ok()) else {
            continue;
        };
        let Some(text) = text(&element) else { continue };
        if element.text_content().as_deref() != Some(&text) {
            element.set_text_content(Some(&text));
        }
    }
}

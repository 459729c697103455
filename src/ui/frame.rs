//! The only wall clock: each animation frame lets virtual time pass, and draws what moves.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use gloo::events::EventListener;
use gloo::render::{AnimationFrame, request_animation_frame};
use gloo::utils::{document, window};
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;
use yew::Callback;

use super::overlay::{Overlay, reduced_motion};
use super::session::SharedSession;
use super::speed::clock_text;

/// Milliseconds of a frame that the simulation may take.
const BUDGET_MS: f64 = 8.0;
/// After a longer pause (another tab was in front) no more than this is made up for.
const LONGEST_MS: f64 = 100.0;
const COUNTDOWNS_EVERY_MS: f64 = 200.0;

pub struct Frame {
    session: SharedSession,
    overlay: RefCell<Overlay>,
    changed: Callback<()>,
    next: RefCell<Option<AnimationFrame>>,
    last: Cell<f64>,
    counted: Cell<f64>,
    listeners: RefCell<Vec<EventListener>>,
}

fn now_ms() -> f64 {
    window().performance().map_or(0.0, |performance| performance.now())
}

impl Frame {
    /// Starts; `changed` is called when there is something else to draw than the moving layer.
    pub fn start(session: SharedSession, changed: Callback<()>) -> Rc<Frame> {
        let frame = Rc::new(Frame {
            session,
            overlay: RefCell::default(),
            changed,
            next: RefCell::default(),
            last: Cell::new(0.0),
            counted: Cell::new(0.0),
            listeners: RefCell::default(),
        });
        for (target, event) in [
            (AsRef::<web_sys::EventTarget>::as_ref(&window()).clone(), "resize"),
            (document().into(), "visibilitychange"),
        ] {
            let weak = Rc::downgrade(&frame);
            let listener = EventListener::new(&target, event, move |_| {
                if let Some(frame) = weak.upgrade() {
                    frame.measure();
                }
            });
            frame.listeners.borrow_mut().push(listener);
        }
        frame.wake();
        frame
    }

    /// Measures the boxes again before the next drawing.
    pub fn measure(self: &Rc<Self>) {
        self.overlay.borrow_mut().invalidate();
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
        let end = now_ms() + BUDGET_MS;
        let (changed, playing) = {
            let mut session = self.session.borrow_mut();
            session.advance(wall, || now_ms() < end);
            (session.refresh(), session.playing)
        };
        if changed {
            self.changed.emit(());
        }
        self.draw(at);
        if playing {
            self.wake();
        }
    }

    fn draw(&self, at: f64) {
        let session = self.session.borrow();
        let now = session.stage.now();
        self.overlay.borrow_mut().draw(&session.stage.flights(), now, reduced_motion());
        write("[data-clock]", |_| Some(clock_text(session.elapsed())));
        if at - self.counted.get() < COUNTDOWNS_EVERY_MS {
            return;
        }
        self.counted.set(at);
        write("[data-until]", |element| {
            let until: u64 = element.dataset().get("until")?.parse().ok()?;
            Some(until.saturating_sub(now.0).div_ceil(1_000_000).to_string())
        });
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

//! What pointer, wheel and keys do to the map.

use gloo::events::{EventListener, EventListenerOptions};
use wasm_bindgen::JsCast;
use web_sys::{Element, Event, HtmlElement, KeyboardEvent, PointerEvent, WheelEvent};

use super::engine::Engine;
use crate::page::Page;
use crate::state::{FrontAction, MenuTarget, OpenMenu, Selection};

/// A pointer that moved no farther than this has clicked.
const CLICK: f64 = 4.0;
const KEY_STEP: f64 = 1.5;

struct Ears {
    view: HtmlElement,
    page: Page,
}

/// Listens as long as what it returns is kept.
pub fn listen(view: &HtmlElement, page: &Page) -> Vec<EventListener> {
    let ears = std::rc::Rc::new(Ears { view: view.clone(), page: page.clone() });
    let on = |name: &'static str, handler: fn(&Ears, &Event)| {
        let ears = ears.clone();
        let options = EventListenerOptions::enable_prevent_default();
        EventListener::new_with_options(view, name, options, move |event| handler(&ears, event))
    };
    vec![
        on("wheel", |ears, event| ears.wheel(event.unchecked_ref())),
        on("pointerdown", |ears, event| ears.down(event.unchecked_ref())),
        on("pointermove", |ears, event| ears.moved(event.unchecked_ref())),
        on("pointerup", |ears, event| ears.up(event.unchecked_ref(), true)),
        on("pointercancel", |ears, event| ears.up(event.unchecked_ref(), false)),
        on("pointerleave", |ears, _| ears.leave()),
        on("contextmenu", |ears, event| ears.context(event.unchecked_ref())),
        on("keydown", |ears, event| ears.key(event.unchecked_ref())),
        on("blur", |ears, _| {
            ears.page.map.0.borrow_mut().focus = None;
            ears.page.map.0.borrow_mut().measure();
            ears.page.frame.wake();
        }),
    ]
}

fn target(event: &Event) -> Option<Element> {
    event.target()?.dyn_into().ok()
}

fn on_card(event: &Event) -> bool {
    target(event).is_some_and(|element| element.closest(".map-card").ok().flatten().is_some())
}

/// Whether the card under the pointer scrolls by itself.
fn scrolls(event: &WheelEvent) -> bool {
    let list = target(event).and_then(|element| element.closest(".map-card .node").ok().flatten());
    list.is_some_and(|list| {
        let (top, rest) = (list.scroll_top(), list.scroll_height() - list.client_height());
        if event.delta_y() < 0.0 { top > 0 } else { top < rest }
    })
}

impl Ears {
    fn at(&self, event: &web_sys::MouseEvent) -> (f64, f64) {
        let rect = self.view.get_bounding_client_rect();
        (f64::from(event.client_x()) - rect.x(), f64::from(event.client_y()) - rect.y())
    }

    fn with(&self, work: impl FnOnce(&mut Engine)) {
        work(&mut self.page.map.0.borrow_mut());
        self.page.frame.wake();
    }

    fn wheel(&self, event: &WheelEvent) {
        if !event.ctrl_key() && scrolls(event) {
            return;
        }
        event.prevent_default();
        let lines = if event.delta_mode() == WheelEvent::DOM_DELTA_LINE { 18.0 } else { 1.0 };
        // A pinch comes as a wheel with Ctrl, in smaller steps.
        let speed = if event.ctrl_key() { 0.01 } else { 0.0022 };
        let factor = (-(event.delta_y() * lines * speed).clamp(-0.7, 0.7)).exp();
        let (x, y) = self.at(event);
        self.with(|engine| engine.camera.zoom_at(x, y, factor));
    }

    fn down(&self, event: &PointerEvent) {
        if event.button() != 0 {
            return;
        }
        let at = self.at(event);
        self.with(|engine| {
            engine.pointers.insert(event.pointer_id(), at);
            engine.dragged = if engine.pointers.len() > 1 { f64::INFINITY } else { 0.0 };
        });
    }

    fn moved(&self, event: &PointerEvent) {
        let (x, y) = self.at(event);
        let mut engine = self.page.map.0.borrow_mut();
        let id = event.pointer_id();
        let Some((from_x, from_y)) = engine.pointers.insert(id, (x, y)) else {
            engine.pointers.remove(&id);
            let over = Some((x, y)).filter(|_| !on_card(event));
            if engine.hover_at(over) {
                drop(engine);
                self.page.frame.wake();
            }
            return;
        };
        let (dx, dy) = (x - from_x, y - from_y);
        let other = engine.pointers.iter().find(|(other, _)| **other != id).map(|(_, at)| *at);
        match other {
            Some((ox, oy)) => {
                let length = |x: f64, y: f64| (x - ox).hypot(y - oy).max(1.0);
                engine.camera.drag(dx / 2.0, dy / 2.0);
                let factor = length(x, y) / length(from_x, from_y);
                engine.camera.zoom_at(f64::midpoint(x, ox), f64::midpoint(y, oy), factor);
            }
            None => {
                engine.dragged += dx.abs() + dy.abs();
                if engine.dragged > CLICK {
                    // From now on it is no click on a card any more.
                    let _ = self.view.set_pointer_capture(id);
                    engine.camera.drag(dx, dy);
                    engine.hover_at(None);
                }
            }
        }
        drop(engine);
        self.page.frame.wake();
    }

    fn up(&self, event: &PointerEvent, counts: bool) {
        let (x, y) = self.at(event);
        let mut engine = self.page.map.0.borrow_mut();
        let was_down = engine.pointers.remove(&event.pointer_id()).is_some();
        let click = was_down && counts && engine.dragged <= CLICK && !on_card(event);
        let found = engine.pick(x, y).filter(|_| click);
        let name = found.and_then(|node| engine.name_of(node));
        drop(engine);
        if let Some(name) = name {
            self.open(name, event.client_x(), event.client_y());
        }
    }

    fn leave(&self) {
        self.with(|engine| {
            engine.hover_at(None);
        });
    }

    fn context(&self, event: &web_sys::MouseEvent) {
        let (x, y) = self.at(event);
        let engine = self.page.map.0.borrow();
        let name = engine.pick(x, y).filter(|_| !on_card(event)).and_then(|node| engine.name_of(node));
        drop(engine);
        if let Some(name) = name {
            event.prevent_default();
            self.open(name, event.client_x(), event.client_y());
        }
    }

    fn open(&self, name: std::rc::Rc<str>, x: i32, y: i32) {
        let target = MenuTarget::Object(Selection::Node(name));
        self.page.act(FrontAction::OpenMenu(OpenMenu { target, x, y, above: y }));
    }

    fn key(&self, event: &KeyboardEvent) {
        if event.ctrl_key() || event.meta_key() || event.alt_key() {
            return;
        }
        let own = target(event).as_ref() == Some(self.view.as_ref());
        let zoom = |factor: f64| {
            self.with(|engine| {
                let (x, y) = engine.centre();
                engine.camera.zoom_at(x, y, factor);
            });
        };
        match (event.key().as_str(), own) {
            ("+" | "=", _) => zoom(KEY_STEP),
            ("-" | "_", _) => zoom(1.0 / KEY_STEP),
            ("0", _) => self.with(|engine| engine.camera.fit()),
            ("ArrowLeft", true) => self.with(|engine| engine.move_focus(-1.0, 0.0)),
            ("ArrowRight", true) => self.with(|engine| engine.move_focus(1.0, 0.0)),
            ("ArrowUp", true) => self.with(|engine| engine.move_focus(0.0, -1.0)),
            ("ArrowDown", true) => self.with(|engine| engine.move_focus(0.0, 1.0)),
            ("Enter" | " ", true) => {
                let engine = self.page.map.0.borrow();
                let found = engine.focus.and_then(|node| Some((engine.name_of(node)?, engine.spot(node)?)));
                drop(engine);
                let Some((name, (x, y))) = found else { return };
                self.open(name, x, y);
            }
            _ => return,
        }
        event.prevent_default();
        event.stop_propagation();
    }
}

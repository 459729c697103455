//! Where the keyboard is in the cluster: one tab stop for all of its buttons, which the arrow keys move, and a
//! successor when the button that had the focus is no longer drawn.

use std::cell::RefCell;

use gloo::timers::callback::Timeout;
use gloo::utils::document;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};

/// What the arrow keys go through.
pub const STOPS: &str = "[data-layer=scene] button";

/// The button that had the focus last.
struct Place {
    element: HtmlElement,
    /// The node's card that it is in, and which of the card's buttons it is.
    node: Option<String>,
    /// The line of the card: a pod and its successor share one.
    row: Option<String>,
    at: usize,
}

#[derive(Default)]
pub struct Focus {
    place: RefCell<Option<Place>>,
}

fn buttons(selector: &str) -> Vec<HtmlElement> {
    let Ok(found) = document().query_selector_all(selector) else { return Vec::new() };
    (0..found.length()).filter_map(|at| found.get(at)?.dyn_into().ok()).collect()
}

fn of_node(node: &str) -> Vec<HtmlElement> {
    // A node's name needs no escaping: it is a DNS name.
    buttons(&format!(".node[data-node=\"{node}\"] button"))
}

fn set_tab_stop(element: &HtmlElement) {
    for other in buttons(&format!("{STOPS}[tabindex=\"0\"]")) {
        other.set_tab_index(-1);
    }
    element.set_tab_index(0);
}

impl Focus {
    /// Something has got the focus.
    pub fn moved(&self, target: &Element) {
        let found = target.closest(STOPS).ok().flatten().and_then(|found| found.dyn_into().ok());
        let Some(element): Option<HtmlElement> = found else {
            *self.place.borrow_mut() = None;
            return;
        };
        set_tab_stop(&element);
        let card = element.closest(".node").ok().flatten();
        let node = card.and_then(|card| card.get_attribute("data-node"));
        let same = |button: &HtmlElement| *button == element;
        let at = node.as_deref().map(of_node).and_then(|all| all.iter().position(same)).unwrap_or(0);
        let line = element.closest("[data-row]").ok().flatten();
        let row = line.and_then(|line| line.get_attribute("data-row"));
        *self.place.borrow_mut() = Some(Place { element, node, row, at });
    }

    /// The cluster was drawn again: gives the focus to a neighbour if its button is gone, and sees to it that
    /// the Tab key reaches the cluster.
    pub fn mend(&self) {
        let lost = {
            let place = self.place.borrow();
            place
                .as_ref()
                .filter(|place| !place.element.is_connected())
                .map(|place| (place.node.clone(), place.row.clone(), place.at))
        };
        if let Some((node, row, at)) = lost {
            *self.place.borrow_mut() = None;
            let nowhere = document().active_element().is_none_or(|active| active.tag_name() == "BODY");
            let near = node.map(|node| of_node(&node)).unwrap_or_default();
            let shares = |button: &&HtmlElement| {
                let line = button.closest("[data-row]").ok().flatten();
                row.is_some() && line.and_then(|line| line.get_attribute("data-row")) == row
            };
            // Its successor, else whatever has come to stand at its place.
            let successor = near.iter().rev().find(shares);
            let next = successor
                .or(near.get(at))
                .or(near.last())
                .cloned()
                .or_else(|| buttons(STOPS).into_iter().next());
            if let Some(next) = next.filter(|_| nowhere) {
                let _ = next.focus();
            }
        }
        if document().query_selector(&format!("{STOPS}[tabindex=\"0\"]")).ok().flatten().is_none()
            && let Some(first) = buttons(STOPS).first()
        {
            first.set_tab_index(0);
        }
    }
}

/// Puts the focus on what is still to be drawn, if by then nothing has it.
pub fn focus_if_lost(selector: &'static str) {
    Timeout::new(0, move || {
        if document().active_element().is_none_or(|active| active.tag_name() == "BODY") {
            focus_soon(selector);
        }
    })
    .forget();
}

/// Puts the focus on what is still to be drawn.
pub fn focus_soon(selector: &'static str) {
    Timeout::new(0, move || {
        let found = document().query_selector(selector).ok().flatten();
        if let Some(element) = found.and_then(|found| found.dyn_into::<HtmlElement>().ok()) {
            let _ = element.focus();
        }
    })
    .forget();
}

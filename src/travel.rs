//! A pod that waited in the tray goes from there to the node that it was given.
//!
//! It is there at once, and only drawn as coming: nobody has to wait for it, and nothing else moves.

use gloo::utils::document;
use sim::SortedMap;
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;
use yew::prelude::*;

use super::overlay::reduced_motion;
use super::page::use_world;

/// Where the chips of the tray were when it was drawn last: left and top, by the pod.
type Places = SortedMap<String, (f64, f64)>;

fn chips(within: &str) -> Vec<HtmlElement> {
    let Ok(found) = document().query_selector_all(&format!("{within} [data-pod]")) else { return Vec::new() };
    (0..found.length()).filter_map(|at| found.get(at)?.dyn_into().ok()).collect()
}

fn place(chip: &HtmlElement) -> Option<(String, (f64, f64))> {
    let at = chip.get_bounding_client_rect();
    Some((chip.dataset().get("pod")?, (at.left(), at.top())))
}

/// Draws each chip that has left the tray as coming from where it was there.
fn arrive(from: &Places) {
    for chip in chips(".nodes") {
        let Some((pod, (left, top))) = place(&chip) else { continue };
        let Some((old_left, old_top)) = from.get(&pod) else { continue };
        let style = chip.style();
        let _ = style.set_property("--from-x", &format!("{}px", old_left - left));
        let _ = style.set_property("--from-y", &format!("{}px", old_top - top));
        let _ = chip.class_list().add_1("arrives");
    }
}

/// To be called where the tray is drawn.
#[hook]
pub fn use_travel() {
    let waiting = use_world(|world| world.board.pending.iter().map(|pod| pod.id.clone()).collect::<Vec<_>>());
    let places = use_mut_ref(Places::default);
    use_effect_with(waiting, move |waiting| {
        let mut places = places.borrow_mut();
        let left: Places = places
            .iter()
            .filter(|(pod, _)| !waiting.iter().any(|id| **id == **pod))
            .map(|(pod, at)| (pod.clone(), *at))
            .collect();
        if !left.is_empty() && !reduced_motion() {
            arrive(&left);
        }
        *places = chips(".tray").iter().filter_map(place).collect();
    });
}

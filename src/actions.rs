//! The keys: each with what it does and its word, once. The help sheet reads the same table.

use std::rc::Rc;

use gloo::utils::document;
use view::{Board, PodView};
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, KeyboardEvent};

use super::focus::STOPS;
use super::menu::{crash, delete_line, exec, find_pod};
use super::page::Page;
use super::state::{Action, FrontAction, PlaybackAction, Selection};
use super::words::Words;

/// Where a key counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Wherever nothing is typed into.
    Anywhere,
    /// With the focus on the stage, and only while single keys are on.
    Stage,
    /// In the editor, which knows the key itself.
    Editor,
    /// Together with Ctrl, or Cmd on a Mac, wherever the focus is and does not take the key itself.
    Command,
}

/// What a key's action may look at.
struct Now<'a> {
    board: &'a Board,
    selection: &'a Selection,
}

pub struct Shortcut {
    /// As the help sheet shows it.
    pub keys: &'static str,
    pub word: fn(&Words) -> &'static str,
    pub scope: Scope,
    key: &'static str,
    shift: bool,
    act: fn(&Now) -> Option<Action>,
}

fn stepped(count: u32) -> Option<Action> {
    Some(Action::Step(count))
}

pub static SHORTCUTS: &[Shortcut] = &[
    Shortcut {
        keys: "Space",
        word: |w| w.help.key_play,
        scope: Scope::Stage,
        key: " ",
        shift: false,
        act: |_| Some(PlaybackAction::Toggle.into()),
    },
    Shortcut {
        keys: ".",
        word: |w| w.bar.step,
        scope: Scope::Stage,
        key: ".",
        shift: false,
        act: |_| stepped(1),
    },
    Shortcut {
        keys: ">",
        word: |w| w.help.key_step_ten,
        scope: Scope::Stage,
        key: ">",
        shift: true,
        act: |_| stepped(10),
    },
    Shortcut {
        keys: "[",
        word: |w| w.help.key_slower,
        scope: Scope::Stage,
        key: "[",
        shift: false,
        act: |_| Some(PlaybackAction::Slower.into()),
    },
    Shortcut {
        keys: "]",
        word: |w| w.help.key_faster,
        scope: Scope::Stage,
        key: "]",
        shift: false,
        act: |_| Some(PlaybackAction::Faster.into()),
    },
    Shortcut {
        keys: ":",
        word: |w| w.help.key_console,
        scope: Scope::Stage,
        key: ":",
        shift: true,
        act: |_| Some(Action::FocusConsole),
    },
    Shortcut {
        keys: "/",
        word: |w| w.help.key_console,
        scope: Scope::Stage,
        key: "/",
        shift: false,
        act: |_| Some(Action::FocusConsole),
    },
    Shortcut {
        keys: "f",
        word: |w| w.scene.filter,
        scope: Scope::Stage,
        key: "f",
        shift: false,
        act: |_| Some(Action::FocusFilter),
    },
    Shortcut {
        keys: "x",
        word: |w| w.help.key_crash,
        scope: Scope::Stage,
        key: "x",
        shift: false,
        act: crash_selected,
    },
    Shortcut {
        keys: "Del",
        word: |w| w.help.key_delete,
        scope: Scope::Stage,
        key: "Delete",
        shift: false,
        act: delete_selected,
    },
    Shortcut {
        keys: "c",
        word: |w| w.drawer.compare,
        scope: Scope::Stage,
        key: "c",
        shift: false,
        act: |_| Some(Action::Compare),
    },
    Shortcut {
        keys: "?",
        word: |w| w.bar.help,
        scope: Scope::Stage,
        key: "?",
        shift: true,
        act: |_| Some(FrontAction::Help(true).into()),
    },
    Shortcut {
        keys: "Ctrl K",
        word: |w| w.bar.palette,
        scope: Scope::Command,
        key: "k",
        shift: false,
        act: |_| Some(FrontAction::Palette(true).into()),
    },
    Shortcut {
        keys: "Esc",
        word: |w| w.help.key_escape,
        scope: Scope::Anywhere,
        key: "Escape",
        shift: false,
        act: |_| Some(FrontAction::CloseAll.into()),
    },
    Shortcut {
        keys: "Ctrl Enter",
        word: |w| w.help.key_apply,
        scope: Scope::Editor,
        key: "Enter",
        shift: false,
        act: |_| None,
    },
    Shortcut {
        keys: "Esc, Tab",
        word: |w| w.help.key_leave,
        scope: Scope::Editor,
        key: "Tab",
        shift: false,
        act: |_| None,
    },
];

/// The pod that has the focus, else the one that is selected.
fn pod_meant<'a>(now: &'a Now) -> Option<&'a Rc<PodView>> {
    let focused = document().active_element().and_then(|element| element.get_attribute("data-pod"));
    match (focused, now.selection) {
        (Some(id), _) => find_pod(now.board, &id),
        (None, Selection::Pod(id)) => find_pod(now.board, id),
        _ => None,
    }
}

fn crash_selected(now: &Now) -> Option<Action> {
    let pod = pod_meant(now)?;
    let container = pod.containers.iter().find(|container| container.running)?;
    crash(pod, &container.name).map(Action::Perform)
}

fn delete_selected(now: &Now) -> Option<Action> {
    let pod = pod_meant(now).filter(|pod| pod.api_status.is_some())?;
    Some(Action::Perform(exec(delete_line(pod, false))))
}

fn target(event: &KeyboardEvent) -> Option<Element> {
    event.target()?.dyn_into().ok()
}

fn is_typed_into(element: &Element) -> bool {
    element
        .closest("input:not([type=checkbox]):not([type=range]), textarea, select, [contenteditable=true]")
        .ok()
        .flatten()
        .is_some()
}

fn on_stage(element: &Element) -> bool {
    element.tag_name() == "BODY" || element.closest("[data-region=stage]").ok().flatten().is_some()
}

/// The handler for the whole page.
pub fn on_key(page: &Page) -> impl Fn(&KeyboardEvent) + 'static {
    let (act, stores) = (page.act.clone(), page.stores.clone());
    move |event: &KeyboardEvent| {
        if event.default_prevented() || event.alt_key() || event.is_composing() {
            return;
        }
        let command = event.ctrl_key() || event.meta_key();
        let Some(element) = target(event) else { return };
        let letters = stores.layout.now().letters;
        let stage = on_stage(&element) && !is_typed_into(&element);
        if stage && letters && !command && move_focus(event, &element) {
            event.prevent_default();
            return;
        }
        let button = element.tag_name() == "BUTTON" && matches!(event.key().as_str(), " " | "Enter");
        let (world, selection) = (stores.world.now(), stores.selection.now());
        let now = Now { board: &world.board, selection: &selection };
        let found = SHORTCUTS.iter().find(|shortcut| {
            let here = match shortcut.scope {
                Scope::Anywhere => !command,
                Scope::Stage => stage && letters && !button && !command,
                Scope::Editor => false,
                Scope::Command => command,
            };
            let shift = shortcut.key.len() == 1 || shortcut.shift == event.shift_key();
            here && shift && shortcut.key == event.key()
        });
        if let Some(action) = found.and_then(|shortcut| (shortcut.act)(&now)) {
            if event.key() != "Escape" {
                event.prevent_default();
            }
            act.emit(action);
        }
    }
}

/// Arrow keys go from one pod, node or part to the nearest in that direction. Whether there was one.
fn move_focus(event: &KeyboardEvent, from: &Element) -> bool {
    let (dx, dy) = match event.key().as_str() {
        "ArrowLeft" => (-1.0, 0.0),
        "ArrowRight" => (1.0, 0.0),
        "ArrowUp" => (0.0, -1.0),
        "ArrowDown" => (0.0, 1.0),
        _ => return false,
    };
    if !from.matches(STOPS).unwrap_or(false) {
        return false;
    }
    let centre = |element: &Element| {
        let rect = element.get_bounding_client_rect();
        (rect.x() + rect.width() / 2.0, rect.y() + rect.height() / 2.0)
    };
    let (x, y) = centre(from);
    let Ok(all) = document().query_selector_all(STOPS) else { return false };
    let mut best: Option<(f64, HtmlElement)> = None;
    for at in 0..all.length() {
        let Some(element) = all.get(at).and_then(|node| node.dyn_into::<HtmlElement>().ok()) else {
            continue;
        };
        let (to_x, to_y) = centre(&element);
        let along = (to_x - x) * dx + (to_y - y) * dy;
        let aside = ((to_x - x) * dy).abs() + ((to_y - y) * dx).abs();
        let cost = along + 2.5 * aside;
        if along > 4.0 && best.as_ref().is_none_or(|(least, _)| cost < *least) {
            best = Some((cost, element));
        }
    }
    best.is_some_and(|(_, element)| element.focus().is_ok())
}

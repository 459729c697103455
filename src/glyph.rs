//! Pictures from the sprite in static/icons.svg. They say nothing by themselves: a word stands beside each.

use view::{ApiServerState, Origin, PartState, PodState};
use yew::prelude::*;

use super::words::Words;

#[derive(PartialEq, Properties)]
pub struct IconProps {
    pub name: AttrValue,
    #[prop_or_default]
    pub class: Classes,
}

#[component]
pub fn Icon(props: &IconProps) -> Html {
    html! {
        <svg class={classes!("icon", props.class.clone())} aria-hidden="true" viewBox="0 0 16 16">
            <use href={format!("#{}", props.name)} />
        </svg>
    }
}

pub fn origin_icon(origin: Origin) -> Html {
    html! { <Icon name={format!("o-{}", origin.text())} class="origin" /> }
}

pub fn state_icon(state: PodState) -> Html {
    html! { <Icon name={format!("s-{}", state.text())} class="state" /> }
}

/// The class of a part's state that its colour comes from, and its glyph.
pub fn part_state(state: PartState) -> (&'static str, &'static str) {
    match state {
        PartState::Running => ("running", "s-running"),
        PartState::Starting => ("creating", "s-creating"),
        PartState::Down => ("down", "s-down"),
        PartState::Standby => ("standby", "s-standby"),
    }
}

pub fn part_word(words: &Words, state: PartState) -> &'static str {
    match state {
        PartState::Running => words.scene.part_running,
        PartState::Starting => words.scene.part_starting,
        PartState::Down => words.scene.part_down,
        PartState::Standby => words.scene.part_standby,
    }
}

pub fn api_state(state: ApiServerState) -> (&'static str, &'static str) {
    match state {
        ApiServerState::Up => ("running", "s-running"),
        ApiServerState::Starting => ("creating", "s-creating"),
        ApiServerState::Stopping => ("terminating", "s-terminating"),
        ApiServerState::Down => ("down", "s-down"),
    }
}

pub fn api_word(words: &Words, state: ApiServerState) -> &'static str {
    match state {
        ApiServerState::Up => words.bar.api_up,
        ApiServerState::Starting => words.scene.part_starting,
        ApiServerState::Stopping => words.bar.api_stopping,
        ApiServerState::Down => words.scene.part_down,
    }
}

pub fn origin_word(words: &Words, origin: Origin) -> &'static str {
    match origin {
        Origin::DaemonSet => words.scene.origin_daemonset,
        Origin::Static => words.scene.origin_static,
        Origin::Api => words.scene.origin_api,
    }
}

//! The bar above: scenario, time, the API server's switch, language and theme.

use std::rc::Rc;

use stage::{Command, Options, Start};
use view::{ApiServerState, FileEntry, NodeView};
use web_sys::HtmlInputElement;
use yew::prelude::*;

use super::glyph::{Icon, api_state, api_word};
use super::page::{use_front, use_layout, use_page, use_playback, use_world};
use super::renders;
use super::speed::Speed;
use super::state::{Action, FrontAction, LayoutAction, PlaybackAction, Theme, World};
use super::words::Lang;

#[component]
pub fn Header() -> Html {
    renders::note("Header", "");
    let page = use_page();
    let words = page.words();
    html! {
        <header class="header">
            <h1 class="brand"><Icon name="i-kube-apiserver" class="brand-mark" />{ "kubestage" }</h1>
            <Scenarios />
            <Clock />
            <ApiSwitch />
            <span class="gap"></span>
            <button type="button" class="quiet square" data-control="palette" aria-label={words.bar.palette} title={format!("{} (Ctrl K)", words.bar.palette)} onclick={page.on(FrontAction::Palette(true))}>
                <Icon name="i-find" />
            </button>
            <button type="button" class="quiet" data-control="share" onclick={page.on(Action::Share)} title={words.bar.share_long}>
                <Icon name="i-share" /><span class="wide">{ words.bar.share }</span>
            </button>
            <Languages />
            <Themes />
            <Scale />
            <button type="button" class="quiet square" data-control="help" aria-label={words.bar.help} title={words.bar.help} onclick={page.on(FrontAction::Help(true))}>
                <Icon name="i-help" />
            </button>
        </header>
    }
}

#[component]
fn Clock() -> Html {
    let page = use_page();
    let words = page.words();
    let playback = use_playback(|playback| *playback);
    let speed = page.act.reform(|event: InputEvent| {
        let input: HtmlInputElement = event.target_unchecked_into();
        PlaybackAction::SetSpeed(Speed::from(input.value_as_number() as u8)).into()
    });
    let (word, icon) =
        if playback.playing { (words.bar.pause, "i-pause") } else { (words.bar.play, "i-play") };
    html! {
        <div class="time" role="group" aria-label={words.bar.time}>
            <button type="button" class="play" data-control="play" aria-label={word} title={word} onclick={page.on(PlaybackAction::Toggle)}>
                <Icon name={icon} />
            </button>
            <button type="button" class="quiet square" data-control="step" aria-label={words.bar.step} title={words.bar.step} onclick={page.on(Action::Step(1))}>
                <Icon name="i-step" />
            </button>
            <button type="button" class="quiet small auto" data-control="auto-speed" aria-pressed={playback.auto.to_string()} title={words.bar.auto_long} onclick={page.on(PlaybackAction::Auto(!playback.auto))}>
                { words.bar.auto }
            </button>
            <input
                type="range"
                class="speed"
                min="0"
                max={Speed::LAST.to_string()}
                step="1"
                value={playback.speed.index().to_string()}
                data-control="speed"
                aria-label={words.bar.speed}
                aria-valuetext={playback.speed.text()}
                oninput={speed}
            />
            <output class="speed-text" data-speed-now="true" aria-live="off"></output>
            <span class="clock" data-clock="true" data-control="clock" aria-label={words.bar.clock} role="timer"></span>
        </div>
    }
}

#[component]
fn ApiSwitch() -> Html {
    let page = use_page();
    let words = page.words();
    let (api, file) = use_world(|world| (world.board.api_server, file_in_place(world)));
    let (state, glyph) = api_state(api);
    let up = matches!(api, ApiServerState::Up | ApiServerState::Starting);
    let command = Command::SetApiServer { up: !up };
    // Down though its manifest is in place: to move that would help nothing.
    let stuck = file.filter(|_| api == ApiServerState::Down);
    let (action, word, short) = match stuck {
        Some((node, path)) => {
            (Action::OpenFile { node, path }, words.bar.open_its_file_long, words.bar.open_its_file)
        }
        None if up => (Action::Perform(command), words.bar.stop_api, words.bar.stop),
        None => (Action::Perform(command), words.bar.start_api, words.bar.start),
    };
    html! {
        <div class="api" role="group" aria-label={words.bar.api_server} data-state={state}>
            <span class="api-state" data-api-server={state}>
                <Icon name={glyph} class="state" />
                <span class="api-name">{ words.bar.api_server }</span>
                <b>{ api_word(words, api) }</b>
            </span>
            <button type="button" class="quiet small" data-control="api-server" title={word} aria-label={format!("{short}: {word}")} onclick={page.on(action)}>
                { short }
            </button>
        </div>
    }
}

/// For those who look from afar: everything larger.
#[component]
fn Scale() -> Html {
    let page = use_page();
    let words = page.words();
    let scale = use_layout(|layout| layout.scale);
    let text = format!("{scale}%");
    html! {
        <button type="button" class="quiet" data-control="scale" title={words.bar.scale} aria-label={format!("{text}: {}", words.bar.scale)} onclick={page.on(LayoutAction::Larger)}>
            { text }
        </button>
    }
}

/// The API server's manifest, if it lies where the kubelet reads it.
fn file_in_place(world: &World) -> Option<(Rc<str>, Rc<str>)> {
    let manifest = |node: &Rc<NodeView>| {
        let named = |file: &&FileEntry| file.is_manifest && file.path.ends_with("/kube-apiserver.yaml");
        Some((node.name.clone(), node.files.iter().find(named)?.path.clone()))
    };
    world.board.nodes.iter().find_map(manifest)
}

#[component]
fn Languages() -> Html {
    let page = use_page();
    html! {
        <div class="switch" role="group" aria-label={page.words().bar.language}>
            { for [Lang::Ko, Lang::En].map(|lang| html! {
                <button
                    type="button"
                    data-control={format!("lang-{}", lang.code())}
                    lang={lang.code()}
                    aria-pressed={(page.lang == lang).to_string()}
                    title={lang.name()}
                    onclick={page.on(LayoutAction::Lang(lang))}
                >{ lang.code() }</button>
            }) }
        </div>
    }
}

#[component]
fn Themes() -> Html {
    let page = use_page();
    let words = page.words();
    let now = use_layout(|layout| layout.theme);
    let all = [
        (Theme::Auto, words.bar.theme_auto),
        (Theme::Light, words.bar.theme_light),
        (Theme::Dark, words.bar.theme_dark),
    ];
    html! {
        <div class="switch" role="group" aria-label={words.bar.theme}>
            { for all.map(|(theme, word)| html! {
                <button
                    type="button"
                    data-control={format!("theme-{}", theme.text())}
                    aria-pressed={(now == theme).to_string()}
                    aria-label={word}
                    title={word}
                    onclick={page.on(LayoutAction::Theme(theme))}
                ><Icon name={format!("i-{}", theme.text())} /></button>
            }) }
        </div>
    }
}

/// The most nodes that Kubernetes supports; one of them is the control plane's.
const NODES_MOST: u32 = 5_000;
const NODES_USUAL: u32 = 4;
const ZONES: u32 = 3;
/// From here on workers are spread over zones.
const ZONES_FROM: u32 = 30;

/// A session's beginning with so many nodes.
fn options_for(nodes: u32, start: Start, present: &Options) -> Options {
    let workers = nodes.clamp(1, NODES_MOST) - 1;
    let zones = if workers >= ZONES_FROM { ZONES } else { 0 };
    Options { start, workers, zones, ..present.clone() }
}

/// What to begin again with.
#[component]
fn Scenarios() -> Html {
    let page = use_page();
    let words = page.words();
    let open = use_front(|front| front.scenarios);
    let present = use_world(|world| world.options.clone());
    let present = &*present;
    let fleet = options_for(NODES_MOST, Start::Ready, present);
    let usual = if *present == fleet { NODES_USUAL } else { present.workers.saturating_add(1) };
    let nodes = use_state(|| None::<u32>);
    let wanted = nodes.unwrap_or(usual);
    let starts = [
        (Start::Demo, "demo", words.bar.start_demo, words.bar.start_demo_long),
        (Start::Ready, "ready", words.bar.start_ready, words.bar.start_ready_long),
        (Start::Bare, "bare", words.bar.start_bare, words.bar.start_bare_long),
    ];
    let now = match present.workers + 1 == NODES_MOST {
        true => words.bar.start_fleet,
        false => starts.iter().find(|(start, ..)| *start == present.start).map_or("", |start| start.2),
    };
    let entry = |id: &'static str, word: &'static str, long: &'static str, options: Options| {
        html! {
            <button
                key={id}
                type="button"
                role="menuitem"
                data-control={format!("start-{id}")}
                onclick={page.on(Action::Reset(options))}
            ><b>{ word }</b><small>{ long }</small></button>
        }
    };
    let typed = {
        let nodes = nodes.clone();
        Callback::from(move |event: InputEvent| {
            let input: HtmlInputElement = event.target_unchecked_into();
            nodes.set(input.value().trim().parse().ok());
        })
    };
    let keep = Callback::from(|event: KeyboardEvent| event.stop_propagation());
    html! {
        <div class="scenarios">
            <button
                type="button"
                class="quiet"
                data-control="scenarios"
                aria-label={now}
                aria-haspopup="menu"
                aria-expanded={open.to_string()}
                onclick={page.on(FrontAction::Scenarios(!open))}
            ><span class="wide">{ now }</span><Icon name="i-reset" class="narrow" /><Icon name="i-down" /></button>
            if open {
                <div class="popup" data-menu="scenarios">
                    <label class="popup-nodes">
                        <span>{ words.bar.nodes_number }</span>
                        <input
                            type="number"
                            min="1"
                            max={NODES_MOST.to_string()}
                            step="1"
                            inputmode="numeric"
                            data-control="nodes"
                            title={words.bar.nodes_number_long}
                            value={usual.to_string()}
                            oninput={typed}
                            onkeydown={keep}
                        />
                    </label>
                    <div role="menu" aria-label={words.bar.scenario}>
                        { for starts.map(|(start, id, word, long)| {
                            entry(id, word, long, options_for(wanted, start, present))
                        }) }
                        { entry("fleet", words.bar.start_fleet, words.bar.start_fleet_long, fleet) }
                    </div>
                    <p class="popup-note">{ words.bar.start_note }</p>
                </div>
            }
        </div>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_nodes_stays_within_its_bounds() {
        let workers = |nodes| options_for(nodes, Start::Ready, &Options::default()).workers;
        assert_eq!([0, 1, 4, 5_000, u32::MAX].map(workers), [0, 0, 3, 4_999, 4_999]);
        let zones = |nodes| options_for(nodes, Start::Bare, &Options::default()).zones;
        assert_eq!([4, 30, 31].map(zones), [0, 0, 3]);
    }
}

//! The frame of the page: the panels, the edges between them, and what stands in front.

use gloo::timers::callback::Timeout;
use yew::prelude::*;

use super::command_palette::CommandPalette;
use super::focus::focus_soon;
use super::glyph::Icon;
use super::guide_strip::GuideStrip;
use super::header::Header;
use super::help::Help;
use super::later::Panel;
use super::menu::Menu;
use super::names::LitNames;
use super::opening::Opening;
use super::page::{use_front, use_layout, use_page, use_playback, use_world};
use super::panel_slot::PanelSlot;
use super::renders;
use super::scene::Scene;
use super::state::{Action, FrontAction, LayoutAction, LinkError, Notice, Pane};
use super::why::MendBox;
use super::words::{Words, fill};

fn open(is: bool) -> &'static str {
    if is { "open" } else { "closed" }
}

#[component]
pub fn Shell() -> Html {
    renders::note("Shell", "");
    let page = use_page();
    let tall = use_front(|front| front.tall);
    let layout = use_layout(move |layout| {
        let sizes = (layout.desk_width, layout.drawer_height(tall));
        let drawer = match (layout.drawer_open, layout.drawer_full) {
            (true, true) => "full",
            (is_open, _) => open(is_open),
        };
        (sizes, layout.pane, layout.desk_open, drawer, layout.drawer_tab)
    });
    let ((desk_width, drawer_height), pane, desk_open, drawer, drawer_tab) = layout;
    let playing = use_playback(|playback| playback.playing);
    let ((open_for_clicks, ready), quiet, far) =
        use_world(|world| ((world.opening.is_none(), world.ready), world.board.quiet, world.is_far));
    let lit = use_front(|front| front.lit);
    let lit: Vec<&str> = lit.iter().map(|light| light.id()).collect();
    {
        let page = page.clone();
        use_effect_with((layout, far), move |_| page.frame.measure());
    }
    let style = format!("--desk-width: {desk_width}px; --drawer-height: {drawer_height}px");
    html! {
        <div
            class="app"
            {style}
            data-app="kubestage"
            data-open={open_for_clicks.then_some("true")}
            data-ready={ready.then_some("true")}
            data-pane={pane.text()}
            data-desk={open(desk_open)}
            data-drawer={drawer}
            data-playing={playing.to_string()}
            data-quiet={quiet.to_string()}
            data-drawer-tab={drawer_tab.text()}
            data-lit={(!lit.is_empty()).then(|| lit.join(" "))}
        >
            <SkipLinks />
            <Header />
            <GuideStrip />
            <PanelSlot panel={Panel::Desk} />
            <Scene />
            <GuestBar />
            <Opening />
            <PanelSlot panel={Panel::Side} />
            <PanelSlot panel={Panel::Drawer} />
            if drawer == "closed" {
                <button type="button" class="reopen" data-control="open-drawer" onclick={page.on(LayoutAction::ToggleDrawer)}>{ page.words().drawer.show_drawer }</button>
            }
            <Panes />
            <Status />
            <Front />
        </div>
    }
}

/// For the keyboard: past the bar, to the cluster or to the editor.
#[component]
fn SkipLinks() -> Html {
    let page = use_page();
    let words = page.words();
    let to = |selector: &'static str| Callback::from(move |_: MouseEvent| focus_soon(selector));
    html! {
        <nav class="skip" aria-label={words.panes.skip_to_cluster}>
            <button type="button" data-control="skip-to-cluster" onclick={to(CLUSTER)}>{ words.panes.skip_to_cluster }</button>
            <button type="button" data-control="skip-to-editor" onclick={to("[data-editor]")}>{ words.panes.skip_to_editor }</button>
        </nav>
    }
}

/// The one tab stop of the cluster, or the map.
const CLUSTER: &str = "[data-layer=scene] button[tabindex=\"0\"], [data-map]";

/// On a narrow screen: what stands below the cluster.
#[component]
fn Panes() -> Html {
    let page = use_page();
    let words = page.words();
    let shown = use_layout(|layout| layout.pane);
    let all = [
        (Pane::Desk, words.desk.show_desk),
        (Pane::Inspector, words.details.inspector),
        (Pane::Drawer, words.drawer.console),
    ];
    html! {
        <nav class="panes" aria-label={words.panes.panes}>
            { for all.map(|(pane, word)| html! {
                <button
                    key={pane.text()}
                    type="button"
                    data-pane-button={pane.text()}
                    aria-pressed={(shown == pane).to_string()}
                    onclick={page.on(LayoutAction::Pane(pane))}
                >{ word }</button>
            }) }
        </nav>
    }
}

/// What screen readers are told.
#[component]
fn Status() -> Html {
    let said = use_world(|world| world.said.clone());
    html! { <p class="unseen" role="status" data-region="status">{ &*said }</p> }
}

/// What stands in front for a while.
#[component]
fn Front() -> Html {
    let notice = use_front(|front| front.notice.clone());
    html! {
        <>
            <PanelSlot panel={Panel::Boxes} />
            <LitNames />
            if let Some(notice) = notice {
                <NoticeBar {notice} />
            }
        </>
    }
}

/// What a person has opened in front of the page.
#[component]
pub fn Boxes() -> Html {
    let (menu, mend) = use_front(|front| (front.menu.clone(), front.mend.clone()));
    let (help, palette) = use_front(|front| (front.help, front.palette));
    html! {
        <>
            if let Some(menu) = menu {
                <Menu {menu} />
            }
            if let Some(open) = mend {
                <MendBox open={*open} />
            }
            if help {
                <Help />
            }
            if palette {
                <CommandPalette />
            }
        </>
    }
}

/// After this a sentence that asks for nothing goes by itself.
const PASSES_AFTER_MS: u32 = 7000;

fn notice_text(words: &Words, notice: &Notice) -> String {
    match notice {
        Notice::Shared => words.bar.shared.to_owned(),
        Notice::TooLong => words.bar.share_too_long.to_owned(),
        Notice::BadLink(LinkError::Damaged) => words.bar.link_damaged.to_owned(),
        Notice::BadLink(LinkError::Version(version)) => fill(words.bar.link_version, &[version]),
        Notice::BadLink(LinkError::Session(why)) => format!("{}: {why}", words.bar.link_session),
        Notice::BadFile(why) => format!("{}: {why}", words.bar.bad_file),
        Notice::TooLarge(name) => fill(words.bar.too_large, &[name]),
        Notice::NoManifest(name) => fill(words.bar.no_manifest, &[name]),
        Notice::StorageBlocked => words.bar.not_saved_blocked.to_owned(),
        Notice::StorageFull => words.bar.not_saved_full.to_owned(),
        Notice::NothingChanges => words.bar.nothing_changes.to_owned(),
        Notice::NoPrograms => words.bar.no_programs.to_owned(),
        Notice::NotFetched => words.bar.not_fetched.to_owned(),
    }
}

/// Says that the session is somebody else's, and what can be done about it.
#[component]
fn GuestBar() -> Html {
    let page = use_page();
    let words = page.words();
    if !use_world(|world| world.is_guest) {
        return Html::default();
    }
    html! {
        <div class="guest" role="group" aria-label={words.bar.guest} data-guest="true">
            <span>{ words.bar.guest }</span>
            <button type="button" class="plain-button small" data-control="guest-back" onclick={page.on(Action::LeaveGuest)}>{ words.bar.guest_back }</button>
            <button type="button" class="plain-button small" data-control="guest-keep" onclick={page.on(Action::KeepGuest)}>{ words.bar.guest_keep }</button>
        </div>
    }
}

#[derive(PartialEq, Properties)]
struct NoticeProps {
    notice: Notice,
}

#[component]
fn NoticeBar(props: &NoticeProps) -> Html {
    let page = use_page();
    let words = page.words();
    let text = notice_text(words, &props.notice);
    {
        let page = page.clone();
        use_effect_with(props.notice.clone(), move |notice| {
            let passes = matches!(notice, Notice::Shared | Notice::NothingChanges | Notice::NoPrograms);
            let gone =
                passes.then(|| Timeout::new(PASSES_AFTER_MS, move || page.act(FrontAction::CloseNotice)));
            move || drop(gone)
        });
    }
    html! {
        <div class="notice" role="alert" data-notice="true">
            <span>{ text }</span>
            <button type="button" class="quiet square" aria-label={words.bar.close} onclick={page.on(FrontAction::CloseNotice)}>
                <Icon name="i-close" />
            </button>
        </div>
    }
}

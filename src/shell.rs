//! The frame of the page: the panels, the edges between them, and what stands in front.

use yew::prelude::*;

use super::desk::DeskPanel;
use super::drawer::Drawer;
use super::glyph::Icon;
use super::header::Header;
use super::help::Help;
use super::inspector::Inspector;
use super::menu::Menu;
use super::opening::Opening;
use super::page::{use_front, use_layout, use_page, use_playback, use_world};
use super::renders;
use super::scene::Scene;
use super::splitter::{Edge, Splitter};
use super::state::{FrontAction, LayoutAction, Notice, Pane};
use super::witness::Claim;

#[derive(PartialEq, Properties)]
pub struct ShellProps {
    pub keys: Callback<KeyboardEvent>,
}

fn open(is: bool) -> &'static str {
    if is { "open" } else { "closed" }
}

#[component]
pub fn Shell(props: &ShellProps) -> Html {
    renders::note("Shell", "");
    let page = use_page();
    let layout = use_layout(|layout| {
        let sizes = (layout.desk_width, layout.drawer_height);
        (sizes, layout.pane, layout.desk_open, layout.drawer_open, layout.drawer_tab)
    });
    let ((desk_width, drawer_height), pane, desk_open, drawer_open, drawer_tab) = layout;
    let playing = use_playback(|playback| playback.playing);
    let (ready, quiet, far) = use_world(|world| (world.opening.is_none(), world.board.quiet, world.is_far));
    let lit = use_front(|front| front.lit);
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
            data-ready={ready.then_some("true")}
            data-pane={pane.text()}
            data-desk={open(desk_open)}
            data-drawer={open(drawer_open)}
            data-playing={playing.to_string()}
            data-quiet={quiet.to_string()}
            data-drawer-tab={drawer_tab.text()}
            data-lit={lit.map(Claim::id)}
            onkeydown={props.keys.clone()}
        >
            <Header />
            <DeskPanel />
            <Splitter edge={Edge::Desk} />
            <Scene />
            <Opening />
            <Inspector />
            <Splitter edge={Edge::Drawer} />
            <Drawer />
            if !drawer_open {
                <button type="button" class="reopen" data-control="open-drawer" onclick={page.on(LayoutAction::ToggleDrawer)}>{ page.words().show_drawer }</button>
            }
            <Panes />
            <Status />
            <Front />
        </div>
    }
}

/// On a narrow screen: what stands below the cluster.
#[component]
fn Panes() -> Html {
    let page = use_page();
    let words = page.words();
    let shown = use_layout(|layout| layout.pane);
    let all =
        [(Pane::Desk, words.show_desk), (Pane::Inspector, words.inspector), (Pane::Drawer, words.console)];
    html! {
        <nav class="panes" aria-label={words.panes}>
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
    let (menu, help, notice) = use_front(|front| (front.menu.clone(), front.help, front.notice.clone()));
    html! {
        <>
            if let Some(menu) = menu {
                <Menu {menu} />
            }
            if help {
                <Help />
            }
            if let Some(notice) = notice {
                <NoticeBar {notice} />
            }
        </>
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
    let text = match &props.notice {
        Notice::Shared => words.shared.to_owned(),
        Notice::TooLong => words.share_too_long.to_owned(),
        Notice::BadLink(why) => format!("{}: {why}", words.bad_link),
    };
    html! {
        <div class="notice" role="alert" data-notice="true">
            <span>{ text }</span>
            <button type="button" class="quiet square" aria-label={words.close} onclick={page.on(FrontAction::CloseAll)}>
                <Icon name="i-close" />
            </button>
        </div>
    }
}

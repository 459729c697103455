//! The root: holds what the page remembers, and draws the whole from the board.

mod act;

use std::cell::RefCell;
use std::rc::Rc;

use gloo::events::EventListener;
use gloo::timers::callback::Timeout;
use gloo::utils::{document, window};
use stage::{Options, Script};
use view::{EventView, MessageView, Without};
use wasm_bindgen::JsCast;
use yew::prelude::*;

use super::actions;
use super::clock::budget;
use super::desk::DeskPanel;
use super::desk::model::{Desk, DocId};
use super::drawer::Drawer;
use super::frame::Frame;
use super::header::Header;
use super::help::Help;
use super::inspector::Inspector;
use super::map::Map;
use super::menu::Menu;
use super::opening::Opening;
use super::page::{Page, use_page};
use super::page_api::PageApi;
use super::same::Same;
use super::scene::Scene;
use super::session::{Session, SharedSession};
use super::splitter::Splitter;
use super::state::{Action, Layout, OpenMenu, Pane, Prefs};
use super::witness::{Claim, Witness};
use super::words::Lang;
use super::{share, storage};
use act::Files;

pub struct App {
    session: SharedSession,
    frame: Rc<Frame>,
    map: Map,
    /// The labels that the map can group by, and of which layout of the nodes they are.
    labels: (u64, Rc<Vec<Rc<str>>>),
    /// Why nodes have no pod of the DaemonSet that is picked, and when that was found.
    without: (Rc<Vec<Without>>, Option<Rc<str>>, f64),
    /// How the panels stood when the page was drawn last.
    arranged: Option<(Layout, bool)>,
    labels_at: f64,
    /// What was asked for while a session was being opened.
    waiting: Vec<Action>,
    _api: PageApi,
    _leaving: EventListener,
    prefs: Prefs,
    desk: Rc<Desk>,
    witness: Witness,
    /// The same, as the comparison shows it.
    witnessed: Rc<Witness>,
    lit: Option<Claim>,
    menu: Option<OpenMenu>,
    scenarios: bool,
    help: bool,
    /// A sentence that stands for a while.
    notice: Option<Notice>,
    events: Rc<Vec<EventView>>,
    messages: Rc<Vec<MessageView>>,
    /// Of each node, in the board's order; empty when there are too many nodes.
    files: Vec<Files>,
    /// Of the node that is picked at the desk.
    node_files: Files,
    check: Option<Timeout>,
    live: Option<Timeout>,
    saving: Option<Timeout>,
    said: String,
    said_at: f64,
    /// The command line wants the focus once it is drawn.
    focus_console: bool,
}

/// What the page has to say, as a choice among its words.
#[derive(Clone, Debug, PartialEq)]
pub enum Notice {
    Shared,
    TooLong,
    BadLink(String),
}

pub enum Msg {
    /// The world looks different.
    World,
    Do(Action),
    Check(DocId),
    Live(DocId),
    Save,
    Notice(Notice),
    /// [`PageApi`] has put another session in this one's place.
    Begun(Options),
    /// A link's session takes this one's place.
    Play(Box<Script>),
}

/// The session of the last visit, else what a first visit finds.
///
/// A small one is open when this returns; a large one goes on frame by frame.
fn first_session() -> Session {
    let saved = storage::load_text(storage::SESSION).and_then(|text| Script::parse(&text).ok());
    let mut session = Session::open(&saved.unwrap_or_else(|| Script::new(Options::default())));
    session.open_slice(budget(FIRST_SLICE_MS));
    session
}

/// How long the first picture may wait for the session.
const FIRST_SLICE_MS: f64 = 30.0;

fn first_prefs() -> Prefs {
    let mut prefs: Prefs = storage::load(storage::PREFS);
    let lang = document().document_element().and_then(|root| root.get_attribute("lang"));
    if let Some(lang) = lang.and_then(|code| Lang::from_code(&code)) {
        prefs.lang = lang;
    }
    prefs
}

impl Component for App {
    type Message = Msg;
    type Properties = ();

    fn create(ctx: &Context<App>) -> App {
        let prefs = first_prefs();
        let mut session = first_session();
        (session.playing, session.speed) = (prefs.playing, prefs.speed);
        let session = Rc::new(RefCell::new(session));
        let map = Map::default();
        let frame = Frame::start(session.clone(), map.clone(), ctx.link().callback(|()| Msg::World));
        let link = ctx.link().clone();
        let leaving = EventListener::new(&window(), "pagehide", move |_| link.send_message(Msg::Save));
        let api = PageApi::offer(session.clone(), ctx.link().callback(|msg| msg));
        share::open_link(ctx.link().callback(|msg| msg));
        let mut app = App {
            session,
            frame,
            map,
            labels: Default::default(),
            without: Default::default(),
            arranged: None,
            labels_at: f64::NEG_INFINITY,
            waiting: Vec::new(),
            _api: api,
            _leaving: leaving,
            prefs,
            desk: Rc::new(storage::load(storage::DRAFTS)),
            witness: storage::load(storage::SEEN),
            witnessed: Rc::default(),
            lit: None,
            menu: None,
            scenarios: false,
            help: false,
            notice: None,
            events: Rc::default(),
            messages: Rc::default(),
            files: Vec::new(),
            node_files: Rc::default(),
            check: None,
            live: None,
            saving: None,
            said: String::new(),
            said_at: 0.0,
            focus_console: false,
        };
        app.witnessed = Rc::new(app.witness.clone());
        app.apply_prefs();
        app.look();
        app
    }

    fn update(&mut self, ctx: &Context<App>, msg: Msg) -> bool {
        match msg {
            Msg::World => {
                self.prefs.playing = self.session.borrow().playing;
                self.look();
                self.do_what_waited(ctx);
                self.frame.wake();
            }
            Msg::Do(action) => self.act(ctx, action),
            Msg::Check(id) => self.check_text(&id),
            Msg::Live(id) => self.live_text(ctx, &id),
            Msg::Save => {
                self.save();
                return false;
            }
            Msg::Notice(notice) => self.notice = Some(notice),
            Msg::Begun(options) => {
                self.desk_mut().begin_anew(&options);
                self.witness.begin_anew();
                self.map.0.borrow_mut().begin_anew();
                self.look();
                self.save_soon(ctx);
            }
            Msg::Play(script) => {
                self.desk_mut().begin_anew(&script.options);
                self.replace(Session::open(&script));
                self.look();
                self.save_soon(ctx);
                self.frame.wake();
            }
        }
        true
    }

    fn rendered(&mut self, _: &Context<App>, _: bool) {
        self.map.0.borrow().place_marks();
        let arranged = (self.prefs.layout.clone(), self.session.borrow().is_far());
        let other = self.arranged.as_ref() != Some(&arranged);
        self.arranged = Some(arranged);
        self.frame.rendered(other);
        if std::mem::take(&mut self.focus_console) {
            let field = document().query_selector("[data-control=console]").ok().flatten();
            if let Some(field) = field.and_then(|field| field.dyn_into::<web_sys::HtmlElement>().ok()) {
                let _ = field.focus();
            }
        }
    }

    fn view(&self, ctx: &Context<App>) -> Html {
        let page = Page { lang: self.prefs.lang, act: ctx.link().callback(Msg::Do) };
        let words = page.words();
        let session = self.session.borrow();
        let (board, fleet, console) = (session.board(), session.fleet(), session.console());
        let (started, playing, speed) = (session.stage.started(), session.playing, session.speed);
        let options = session.stage.script().options.clone();
        let opening = session.opening();
        drop(session);
        let layout = &self.prefs.layout;
        let daemonset = self.daemonset(&board);
        let style =
            format!("--desk-width: {}px; --drawer-height: {}px", layout.desk_width, layout.drawer_height);
        let keys = actions::on_key(&page, board.clone(), layout.selection.clone(), layout.letters);
        html! {
            <ContextProvider<Page> context={page.clone()}>
                <div
                    class="app"
                    {style}
                    data-app="kubestage"
                    data-ready={opening.is_none().then_some("true")}
                    data-pane={layout.pane.text()}
                    data-desk={open(layout.desk_open)}
                    data-drawer={open(layout.drawer_open)}
                    data-playing={playing.to_string()}
                    data-quiet={board.quiet.to_string()}
                    data-drawer-tab={layout.drawer_tab.text()}
                    data-lit={self.lit.map(Claim::id)}
                    onkeydown={keys}
                >
                    <Header {playing} {speed} api={board.api_server} theme={self.prefs.theme} {options} scenarios_open={self.scenarios} />
                    <DeskPanel
                        tab={layout.desk_tab}
                        board={Same(board.clone())}
                        desk={Same(self.desk.clone())}
                        far={self.is_far()}
                        files={self.node_files.clone()}
                        job={self.desk_job()}
                    />
                    <Splitter vertical={true} size={layout.desk_width} label={words.desk_width} on_size={page.act.reform(Action::DeskWidth)} />
                    <Scene
                        board={Same(board.clone())}
                        files={self.files.clone()}
                        selection={layout.selection.clone()}
                        {daemonset}
                        system_pods={layout.system_pods}
                        desk_open={layout.desk_open}
                        fleet={Same(fleet.clone())}
                        map={self.map.clone()}
                        cards={Same(self.map.0.borrow().cards.clone())}
                        distance={layout.distance}
                        label={self.label()}
                        labels={Same(self.labels.1.clone())}
                        wake={self.wake()}
                    />
                    if let Some(progress) = opening {
                        <Opening {progress} counts={fleet.counts.clone()} />
                    }
                    <Inspector
                        board={Same(board.clone())}
                        selection={layout.selection.clone()}
                        {started}
                        yaml={self.yaml(&board)}
                        events={Same(self.selected_events(&board))}
                        without={Same(self.without.0.clone())}
                    />
                    <Splitter vertical={false} size={layout.drawer_height} label={words.drawer_height} on_size={page.act.reform(Action::DrawerHeight)} />
                    <Drawer
                        tab={layout.drawer_tab}
                        {started}
                        console={Same(console)}
                        events={Same(self.events.clone())}
                        messages={Same(self.messages.clone())}
                        witness={Same(self.witnessed.clone())}
                    />
                    if !layout.drawer_open {
                        <button type="button" class="reopen" data-control="open-drawer" onclick={page.on(Action::ToggleDrawer)}>{ words.show_drawer }</button>
                    }
                    <Panes pane={layout.pane} />
                    <p class="unseen" role="status" data-region="status">{ &*self.said }</p>
                    if let Some(menu) = &self.menu {
                        <Menu menu={menu.clone()} board={Same(board)} />
                    }
                    if self.help {
                        <Help letters={layout.letters} />
                    }
                    if let Some(notice) = &self.notice {
                        <NoticeBar notice={notice.clone()} />
                    }
                </div>
            </ContextProvider<Page>>
        }
    }
}

fn open(is: bool) -> &'static str {
    if is { "open" } else { "closed" }
}

#[derive(PartialEq, Properties)]
struct PanesProps {
    pane: Pane,
}

/// On a narrow screen: what stands below the stage.
#[component]
fn Panes(props: &PanesProps) -> Html {
    let page = use_page();
    let words = page.words();
    let all =
        [(Pane::Desk, words.show_desk), (Pane::Inspector, words.inspector), (Pane::Drawer, words.console)];
    html! {
        <nav class="panes" aria-label={words.panes}>
            { for all.map(|(pane, word)| html! {
                <button
                    key={pane.text()}
                    type="button"
                    data-pane-button={pane.text()}
                    aria-pressed={(props.pane == pane).to_string()}
                    onclick={page.on(Action::Pane(pane))}
                >{ word }</button>
            }) }
        </nav>
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
            <button type="button" class="quiet square" aria-label={words.close} onclick={page.on(Action::CloseMenu)}>
                <super::glyph::Icon name="i-close" />
            </button>
        </div>
    }
}

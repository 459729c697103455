//! The root: takes what a person wants, looks at what it brought about, and tells the stores, from which the
//! components draw.

mod act;
mod doing;
mod files;
mod look;
mod save;

use std::cell::RefCell;
use std::rc::Rc;

use gloo::events::{EventListener, EventListenerOptions};
use gloo::timers::callback::Timeout;
use gloo::utils::{document_element, window};
use stage::{Options, Programs, Script, Start};
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::spawn_local;
use yew::html::Scope;
use yew::prelude::*;

use super::actions;
use super::assist::Assist;
use super::clock::budget;
use super::console::terminal::Terminal;
use super::desk::DeskAction;
use super::desk::model::{Desk, DocId};
use super::frame::Frame;
use super::later::{self, FetchError, Later};
use super::map::Map;
use super::page::{Page, Stores};
use super::page_api::PageApi;
use super::session::{Session, SharedSession};
use super::shell::Shell;
use super::state::{Action, FrontAction, LayoutAction, Notice, Size};
use super::storage::Shelf;
use super::store::{Reduce, Store};
use super::{dropped, share, storage};
use doing::Doing;
use guide::Premiere;
use look::Looks;
use save::Saver;

pub struct App {
    page: Page,
    session: SharedSession,
    looks: Looks,
    guide: guide::Progress,
    /// What is being brought about for the person.
    doing: Option<Doing>,
    /// What is still to come of the scene that a first visit sees being set.
    premiere: Option<Premiere>,
    /// What was asked for while a session was being opened.
    waiting: Vec<Action>,
    timers: Timers,
    /// Milliseconds that the last look at a text for mistakes took.
    check_took: f64,
    /// When that was.
    checked_at: f64,
    saver: Saver,
    later: Option<Later>,
    /// `window.kubestage`, once it has come.
    api: Option<PageApi>,
    _listeners: [EventListener; 5],
}

/// What is to be done later; asking again puts it off.
#[derive(Default)]
struct Timers {
    check: Option<Timeout>,
    live: Option<Timeout>,
    premiere: Option<Timeout>,
    fetch: Option<Timeout>,
}

pub enum Msg {
    /// The world looks different.
    World,
    Do(Action),
    Check(DocId),
    Live(DocId),
    Save,
    /// The scene of a first visit begins.
    Premiere,
    Notice(Notice),
    /// What comes later has come, or not.
    Later(Result<Later, FetchError>),
    /// [`PageApi`] has put another session in this one's place.
    Begun(Options),
    /// A link's session takes this one's place.
    Play(Box<Script>),
}

/// The session of the last visit, else what a first visit finds.
///
/// A small one is open when this returns; a large one goes on frame by frame.
fn first_session(shelf: Shelf, programs: Option<Programs>) -> Session {
    let saved = storage::load_text(shelf, storage::SESSION).and_then(|text| Script::parse(&text).ok());
    let mut session = Session::open(&saved.unwrap_or_else(|| Script::new(first_options())), programs);
    session.open_slice(budget(BOOT_SLICE_MS));
    session
}

/// The files of the last visit. What was applied then was not applied to a cluster that has just begun.
fn first_desk(shelf: Shelf, session: &Session) -> Desk {
    let mut desk: Desk = storage::load(shelf, storage::DRAFTS);
    let script = session.stage.script();
    let replays = session.opening().is_some_and(|opening| opening.replays);
    let is_fresh = storage::load_text(shelf, storage::SESSION).is_none() || Premiere::of(script).is_some();
    if !replays && is_fresh {
        desk.reduce(DeskAction::BeginAnew(Box::new(script.options.clone())));
    }
    desk
}

/// What a first visit finds: what the address asks for, else a scene that is set before the visitor's eyes.
fn first_options() -> Options {
    let start = match document_element().get_attribute("data-start").as_deref() {
        Some("demo") => return Options::default(),
        Some("ready") => Start::Ready,
        Some("bare") => Start::Bare,
        _ => return Options { watched: true, ..Options::default() },
    };
    Options { start, ..Options::default() }
}

/// How long after a failure what comes later is asked for again.
const FETCH_AGAIN_MS: u32 = 3_000;

fn fetch_later(link: Scope<App>) {
    spawn_local(async move { link.send_message(Msg::Later(later::fetch().await)) });
}

/// What the page hears wherever it happens.
fn listeners(ctx: &Context<App>, page: &Page) -> [EventListener; 5] {
    let (leave, follow) = (ctx.link().clone(), ctx.link().clone());
    let (keys, focus) = (actions::on_key(page), page.focus.clone());
    let (act, measured) = (page.act.clone(), page.stores.front.clone());
    let measure = move || {
        let size = document_element().get_attribute("data-size").unwrap_or_default();
        let action = FrontAction::Size(Size::from_text(&size));
        if measured.now().size != Size::from_text(&size) {
            act.emit(action.into());
        }
        let tall = document_element().get_attribute("data-tall").as_deref() == Some("true");
        if measured.now().tall != tall {
            act.emit(FrontAction::Tall(tall).into());
        }
    };
    measure();
    let (window, options) = (window(), EventListenerOptions::enable_prevent_default());
    [
        EventListener::new(&window, "pagehide", move |_| leave.send_message(Msg::Save)),
        // Another link was pasted into the tab's address.
        EventListener::new(&window, "hashchange", move |_| share::open_link(follow.callback(|msg| msg))),
        EventListener::new(&window, "resize", move |_| measure()),
        EventListener::new_with_options(&window, "keydown", options, move |event| {
            keys(event.unchecked_ref());
        }),
        EventListener::new(&window, "focusin", move |event| {
            if let Some(target) = event.target().and_then(|target| target.dyn_into().ok()) {
                focus.moved(&target);
            }
        }),
    ]
}

/// How long the page's first picture may wait for the session: a small one is open by then, also where the processor is
/// slow, and is not drawn piece by piece.
const BOOT_SLICE_MS: f64 = 150.0;
/// How long the first picture of another session may wait for it.
const FIRST_SLICE_MS: f64 = 30.0;

impl Component for App {
    type Message = Msg;
    type Properties = ();

    fn create(ctx: &Context<App>) -> App {
        let link = ctx.link();
        let saved = save::first_prefs();
        let shelf = Shelf::of_tab();
        let guide = guide::Progress::new(storage::load(Shelf::Own, storage::SEEN));
        let mut session = first_session(shelf, None);
        let desk = first_desk(shelf, &session);
        session.playback = saved.playback;
        let world = look::first_world(&session, &guide);
        let session = Rc::new(RefCell::new(session));
        let map = Map::default();
        let frame = Frame::start(session.clone(), map.clone(), link.callback(|()| Msg::World));
        let stores = Stores {
            world: Rc::new(Store::new(world)),
            desk: Rc::new(Store::new(desk)),
            layout: Rc::new(Store::new(saved.layout)),
            playback: Rc::new(Store::new(saved.playback)),
            selection: Rc::new(Store::new(saved.selection)),
            front: Rc::default(),
        };
        share::open_link(link.callback(|msg| msg));
        dropped::listen(link.callback(|msg| msg));
        let page = Page {
            lang: stores.layout.now().lang,
            act: link.callback(Msg::Do),
            frame,
            map,
            focus: Rc::default(),
            terminal: Rc::new(Terminal::new(session.clone())),
            assist: Assist(session.clone()),
            stores: Rc::new(stores),
        };
        let saver = Saver::new(shelf, &page.stores, guide.ticks());
        let listeners = listeners(ctx, &page);
        fetch_later(link.clone());
        let mut app = App {
            page,
            session,
            looks: Looks::default(),
            guide,
            doing: None,
            premiere: None,
            waiting: Vec::new(),
            timers: Timers::default(),
            check_took: 0.0,
            checked_at: 0.0,
            saver,
            later: None,
            api: None,
            _listeners: listeners,
        };
        app.dress();
        app.look();
        app.await_premiere(ctx);
        app
    }

    fn update(&mut self, ctx: &Context<App>, msg: Msg) -> bool {
        match msg {
            Msg::World => {
                self.look();
                self.go_on_doing();
                self.go_on_with_premiere();
                self.do_what_waited(ctx);
                self.enter_waiting();
                self.page.frame.wake();
            }
            Msg::Do(action) => {
                self.act(ctx, action);
                self.look();
                self.go_on_with_premiere();
                self.page.frame.wake();
            }
            // A session that is being replayed has none of its commands yet.
            Msg::Premiere if self.session.borrow().opening().is_some() => self.await_premiere(ctx),
            Msg::Premiere => {
                self.premiere = Premiere::of(self.session.borrow().stage.script());
                self.go_on_with_premiere();
            }
            Msg::Check(id) => {
                self.check_text(&id);
                // What the text would change is told at once, even where nothing else changes.
                self.look();
            }
            Msg::Live(id) => self.live_text(ctx, &id),
            Msg::Save => self.save(),
            Msg::Notice(notice) => {
                self.page.stores.front.dispatch(FrontAction::Notice(notice));
            }
            Msg::Later(found) => self.take_later(ctx, found),
            Msg::Begun(options) => {
                self.page.stores.desk.dispatch(DeskAction::BeginAnew(Box::new(options)));
                self.begin_guide();
                self.page.terminal.begin_anew();
                self.saver.begin_session();
                self.looks = Looks::default();
                self.page.map.0.borrow_mut().begin_anew();
                self.page.stores.layout.dispatch(LayoutAction::BeginAnew);
                self.page.stores.selection.put(Default::default());
                self.look();
            }
            Msg::Play(script) => {
                self.play_guest(&script);
                self.look();
                self.page.frame.wake();
            }
        }
        self.save_soon(ctx);
        self.dress()
    }

    fn view(&self, _: &Context<App>) -> Html {
        html! {
            <ContextProvider<Page> context={self.page.clone()}>
                <Shell />
            </ContextProvider<Page>>
        }
    }
}

impl App {
    /// Sets what stands outside of the app's own element; whether the words are others now.
    fn dress(&mut self) -> bool {
        let layout = self.page.stores.layout.now();
        let root = document_element();
        let set = |name: &str, value: &str| {
            let other = root.get_attribute(name).as_deref() != Some(value);
            if other {
                let _ = root.set_attribute(name, value);
            }
            other
        };
        if set("data-theme", layout.theme.text()) {
            self.page.frame.recolour();
        }
        set("lang", layout.lang.code());
        let scale = f64::from(layout.scale) / 100.0;
        if set("data-scale", &scale.to_string()) {
            // index.html measures again.
            let resized = web_sys::Event::new("resize").ok();
            let _ = resized.map(|event| window().dispatch_event(&event));
        }
        self.page.frame.lang.set(layout.lang);
        let other = self.page.lang != layout.lang;
        self.page.lang = layout.lang;
        other
    }

    fn programs(&self) -> Option<Programs> {
        self.session.borrow().stage.programs()
    }

    /// From here on there are panels, and commands can be entered; or they are asked for again after a while.
    fn take_later(&mut self, ctx: &Context<App>, found: Result<Later, FetchError>) {
        let link = ctx.link().clone();
        match found {
            Ok(later) => {
                self.later = Some(later);
                self.session.borrow_mut().install(later.programs);
                self.api = Some((later.offer_api)(self.session.clone(), link.callback(|msg| msg)));
                self.look();
                self.do_what_waited(ctx);
                self.go_on_with_premiere();
                self.page.frame.wake();
            }
            Err(_) => {
                self.page.stores.front.dispatch(FrontAction::Notice(Notice::NoPrograms));
                self.timers.fetch = Some(Timeout::new(FETCH_AGAIN_MS, move || fetch_later(link)));
            }
        }
    }

    /// Somebody else's session is played. The person's own is kept, if there is any.
    fn play_guest(&mut self, script: &Script) {
        self.save();
        let has_own = self.saver.shelf == Shelf::Own && save::is_worth_keeping(&self.page.stores.desk.now());
        if has_own {
            self.saver.begin_guest();
        }
        self.begin(Session::open(script, self.programs()));
        // The address is cleared, and a reload while the session is being opened must not lose it.
        let _ = storage::save_text(self.saver.shelf, storage::SESSION, &script.to_json());
        self.page.stores.desk.put(Desk::of_script(script));
    }

    /// Goes back to the person's own session.
    fn leave_guest(&mut self) {
        self.saver.leave_guest();
        self.begin(first_session(Shelf::Own, self.programs()));
        let desk = first_desk(Shelf::Own, &self.session.borrow());
        self.page.stores.desk.put(desk);
    }

    /// What the guide knows of another session is no history of this one.
    fn begin_guide(&mut self) {
        self.guide.begin_anew();
        self.doing = None;
        self.premiere = None;
        self.timers.premiere = None;
        self.page.frame.begin_anew();
        self.page.stores.front.dispatch(FrontAction::Step(None));
    }

    /// Another session takes the place of this one.
    fn begin(&mut self, mut session: Session) {
        let stores = self.page.stores.clone();
        session.playback = *stores.playback.now();
        let old = self.session.replace(session);
        self.page.frame.give_up(old.stage);
        self.begin_guide();
        self.page.terminal.begin_anew();
        self.page.map.0.borrow_mut().begin_anew();
        self.looks = Looks::default();
        self.saver.begin_session();
        stores.layout.dispatch(LayoutAction::BeginAnew);
        stores.selection.put(Default::default());
    }
}

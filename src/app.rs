//! The root: takes what a person wants, looks at what it brought about, and tells the stores, from which the
//! components draw.

mod act;
mod look;
mod save;

use std::cell::RefCell;
use std::rc::Rc;

use gloo::events::{EventListener, EventListenerOptions};
use gloo::timers::callback::Timeout;
use gloo::utils::{document_element, window};
use programs::FetchError;
use stage::{Options, Programs, Script};
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
use super::map::Map;
use super::page::{Page, Stores};
use super::page_api::PageApi;
use super::session::{Session, SharedSession};
use super::shell::Shell;
use super::state::{Action, FrontAction, LayoutAction, Notice, Size};
use super::storage::Shelf;
use super::store::Store;
use super::witness::Witness;
use super::{dropped, share, storage};
use look::Looks;
use save::Saver;

pub struct App {
    page: Page,
    session: SharedSession,
    looks: Looks,
    witness: Witness,
    /// What was asked for while a session was being opened.
    waiting: Vec<Action>,
    timers: Timers,
    saver: Saver,
    /// `window.kubestage`, once there are programs.
    api: Option<PageApi>,
    _listeners: [EventListener; 5],
}

/// What is to be done later; asking again puts it off.
#[derive(Default)]
struct Timers {
    check: Option<Timeout>,
    live: Option<Timeout>,
    fetch: Option<Timeout>,
}

pub enum Msg {
    /// The world looks different.
    World,
    Do(Action),
    Check(DocId),
    Live(DocId),
    Save,
    Notice(Notice),
    /// What the shells run has come, or not.
    Programs(Result<Programs, FetchError>),
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
    let mut session = Session::open(&saved.unwrap_or_else(|| Script::new(Options::default())), programs);
    session.open_slice(budget(FIRST_SLICE_MS));
    session
}

/// How long after a failure the programs are asked for again.
const FETCH_AGAIN_MS: u32 = 3_000;

fn fetch_programs(link: Scope<App>) {
    spawn_local(async move { link.send_message(Msg::Programs(programs::fetch().await)) });
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

/// How long the first picture may wait for the session.
const FIRST_SLICE_MS: f64 = 30.0;

impl Component for App {
    type Message = Msg;
    type Properties = ();

    fn create(ctx: &Context<App>) -> App {
        let link = ctx.link();
        let saved = save::first_prefs();
        let shelf = Shelf::of_tab();
        let desk = storage::load(shelf, storage::DRAFTS);
        let witness = Witness::new(storage::load(Shelf::Own, storage::SEEN));
        let mut session = first_session(shelf, None);
        session.playback = saved.playback;
        let world = look::first_world(&session, &witness);
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
        let saver = Saver::new(shelf, &page.stores, witness.seen());
        let listeners = listeners(ctx, &page);
        fetch_programs(link.clone());
        let mut app = App {
            page,
            session,
            looks: Looks::default(),
            witness,
            waiting: Vec::new(),
            timers: Timers::default(),
            saver,
            api: None,
            _listeners: listeners,
        };
        app.dress();
        app.look();
        app
    }

    fn update(&mut self, ctx: &Context<App>, msg: Msg) -> bool {
        match msg {
            Msg::World => {
                self.look();
                self.do_what_waited(ctx);
                self.enter_waiting();
                self.page.frame.wake();
            }
            Msg::Do(action) => {
                self.act(ctx, action);
                self.look();
                self.page.frame.wake();
            }
            Msg::Check(id) => self.check_text(&id),
            Msg::Live(id) => self.live_text(ctx, &id),
            Msg::Save => self.save(),
            Msg::Notice(notice) => {
                self.page.stores.front.dispatch(FrontAction::Notice(notice));
            }
            Msg::Programs(found) => self.take_programs(ctx, found),
            Msg::Begun(options) => {
                self.page.stores.desk.dispatch(DeskAction::BeginAnew(Box::new(options)));
                self.witness.begin_anew();
                self.page.terminal.begin_anew();
                self.saver.begin_session();
                self.looks = Looks::default();
                self.page.map.0.borrow_mut().begin_anew();
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
        let other = self.page.lang != layout.lang;
        self.page.lang = layout.lang;
        other
    }

    fn programs(&self) -> Option<Programs> {
        self.session.borrow().stage.programs()
    }

    /// From here on commands can be entered; or the programs are asked for again after a while.
    fn take_programs(&mut self, ctx: &Context<App>, found: Result<Programs, FetchError>) {
        let link = ctx.link().clone();
        match found {
            Ok(programs) => {
                self.session.borrow_mut().install(programs);
                self.api = Some(PageApi::offer(self.session.clone(), link.callback(|msg| msg)));
                self.look();
                self.do_what_waited(ctx);
                self.page.frame.wake();
            }
            Err(_) => {
                self.page.stores.front.dispatch(FrontAction::Notice(Notice::NoPrograms));
                self.timers.fetch = Some(Timeout::new(FETCH_AGAIN_MS, move || fetch_programs(link)));
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
        self.page.stores.desk.put(storage::load(Shelf::Own, storage::DRAFTS));
    }

    /// Another session takes the place of this one.
    fn begin(&mut self, mut session: Session) {
        let stores = &self.page.stores;
        session.playback = *stores.playback.now();
        let old = self.session.replace(session);
        self.page.frame.give_up(old.stage);
        self.witness.begin_anew();
        self.page.terminal.begin_anew();
        self.page.map.0.borrow_mut().begin_anew();
        self.looks = Looks::default();
        self.saver.begin_session();
        stores.layout.dispatch(LayoutAction::BeginAnew);
        stores.selection.put(Default::default());
    }
}

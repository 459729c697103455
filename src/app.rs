//! The root: takes what a person wants, looks at what it brought about, and tells the stores, from which the
//! components draw.

mod act;
mod look;
mod save;

use std::cell::RefCell;
use std::rc::Rc;

use gloo::events::EventListener;
use gloo::timers::callback::Timeout;
use gloo::utils::{document_element, window};
use stage::{Options, Script};
use yew::prelude::*;

use super::actions;
use super::clock::budget;
use super::desk::DeskAction;
use super::desk::model::DocId;
use super::frame::Frame;
use super::map::Map;
use super::page::{Page, Stores};
use super::page_api::PageApi;
use super::session::{Session, SharedSession};
use super::shell::Shell;
use super::state::{Action, FrontAction, LayoutAction, Notice};
use super::store::Store;
use super::witness::Witness;
use super::{share, storage};
use look::Looks;
use save::Saver;

pub struct App {
    page: Page,
    session: SharedSession,
    keys: Callback<KeyboardEvent>,
    looks: Looks,
    witness: Witness,
    /// What was asked for while a session was being opened.
    waiting: Vec<Action>,
    timers: Timers,
    saver: Saver,
    _held: (PageApi, EventListener),
}

/// What is to be done later; asking again puts it off.
#[derive(Default)]
struct Timers {
    check: Option<Timeout>,
    live: Option<Timeout>,
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

impl Component for App {
    type Message = Msg;
    type Properties = ();

    fn create(ctx: &Context<App>) -> App {
        let link = ctx.link();
        let saved = save::first_prefs();
        let desk = storage::load(storage::DRAFTS);
        let witness = Witness::new(storage::load(storage::SEEN));
        let mut session = first_session();
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
        let leaving = {
            let link = link.clone();
            EventListener::new(&window(), "pagehide", move |_| link.send_message(Msg::Save))
        };
        let api = PageApi::offer(session.clone(), link.callback(|msg| msg));
        share::open_link(link.callback(|msg| msg));
        let page = Page {
            lang: stores.layout.now().lang,
            act: link.callback(Msg::Do),
            frame,
            map,
            stores: Rc::new(stores),
        };
        let saver = Saver::new(&page.stores, witness.seen());
        let mut app = App {
            keys: actions::on_key(&page),
            page,
            session,
            looks: Looks::default(),
            witness,
            waiting: Vec::new(),
            timers: Timers::default(),
            saver,
            _held: (api, leaving),
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
            Msg::Begun(options) => {
                self.page.stores.desk.dispatch(DeskAction::BeginAnew(Box::new(options)));
                self.witness.begin_anew();
                self.page.map.0.borrow_mut().begin_anew();
                self.look();
            }
            Msg::Play(script) => {
                self.begin(Session::open(&script), script.options);
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
                <Shell keys={self.keys.clone()} />
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
        let other = self.page.lang != layout.lang;
        self.page.lang = layout.lang;
        other
    }

    /// Another session takes the place of this one.
    fn begin(&mut self, mut session: Session, options: Options) {
        let stores = &self.page.stores;
        stores.desk.dispatch(DeskAction::BeginAnew(Box::new(options)));
        session.playback = *stores.playback.now();
        let old = self.session.replace(session);
        self.page.frame.give_up(old.stage);
        self.witness.begin_anew();
        self.page.map.0.borrow_mut().begin_anew();
        self.looks = Looks::default();
        stores.layout.dispatch(LayoutAction::BeginAnew);
        stores.selection.put(Default::default());
    }
}

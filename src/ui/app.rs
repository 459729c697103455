//! The root: holds what the page remembers, does what a person wants, and draws the whole from the board.

use std::cell::RefCell;
use std::rc::Rc;

use gloo::utils::document_element;
use kubestage::view::{Board, EventView, MessageView};
use yew::prelude::*;

use super::drawer::Drawer;
use super::frame::Frame;
use super::header::Header;
use super::inspector::Inspector;
use super::menu::Menu;
use super::page::Page;
use super::same::Same;
use super::scene::Scene;
use super::session::{Session, SharedSession};
use super::state::{Action, Layout, OpenMenu, Pane, Prefs, Selection};
use super::storage;

const EVENTS: usize = 200;
const MESSAGES: usize = 200;

pub struct App {
    session: SharedSession,
    frame: Rc<Frame>,
    prefs: Prefs,
    menu: Option<OpenMenu>,
    scenarios: bool,
    events: Rc<Vec<EventView>>,
    messages: Rc<Vec<MessageView>>,
}

pub enum Msg {
    /// The world looks different.
    World,
    Do(Action),
}

impl Component for App {
    type Message = Msg;
    type Properties = ();

    fn create(ctx: &Context<App>) -> App {
        let session = Rc::new(RefCell::new(Session::new(Default::default())));
        let frame = Frame::start(session.clone(), ctx.link().callback(|()| Msg::World));
        let prefs: Prefs = storage::load(storage::PREFS);
        let mut app = App {
            session,
            frame,
            prefs,
            menu: None,
            scenarios: false,
            events: Rc::default(),
            messages: Rc::default(),
        };
        app.apply_prefs();
        app.look();
        app
    }

    fn update(&mut self, _: &Context<App>, msg: Msg) -> bool {
        match msg {
            Msg::World => self.look(),
            Msg::Do(action) => self.act(action),
        }
        true
    }

    fn rendered(&mut self, _: &Context<App>, _: bool) {
        self.frame.measure();
    }

    fn view(&self, ctx: &Context<App>) -> Html {
        let page = Page { lang: self.prefs.lang, act: ctx.link().callback(Msg::Do) };
        let words = page.words();
        let (board, console, started, playing, speed, options) = {
            let session = self.session.borrow();
            let options = session.stage.script().options.clone();
            (
                session.board(),
                session.console(),
                session.stage.started(),
                session.playing,
                session.speed,
                options,
            )
        };
        let layout = &self.prefs.layout;
        let daemonset = self.daemonset(&board);
        let files = self.files(&board);
        let style =
            format!("--desk-width: {}px; --drawer-height: {}px", layout.desk_width, layout.drawer_height);
        html! {
            <ContextProvider<Page> context={page.clone()}>
                <div
                    class="app"
                    {style}
                    data-app="kubestage"
                    data-ready="true"
                    data-pane={layout.pane.text()}
                    data-desk={open(layout.desk_open)}
                    data-inspector={open(layout.inspector_open)}
                    data-drawer={open(layout.drawer_open)}
                    data-playing={playing.to_string()}
                    data-quiet={board.quiet.to_string()}
                    onkeydown={keys(&page)}
                >
                    <Header {playing} {speed} api={board.api_server} theme={self.prefs.theme} {options} scenarios_open={self.scenarios} />
                    <Scene
                        board={Same(board.clone())}
                        {files}
                        selection={layout.selection.clone()}
                        {daemonset}
                        system_pods={layout.system_pods}
                    />
                    <Inspector
                        board={Same(board.clone())}
                        selection={layout.selection.clone()}
                        {started}
                        yaml={self.yaml(&board)}
                        events={Same(self.selected_events(&board))}
                    />
                    <Drawer
                        tab={layout.drawer_tab}
                        {started}
                        console={Same(console)}
                        events={Same(self.events.clone())}
                        messages={Same(self.messages.clone())}
                    />
                    if !layout.drawer_open {
                        <button type="button" class="reopen drawer-reopen" data-control="open-drawer" onclick={page.on(Action::ToggleDrawer)}>{ words.show_drawer }</button>
                    }
                    <Panes pane={layout.pane} />
                    if let Some(menu) = &self.menu {
                        <Menu menu={menu.clone()} board={Same(board)} />
                    }
                </div>
            </ContextProvider<Page>>
        }
    }
}

fn open(is: bool) -> &'static str {
    if is { "open" } else { "closed" }
}

fn keys(page: &Page) -> Callback<KeyboardEvent> {
    let act = page.act.clone();
    Callback::from(move |event: KeyboardEvent| {
        if event.key() == "Escape" && !event.default_prevented() {
            act.emit(Action::CloseMenu);
        }
    })
}

impl App {
    /// Takes what changed in the world into what the lists show.
    fn look(&mut self) {
        let session = self.session.borrow();
        self.events = Rc::new(session.stage.events(EVENTS));
        self.messages = Rc::new(session.stage.messages(MESSAGES));
    }

    fn act(&mut self, action: Action) {
        let layout = &mut self.prefs.layout;
        match action {
            Action::Perform(command) => {
                self.menu = None;
                let mut session = self.session.borrow_mut();
                session.perform(command);
                session.refresh();
            }
            Action::PlayPause => {
                let mut session = self.session.borrow_mut();
                session.playing = !session.playing;
            }
            Action::Step(count) => {
                let mut session = self.session.borrow_mut();
                session.step(count);
                session.refresh();
            }
            Action::SetSpeed(speed) => self.session.borrow_mut().speed = speed,
            Action::Reset(options) => {
                self.scenarios = false;
                *self.session.borrow_mut() = Session::new(options);
                layout.selection = Selection::Nothing;
            }
            Action::Select(selection) => layout.selection = selection,
            Action::Show(selection) => {
                layout.selection = selection;
                layout.inspector_open = true;
                layout.pane = Pane::Inspector;
                self.menu = None;
            }
            Action::OpenMenu(menu) => {
                layout.selection = menu.target.clone();
                self.menu = Some(menu);
            }
            Action::CloseMenu => {
                self.menu = None;
                self.scenarios = false;
            }
            Action::Scenarios(open) => self.scenarios = open,
            Action::Lang(lang) => self.prefs.lang = lang,
            Action::Theme(theme) => self.prefs.theme = theme,
            other => arrange(layout, other),
        }
        self.apply_prefs();
        self.frame.wake();
    }

    /// Saves the preferences, and sets what stands outside of the app's own element.
    fn apply_prefs(&self) {
        let root = document_element();
        let _ = root.set_attribute("data-theme", self.prefs.theme.text());
        let _ = root.set_attribute("lang", self.prefs.lang.code());
        storage::save(storage::PREFS, &self.prefs);
        storage::save_text(storage::THEME, self.prefs.theme.text());
        storage::save_text(storage::LANG, self.prefs.lang.code());
    }

    /// The DaemonSet that is looked at: the chosen one while it exists, else the first of a person's own.
    fn daemonset(&self, board: &Board) -> Option<Rc<str>> {
        let chosen = board.daemonsets.iter().find(|ds| Some(&ds.id) == self.prefs.layout.daemonset.as_ref());
        let own = || board.daemonsets.iter().find(|ds| &*ds.namespace != "kube-system");
        let found = chosen.or_else(own).or_else(|| board.daemonsets.first());
        found.map(|ds| ds.id.clone())
    }

    fn files(&self, board: &Board) -> Vec<Rc<Vec<kubestage::view::FileView>>> {
        let session = self.session.borrow();
        board.nodes.iter().map(|node| Rc::new(session.stage.files(&node.name))).collect()
    }

    fn yaml(&self, board: &Board) -> Option<Rc<str>> {
        let stage = &self.session.borrow().stage;
        let text = match &self.prefs.layout.selection {
            Selection::Nothing => None,
            Selection::Pod(id) => pod_yaml(stage, id),
            Selection::Node(name) => stage.object_yaml("Node", "", name),
            Selection::DaemonSet(id) => {
                id.split_once('/').and_then(|(ns, name)| stage.object_yaml("DaemonSet", ns, name))
            }
            Selection::Part(name) => {
                let part = board.parts.iter().find(|part| part.name == *name)?;
                pod_yaml(stage, &part.pod)
            }
        };
        text.map(Into::into)
    }

    fn selected_events(&self, board: &Board) -> Rc<Vec<EventView>> {
        let (kind, id) = match &self.prefs.layout.selection {
            Selection::Nothing => return Rc::default(),
            Selection::Pod(id) => ("pod", id.clone()),
            Selection::Node(name) => ("node", name.clone()),
            Selection::DaemonSet(id) => ("daemonset", id.clone()),
            Selection::Part(name) => match board.parts.iter().find(|part| part.name == *name) {
                Some(part) => ("pod", part.pod.clone()),
                None => return Rc::default(),
            },
        };
        let (namespace, name) = id.split_once('/').unwrap_or(("default", &id));
        let object = format!("{kind}/{name}");
        let of_it =
            self.events.iter().filter(|event| *event.object == *object && *event.namespace == *namespace);
        Rc::new(of_it.take(20).cloned().collect())
    }
}

fn pod_yaml(stage: &kubestage::stage::Stage, id: &str) -> Option<String> {
    let (namespace, name) = id.split_once('/')?;
    stage.object_yaml("Pod", namespace, name)
}

/// What only opens, closes or moves panels.
fn arrange(layout: &mut Layout, action: Action) {
    match action {
        Action::DeskTab(tab) => layout.desk_tab = tab,
        Action::DrawerTab(tab) => {
            layout.drawer_tab = tab;
            layout.drawer_open = true;
            layout.pane = Pane::Drawer;
        }
        Action::Pane(pane) => layout.pane = pane,
        Action::ToggleDesk => layout.desk_open = !layout.desk_open,
        Action::ToggleInspector => layout.inspector_open = !layout.inspector_open,
        Action::ToggleDrawer => layout.drawer_open = !layout.drawer_open,
        Action::DeskWidth(width) => layout.desk_width = width.clamp(260, 900),
        Action::DrawerHeight(height) => layout.drawer_height = height.clamp(90, 700),
        Action::SystemPods(shown) => layout.system_pods = shown,
        Action::WatchDaemonSet(id) => layout.daemonset = Some(id),
        Action::Letters(on) => layout.letters = on,
        _ => {}
    }
}

#[derive(PartialEq, Properties)]
struct PanesProps {
    pane: Pane,
}

/// On a narrow screen: what stands below the stage.
#[component]
fn Panes(props: &PanesProps) -> Html {
    let page = super::page::use_page();
    let words = page.words();
    let all = [
        (Pane::Desk, words.show_desk),
        (Pane::Inspector, words.inspector),
        (Pane::Drawer, words.show_drawer),
    ];
    html! {
        <nav class="panes" aria-label={words.desk}>
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

//! What every component may need: words, the page's state, and a way to say what a person wants.

use std::rc::Rc;

use yew::prelude::*;

use super::assist::Assist;
use super::console::terminal::Terminal;
use super::desk::model::Desk;
use super::focus::Focus;
use super::frame::Frame;
use super::map::Map;
use super::state::{Action, Front, Layout, Playback, Selection, World};
use super::store::Store;
use super::words::{Lang, Words};

/// Made once; another language makes another one.
#[derive(Clone)]
pub struct Page {
    pub lang: Lang,
    pub act: Callback<Action>,
    pub frame: Rc<Frame>,
    pub map: Map,
    pub focus: Rc<Focus>,
    pub terminal: Rc<Terminal>,
    pub assist: Assist,
    pub stores: Rc<Stores>,
}

pub struct Stores {
    pub world: Rc<Store<World>>,
    pub desk: Rc<Store<Desk>>,
    pub layout: Rc<Store<Layout>>,
    pub playback: Rc<Store<Playback>>,
    pub selection: Rc<Store<Selection>>,
    pub front: Rc<Store<Front>>,
}

impl PartialEq for Page {
    fn eq(&self, other: &Page) -> bool {
        self.lang == other.lang && Rc::ptr_eq(&self.stores, &other.stores)
    }
}

impl Page {
    pub fn words(&self) -> &'static Words {
        self.lang.words()
    }

    /// A handler that does this whatever the event says.
    pub fn on<E: 'static>(&self, action: impl Into<Action>) -> Callback<E> {
        let action = action.into();
        self.act.reform(move |_| action.clone())
    }

    pub fn act(&self, action: impl Into<Action>) {
        self.act.emit(action.into());
    }
}

/// The page around a component.
///
/// # Panics
///
/// Outside of [`super::app::App`], which provides it to all there are.
#[hook]
pub fn use_page() -> Page {
    use_context::<Page>().expect("App provides the page")
}

macro_rules! slices {
    ($($(#[$doc:meta])* $name:ident: $store:ident of $type:ty;)*) => {
        $($(#[$doc])*
        #[hook]
        pub fn $name<R: Clone + PartialEq + 'static>(pick: impl Fn(&$type) -> R + 'static) -> R {
            let page = use_page();
            super::store::use_slice(&page.stores.$store, pick)
        })*
    };
}

slices! {
    use_world: world of World;
    use_desk: desk of Desk;
    use_layout: layout of Layout;
    use_playback: playback of Playback;
    use_selection: selection of Selection;
    use_front: front of Front;
}

/// The component's drawing moves the boxes between which messages fly: they are measured again.
#[hook]
pub fn use_measure() {
    let page = use_page();
    use_effect(move || {
        page.focus.mend();
        if !page.stores.world.now().is_far {
            page.frame.measure();
        }
    });
}

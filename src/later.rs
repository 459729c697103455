//! What the page fetches once its first file runs: what runs in the shells, the panels around the cluster's picture,
//! and the page's own interface.
//!
//! All that is reached through [`fetch`] alone is moved by the build to a file of its own (`scripts/build.mjs`, with the
//! feature `split`). A call from another place straight into a panel, `console` or `kubectl` brings that code back into
//! the first file.
// The split point links its function by name, which counts as unsafe.
#![allow(unsafe_code)]

use stage::{Drifted, Programs, Stage};
use view::Foreseen;
use yaml::Diagnostic;
use yew::{Callback, Html, html};

use super::app::Msg;
use super::desk::model::{Desk, DocId};
use super::desk::{DeskPanel, download};
use super::drawer::Drawer;
use super::fleet_list::FleetList;
use super::inspector::SidePanel;
use super::map::MapView;
use super::page::Page;
use super::page_api::PageApi;
use super::session::SharedSession;
use super::shell::Boxes;

/// A part of the page that is drawn by code which comes later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Panel {
    Desk,
    Side,
    Drawer,
    /// What stands in front for a while.
    Boxes,
    Map,
    FleetList,
}

/// Draws the panels.
#[derive(Clone, Copy)]
pub struct Panels(fn(Panel) -> Html);

impl Panels {
    pub fn draw(self, panel: Panel) -> Html {
        self.0(panel)
    }
}

impl PartialEq for Panels {
    /// There is but one way to draw them.
    fn eq(&self, _: &Panels) -> bool {
        true
    }
}

#[derive(Clone, Copy)]
pub struct Later {
    pub programs: Programs,
    pub panels: Panels,
    pub answers: Answers,
    pub offer_api: fn(SharedSession, Callback<Msg>) -> PageApi,
    /// Hands over a file, or all of them.
    pub download: fn(&Page, Option<DocId>),
}

/// Whether the node of a name is shown by itself.
type IsNear<'a> = &'a dyn Fn(&str) -> bool;

/// What is asked about the texts of the desk.
#[derive(Clone, Copy)]
pub struct Answers {
    /// What is wrong with a document.
    pub check: fn(&Desk, &DocId, &Stage) -> Option<Vec<Diagnostic>>,
    /// What the objects of an applied text have become since.
    pub drifted: fn(&Stage, &str) -> Vec<Drifted>,
    /// What a text's DaemonSets would change, on the nodes that are named and on all others together.
    pub foresee: fn(&Stage, &str, IsNear<'_>) -> Vec<Foreseen>,
    /// What its Deployments and the like would change.
    pub foresee_replicas: fn(&Stage, &str) -> Vec<Foreseen>,
    /// What saving it would change: the file of a node at a path.
    pub foresee_static: fn(&Stage, &str, &str, &str) -> Vec<Foreseen>,
}

/// It did not come; asking again fetches again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FetchError;

#[cfg(feature = "split")]
impl From<wasm_split_helpers::SplitLoaderError> for FetchError {
    fn from(_: wasm_split_helpers::SplitLoaderError) -> FetchError {
        FetchError
    }
}

#[cfg(feature = "split")]
#[wasm_split_helpers::wasm_split(later, fallible)]
pub fn fetch() -> Result<Later, FetchError> {
    Ok(all())
}

/// Here it is part of the one module, and always there.
#[cfg(not(feature = "split"))]
pub async fn fetch() -> Result<Later, FetchError> {
    Ok(all())
}

fn all() -> Later {
    let answers = Answers {
        check: Desk::check,
        drifted: |stage, text| stage.drifted(text),
        foresee: |stage, text, near| stage.foresee(text, near),
        foresee_replicas: |stage, text| stage.foresee_replicas(text),
        foresee_static: |stage, node, path, text| stage.foresee_static(node, path, text),
    };
    Later { programs: Programs::all(), panels: Panels(draw), answers, offer_api: PageApi::offer, download }
}

fn draw(panel: Panel) -> Html {
    match panel {
        Panel::Desk => html! { <DeskPanel /> },
        Panel::Side => html! { <SidePanel /> },
        Panel::Drawer => html! { <Drawer /> },
        Panel::Boxes => html! { <Boxes /> },
        Panel::Map => html! { <MapView /> },
        Panel::FleetList => html! { <FleetList /> },
    }
}

//! What every component may need: words, and a way to say what a person wants.

use yew::prelude::*;

use super::state::Action;
use super::words::{Lang, Words};

#[derive(Clone, PartialEq)]
pub struct Page {
    pub lang: Lang,
    pub act: Callback<Action>,
}

impl Page {
    pub fn words(&self) -> &'static Words {
        self.lang.words()
    }

    /// A handler that does this whatever the event says.
    pub fn on<E: 'static>(&self, action: Action) -> Callback<E> {
        self.act.reform(move |_| action.clone())
    }
}

/// The page around a component; the provider stands at the root, so there always is one.
#[hook]
pub fn use_page() -> Page {
    use_context::<Page>().unwrap_or_else(|| Page { lang: Lang::En, act: Callback::noop() })
}

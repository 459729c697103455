//! What a person has picked, in the cluster or in a list.

use std::rc::Rc;

use serde::{Deserialize, Serialize};

use crate::store::Reduce;

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub enum Selection {
    #[default]
    Nothing,
    /// `namespace/name`
    Pod(Rc<str>),
    Node(Rc<str>),
    /// `namespace/name`
    DaemonSet(Rc<str>),
    /// `kube-apiserver` …
    Part(Rc<str>),
}

impl Selection {
    /// `namespace/name`, or the name of what has no namespace.
    pub fn name(&self) -> &str {
        match self {
            Selection::Nothing => "",
            Selection::Pod(id) | Selection::DaemonSet(id) => id,
            Selection::Node(name) | Selection::Part(name) => name,
        }
    }

    /// The name without its namespace.
    pub fn short_name(&self) -> Rc<str> {
        match self {
            Selection::Nothing => "".into(),
            Selection::Pod(id) | Selection::DaemonSet(id) => id.rsplit('/').next().unwrap_or_default().into(),
            Selection::Node(name) | Selection::Part(name) => name.clone(),
        }
    }

    pub fn is_pod(&self, id: &str) -> bool {
        matches!(self, Selection::Pod(of) if **of == *id)
    }

    pub fn is_node(&self, name: &str) -> bool {
        matches!(self, Selection::Node(of) if **of == *name)
    }

    pub fn is_part(&self, name: &str) -> bool {
        matches!(self, Selection::Part(of) if **of == *name)
    }
}

impl Reduce for Selection {
    type Action = Selection;

    fn reduce(&mut self, other: Selection) {
        *self = other;
    }
}

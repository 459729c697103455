//! Which pods some objects select, kept up to date pod by pod: a change of one pod costs a look at the objects of its
//! namespace, and not at its pods.

use std::collections::{BTreeMap, BTreeSet};

use api::label::Selector;
use api::object::Key;
use client::informer::{Caches, PodChange};

/// An object's selector, and the serials of the pods that it selects.
#[derive(Clone, Debug)]
struct Selected {
    selector: Selector,
    pods: BTreeSet<u32>,
}

/// The pods of each object that selects some.
#[derive(Clone, Debug, Default)]
pub(crate) struct SelectedPods {
    objects: BTreeMap<Key, Selected>,
}

impl SelectedPods {
    pub(crate) fn is_empty(&self) -> bool {
        self.objects.is_empty()
    }

    pub(crate) fn contains(&self, key: &Key) -> bool {
        self.objects.contains_key(key)
    }

    /// The serials of the pods that an object selects; `None` if it is not known.
    pub(crate) fn pods(&self, key: &Key) -> Option<&BTreeSet<u32>> {
        self.objects.get(key).map(|selected| &selected.pods)
    }

    /// Remembers an object's selector. Another one than before costs a walk over all pods.
    pub(crate) fn set(&mut self, key: &Key, selector: Selector, caches: &Caches) {
        if self.objects.get(key).is_some_and(|known| known.selector == selector) {
            return;
        }
        let is_selected = |serial: &u32| {
            caches.pods.get(*serial).is_some_and(|pod| {
                *pod.meta.namespace() == key.namespace && selector.matches_map(pod.meta.labels())
            })
        };
        let pods = caches.pods.serials().into_iter().filter(is_selected).collect();
        self.objects.insert(key.clone(), Selected { selector, pods });
    }

    /// Forgets an object; whether it was known.
    pub(crate) fn remove(&mut self, key: &Key) -> bool {
        self.objects.remove(key).is_some()
    }

    /// Takes a pod's change. Gives the objects that select the pod, or did before.
    pub(crate) fn on_pod(&mut self, change: &PodChange) -> Vec<Key> {
        let Some(pod) = change.new.as_ref().or(change.old.as_ref()) else { return Vec::new() };
        let mut touched = Vec::new();
        for (key, object) in self.objects.range_mut(Key::first_in(pod.meta.namespace())..) {
            if key.namespace != *pod.meta.namespace() {
                break;
            }
            let selected = change.new.is_some() && object.selector.matches_map(pod.meta.labels());
            let before = match selected {
                true => !object.pods.insert(pod.meta.serial),
                false => object.pods.remove(&pod.meta.serial),
            };
            if before || selected {
                touched.push(key.clone());
            }
        }
        touched
    }
}

//! What the cluster has, for an editor of manifests to offer.

use api::object::Kind;
use assist::Known;
use sim::{SortedMap, SortedSet};

use crate::Stage;

/// A cluster of thousands of nodes has no more labels than its first ones show, and no more images than its
/// first pods.
const NODES_LOOKED_AT: usize = 500;

type Values = SortedMap<String, SortedSet<String>>;

fn put(values: &mut Values, key: &str, value: &str) {
    values.entry(key.to_owned()).or_default().insert(value.to_owned());
}

impl Known for Stage {
    fn names(&self, api_version: &str, kind: &str, namespace: Option<&str>) -> Vec<String> {
        let Some(kind) = Kind::of(api_version, kind) else { return Vec::new() };
        let objects = self.cluster.api.store.list(kind, namespace);
        objects.iter().map(|object| object.key().name.to_string()).collect()
    }

    fn node_labels(&self) -> Values {
        let mut values = Values::new();
        for node in self.cluster.api.store.nodes.iter().take(NODES_LOOKED_AT) {
            node.meta.labels().iter().for_each(|(key, value)| put(&mut values, key, value));
        }
        values
    }

    fn taints(&self) -> Values {
        let mut values = Values::new();
        for node in self.cluster.api.store.nodes.iter().take(NODES_LOOKED_AT) {
            node.taints.iter().for_each(|taint| put(&mut values, &taint.key, &taint.value));
        }
        values.values_mut().for_each(|values| values.retain(|value| !value.is_empty()));
        values
    }

    fn images(&self) -> SortedSet<String> {
        let store = &self.cluster.api.store;
        let nodes = store.nodes.iter().take(NODES_LOOKED_AT).flat_map(|node| node.images.iter());
        let on_nodes = nodes.flat_map(|image| image.names.iter());
        let pods = store.pods.iter().take(NODES_LOOKED_AT).flat_map(|pod| &pod.spec.containers);
        let all = on_nodes.chain(pods.map(|container| &container.image)).map(|name| name.to_string());
        // A name with a digest is no name that a person writes.
        all.filter(|name| !name.contains('@')).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Options;

    #[test]
    fn a_manifest_is_completed_with_what_the_cluster_has() {
        let stage = Stage::new(Options::default());
        let labels = |text: &str| {
            let found = assist::complete(text, text.len(), true, &stage);
            found.map_or(Vec::new(), |found| found.options.into_iter().map(|option| option.label).collect())
        };
        let pod = "apiVersion: v1\nkind: Pod\nspec:\n  ";
        assert_eq!(
            labels(&format!("{pod}nodeName: ")),
            ["control-plane", "worker-1", "worker-2", "worker-3"]
        );
        assert!(labels(&format!("{pod}nodeSelector:\n    ")).contains(&"kubernetes.io/os".to_owned()));
        let taint = "node-role.kubernetes.io/control-plane";
        assert_eq!(labels(&format!("{pod}tolerations:\n  - key: ")), [taint]);
        let images = labels(&format!("{pod}containers:\n  - image: "));
        assert!(images.iter().any(|image| image.contains("nginx")), "{images:?}");
        assert!(
            labels("apiVersion: v1\nkind: Pod\nmetadata:\n  namespace: ").contains(&"kube-system".to_owned())
        );
        assert!(!labels(&format!("{pod}priorityClassName: ")).is_empty());
        assert!(labels(&format!("{pod}serviceAccountName: ")).contains(&"default".to_owned()));
    }
}

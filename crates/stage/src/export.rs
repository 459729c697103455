//! Files for a real cluster: a person's own as a kustomization, and what lies in the nodes' manifest directories.

use serde_json::{Value, json};
use sim::SortedMap;

use crate::bytes::Bytes;
use cluster::Cluster;
use cluster::machine::Machine;
use sim::files::Entry;
use yaml::{Reader, read_documents};

/// All files by their paths in the archive.
///
/// The control plane's own manifests are left out where nobody has changed them: a real cluster has its own.
pub(crate) fn files(cluster: &Cluster, own: &[(&str, &str)]) -> SortedMap<String, Bytes> {
    let mut all: SortedMap<String, Bytes> = SortedMap::new();
    for (name, text) in own {
        all.insert(format!("manifests/{name}"), (*text).into());
    }
    if let Some(text) = kustomization(own) {
        all.insert("kustomization.yaml".to_owned(), text.as_str().into());
    }
    for machine in cluster.present_machines() {
        for (path, bytes) in manifests(machine) {
            all.insert(format!("nodes/{}{path}", machine.name), bytes);
        }
    }
    all
}

/// What a person has put into a node's manifest directory.
fn manifests(machine: &Machine) -> Vec<(String, Bytes)> {
    let directory = machine.configured_static_pod_path();
    if directory.is_empty() {
        return Vec::new();
    }
    let file = |(name, entry): (&str, &Entry)| match entry {
        Entry::Directory => None,
        Entry::File(file) => Some((format!("{directory}/{name}"), Bytes::from(file.bytes.to_vec()))),
    };
    let found = machine.files.list(&directory).filter_map(file);
    found.filter(|(path, _)| !machine.is_as_installed(path)).collect()
}

/// Names the files that `kubectl apply -k` can take together; the others follow as comments. `None` if there are none.
///
/// Kubernetes: sigs.k8s.io/kustomize/api/resmap, resWrangler.Append refuses a second object of one identity.
fn kustomization(own: &[(&str, &str)]) -> Option<String> {
    let mut seen: SortedMap<Identity, &str> = SortedMap::new();
    let (mut resources, mut left_out) = (Vec::new(), String::new());
    for (name, text) in own {
        let clash = |id: &Identity| seen.get(id).map(|first| format!("{id} is in {first}, too"));
        let found = identities(text).and_then(|ids| match ids.iter().find_map(clash) {
            Some(why) => Err(why),
            None => Ok(ids),
        });
        match found {
            Ok(ids) => {
                seen.extend(ids.into_iter().map(|id| (id, *name)));
                resources.push(format!("manifests/{name}"));
            }
            Err(why) => left_out += &format!("# Left out: manifests/{name}: {}\n", why.replace('\n', " ")),
        }
    }
    let list = json!({
        "apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization", "resources": resources,
    });
    (!resources.is_empty()).then(|| yaml::to_yaml(&list) + &left_out)
}

/// What tells one object from another.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Identity {
    /// Without the version: two versions of one group are one object.
    group: String,
    kind: String,
    namespace: String,
    name: String,
}

impl std::fmt::Display for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        write!(f, "{}/{}", self.kind.to_lowercase(), self.name)
    }
}

/// The objects of a file. The error says why kustomize would not take it.
fn identities(text: &str) -> Result<Vec<Identity>, String> {
    let read = read_documents(text.as_bytes(), Reader::Kubectl);
    if let Some(error) = read.error {
        return Err(error.message);
    }
    let objects: Vec<Value> = read.documents.iter().map(|document| document.tree.to_value()).collect();
    let found: Vec<Identity> = objects
        .iter()
        .filter(|object| !object.is_null())
        .flat_map(|object| match &object["items"] {
            Value::Array(items) => items.iter().collect(),
            _ => vec![object],
        })
        .map(identity)
        .collect::<Result<_, _>>()?;
    if found.is_empty() {
        return Err("it has no object".to_owned());
    }
    match found.iter().enumerate().find(|(at, id)| found[..*at].contains(id)) {
        Some((_, twice)) => Err(format!("{twice} is in it twice")),
        None => Ok(found),
    }
}

fn identity(object: &Value) -> Result<Identity, String> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let (version, kind) = (text(&object["apiVersion"]), text(&object["kind"]));
    let (name, namespace) = (text(&object["metadata"]["name"]), text(&object["metadata"]["namespace"]));
    for (field, value) in [("apiVersion", &version), ("kind", &kind), ("metadata.name", &name)] {
        if value.is_empty() {
            return Err(format!("an object of it has no {field}"));
        }
    }
    let group = version.rsplit_once('/').map_or(String::new(), |(group, _)| group.to_owned());
    let namespace = if namespace.is_empty() { "default".to_owned() } else { namespace };
    Ok(Identity { group, kind, namespace, name })
}

#[cfg(test)]
mod tests {
    use crate::{Command, DEMO_DAEMONSET, DEMO_STATIC_POD, Options, Stage};
    use expect_test::expect;

    #[test]
    fn what_kubectl_can_apply_together_is_named() {
        let other = DEMO_DAEMONSET.replace("name: agent", "name: other");
        let mut stage = Stage::new(Options::default());
        let path = |name: &str| format!("/etc/kubernetes/manifests/{name}");
        let write = |node: &str, name: &str, text: &str| Command::WriteFile {
            node: node.to_owned(),
            path: path(name),
            text: text.into(),
        };
        stage.perform(write("worker-2", "broken.yaml", "kind: ["));
        let scheduler = stage.file_text("control-plane", &path("kube-scheduler.yaml")).unwrap();
        stage.perform(write(
            "control-plane",
            "kube-scheduler.yaml",
            &scheduler.replace("cpu: 100m", "cpu: 50m"),
        ));
        let own = [
            ("agent.yaml", DEMO_DAEMONSET),
            ("b.yaml", &*format!("{other}---\n{DEMO_STATIC_POD}")),
            ("again.yaml", DEMO_DAEMONSET),
            ("twice.yaml", &*format!("{DEMO_STATIC_POD}---\n{DEMO_STATIC_POD}")),
            ("broken.yaml", "a: ["),
            ("notes.txt", "just a text"),
            ("empty.yaml", "# nothing\n"),
        ];
        let files = stage.export(&own);
        let names: Vec<&str> = files.keys().map(String::as_str).collect();
        expect![[r#"
            kustomization.yaml
            manifests/again.yaml
            manifests/agent.yaml
            manifests/b.yaml
            manifests/broken.yaml
            manifests/empty.yaml
            manifests/notes.txt
            manifests/twice.yaml
            nodes/control-plane/etc/kubernetes/manifests/kube-scheduler.yaml
            nodes/worker-1/etc/kubernetes/manifests/web.yaml
            nodes/worker-2/etc/kubernetes/manifests/broken.yaml"#]]
        .assert_eq(&names.join("\n"));
        expect![[r#"
            apiVersion: kustomize.config.k8s.io/v1beta1
            kind: Kustomization
            resources:
            - manifests/agent.yaml
            - manifests/b.yaml
            # Left out: manifests/again.yaml: daemonset/agent is in agent.yaml, too
            # Left out: manifests/twice.yaml: pod/web is in it twice
            # Left out: manifests/broken.yaml: error converting YAML to JSON: yaml: line 1: did not find expected node content
            # Left out: manifests/notes.txt: an object of it has no apiVersion
            # Left out: manifests/empty.yaml: it has no object
        "#]].assert_eq(&String::from_utf8_lossy(files["kustomization.yaml"].as_bytes()));
        assert_eq!(files["nodes/worker-2/etc/kubernetes/manifests/broken.yaml"].as_bytes(), b"kind: [");
        assert!(!stage.export(&[("notes.txt", "-")]).contains_key("kustomization.yaml"));
    }
}

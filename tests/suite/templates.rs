//! What the page offers for new files: each becomes what it promises on a cluster that is up, without a warning.

use serde::Deserialize;

use super::person::Person;

/// One entry of `static/templates/index.json`.
#[derive(Deserialize)]
struct Template {
    id: String,
    /// Where it belongs: `api`, `node` or `control-plane`.
    r#for: String,
    title: Words,
    about: Words,
}

#[derive(Deserialize)]
struct Words {
    en: String,
    ko: String,
}

fn folder() -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("static/templates")
}

fn templates(of: &[&str]) -> Vec<(Template, String)> {
    let index = std::fs::read_to_string(folder().join("index.json")).unwrap();
    let all: Vec<Template> = serde_json::from_str(&index).unwrap();
    let wanted = all.into_iter().filter(|template| of.contains(&&*template.r#for));
    let with_text = |template: Template| {
        let text = std::fs::read_to_string(folder().join(format!("{}.yaml", template.id))).unwrap();
        (template, text)
    };
    wanted.map(with_text).collect()
}

fn warnings(person: &mut Person) -> String {
    // A server that does not listen yet when its readiness is asked for the first time refuses that.
    let said = person.run("kubectl get events -A --field-selector type=Warning");
    let others: Vec<&str> =
        said.lines().filter(|line| !line.contains("connect: connection refused")).collect();
    match others.as_slice() {
        [head] if head.starts_with("NAMESPACE") => "No resources found\n".to_owned(),
        _ => said,
    }
}

/// Every pod of the DaemonSet is Ready, on `nodes` nodes.
fn assert_covers(person: &mut Person, daemonset: &str, nodes: usize) {
    let path = ".status.desiredNumberScheduled} {.status.numberReady} {.status.updatedNumberScheduled";
    assert_eq!(person.field(daemonset, path), format!("{nodes} {nodes} {nodes}"), "{daemonset}");
}

#[test]
fn every_template_has_a_file_and_words_in_both_languages() {
    let all = templates(&["api", "node", "control-plane"]);
    let mut listed: Vec<String> = all.iter().map(|(template, _)| format!("{}.yaml", template.id)).collect();
    listed.sort();
    let there =
        std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut there: Vec<String> = there.filter(|name| name.ends_with(".yaml")).collect();
    there.sort();
    assert_eq!(listed, there);
    for (template, _) in all {
        for words in [template.title, template.about] {
            assert!(!words.en.is_empty() && !words.ko.is_empty(), "{}", template.id);
        }
    }
}

#[test]
fn manifests_for_the_api_run_everywhere_they_say() {
    for (template, text) in templates(&["api"]) {
        let mut person = Person::new();
        assert_eq!(person.stage.check_apply(&text), [], "{}", template.id);
        let said = person.apply(&text);
        assert!(said.lines().all(|line| line.ends_with(" created")), "{}: {said}", template.id);
        person.wait(60);
        let (daemonset, nodes) = match &*template.id {
            "node-exporter" => ("ds/node-exporter -n monitoring", 4),
            "log-shipper" => ("ds/log-shipper -n logging", 4),
            "cni-plugin" => ("ds/flannel -n kube-flannel", 4),
            "web-server" => ("ds/web-server", 3),
            other => panic!("what is {other} to become?"),
        };
        assert_covers(&mut person, daemonset, nodes);
        assert_eq!(warnings(&mut person), "No resources found\n", "{}", template.id);
        // Applying it again changes nothing, so nothing in it is what the API server would write otherwise.
        let said = person.apply(&text);
        assert!(said.lines().all(|line| line.ends_with(" unchanged")), "{}: {said}", template.id);
    }
}

#[test]
fn manifests_for_a_node_run_there() {
    for (template, text) in templates(&["node", "control-plane"]) {
        let node = if template.r#for == "node" { "worker-1" } else { "control-plane" };
        let mut person = Person::new();
        let file = format!("{}.yaml", template.id);
        assert_eq!(person.stage.check_static(node, &file, &text), [], "{}", template.id);
        person.write(node, &file, &text);
        person.wait(60);
        let pods = person.rows("kubectl get pods -A", &format!("{}-{node}", template.id));
        let state: Vec<_> = pods.iter().map(|row| (&*row[2], &*row[3], &*row[4])).collect();
        assert_eq!(state, [("1/1", "Running", "0")], "{}", template.id);
        assert_eq!(warnings(&mut person), "No resources found\n", "{}", template.id);
        // The cluster's own parts are not disturbed by it.
        let own = person.rows("kubectl get pods -n kube-system", "kube-scheduler-control-plane");
        assert_eq!(own[0][3], "0", "{}: {own:?}", template.id);
        assert_eq!(person.apply(PROBE), "pod/probe created\n");
        person.wait(20);
        assert_eq!(person.field("pod/probe", ".status.phase"), "Running", "{}", template.id);
    }
}

/// Somebody has to schedule it.
const PROBE: &str = "apiVersion: v1\nkind: Pod\nmetadata: {name: probe}\nspec: {containers: [{name: c, image: nginx:1.29}]}\n";

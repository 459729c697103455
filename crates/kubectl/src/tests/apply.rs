use super::*;
use expect_test::expect;

fn applied(t: &mut Terminal, text: &str) -> String {
    t.file("ds.yaml", text);
    t.run("apply -f ds.yaml")
}

#[test]
fn cli_025_apply_creates_configures_and_leaves_alone() {
    let mut t = Terminal::new();
    assert_eq!(applied(&mut t, AGENT), "daemonset.apps/agent created\n");
    assert_eq!(t.calls, ["get DaemonSet", "create DaemonSet"]);
    assert_eq!(applied(&mut t, AGENT), "daemonset.apps/agent unchanged\n");
    assert_eq!(t.calls, ["get DaemonSet"]);
    assert_eq!(applied(&mut t, &AGENT.replace("agent:1", "agent:2")), "daemonset.apps/agent configured\n");
    let ds = t.get(Kind::DaemonSet, "default", "agent");
    assert_eq!(ds["spec"]["template"]["spec"]["containers"][0]["image"], "agent:2");
    assert_eq!(
        ds["metadata"]["annotations"]["kubectl.kubernetes.io/last-applied-configuration"],
        "{\"apiVersion\":\"apps/v1\",\"kind\":\"DaemonSet\",\"metadata\":{\"annotations\":{},\"name\":\"agent\",\"namespace\":\"default\"},\"spec\":{\"selector\":{\"matchLabels\":{\"app\":\"agent\"}},\"template\":{\"metadata\":{\"labels\":{\"app\":\"agent\"}},\"spec\":{\"containers\":[{\"image\":\"agent:2\",\"name\":\"main\"}]}}}}\n"
    );
}

#[test]
fn cli_025_what_the_file_no_longer_says_is_taken_away() {
    let mut t = Terminal::new();
    let more = AGENT.replace("    spec:\n", "    spec:\n      nodeSelector: {disk: ssd}\n");
    assert_eq!(applied(&mut t, &more), "daemonset.apps/agent created\n");
    assert_eq!(applied(&mut t, AGENT), "daemonset.apps/agent configured\n");
    let spec = &t.get(Kind::DaemonSet, "default", "agent")["spec"]["template"]["spec"];
    assert!(spec["nodeSelector"].is_null(), "{spec}");
    assert_eq!(spec["restartPolicy"], "Always", "defaults stay");
}

#[test]
fn cli_025_an_object_made_otherwise_gets_the_annotation_with_a_warning() {
    let mut t = Terminal::new();
    t.make(AGENT);
    assert_eq!(
        applied(&mut t, AGENT),
        "Warning: resource daemonsets/agent is missing the kubectl.kubernetes.io/last-applied-configuration annotation which is required by kubectl apply. kubectl apply should only be used on resources created declaratively by either kubectl create --save-config or kubectl apply. The missing annotation will be patched automatically.\ndaemonset.apps/agent configured\n"
    );
    assert_eq!(applied(&mut t, AGENT), "daemonset.apps/agent unchanged\n");
}

#[test]
fn cli_026_changing_what_is_being_deleted_is_warned_of() {
    let mut t = Terminal::new();
    let kept = AGENT.replace("  name: agent\n", "  name: agent\n  finalizers: [example.com/keep]\n");
    applied(&mut t, &kept);
    t.run("delete ds agent --wait=false");
    assert_eq!(
        applied(&mut t, &kept.replace("agent:1", "agent:2")),
        "Warning: Detected changes to resource agent which is currently being deleted.\ndaemonset.apps/agent configured\n"
    );
}

#[test]
fn cli_027_api_008_api_037_problems_of_a_file_are_told_before_anything_is_sent() {
    let mut t = Terminal::new();
    assert_eq!(t.run("apply -f x.yaml"), "error: the path \"x.yaml\" does not exist\n[1]\n");
    assert_eq!(t.run("apply"), "error: must specify one of -f and -k\n[1]\n");
    for (text, expected) in [
        ("# nothing\n", "error: no objects passed to apply\n[1]\n"),
        (
            "a:\n  b: c: d\n",
            "error: error parsing x.yaml: error converting YAML to JSON: yaml: line 2: mapping values are not allowed in this context\n[1]\n",
        ),
        (
            "a: b\n",
            "error: error validating \"x.yaml\": error validating data: [apiVersion not set, kind not set]; if you choose to ignore these errors, turn validation off with --validate=false\n[1]\n",
        ),
        (
            "kind: Pod\n",
            "error: error validating \"x.yaml\": error validating data: apiVersion not set; if you choose to ignore these errors, turn validation off with --validate=false\n[1]\n",
        ),
        (
            "just words\n",
            "error: error validating \"x.yaml\": error validating data: invalid object to validate; if you choose to ignore these errors, turn validation off with --validate=false\n[1]\n",
        ),
        (
            "apiVersion: extensions/v1beta1\nkind: DaemonSet\nmetadata: {name: old}\n",
            "error: resource mapping not found for name: \"old\" namespace: \"\" from \"x.yaml\": no matches for kind \"DaemonSet\" in version \"extensions/v1beta1\"\nensure CRDs are installed first\n[1]\n",
        ),
        (
            "apiVersion: v1\nkind: Pod\nmetadata: {generateName: x-}\n",
            "error: from x-: cannot use generate name with apply\n[1]\n",
        ),
        (
            "apiVersion: v1\nkind: Pod\nmetadata: {labels: {a: b}}\n",
            "error: error when retrieving current configuration of:\nResource: \"/v1, Resource=pods\", GroupVersionKind: \"/v1, Kind=Pod\"\nName: \"\", Namespace: \"default\"\nfrom server for: \"x.yaml\": resource name may not be empty\n[1]\n",
        ),
    ] {
        t.file("x.yaml", text);
        assert_eq!(t.run("apply -f x.yaml"), expected, "{text}");
        assert!(t.calls.is_empty(), "{text}: {:?}", t.calls);
    }
    t.file("x.yaml", AGENT);
    assert_eq!(
        t.run("apply -f x.yaml extra"),
        "error: Unexpected args: [extra]\nSee 'kubectl apply -h' for help and examples\n[1]\n"
    );
}

#[test]
fn cli_028_every_document_is_tried_and_failures_come_last() {
    let mut t = Terminal::new();
    let text = format!(
        "apiVersion: v1\nkind: Podd\nmetadata: {{name: a}}\n---\n{AGENT}---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c, namespace: nowhere}}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: d}}\n"
    );
    expect![[r#"
        daemonset.apps/agent created
        configmap/d created
        resource mapping not found for name: "a" namespace: "" from "ds.yaml": no matches for kind "Podd" in version "v1"
        ensure CRDs are installed first
        Error from server (NotFound): error when creating "ds.yaml": namespaces "nowhere" not found
        [1]
    "#]]
    .assert_eq(&applied(&mut t, &text));
}

#[test]
fn cli_028_a_list_stands_for_its_items() {
    let mut t = Terminal::new();
    let text = "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: ConfigMap, metadata: {name: a}}\n- {apiVersion: v1, kind: ConfigMap, metadata: {name: b}}\n";
    assert_eq!(applied(&mut t, text), "configmap/a created\nconfigmap/b created\n");
}

#[test]
fn cli_029_api_040_validation_failures_name_the_fields() {
    let mut t = Terminal::new();
    assert_eq!(
        applied(&mut t, &AGENT.replace("labels: {app: agent}", "labels: {app: web}")),
        "The DaemonSet \"agent\" is invalid: spec.template.metadata.labels: Invalid value: {\"app\":\"web\"}: `selector` does not match template `labels`\n[1]\n"
    );
    let job_diagnostics = {
        let mut job = t.start("apply -f ds.yaml");
        job.advance();
        job.diagnostics().to_vec()
    };
    assert_eq!(job_diagnostics.len(), 1, "{job_diagnostics:?}");
    let found = &job_diagnostics[0];
    assert_eq!((found.file.as_str(), found.diagnostic.span.start.line), ("ds.yaml", 10));
}

#[test]
fn cli_030_an_update_that_is_refused_shows_its_patch() {
    let mut t = Terminal::new();
    applied(&mut t, AGENT);
    let namespaced = AGENT.replace("  name: agent\n", "  name: agent\n  resourceVersion: \"1\"\n");
    let text = applied(&mut t, &namespaced);
    let patch_end = text.find("\nto:\n").expect("what it is applied to");
    assert!(text.starts_with("Error from server (Conflict): error when applying patch:\n{\"metadata\":{\"annotations\":{\"kubectl"), "{text}");
    assert_eq!(
        &text[patch_end..],
        "\nto:\nResource: \"apps/v1, Resource=daemonsets\", GroupVersionKind: \"apps/v1, Kind=DaemonSet\"\nName: \"agent\", Namespace: \"default\"\nfor: \"ds.yaml\": error when patching \"ds.yaml\": Operation cannot be fulfilled on daemonsets.apps \"agent\": the object has been modified; please apply your changes to the latest version and try again\n[1]\n"
    );
}

#[test]
fn cli_030_api_034_an_unknown_field_in_an_update_is_the_patchs_fault() {
    let mut t = Terminal::new();
    applied(&mut t, AGENT);
    let text = applied(
        &mut t,
        &AGENT.replace("          image: agent:1\n", "          image: agent:1\n          imagee: x\n"),
    );
    assert!(
        text.starts_with(
            "The request is invalid: patch: Invalid value: \"map[metadata:map[annotations:map[kubectl"
        ),
        "{text}"
    );
    assert!(
        text.ends_with(" spec:map[template:map[spec:map[]]]]\": strict decoding error: unknown field \"spec.template.spec.containers[0].imagee\"\n[1]\n"),
        "{text}"
    );
}

#[test]
fn cli_050_without_an_api_server_the_validation_cannot_begin() {
    let mut t = Terminal::new();
    t.up = false;
    let expected = "error: error validating \"ds.yaml\": error validating data: failed to download openapi: Get \"https://10.0.0.10:6443/openapi/v2?timeout=32s\": dial tcp 10.0.0.10:6443: connect: connection refused; if you choose to ignore these errors, turn validation off with --validate=false\n[1]\n";
    assert_eq!(applied(&mut t, AGENT), expected);
    assert_eq!(t.run("create -f ds.yaml"), expected);
    assert!(t.run("apply -f ds.yaml --validate=false").starts_with("The connection to the server"));
}

#[test]
fn cli_023_create_names_what_it_made() {
    let mut t = Terminal::new();
    t.file("ds.yaml", AGENT);
    assert_eq!(t.run("create -f ds.yaml"), "daemonset.apps/agent created\n");
    assert!(
        t.get(Kind::DaemonSet, "default", "agent")["metadata"]["annotations"]
            .get(super::super::apply::LAST_APPLIED)
            .is_none()
    );
    t.file("pod.yaml", &pod("web", "{}"));
    assert_eq!(t.run("create -f pod.yaml --dry-run=client"), "pod/web created (dry run)\n");
    assert_eq!(t.run("create -f pod.yaml -o name"), "pod/web\n");
    assert_eq!(t.run("create namespace team"), "namespace/team created\n");
}

#[test]
fn cli_024_api_010_a_name_that_is_taken_is_refused() {
    let mut t = Terminal::new();
    t.file("ds.yaml", AGENT);
    t.run("create -f ds.yaml");
    assert_eq!(
        t.run("create -f ds.yaml"),
        "Error from server (AlreadyExists): error when creating \"ds.yaml\": daemonsets.apps \"agent\" already exists\n[1]\n"
    );
}

#[test]
fn api_034_unknown_fields_are_refused_warned_of_or_dropped() {
    let mut t = Terminal::new();
    t.file("ds.yaml", &AGENT.replace("spec:\n  selector", "spec:\n  foo: 1\n  selector"));
    assert_eq!(
        t.run("create -f ds.yaml"),
        "Error from server (BadRequest): error when creating \"ds.yaml\": DaemonSet in version \"v1\" cannot be handled as a DaemonSet: strict decoding error: unknown field \"spec.foo\"\n[1]\n"
    );
    assert_eq!(
        t.run("create -f ds.yaml --validate=warn"),
        "Warning: unknown field \"spec.foo\"\ndaemonset.apps/agent created\n"
    );
    assert_eq!(
        t.run("apply -f ds.yaml --validate=maybe"),
        "error: invalid - validate option \"maybe\"; must be one of: strict (or true), warn, ignore (or false)\n[1]\n"
    );
}

#[test]
fn a_namespace_on_the_line_must_be_the_objects_own() {
    let mut t = Terminal::new();
    t.file("ds.yaml", &AGENT.replace("  name: agent\n", "  name: agent\n  namespace: kube-system\n"));
    assert_eq!(
        t.run("apply -f ds.yaml -n default"),
        "error: the namespace from the provided object \"kube-system\" does not match the namespace \"default\". You must pass '--namespace=kube-system' to perform this operation.\n[1]\n"
    );
    assert_eq!(t.run("apply -f ds.yaml"), "daemonset.apps/agent created\n");
}

#[test]
fn api_035_unknown_fields_are_warned_of_or_dropped() {
    let odd = AGENT.replace("spec:\n  selector", "spec:\n  foo: 1\n  selector");
    for (option, said) in [("warn", "Warning: unknown field \"spec.foo\"\n"), ("ignore", ""), ("false", "")] {
        let mut t = Terminal::new();
        t.file("ds.yaml", &odd);
        let text = t.run(&format!("apply -f ds.yaml --validate={option}"));
        assert_eq!(text, format!("{said}daemonset.apps/agent created\n"), "{option}");
        let stored = t.get(Kind::DaemonSet, "default", "agent");
        assert!(stored["spec"]["foo"].is_null() && stored["spec"]["selector"].is_object(), "{stored}");
    }
}

#[test]
fn api_038_daemon_sets_are_in_apps_v1_only() {
    for version in ["extensions/v1beta1", "apps/v1beta1", "apps/v1beta2"] {
        let mut t = Terminal::new();
        let old = AGENT.replace("apiVersion: apps/v1", &format!("apiVersion: {version}"));
        let expected = format!(
            "error: resource mapping not found for name: \"agent\" namespace: \"\" from \"ds.yaml\": no matches for kind \"DaemonSet\" in version \"{version}\"\nensure CRDs are installed first\n[1]\n"
        );
        assert_eq!(applied(&mut t, &old), expected);
        assert!(t.calls.is_empty(), "kubectl itself finds out: {:?}", t.calls);
    }
}

#[test]
fn cli_027_metadata_that_is_no_map_is_refused() {
    let mut t = Terminal::new();
    t.file("pod.yaml", "apiVersion: v1\nkind: Pod\nmetadata:\n  name:b\nspec: {}\n");
    let mut said = String::new();
    for verb in ["apply", "create", "replace", "delete", "get"] {
        said += &format!("{verb}: {}", t.run(&format!("{verb} -f pod.yaml")));
    }
    expect![[r#"
        apply: error: unable to decode "pod.yaml": json: cannot unmarshal string into Go struct field metadataOnlyObject.metadata of type v1.ObjectMeta
        [1]
        create: error: unable to decode "pod.yaml": json: cannot unmarshal string into Go struct field metadataOnlyObject.metadata of type v1.ObjectMeta
        [1]
        replace: error: unable to decode "pod.yaml": json: cannot unmarshal string into Go struct field metadataOnlyObject.metadata of type v1.ObjectMeta
        [1]
        delete: error: unable to decode "pod.yaml": json: cannot unmarshal string into Go struct field metadataOnlyObject.metadata of type v1.ObjectMeta
        [1]
        get: error: unable to decode "pod.yaml": json: cannot unmarshal string into Go struct field metadataOnlyObject.metadata of type v1.ObjectMeta
        [1]
    "#]].assert_eq(&said);
}

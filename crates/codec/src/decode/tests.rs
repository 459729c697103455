//! Decoding, mistake by mistake.

use serde_json::json;

use super::*;

/// What the API server says to a pod with this spec, behind the fixed beginning.
fn pod(spec: Value) -> Option<String> {
    object(json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": spec}))
}

fn object(object: Value) -> Option<String> {
    let text = |field: &str| object[field].as_str().unwrap_or_default().to_owned();
    let kind = schema::kind(&text("apiVersion"), &text("kind")).expect("a served kind");
    let message = decode(&object, kind).bad_request(kind)?;
    let start = format!("{0} in version \"{1}\" cannot be handled as a {0}: ", kind.kind, kind.version);
    Some(message.strip_prefix(&start).expect("the fixed beginning").to_owned())
}

fn says(text: &str) -> Option<String> {
    Some(text.to_owned())
}

#[test]
fn api_034_all_unknown_fields_are_listed_in_the_order_of_the_json() {
    assert_eq!(
        pod(json!({
            "zone": 1,
            "containers": [
                {"name": "a", "imagee": "x", "resources": {"limit": {}}},
                {"name": "b", "imagee": "y"},
            ],
            "NodeSelector": {},
        })),
        says(concat!(
            "strict decoding error: unknown field \"spec.NodeSelector\", ",
            "unknown field \"spec.containers[0].imagee\", ",
            "unknown field \"spec.containers[0].resources.limit\", ",
            "unknown field \"spec.containers[1].imagee\", ",
            "unknown field \"spec.zone\"",
        ))
    );
    assert_eq!(pod(json!({"containers": []})), None);
}

#[test]
fn api_034_at_most_a_hundred_unknown_fields_are_listed() {
    let spec: Map<String, Value> = (0..500).map(|n| (format!("x{n}"), json!(1))).collect();
    let message = pod(spec.into()).expect("refused");
    assert_eq!(message.matches("unknown field").count(), 100);
}

#[test]
fn api_036_a_wrong_type_comes_before_unknown_fields_and_only_the_first_is_named() {
    assert_eq!(
        pod(json!({"containers": [{"env": [{"name": "A", "value": 1}], "tty": "yes", "x": 1}]})),
        says(
            "json: cannot unmarshal number into Go struct field EnvVar.spec.containers.env.value of type string"
        )
    );
}

#[test]
fn api_036_types_have_their_go_names() {
    let field = |of: &str, what: &str, ty: &str| {
        says(&format!("json: cannot unmarshal {what} into Go struct field {of} of type {ty}"))
    };
    let container = |name: &str, value: Value| pod(json!({"containers": [{name: value}]}));
    for (name, value, what, ty) in [
        ("imagePullPolicy", json!(true), "bool", "v1.PullPolicy"),
        ("tty", json!("yes"), "string", "bool"),
        ("env", json!({"A": "b"}), "object", "[]v1.EnvVar"),
        ("command", json!("sh"), "string", "[]string"),
        ("command", json!(["sh", 1]), "number", "string"),
        ("resources", json!("big"), "string", "v1.ResourceRequirements"),
    ] {
        let path = format!("Container.spec.containers.{name}");
        assert_eq!(container(name, value), field(&path, what, ty), "{name}");
    }
    for (name, value, what, ty) in [
        ("containers", json!("x"), "string", "[]v1.Container"),
        ("containers", json!(["x"]), "string", "v1.Container"),
        ("nodeSelector", json!(["a"]), "array", "map[string]string"),
        ("nodeSelector", json!({"a": true}), "bool", "string"),
        ("priority", json!(1.5), "number 1.5", "int32"),
        ("priority", json!(3_000_000_000_i64), "number 3000000000", "int32"),
        ("priority", json!("1"), "string", "int32"),
        ("activeDeadlineSeconds", json!(1e300), "number 1e+300", "int64"),
        ("overhead", json!([]), "array", "v1.ResourceList"),
    ] {
        let path = format!("PodSpec.spec.{name}");
        assert_eq!(pod(json!({name: value})), field(&path, what, ty), "{name}");
    }
    let set = json!({"apiVersion": "apps/v1", "kind": "DaemonSet", "spec": {"minReadySeconds": "5"}});
    assert_eq!(object(set), field("DaemonSetSpec.spec.minReadySeconds", "string", "int32"));
}

#[test]
fn api_036_types_that_decode_themselves_have_their_own_words() {
    let limit = |value: Value| pod(json!({"containers": [{"resources": {"limits": {"cpu": value}}}]}));
    for value in [json!("lots"), json!(true), json!("1 Gi"), json!({})] {
        assert_eq!(
            limit(value),
            says(
                "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
            )
        );
    }
    assert_eq!(limit(json!("5iK")), says("unable to parse quantity's suffix"));
    assert_eq!(limit(json!(0.5)), None);
    let rolling = |value: Value| {
        object(json!({"apiVersion": "apps/v1", "kind": "DaemonSet",
            "spec": {"updateStrategy": {"rollingUpdate": {"maxUnavailable": value}}}}))
    };
    let start = "Go struct field RollingUpdateDaemonSet.spec.updateStrategy.rollingUpdate.maxUnavailable of";
    assert_eq!(rolling(json!(true)), says(&format!("json: cannot unmarshal bool into {start} type int32")));
    assert_eq!(
        rolling(json!(0.1)),
        says(&format!("json: cannot unmarshal number 0.1 into {start} type int32"))
    );
    assert_eq!(rolling(json!("10%")), None);
    let made = |value: Value| {
        object(json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"creationTimestamp": value}}))
    };
    assert_eq!(made(Value::Null), None);
    assert_eq!(
        made(json!(1)),
        says(
            "json: cannot unmarshal number into Go struct field ObjectMeta.metadata.creationTimestamp of type string"
        )
    );
    assert!(made(json!("soon")).is_some_and(|m| m.starts_with("parsing time \"soon\" as")));
    let secret = |value: &str| object(json!({"apiVersion": "v1", "kind": "Secret", "data": {"a": value}}));
    assert_eq!(secret("cGxhaW4="), None);
    assert_eq!(secret("plain text"), says("illegal base64 data at input byte 5"));
}

#[test]
fn a_type_that_decodes_itself_stops_the_decoder() {
    let container = json!({"args": [1], "resources": {"limits": {"cpu": "x"}}});
    let message = pod(json!({"containers": [container]})).expect("refused");
    assert!(message.starts_with("quantities must match"), "{message}");
}

#[test]
fn the_value_is_what_the_api_server_keeps() {
    let given = json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": "p", "labels": {}, "annotations": null, "what": 1},
        "spec": {
            "hostNetwork": false,
            "containers": [{
                "name": "a", "args": [], "tty": true, "securityContext": {},
                "resources": {"limits": {"cpu": 0.5, "memory": "1024Mi"}},
                "env": [{"name": "A", "value": ""}],
            }],
            "volumes": [{"name": "v", "emptyDir": {}}],
            "securityContext": {"runAsNonRoot": false},
            "tolerations": null,
        },
    });
    let kept = json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": "p"},
        "spec": {
            "containers": [{
                "name": "a", "tty": true, "securityContext": {},
                "resources": {"limits": {"cpu": "500m", "memory": "1Gi"}},
                "env": [{"name": "A"}],
            }],
            "volumes": [{"name": "v", "emptyDir": {}}],
            "securityContext": {"runAsNonRoot": false},
        },
    });
    let kind = schema::kind("v1", "Pod").expect("pods are served");
    let once = decode(&given, kind).value;
    assert_eq!(once, kept);
    assert_eq!(decode(&once, kind).value, once, "a kept object decodes to itself");
}

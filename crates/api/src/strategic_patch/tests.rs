use serde_json::{Value, json};

use super::*;
use crate::schema::{KindInfo, kind};

fn daemon_set() -> &'static KindInfo {
    kind("apps/v1", "DaemonSet").unwrap()
}

fn merged(mut target: Value, mut patch: Value) -> Result<(Value, Value), PatchError> {
    merge(kind("v1", "Pod").unwrap(), &mut target, &mut patch)?;
    Ok((target, patch))
}

#[test]
fn what_a_file_no_longer_says_is_taken_away_and_what_others_added_stays() {
    let original = json!({"metadata": {"labels": {"a": "1", "b": "2"}}, "spec": {"template": {"spec": {"containers": [
        {"name": "x", "image": "i:1", "args": ["1"]}, {"name": "old", "image": "o"}]}}}});
    let modified = json!({"metadata": {"labels": {"a": "9"}}, "spec": {"template": {"spec": {"containers": [
        {"name": "x", "image": "i:2"}, {"name": "new", "image": "n"}]}}}});
    let current = json!({"metadata": {"labels": {"a": "1", "b": "2", "theirs": "3"}}, "spec": {"template": {"spec": {
        "containers": [{"name": "x", "image": "i:1", "args": ["1"], "imagePullPolicy": "Always"},
            {"name": "old", "image": "o"}, {"name": "injected", "image": "s"}],
        "restartPolicy": "Always"}}}});
    let mut patch = three_way(daemon_set(), Some(&original), &modified, &current).unwrap();
    assert_eq!(
        patch,
        json!({"metadata": {"labels": {"a": "9", "b": null}}, "spec": {"template": {"spec": {
            "$setElementOrder/containers": [{"name": "x"}, {"name": "new"}],
            "containers": [
                {"name": "x", "args": null, "image": "i:2"},
                {"image": "n", "name": "new"},
                {"$patch": "delete", "name": "old"}]}}}})
    );
    let mut result = current;
    merge(daemon_set(), &mut result, &mut patch).unwrap();
    assert_eq!(result["metadata"]["labels"], json!({"a": "9", "theirs": "3"}));
    let containers = result["spec"]["template"]["spec"]["containers"].as_array().unwrap();
    let names: Vec<&Value> = containers.iter().map(|c| &c["name"]).collect();
    // An element of the patch that the object had not goes before those that only the object has.
    assert_eq!(names, ["x", "new", "injected"]);
}

#[test]
fn nothing_to_change_is_an_empty_patch() {
    let object = json!({"spec": {"template": {"spec": {"containers": [{"name": "a"}], "tolerations": [{"operator": "Exists"}]}}}});
    let mut current = object.clone();
    current["spec"]["minReadySeconds"] = json!(1);
    assert_eq!(three_way(daemon_set(), Some(&object), &object, &current), Ok(json!({})));
    assert_eq!(three_way(daemon_set(), None, &object, &current), Ok(json!({})));
}

#[test]
fn lists_without_a_key_are_replaced_whole() {
    let of = |spec: Value| json!({"spec": {"template": {"spec": spec}}});
    let (before, after) =
        (of(json!({"tolerations": [{"key": "a"}]})), of(json!({"tolerations": [{"key": "b"}]})));
    assert_eq!(three_way(daemon_set(), Some(&before), &after, &before), Ok(after));
    assert_eq!(two_way(daemon_set(), &before, &of(json!({}))), Ok(of(json!({"tolerations": null}))));
}

#[test]
fn volumes_name_the_keys_that_stay() {
    let of = |volume: Value| json!({"spec": {"template": {"spec": {"volumes": [volume]}}}});
    let (before, after) =
        (of(json!({"name": "a", "emptyDir": {}})), of(json!({"name": "a", "hostPath": {"path": "/"}})));
    let mut patch = two_way(daemon_set(), &before, &after).unwrap();
    assert_eq!(
        patch["spec"]["template"]["spec"],
        json!({"$setElementOrder/volumes": [{"name": "a"}],
            "volumes": [{"$retainKeys": ["hostPath", "name"], "emptyDir": null, "hostPath": {"path": "/"}, "name": "a"}]})
    );
    let mut object = before;
    merge(daemon_set(), &mut object, &mut patch).unwrap();
    assert_eq!(object, after);
}

#[test]
fn containers_are_merged_by_name() {
    let target =
        json!({"spec": {"containers": [{"name": "a", "image": "x:1", "args": ["1"]}, {"name": "b"}]}});
    let patch = json!({"spec": {"containers": [{"name": "a", "image": "x:2"}, {"name": "c"}]}});
    let after = json!({"spec": {"containers": [
        {"name": "a", "image": "x:2", "args": ["1"]}, {"name": "c"}, {"name": "b"}]}});
    assert_eq!(merged(target, patch).map(|(value, _)| value), Ok(after));
}

#[test]
fn directives_delete_replace_and_order() {
    let target =
        json!({"spec": {"containers": [{"name": "a"}, {"name": "b"}], "tolerations": [{"key": "x"}]}});
    let patch = json!({"spec": {"containers": [{"name": "c"}, {"name": "a", "$patch": "delete"}],
        "$setElementOrder/containers": [{"name": "c"}, {"name": "b"}], "tolerations": [{"key": "y"}]}});
    let after =
        json!({"spec": {"containers": [{"name": "c"}, {"name": "b"}], "tolerations": [{"key": "y"}]}});
    let left = json!({"spec": {"tolerations": [{"key": "y"}]}});
    assert_eq!(merged(target, patch), Ok((after, left)));
    let replace = json!({"spec": {"$patch": "replace", "hostname": "x"}});
    let (after, _) = merged(json!({"spec": {"nodeName": "n"}}), replace).unwrap();
    assert_eq!(after, json!({"spec": {"hostname": "x"}}));
}

#[test]
fn finalizers_are_a_set() {
    let target = json!({"metadata": {"finalizers": ["a", "b"]}});
    let patch = json!({"metadata": {"finalizers": ["b", "c"], "$deleteFromPrimitiveList/finalizers": ["a"]}});
    let (after, _) = merged(target, patch).unwrap();
    assert_eq!(after, json!({"metadata": {"finalizers": ["b", "c"]}}));
}

#[test]
fn mistakes_have_the_words_of_who_looks() {
    let of = |item: Value| json!({"spec": {"template": {"spec": {"containers": item}}}});
    let (before, keyless) = (of(json!([{"name": "a"}])), of(json!([{"image": "x"}])));
    assert_eq!(
        two_way(daemon_set(), &before, &keyless),
        Err("map: map[image:x] does not contain declared merge key: name".to_owned().into())
    );
    assert_eq!(
        two_way(daemon_set(), &before, &of(json!([null]))),
        Err("list element types are not identical: [[map[name:a]] [<nil>]]".to_owned().into())
    );
    let order = json!({"spec": {"$setElementOrder/containerz": []}});
    assert_eq!(merged(json!({}), order).map(drop), Ok(()), "what is added as a whole is not looked at");
    assert_eq!(
        merged(json!({"spec": {}}), json!({"spec": {"$setElementOrder/containerz": []}})),
        Err("unable to find api field in struct PodSpec for the json field \"containerz\"".to_owned().into())
    );
}

#[test]
fn floats_print_as_go_s_v() {
    for (value, text) in [
        (json!(1.5), "1.5"),
        (json!(1e6), "1e+06"),
        (json!(9223372036854775808u64 as f64), "9.223372036854776e+18"),
        (json!(0.00001), "1e-05"),
        (json!(3), "3"),
    ] {
        assert_eq!(go_value(&value), text);
    }
}

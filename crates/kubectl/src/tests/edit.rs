use super::*;

fn with_agent() -> Terminal {
    let mut t = Terminal::new();
    t.make(AGENT);
    t
}

fn edits(t: &mut Terminal, changes: &[(&'static str, &'static str)]) -> String {
    t.edits = changes.iter().copied().collect();
    t.edited.clear();
    t.run("edit ds agent")
}

#[test]
fn a_change_is_sent_as_a_patch() {
    let mut t = with_agent();
    assert_eq!(edits(&mut t, &[("agent:1", "agent:2")]), "daemonset.apps/agent edited\n");
    let ds = t.get(Kind::DaemonSet, "default", "agent");
    assert_eq!(ds["spec"]["template"]["spec"]["containers"][0]["image"], "agent:2");
    assert_eq!(t.calls, ["get DaemonSet", "patch DaemonSet"]);
    assert!(
        t.edited[0]
            .starts_with("# Please edit the object below. Lines beginning with a '#' will be ignored,\n")
    );
    assert!(t.edited[0].contains("\n#\napiVersion: apps/v1\nkind: DaemonSet\n"));
}

#[test]
fn what_is_left_as_it_was_is_not_sent() {
    let mut t = with_agent();
    assert_eq!(edits(&mut t, &[]), "Edit cancelled, no changes made.\n");
    // Comments and the order of fields are no change.
    let comment = [("kind: DaemonSet\n", "# mine\nkind: DaemonSet\n")];
    assert_eq!(edits(&mut t, &comment), "Edit cancelled, no changes made.\n");
    assert_eq!(t.calls, ["get DaemonSet"]);
    assert_eq!(
        t.run("edit ds nosuch"),
        "Error from server (NotFound): daemonsets.apps \"nosuch\" not found\n[1]\n"
    );
}

#[test]
fn an_invalid_object_is_edited_again_with_the_reasons_above_it() {
    let mut t = with_agent();
    let said = edits(
        &mut t,
        &[
            ("restartPolicy: Always", "restartPolicy: Never"),
            ("restartPolicy: Never", "restartPolicy: Always"),
            ("agent:1", "agent:3"),
        ],
    );
    assert!(said.starts_with("error: daemonsets.apps \"agent\" is invalid\n"), "{said}");
    assert!(t.edited[1].contains(
        "# daemonsets.apps \"agent\" was not valid:\n# * spec.template.spec.restartPolicy: Unsupported value: \"Never\": supported values: \"Always\"\n#\napiVersion"
    ), "{}", t.edited[1]);
    // What was invalid is as it was again: nothing is left to be sent.
    assert!(said.ends_with("Edit cancelled, no changes made.\n"), "{said}");
}

#[test]
fn what_is_no_yaml_is_edited_again_until_it_is_given_up() {
    let mut t = with_agent();
    let said = edits(&mut t, &[("kind: DaemonSet\n", "kind: [DaemonSet\n")]);
    let file = said.split('"').nth(3).unwrap_or_default().to_owned();
    assert!(file.starts_with("/tmp/kubectl-edit-") && file.ends_with(".yaml"), "{said}");
    assert_eq!(
        said,
        format!(
            "error: daemonsets.apps \"agent\" is invalid\nA copy of your changes has been stored to \"{file}\"\nerror: Edit cancelled, no valid changes were saved.\n[1]\n"
        )
    );
    let reason = "# daemonsets.apps \"agent\" was not valid:\n# * <nil>: Invalid value: \"The edited file failed validation\": yaml: line ";
    assert!(t.edited[1].contains(reason), "{}", t.edited[1]);
    assert!(t.edited[1].contains("kind: [DaemonSet\n"));
}

#[test]
fn what_an_object_is_called_stays() {
    let mut t = with_agent();
    let said = edits(&mut t, &[("  name: agent\n", "  name: other\n")]);
    assert!(said.ends_with("error: At least one of apiVersion, kind and name was changed\n[1]\n"), "{said}");
}

#[test]
fn a_field_that_is_not_there_is_told_and_edited_again() {
    let mut t = with_agent();
    let said = edits(&mut t, &[("image: agent:1", "imagee: agent:1")]);
    // The API server says so in its answer to the patch, which makes the object invalid.
    assert!(said.starts_with("error: daemonsets.apps \"agent\" is invalid\n"), "{said}");
    assert!(t.edited[1].contains("was not valid:\n# * "), "{}", t.edited[1]);
    assert!(t.edited[1].contains("imagee"), "{}", t.edited[1]);
}

#[test]
fn several_objects_are_one_list() {
    let mut t = with_agent();
    t.make(&AGENT.replace("name: agent", "name: other"));
    t.edits = [("image: agent:1", "image: agent:2")].into_iter().collect();
    assert_eq!(t.run("edit ds"), "daemonset.apps/agent edited\ndaemonset.apps/other edited\n");
    assert!(t.edited[0].contains("kind: List\n"));
}

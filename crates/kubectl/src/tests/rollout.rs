use super::*;
use serde_json::json;
use wire::WatchEvent;

/// A DaemonSet with a status, as a watch would bring it.
fn ds(generation: u32, observed: u32, updated: u32, available: u32, desired: u32) -> Object {
    Object::from_value(
        Kind::DaemonSet,
        &json!({"metadata": {"name": "agent", "namespace": "default", "generation": generation},
            "spec": {"selector": {"matchLabels": {"app": "agent"}}},
            "status": {"observedGeneration": observed, "updatedNumberScheduled": updated,
                "numberAvailable": available, "desiredNumberScheduled": desired}}),
    )
}

fn started(t: &mut Terminal, line: &str) -> Job {
    let mut job = t.start(line);
    while let Progress::Needs(call) = job.advance() {
        let answer = t.api.handle(call, t.now);
        job.answer(t.now, answer);
    }
    job
}

#[test]
fn cli_040_a_rollout_is_told_line_by_line() {
    let mut t = Terminal::new();
    t.make(AGENT);
    let mut job = started(&mut t, "rollout status ds/agent");
    for event in [ds(2, 1, 0, 0, 3), ds(2, 2, 1, 3, 3), ds(2, 2, 3, 2, 3), ds(2, 2, 3, 3, 3)] {
        job.event(t.now, WatchEvent::Modified(event));
        job.advance();
    }
    assert_eq!(job.exit_code(), Some(0));
    assert_eq!(
        job.text(),
        "Waiting for daemon set spec update to be observed...\n\
         Waiting for daemon set spec update to be observed...\n\
         Waiting for daemon set \"agent\" rollout to finish: 1 out of 3 new pods have been updated...\n\
         Waiting for daemon set \"agent\" rollout to finish: 2 of 3 updated pods are available...\n\
         daemon set \"agent\" successfully rolled out\n"
    );
}

#[test]
fn cli_041_rollouts_that_cannot_be_followed_fail() {
    let mut t = Terminal::new();
    t.make(&AGENT.replace("spec:\n  selector", "spec:\n  updateStrategy: {type: OnDelete}\n  selector"));
    assert_eq!(
        t.run("rollout status ds/agent"),
        "error: rollout status is only available for RollingUpdate strategy type\n[1]\n"
    );
    let mut t = Terminal::new();
    t.make(AGENT);
    let mut job = started(&mut t, "rollout status ds/agent");
    job.event(t.now, WatchEvent::Deleted(ds(1, 0, 0, 0, 0)));
    job.advance();
    assert!(job.text().ends_with("error: object has been deleted\n"), "{}", job.text());
    let mut job = started(&mut t, "rollout status ds/agent --timeout=10s");
    let Progress::Watches { until: Some(until), .. } = job.advance() else { panic!("a watch with an end") };
    job.woke(until);
    job.advance();
    assert!(job.text().ends_with("error: timed out waiting for the condition\n"), "{}", job.text());
    t.make(&pod("web", "{}"));
    assert_eq!(
        t.run("rollout status pod/web"),
        "error: no status viewer has been implemented for Pod\n[1]\n"
    );
    assert_eq!(t.run("rollout status"), "error: required resource not specified\n[1]\n");
}

/// Two revisions of a DaemonSet: agent:1, then agent:2 which it has now.
fn with_history() -> Terminal {
    let mut t = Terminal::new();
    t.file("ds.yaml", &AGENT.replace("agent:1", "agent:2"));
    t.run("apply -f ds.yaml");
    let current = t.get(Kind::DaemonSet, "default", "agent");
    for (revision, image, cause) in [(1, "agent:1", "first try"), (2, "agent:2", "")] {
        let mut template = current["spec"]["template"].clone();
        template["spec"]["containers"][0]["image"] = json!(image);
        template["$patch"] = json!("replace");
        let value = json!({"apiVersion": "apps/v1", "kind": "ControllerRevision",
            "metadata": {"name": format!("agent-{revision}"), "namespace": "default", "labels": {"app": "agent"},
                "annotations": {"kubernetes.io/change-cause": cause},
                "ownerReferences": [{"apiVersion": "apps/v1", "kind": "DaemonSet", "name": "agent",
                    "uid": current["metadata"]["uid"], "controller": true}]},
            "revision": revision, "data": {"spec": {"template": template}}});
        let answer = t.api.handle(Call::Create(Object::from_value(Kind::ControllerRevision, &value)), t.now);
        assert!(answer.result.is_ok(), "{answer:?}");
    }
    t
}

#[test]
fn cli_042_the_history_lists_revisions_and_shows_one() {
    let mut t = with_history();
    assert_eq!(
        t.run("rollout history ds/agent"),
        "daemonset.apps/agent \nREVISION  CHANGE-CAUSE\n1         first try\n2         <none>\n\n"
    );
    assert_eq!(
        t.run("rollout history ds/agent --revision=1"),
        "daemonset.apps/agent with revision #1\nPod Template:\n  Labels:\tapp=agent\n  Containers:\n   main:\n    Image:\tagent:1\n    Port:\t<none>\n    Host Port:\t<none>\n    Environment:\t<none>\n    Mounts:\t<none>\n  Volumes:\t<none>\n  Node-Selectors:\t<none>\n  Tolerations:\t<none>\n\n"
    );
    assert_eq!(
        t.run("rollout history ds/agent --revision=9"),
        "error: unable to find the specified revision\n[1]\n"
    );
    let image = "jsonpath={.kind}:{.spec.template.spec.containers[0].image}";
    assert_eq!(
        t.run(&format!("rollout history ds/agent -o {image};")),
        "DaemonSet:agent:1;DaemonSet:agent:2;"
    );
    assert_eq!(t.run(&format!("rollout history ds/agent --revision=1 -o {image}")), "DaemonSet:agent:1");
    assert_eq!(
        t.run("rollout history ds/agent --revision=9 -o yaml"),
        "error: unable to find the specified revision\n[1]\n"
    );
}

#[test]
fn cli_043_a_rollout_is_undone() {
    let mut t = with_history();
    let warning = "Warning: resource daemonsets/agent was previously managed with 'kubectl apply'. Rolling back will not update the kubectl.kubernetes.io/last-applied-configuration annotation, which may cause unexpected behavior on future 'kubectl apply' operations. Consider using 'kubectl apply' with your previous configuration file instead.\n";
    assert_eq!(
        t.run("rollout undo ds/agent --to-revision=2"),
        format!(
            "{warning}daemonset.apps/agent skipped rollback (current template already matches revision 2)\n"
        )
    );
    assert_eq!(
        t.run("rollout undo ds/agent --to-revision=9"),
        format!("{warning}error: unable to find specified revision 9 in history\n[1]\n")
    );
    assert_eq!(t.run("rollout undo ds/agent"), format!("{warning}daemonset.apps/agent rolled back\n"));
    let image =
        &t.get(Kind::DaemonSet, "default", "agent")["spec"]["template"]["spec"]["containers"][0]["image"];
    assert_eq!(image, "agent:1");
    let mut t = Terminal::new();
    t.make(AGENT);
    assert_eq!(t.run("rollout undo ds/agent"), "error: no last revision to roll back to\n[1]\n");
}

#[test]
fn cli_044_a_restart_changes_the_template_once_a_second() {
    let mut t = Terminal::new();
    t.make(AGENT);
    assert_eq!(t.run("rollout restart ds/agent"), "daemonset.apps/agent restarted\n");
    assert_eq!(
        t.run("rollout restart ds/agent"),
        "error: failed to create patch for agent: if restart has already been triggered within the past second, please wait before attempting to trigger another\n[1]\n"
    );
    t.later(1);
    assert_eq!(t.run("rollout restart ds/agent"), "daemonset.apps/agent restarted\n");
    let annotations =
        &t.get(Kind::DaemonSet, "default", "agent")["spec"]["template"]["metadata"]["annotations"];
    assert_eq!(annotations["kubectl.kubernetes.io/restartedAt"], "2026-01-01T00:00:01Z");
}

#[test]
fn cli_045_a_daemon_set_cannot_be_paused() {
    let mut t = Terminal::new();
    t.make(AGENT);
    assert_eq!(
        t.run("rollout pause ds/agent"),
        "error: daemonsets.apps \"agent\" pausing is not supported\n[1]\n"
    );
}

/// A Deployment of three pods with a status, as a watch would bring it.
fn deployment(generation: u32, observed: u32, updated: u32, all: u32, available: u32) -> Object {
    Object::from_value(
        Kind::of("apps/v1", "Deployment").unwrap(),
        &json!({"metadata": {"name": "web", "namespace": "default", "generation": generation},
            "spec": {"replicas": 3, "selector": {"matchLabels": {"app": "web"}}},
            "status": {"observedGeneration": observed, "updatedReplicas": updated, "replicas": all,
                "availableReplicas": available}}),
    )
}

#[test]
fn the_rollout_of_a_deployment_is_told_line_by_line() {
    let mut t = Terminal::new();
    t.run("create deployment web --image=web:1 --replicas=3");
    let mut job = started(&mut t, "rollout status deploy/web");
    for event in [
        deployment(2, 1, 0, 3, 3),
        deployment(2, 2, 1, 3, 2),
        deployment(2, 2, 3, 4, 3),
        deployment(2, 2, 3, 3, 2),
        deployment(2, 2, 3, 3, 3),
    ] {
        job.event(t.now, WatchEvent::Modified(event));
        job.advance();
    }
    assert_eq!(job.exit_code(), Some(0));
    assert_eq!(
        job.text(),
        "Waiting for deployment spec update to be observed...\n\
         Waiting for deployment spec update to be observed...\n\
         Waiting for deployment \"web\" rollout to finish: 1 out of 3 new replicas have been updated...\n\
         Waiting for deployment \"web\" rollout to finish: 1 old replicas are pending termination...\n\
         Waiting for deployment \"web\" rollout to finish: 2 of 3 updated replicas are available...\n\
         deployment \"web\" successfully rolled out\n"
    );
}

#[test]
fn a_deployment_is_paused_and_resumed_once() {
    let mut t = Terminal::new();
    t.run("create deployment web --image=web:1");
    for (line, said) in [
        ("rollout pause deploy/web", "deployment.apps/web paused\n"),
        ("rollout pause deploy/web", "error: deployments.apps \"web\" is already paused\n[1]\n"),
        (
            "rollout restart deploy/web",
            "error: deployments.apps \"web\" can't restart paused deployment (run rollout resume first)\n[1]\n",
        ),
        ("rollout resume deploy/web", "deployment.apps/web resumed\n"),
        ("rollout resume deploy/web", "error: deployments.apps \"web\" is not paused\n[1]\n"),
        ("rollout undo deploy/web", "error: no rollout history found for deployment \"web\"\n[1]\n"),
    ] {
        assert_eq!(t.run(line), said, "{line}");
    }
}

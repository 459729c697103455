//! Jobs, in a whole cluster.

use super::person::Person;

/// A Job of busybox pods that run a line of shell.
fn job(name: &str, script: &str, more: &str) -> String {
    format!(
        "apiVersion: batch/v1\nkind: Job\nmetadata:\n  name: {name}\nspec:\n{more}  template:\n    spec:\n      \
         restartPolicy: Never\n      containers:\n      - name: main\n        image: busybox:1.37\n        \
         command: [sh, -c, '{script}']\n"
    )
}

fn status(person: &mut Person, name: &str, path: &str) -> String {
    person.run(&format!("kubectl get job {name} -o jsonpath='{{.status.{path}}}'"))
}

fn pods(person: &mut Person, name: &str) -> Vec<String> {
    let line = format!("kubectl get pods -l job-name={name} --no-headers -o custom-columns=S:.status.phase");
    person.run(&line).lines().map(|line| line.trim().to_owned()).collect()
}

#[test]
fn a_job_runs_its_pod_once_and_is_complete() {
    let mut person = Person::new();
    assert_eq!(
        person.run("kubectl create job once --image=busybox:1.37 -- sleep 3"),
        "job.batch/once created\n"
    );
    person.wait(3);
    assert_eq!(status(&mut person, "once", "active"), "1");
    person.wait(15);
    let row = person.run("kubectl get job once --no-headers -o custom-columns=S:.status.succeeded,U:.status.uncountedTerminatedPods");
    assert_eq!(row.split_whitespace().collect::<Vec<_>>(), ["1", "map[]"]);
    let kinds = "jsonpath='{.status.conditions[*].type}'";
    assert_eq!(person.run(&format!("kubectl get job once -o {kinds}")), "SuccessCriteriaMet Complete");
    assert_eq!(pods(&mut person, "once"), ["Succeeded"]);
    assert_eq!(
        person.run("kubectl get pods -l job-name=once -o jsonpath='{.items[*].metadata.finalizers}'"),
        ""
    );
    let line = "kubectl get events --field-selector involvedObject.kind=Job -o custom-columns=R:.reason --no-headers";
    assert_eq!(person.run(line), "SuccessfulCreate\nCompleted\n");
    person.run("kubectl delete job once");
    person.wait(5);
    assert_eq!(pods(&mut person, "once"), [""; 0]);
}

#[test]
fn so_many_pods_run_at_once_until_so_many_have_succeeded() {
    let mut person = Person::new();
    person.apply(&job("many", "sleep 5", "  completions: 5\n  parallelism: 2\n"));
    person.wait(5);
    assert_eq!(pods(&mut person, "many").len(), 2);
    person.wait(45);
    assert_eq!(status(&mut person, "many", "succeeded"), "5");
    assert_eq!(pods(&mut person, "many"), ["Succeeded"; 5]);
}

#[test]
fn failed_pods_are_replaced_after_a_back_off_until_the_limit_is_reached() {
    let mut person = Person::new();
    person.apply(&job("bad", "exit 3", "  backoffLimit: 2\n"));
    person.wait(11);
    assert_eq!(pods(&mut person, "bad").len(), 1, "the second waits 10 s");
    person.wait(60);
    assert_eq!(pods(&mut person, "bad"), ["Failed"; 3]);
    assert_eq!(status(&mut person, "bad", "conditions[*].type"), "FailureTarget Failed");
    assert_eq!(status(&mut person, "bad", "conditions[1].reason"), "BackoffLimitExceeded");
    assert_eq!(status(&mut person, "bad", "failed"), "3");
}

#[test]
fn a_failure_policy_ends_a_job_at_once_or_takes_no_notice() {
    let rule = |action: &str| {
        format!(
            "  backoffLimit: 1\n  podFailurePolicy:\n    rules:\n    - action: {action}\n      onExitCodes:\n        operator: In\n        values: [3]\n"
        )
    };
    let mut person = Person::new();
    person.apply(&job("strict", "exit 3", &rule("FailJob")));
    person.apply(&job("lax", "exit 3", &rule("Ignore")));
    person.wait(60);
    assert_eq!(status(&mut person, "strict", "conditions[0].reason"), "PodFailurePolicy");
    assert_eq!(pods(&mut person, "strict").len(), 1);
    assert_eq!(status(&mut person, "lax", "failed"), "");
    assert!(pods(&mut person, "lax").len() > 2);
}

#[test]
fn a_deadline_ends_a_job_and_its_pods() {
    let mut person = Person::new();
    person.apply(&job("late", "sleep 600", "  activeDeadlineSeconds: 10\n"));
    person.wait(60);
    assert_eq!(status(&mut person, "late", "conditions[1].reason"), "DeadlineExceeded");
    assert_eq!(pods(&mut person, "late"), [""; 0]);
}

#[test]
fn a_suspended_job_has_no_pods_until_it_goes_on() {
    let mut person = Person::new();
    person.apply(&job("later", "sleep 5", "  suspend: true\n"));
    person.wait(10);
    assert_eq!(pods(&mut person, "later"), [""; 0]);
    assert_eq!(status(&mut person, "later", "conditions[0].type"), "Suspended");
    person.run("kubectl patch job later -p '{\"spec\":{\"suspend\":false}}'");
    person.wait(20);
    assert_eq!(pods(&mut person, "later"), ["Succeeded"]);
}

#[test]
fn each_index_of_an_indexed_job_succeeds_once() {
    let mut person = Person::new();
    person.apply(&job(
        "indexed",
        "sleep 2",
        "  completionMode: Indexed\n  completions: 3\n  parallelism: 3\n",
    ));
    person.wait(20);
    assert_eq!(status(&mut person, "indexed", "completedIndexes"), "0-2");
    let line = "kubectl get pods -l job-name=indexed --sort-by=.spec.hostname -o jsonpath='{.items[*].spec.hostname}'";
    assert_eq!(person.run(line), "indexed-0 indexed-1 indexed-2");
}

#[test]
fn a_finished_job_goes_with_its_pods_when_its_time_is_over() {
    let mut person = Person::new();
    person.apply(&job("brief", "true", "  ttlSecondsAfterFinished: 20\n"));
    person.wait(15);
    assert_eq!(status(&mut person, "brief", "succeeded"), "1");
    person.wait(30);
    assert_eq!(person.run("kubectl get jobs"), "No resources found in default namespace.\n");
    assert_eq!(pods(&mut person, "brief"), [""; 0]);
}

#[test]
fn a_pod_that_is_deleted_is_replaced_and_counts_as_failed() {
    let mut person = Person::new();
    person.apply(&job("held", "sleep 30", ""));
    person.wait(6);
    person.run("kubectl delete pod -l job-name=held --wait=false");
    person.wait(60);
    assert_eq!(status(&mut person, "held", "succeeded"), "1");
    assert_eq!(status(&mut person, "held", "failed"), "1");
}

#[test]
fn a_cron_job_makes_a_job_each_minute_and_keeps_three() {
    let mut person = Person::new();
    let line = "kubectl create cronjob tick --image=busybox:1.37 --schedule='* * * * *' -- true";
    assert_eq!(person.run(line), "cronjob.batch/tick created\n");
    person.wait(330);
    let jobs =
        person.run("kubectl get jobs --no-headers -o custom-columns=N:.metadata.name,S:.status.succeeded");
    let succeeded = jobs.lines().filter(|line| line.ends_with('1')).count();
    assert_eq!(succeeded, 3, "{jobs}");
    assert!(jobs.lines().all(|line| line.starts_with("tick-")), "{jobs}");
    let stamps = person
        .run("kubectl get cj tick -o jsonpath='{.status.lastScheduleTime} {.status.lastSuccessfulTime}'");
    assert!(stamps.contains(":00Z "), "{stamps}");
    person.run("kubectl patch cj tick -p '{\"spec\":{\"suspend\":true}}'");
    let before = person.run("kubectl get jobs -o name");
    person.wait(120);
    assert_eq!(person.run("kubectl get jobs -o name"), before);
    assert_eq!(person.run("kubectl create job now --from=cronjob/tick"), "job.batch/now created\n");
}

#[test]
fn a_cron_job_that_forbids_it_does_not_run_twice_at_once() {
    let mut person = Person::new();
    person.run("kubectl create cronjob slow --image=busybox:1.37 --schedule='* * * * *' -- sleep 600");
    person.run("kubectl patch cj slow -p '{\"spec\":{\"concurrencyPolicy\":\"Forbid\"}}'");
    person.wait(200);
    assert_eq!(person.run("kubectl get jobs -o name").lines().count(), 1);
    let events = person.run("kubectl get events --field-selector involvedObject.kind=CronJob -o custom-columns=R:.reason --no-headers");
    assert!(events.contains("JobAlreadyActive"), "{events}");
    person.run("kubectl patch cj slow -p '{\"spec\":{\"concurrencyPolicy\":\"Replace\"}}'");
    let before = person.run("kubectl get jobs -o name");
    person.wait(70);
    let after = person.run("kubectl get jobs -o name");
    assert!(after.lines().count() == 1 && after != before, "{before} {after}");
}

use serde_json::{Value, json};

use super::{validate, validate_update};
use crate::defaults::set_defaults;

/// A daemon set with nothing wrong, after a change.
fn daemon_set(change: impl Fn(&mut Value)) -> Value {
    let mut set = json!({
        "apiVersion": "apps/v1", "kind": "DaemonSet",
        "metadata": {"name": "x", "namespace": "default", "resourceVersion": "1"},
        "spec": {
            "selector": {"matchLabels": {"app": "web"}},
            "template": {
                "metadata": {"labels": {"app": "web"}},
                "spec": {"containers": [{"name": "c", "image": "i:1"}]}
            }
        }
    });
    change(&mut set);
    set_defaults(&mut set);
    set
}

/// A pod with nothing wrong, after a change.
fn pod(change: impl Fn(&mut Value)) -> Value {
    let mut pod = json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": "x", "namespace": "default", "resourceVersion": "1"},
        "spec": {"containers": [{"name": "c", "image": "i:1"}]}
    });
    change(&mut pod);
    set_defaults(&mut pod);
    pod
}

fn texts(object: &Value) -> Vec<String> {
    validate(object).iter().map(ToString::to_string).collect()
}

fn set_errors(change: impl Fn(&mut Value)) -> Vec<String> {
    texts(&daemon_set(change))
}

fn pod_errors(change: impl Fn(&mut Value)) -> Vec<String> {
    texts(&pod(change))
}

fn container_errors(container: Value) -> Vec<String> {
    pod_errors(|pod| pod["spec"]["containers"][0] = container.clone())
}

#[test]
fn sound_objects_are_accepted() {
    assert_eq!(set_errors(|_| ()), [""; 0]);
    assert_eq!(pod_errors(|_| ()), [""; 0]);
}

#[test]
fn api_008_an_object_needs_a_name() {
    let errors = pod_errors(|pod| pod["metadata"]["name"] = json!(""));
    assert_eq!(errors, ["metadata.name: Required value: name or generateName is required"]);
}

#[test]
fn api_015_no_finalizer_is_added_to_what_goes_away() {
    let old = pod(|pod| pod["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:00:00Z"));
    let mut new = old.clone();
    new["metadata"]["finalizers"] = json!(["a.b/c"]);
    let errors: Vec<String> = validate_update(&new, &old).iter().map(ToString::to_string).collect();
    assert_eq!(
        errors,
        [
            "metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found \
          new finalizers []string{\"a.b/c\"}"
        ]
    );
}

#[test]
fn api_017_only_one_owner_controls() {
    let owner = |name: &str| json!({"apiVersion": "apps/v1", "kind": "DaemonSet", "name": name, "uid": name, "controller": true});
    let errors = pod_errors(|pod| pod["metadata"]["ownerReferences"] = json!([owner("a"), owner("b")]));
    assert_eq!(errors.len(), 1);
    assert!(errors[0].starts_with("metadata.ownerReferences: Invalid value: [{"));
    assert!(errors[0].ends_with(
        ": Only one reference can have Controller set to true. Found \"true\" in references for DaemonSet/a and \
         DaemonSet/b"
    ));
}

#[test]
fn api_040_the_selector_must_match_the_template() {
    let why = "`selector` does not match template `labels`";
    let errors = set_errors(|set| set["spec"]["selector"] = json!({"matchLabels": {"app": "b"}}));
    assert_eq!(errors, [format!("spec.template.metadata.labels: Invalid value: {{\"app\":\"web\"}}: {why}")]);
    let errors = set_errors(|set| set["spec"]["selector"] = Value::Null);
    assert_eq!(errors, [format!("spec.template.metadata.labels: Invalid value: {{\"app\":\"web\"}}: {why}")]);
    let errors = set_errors(|set| set["spec"]["template"]["metadata"] = json!({}));
    assert_eq!(errors, [format!("spec.template.metadata.labels: Invalid value: null: {why}")]);
}

#[test]
fn api_041_an_empty_selector_is_refused() {
    let errors = set_errors(|set| set["spec"]["selector"] = json!({}));
    assert_eq!(errors, ["spec.selector: Invalid value: {}: empty selector is invalid for daemonset"]);
}

#[test]
fn api_042_daemon_pods_always_restart() {
    let errors = set_errors(|set| set["spec"]["template"]["spec"]["restartPolicy"] = json!("Never"));
    assert_eq!(
        errors,
        ["spec.template.spec.restartPolicy: Unsupported value: \"Never\": supported values: \"Always\""]
    );
}

#[test]
fn api_043_daemon_pods_have_no_deadline() {
    let errors = set_errors(|set| set["spec"]["template"]["spec"]["activeDeadlineSeconds"] = json!(5));
    assert_eq!(
        errors,
        [
            "spec.template.spec.activeDeadlineSeconds: Forbidden: activeDeadlineSeconds in DaemonSet is not Supported"
        ]
    );
}

#[test]
fn api_044_the_selector_never_changes() {
    let old = daemon_set(|_| ());
    let new = daemon_set(|set| set["spec"]["selector"] = json!({"matchLabels": {"app": "b"}}));
    let errors: Vec<String> = validate_update(&new, &old).iter().map(ToString::to_string).collect();
    assert_eq!(
        errors,
        [
            "spec.selector: Invalid value: {\"matchLabels\":{\"app\":\"b\"}}: field is immutable",
            "spec.template.metadata.labels: Invalid value: {\"app\":\"web\"}: `selector` does not match template \
             `labels`",
        ]
    );
}

fn rolling_errors(rolling: Value) -> Vec<String> {
    set_errors(|set| {
        set["spec"]["updateStrategy"] = json!({"type": "RollingUpdate", "rollingUpdate": rolling});
    })
}

#[test]
fn api_045_surge_alone_is_refused_because_unavailable_defaults_to_one() {
    let path = "spec.updateStrategy.rollingUpdate";
    assert_eq!(
        rolling_errors(json!({"maxSurge": 1})),
        [format!("{path}.maxSurge: Invalid value: 1: may not be set when maxUnavailable is non-zero")]
    );
    assert_eq!(rolling_errors(json!({"maxSurge": 1, "maxUnavailable": 0})), [""; 0]);
}

#[test]
fn api_046_limits_of_a_rolling_update_are_checked() {
    let path = "spec.updateStrategy.rollingUpdate.maxUnavailable";
    let required = format!("{path}: Required value: cannot be 0 when maxSurge is 0");
    assert_eq!(rolling_errors(json!({"maxUnavailable": 0})), std::slice::from_ref(&required));
    assert_eq!(
        rolling_errors(json!({"maxUnavailable": "120%"})),
        [format!("{path}: Invalid value: \"120%\": must not be greater than 100%")]
    );
    assert_eq!(
        rolling_errors(json!({"maxUnavailable": "x"})),
        [
            format!(
                "{path}: Invalid value: \"x\": a valid percent string must be a numeric string followed by an \
                 ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')"
            ),
            required
        ]
    );
    assert_eq!(
        rolling_errors(json!({"maxUnavailable": -1})),
        [format!("{path}: Invalid value: -1: must be greater than or equal to 0")]
    );
    assert_eq!(rolling_errors(json!({"maxUnavailable": "99999999999999999999%"})).len(), 1);
}

#[test]
fn api_047_an_unknown_strategy_shows_upstreams_own_struct() {
    let errors = set_errors(|set| set["spec"]["updateStrategy"] = json!({"type": "Recreate"}));
    assert_eq!(
        errors,
        [
            "spec.updateStrategy: Unsupported value: {\"Type\":\"Recreate\",\"RollingUpdate\":null}: supported \
          values: \"RollingUpdate\", \"OnDelete\""
        ]
    );
}

#[test]
fn api_048_host_ports_with_surge_and_node_names_are_allowed() {
    let set = daemon_set(|set| {
        set["spec"]["updateStrategy"] =
            json!({"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}});
        let spec = &mut set["spec"]["template"]["spec"];
        spec["nodeName"] = json!("n1");
        spec["containers"][0]["ports"] = json!([{"containerPort": 80, "hostPort": 80}]);
    });
    assert_eq!(texts(&set), [""; 0]);
}

#[test]
fn api_049_names_have_their_form() {
    let errors = set_errors(|set| set["metadata"]["name"] = json!("My_App"));
    assert_eq!(errors.len(), 1);
    assert!(errors[0].starts_with(
        "metadata.name: Invalid value: \"My_App\": a lowercase RFC 1123 subdomain must consist of lower case"
    ));
    let long = "n".repeat(254);
    let errors = set_errors(|set| set["metadata"]["name"] = json!(long));
    assert_eq!(
        errors,
        [format!("metadata.name: Invalid value: \"{long}\": must be no more than 253 characters")]
    );
}

#[test]
fn api_050_port_names_are_short_and_have_a_letter() {
    let path = "spec.containers[0].ports[0].name: Invalid value:";
    let port = |name: &str| {
        container_errors(json!({"name": "c", "image": "i", "ports": [{"name": name, "containerPort": 1}]}))
    };
    assert_eq!(
        port("sixteen-letters-"),
        [
            format!("{path} \"sixteen-letters-\": must be no more than 15 characters"),
            format!("{path} \"sixteen-letters-\": must not begin or end with a hyphen"),
        ]
    );
    assert_eq!(port("80"), [format!("{path} \"80\": must contain at least one letter (a-z)")]);
    assert_eq!(port("a--b"), [format!("{path} \"a--b\": must not contain consecutive hyphens")]);
}

#[test]
fn api_051_containers_need_name_and_image() {
    assert_eq!(pod_errors(|pod| pod["spec"]["containers"] = json!([])), ["spec.containers: Required value"]);
    assert_eq!(
        container_errors(json!({})),
        ["spec.containers[0].name: Required value", "spec.containers[0].image: Required value"]
    );
    let twice = json!([{"name": "a", "image": "i"}, {"name": "a", "image": "i"}]);
    let errors = pod_errors(|pod| pod["spec"]["containers"] = twice.clone());
    assert_eq!(errors, ["spec.containers[1].name: Duplicate value: \"a\""]);
    let errors = pod_errors(|pod| pod["spec"]["initContainers"] = json!([{"name": "c", "image": "i"}]));
    assert_eq!(errors, ["spec.initContainers[0].name: Duplicate value: \"c\""]);
}

#[test]
fn api_052_policies_are_words_of_a_list() {
    assert_eq!(
        container_errors(json!({"name": "c", "image": "i", "imagePullPolicy": "Sometimes"})),
        [
            "spec.containers[0].imagePullPolicy: Unsupported value: \"Sometimes\": supported values: \"Always\", \
          \"IfNotPresent\", \"Never\""
        ]
    );
    assert_eq!(
        pod_errors(|pod| pod["spec"]["restartPolicy"] = json!("X")),
        [
            "spec.restartPolicy: Unsupported value: \"X\": supported values: \"Always\", \"OnFailure\", \"Never\""
        ]
    );
}

#[test]
fn api_053_ports_are_checked_and_host_ports_are_unique() {
    let port = |port: Value| container_errors(json!({"name": "c", "image": "i", "ports": [port]}));
    let path = "spec.containers[0].ports[0].containerPort";
    assert_eq!(port(json!({})), [format!("{path}: Required value")]);
    assert_eq!(
        port(json!({"containerPort": 70000})),
        [format!("{path}: Invalid value: 70000: must be between 1 and 65535, inclusive")]
    );
    let container =
        |name: &str| json!({"name": name, "image": "i", "ports": [{"containerPort": 8, "hostPort": 80}]});
    let errors = pod_errors(|pod| pod["spec"]["containers"] = json!([container("a"), container("b")]));
    assert_eq!(errors, ["spec.containers[1].ports[0].hostPort: Duplicate value: \"TCP//80\""]);
}

#[test]
fn api_054_requests_do_not_exceed_limits() {
    let resources = json!({"requests": {"cpu": "500m"}, "limits": {"cpu": "100m"}});
    assert_eq!(
        container_errors(json!({"name": "c", "image": "i", "resources": resources})),
        [
            "spec.containers[0].resources.requests: Invalid value: \"500m\": must be less than or equal to cpu \
          limit of 100m"
        ]
    );
}

#[test]
fn api_055_a_probe_has_one_handler() {
    let probe = |probe: Value| container_errors(json!({"name": "c", "image": "i", "livenessProbe": probe}));
    let path = "spec.containers[0].livenessProbe";
    assert_eq!(probe(json!({})), [format!("{path}: Required value: must specify a handler type")]);
    assert_eq!(
        probe(json!({"httpGet": {"port": 80}, "tcpSocket": {"port": 80}})),
        [format!("{path}.tcpSocket: Forbidden: may not specify more than 1 handler type")]
    );
    assert_eq!(
        probe(json!({"tcpSocket": {"port": 80}, "successThreshold": 2})),
        [format!("{path}.successThreshold: Invalid value: 2: must be 1")]
    );
}

#[test]
fn api_056_only_sidecars_among_init_containers_have_probes() {
    let init = |restart: Value| {
        pod_errors(|pod| {
            pod["spec"]["initContainers"] = json!([{"name": "i", "image": "i", "restartPolicy": restart,
                "livenessProbe": {"tcpSocket": {"port": 80}}}]);
        })
    };
    assert_eq!(
        init(Value::Null),
        ["spec.initContainers[0].livenessProbe: Forbidden: may not be set for init containers without \
          restartPolicy=Always"]
    );
    assert_eq!(init(json!("Always")), [""; 0]);
}

#[test]
fn api_057_a_mount_needs_its_volume() {
    let mounts = json!([{"name": "data", "mountPath": "/data"}]);
    assert_eq!(
        container_errors(json!({"name": "c", "image": "i", "volumeMounts": mounts})),
        ["spec.containers[0].volumeMounts[0].name: Not found: \"data\""]
    );
}

#[test]
fn api_058_tolerations_are_checked() {
    let toleration = |toleration: Value| pod_errors(|pod| pod["spec"]["tolerations"] = json!([toleration]));
    assert_eq!(
        toleration(json!({"value": "v"})),
        [
            "spec.tolerations[0].operator: Invalid value: \"\": operator must be Exists when `key` is empty, which \
          means \"match all values and all keys\""
        ]
    );
    assert_eq!(
        toleration(json!({"key": "k", "operator": "Exists", "effect": "NoSchedule", "tolerationSeconds": 5})),
        ["spec.tolerations[0].effect: Invalid value: \"NoSchedule\": effect must be 'NoExecute' when \
          `tolerationSeconds` is set"]
    );
    assert_eq!(
        toleration(json!({"key": "k", "operator": "Exists", "value": "v"})),
        [
            "spec.tolerations[0].operator: Invalid value: \"v\": value must be empty when `operator` is 'Exists'"
        ]
    );
}

#[test]
fn api_059_a_pods_spec_hardly_changes() {
    let change = |change: fn(&mut Value)| -> Vec<String> {
        let errors = validate_update(&pod(change), &pod(|_| ()));
        errors.iter().map(ToString::to_string).collect()
    };
    assert_eq!(change(|pod| pod["spec"]["containers"][0]["image"] = json!("i:2")), [""; 0]);
    assert_eq!(change(|pod| pod["spec"]["activeDeadlineSeconds"] = json!(5)), [""; 0]);
    assert_eq!(change(|pod| pod["spec"]["tolerations"] = json!([{"operator": "Exists"}])), [""; 0]);
    let errors = change(|pod| pod["spec"]["hostNetwork"] = json!(true));
    assert_eq!(
        errors,
        ["spec: Forbidden: pod updates may not change fields other than `spec.containers[*].image`,\
          `spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to \
          existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was \
          previously negative)\n@@ -44,7 +44,7 @@\n  \"AutomountServiceAccountToken\": null,\n  \"NodeName\": \"\",\n  \
          \"SecurityContext\": {\n-  \"HostNetwork\": false,\n+  \"HostNetwork\": true,\n   \"HostPID\": false,\n   \
          \"HostIPC\": false,\n   \"ShareProcessNamespace\": null,\n"]
    );
}

#[test]
fn api_060_the_node_of_a_pod_need_not_exist() {
    assert_eq!(pod_errors(|pod| pod["spec"]["nodeName"] = json!("nowhere")), [""; 0]);
}

#[test]
fn kl_041_the_mirror_mark_needs_a_node_and_stays() {
    let key = "kubernetes.io/config.mirror";
    let path = format!("metadata.annotations[{key}]");
    let mirror = |value: Value| {
        pod(move |pod| {
            pod["spec"]["nodeName"] = json!("n1");
            pod["metadata"]["annotations"] = value.clone();
        })
    };
    let errors = pod_errors(|pod| pod["metadata"]["annotations"] = json!({key: "h"}));
    assert_eq!(
        errors,
        [format!("{path}: Invalid value: \"h\": must set spec.nodeName if mirror pod annotation is set")]
    );
    let update = |new: Value, old: Value| -> Vec<String> {
        validate_update(&mirror(new), &mirror(old)).iter().map(ToString::to_string).collect()
    };
    let (set, other) = (json!({key: "h"}), json!({key: "i"}));
    assert_eq!(
        update(other, set.clone()),
        [format!("{path}: Forbidden: may not remove or update mirror pod annotation")]
    );
    assert_eq!(
        update(set.clone(), json!({})),
        [format!("{path}: Forbidden: may not add mirror pod annotation")]
    );
}

#[test]
fn taints_of_a_node_are_unique() {
    let taint = json!({"key": "a", "effect": "NoSchedule"});
    let node = json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n"},
        "spec": {"taints": [taint, taint, {"key": "", "effect": "Never"}]}});
    let errors = texts(&node);
    assert_eq!(
        errors[0],
        "metadata.taints[1]: Duplicate value: {\"Key\":\"a\",\"Value\":\"\",\"Effect\":\"NoSchedule\",\
         \"TimeAdded\":null}: taints must be unique by key and effect pair"
    );
    assert_eq!(errors[1], "metadata.taints[2].key: Invalid value: \"\": name part must be non-empty");
}

#[test]
fn other_kinds_are_checked_as_far_as_manifests_need() {
    let errors = |object: Value| {
        let mut object = object;
        set_defaults(&mut object);
        texts(&object)
    };
    let meta = json!({"name": "x", "namespace": "default"});
    assert_eq!(
        errors(json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta, "data": {"a/b": ""}})),
        [
            "data[a/b]: Invalid value: \"a/b\": a valid config key must consist of alphanumeric characters, '-', '_' \
          or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is \
          '[-._a-zA-Z0-9]+')"
        ]
    );
    assert_eq!(
        errors(json!({"apiVersion": "v1", "kind": "Service", "metadata": meta})),
        ["spec.ports: Required value"]
    );
    assert_eq!(
        errors(json!({"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass",
            "metadata": {"name": "high"}, "value": 1_000_000_001})),
        ["value: Forbidden: maximum allowed value of a user defined priority is 1000000000"]
    );
    assert_eq!(
        errors(json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding",
            "metadata": {"name": "system:a"}, "roleRef": {"kind": "Role", "name": "r"},
            "subjects": [{"kind": "ServiceAccount", "name": "s"}]})),
        [
            "roleRef.kind: Unsupported value: \"Role\": supported values: \"ClusterRole\"",
            "subjects[0].namespace: Required value",
        ]
    );
    assert_eq!(
        errors(json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "s"}})),
        ["metadata.namespace: Required value"]
    );
    assert_eq!(
        errors(json!({"apiVersion": "v1", "kind": "Namespace", "metadata": meta})),
        ["metadata.namespace: Forbidden: not allowed on this type"]
    );
}

/// What is wrong with an object of a namespace whose parts beside metadata these are.
fn errors_of(api_version: &str, kind: &str, spec: Value) -> Vec<String> {
    let mut object = json!({"apiVersion": api_version, "kind": kind,
        "metadata": {"name": "x", "namespace": "default"}, "spec": spec});
    set_defaults(&mut object);
    texts(&object)
}

fn job_spec(change: impl Fn(&mut Value)) -> Value {
    let mut spec = json!({"template": {"spec": {"restartPolicy": "Never",
        "containers": [{"name": "c", "image": "i:1"}]}}});
    change(&mut spec);
    spec
}

#[test]
fn a_job_s_pods_end() {
    let errors = |change: fn(&mut Value)| errors_of("batch/v1", "Job", job_spec(change));
    assert_eq!(errors(|_| ()), [""; 0]);
    let why = "spec.template.spec.restartPolicy: Required value: valid values: \"OnFailure\", \"Never\"";
    assert_eq!(errors(|spec| spec["template"]["spec"]["restartPolicy"] = json!("Always")), [why]);
    assert_eq!(
        errors(|spec| spec["completionMode"] = json!("Indexed")),
        [""; 0],
        "one completion is the default"
    );
    assert_eq!(
        errors(|spec| {
            spec["backoffLimit"] = json!(-1);
            spec["backoffLimitPerIndex"] = json!(1);
        }),
        [
            "spec.backoffLimit: Invalid value: -1: must be greater than or equal to 0",
            "spec.backoffLimitPerIndex: Invalid value: 1: requires indexed completion mode",
        ]
    );
    assert_eq!(
        errors(|spec| {
            spec["completionMode"] = json!("Indexed");
            spec["completions"] = json!(5);
            spec["successPolicy"] = json!({"rules": [{"succeededIndexes": "1,3-4,2"}]});
            spec["podFailurePolicy"] = json!({"rules": [{"action": "Ignore"}]});
        }),
        [
            "spec.podFailurePolicy.rules[0]: Invalid value: specifying one of OnExitCodes and OnPodConditions is required",
            "spec.successPolicy.rules[0].succeededIndexes: Invalid value: \"1,3-4,2\": error parsing \
             succeededIndexes: non-increasing order, previous: 4, current: 2",
        ]
    );
}

#[test]
fn a_cron_job_has_a_schedule_that_can_be_read() {
    let errors = |schedule: &str, zone: Value| {
        let spec = json!({"schedule": schedule, "timeZone": zone, "jobTemplate": {"spec": job_spec(|_| ())}});
        errors_of("batch/v1", "CronJob", spec)
    };
    assert_eq!(errors("*/5 * * * *", json!("Asia/Seoul")), [""; 0]);
    assert_eq!(
        errors("* * *", json!("Mars/Base")),
        [
            "spec.schedule: Invalid value: \"* * *\": expected exactly 5 fields, found 3: [* * *]",
            "spec.timeZone: Invalid value: \"Mars/Base\": unknown time zone Mars/Base",
        ]
    );
}

#[test]
fn quotas_and_limits_know_what_they_count() {
    let quota = |spec| errors_of("v1", "ResourceQuota", spec);
    assert_eq!(quota(json!({"hard": {"pods": "10", "requests.cpu": "4", "count/x.y": "1"}})), [""; 0]);
    assert_eq!(
        quota(json!({"hard": {"cpu": "-1", "pods": "1500m"}, "scopes": ["BestEffort"]})),
        [
            "spec.hard[cpu]: Invalid value: \"-1\": must be greater than or equal to 0",
            "spec.hard[pods]: Invalid value: \"1500m\": must be an integer",
            "spec.scopes: Invalid value: [\"BestEffort\"]: unsupported scope applied to resource",
        ]
    );
    let limits = |item| errors_of("v1", "LimitRange", json!({"limits": [item]}));
    assert_eq!(limits(json!({"type": "Container", "max": {"cpu": "1"}})), [""; 0]);
    assert_eq!(
        limits(json!({"type": "Container", "max": {"cpu": "1"}, "min": {"cpu": "2"}})),
        [
            "spec.limits[0].min[cpu]: Invalid value: \"2\": min value 2 is greater than max value 1",
            "spec.limits[0].defaultRequest[cpu]: Invalid value: \"1\": min value 2 is greater than default request value 1",
            "spec.limits[0].default[cpu]: Invalid value: \"2\": min value 2 is greater than default value 1",
        ]
    );
}

#[test]
fn budgets_and_network_policies_are_bounded() {
    let budget = |spec| errors_of("policy/v1", "PodDisruptionBudget", spec);
    assert_eq!(budget(json!({"minAvailable": 1})), [""; 0]);
    assert_eq!(
        budget(json!({"minAvailable": "120%", "maxUnavailable": 1})),
        [
            "spec: Invalid value: {\"MinAvailable\":\"120%\",\"Selector\":null,\"MaxUnavailable\":1,\"UnhealthyPodEvictionPolicy\":null}: \
             minAvailable and maxUnavailable cannot be both set",
            "spec.minAvailable: Invalid value: \"120%\": must not be greater than 100%",
        ]
    );
    let policy = |ingress| {
        errors_of("networking.k8s.io/v1", "NetworkPolicy", json!({"podSelector": {}, "ingress": [ingress]}))
    };
    let block = json!({"cidr": "10.0.0.0/8", "except": ["10.1.0.0/16", "11.0.0.0/16"]});
    assert_eq!(
        policy(json!({"from": [{}, {"ipBlock": block}], "ports": [{"port": 80, "endPort": 70}]})),
        [
            "spec.ingress[0].ports[0].endPort: Invalid value: 80: must be greater than or equal to `port`",
            "spec.ingress[0].from[0]: Required value: must specify a peer",
            "spec.ingress[0].from[1].ipBlock.except[1]: Invalid value: \"11.0.0.0/16\": must be a strict subset of `cidr`",
        ]
    );
}

#[test]
fn odd_shapes_are_refused_without_panic() {
    let odd = [json!(null), json!("x"), json!(5), json!([[]]), json!({"a": {"b": []}})];
    for part in &odd {
        for path in ["metadata", "spec"] {
            for base in [pod(|_| ()), daemon_set(|_| ())] {
                let mut object = base.clone();
                object[path] = part.clone();
                set_defaults(&mut object);
                let _ = (validate(&object), validate_update(&object, &base), validate_update(&base, &object));
            }
        }
        for key in ["containers", "volumes", "tolerations", "affinity", "securityContext", "dnsConfig"] {
            let mut object = pod(|_| ());
            object["spec"][key] = part.clone();
            set_defaults(&mut object);
            let _ = validate(&object);
        }
    }
}

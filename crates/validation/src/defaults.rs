//! What the API server fills in where an object leaves fields out, before it is validated.
//!
//! Works on the API form. Each function is named after upstream's (`SetDefaults_PodSpec` is
//! `pod::set_defaults_pod_spec`). What is given is never changed, except that amounts in resource lists
//! are rounded up to thousandths and written canonically, and that what only the API's older form has
//! becomes what the internal form has (`stringData`). Doing it twice changes nothing.
//!
//! Kubernetes: pkg/apis/core/v1/defaults.go, pkg/apis/apps/v1/defaults.go and their likes of other groups.

mod other;
pub mod pod;
mod pod_resources;
mod volume;
mod workload;

use serde_json::Value;

use api::json;
use api::quantity;

/// Fills in the defaults of an object of any kind; of kinds without defaults nothing changes.
pub fn set_defaults(object: &mut Value) {
    let group = json::text(object, "apiVersion").split_once('/').map_or("", |(group, _)| group).to_owned();
    let kind = json::text(object, "kind").to_owned();
    match (&*group, &*kind) {
        ("", "Pod") => pod::set_object_defaults_pod(object),
        ("", "PodTemplate") => pod::set_object_defaults_pod_template(json::child(object, "template")),
        ("apps", "DaemonSet") => workload::set_object_defaults_daemon_set(object),
        ("apps", "Deployment") => workload::set_object_defaults_deployment(object),
        ("apps", "StatefulSet") => workload::set_object_defaults_stateful_set(object),
        ("apps", "ReplicaSet") => workload::set_object_defaults_replica_set(object),
        ("", "ReplicationController") => workload::set_object_defaults_replication_controller(object),
        ("batch", "Job") => workload::set_object_defaults_job(object),
        ("batch", "CronJob") => workload::set_object_defaults_cron_job(object),
        ("", "Node") => other::set_object_defaults_node(object),
        ("", "Namespace") => other::set_object_defaults_namespace(object),
        ("", "Service") => other::set_defaults_service(object),
        ("", "Secret") => other::set_object_defaults_secret(object),
        ("", "ResourceQuota") => {
            json::child_if(object, "spec")
                .into_iter()
                .for_each(|spec| set_defaults_resource_lists(spec, &["hard"]));
        }
        ("", "LimitRange") => other::set_object_defaults_limit_range(object),
        ("", "PersistentVolumeClaim") => volume::set_object_defaults_persistent_volume_claim(object),
        ("", "PersistentVolume") => volume::set_object_defaults_persistent_volume(object),
        ("scheduling.k8s.io", "PriorityClass") => {
            json::set_default(object, "preemptionPolicy", "PreemptLowerPriority");
        }
        ("rbac.authorization.k8s.io", "RoleBinding" | "ClusterRoleBinding") => {
            other::set_defaults_role_binding(object);
        }
        ("storage.k8s.io", "StorageClass") => {
            json::set_default(object, "reclaimPolicy", "Delete");
            json::set_default(object, "volumeBindingMode", "Immediate");
        }
        ("networking.k8s.io", "NetworkPolicy") => other::set_defaults_network_policy(object),
        _ => {}
    }
}

/// Rounds the amounts of a resource list up to thousandths and writes them canonically.
///
/// An amount that is no quantity stays for validation to refuse.
pub(crate) fn set_defaults_resource_list(list: &mut Value) {
    for amount in list.as_object_mut().into_iter().flat_map(|map| map.values_mut()) {
        let rounded = match amount {
            Value::String(text) => quantity::round_up_to_milli(text.trim()),
            Value::Number(number) => quantity::round_up_to_milli(&number.to_string()),
            _ => continue,
        };
        if let Ok(text) = rounded {
            *amount = text.into();
        }
    }
}

fn set_defaults_resource_lists(holder: &mut Value, lists: &[&str]) {
    for list in lists {
        if let Some(list) = json::child_if(holder, list) {
            set_defaults_resource_list(list);
        }
    }
}

/// Sets a number that is absent, null or 0 (Go's zero value of a number that is no pointer).
fn set_default_number(value: &mut Value, key: &str, default: i64) {
    if json::int(value, key).unwrap_or(0) == 0 {
        json::object(value).insert(key.to_owned(), default.into());
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn defaulted(mut object: Value) -> Value {
        set_defaults(&mut object);
        let once = object.clone();
        set_defaults(&mut object);
        assert_eq!(once, object, "doing it twice changes something");
        object
    }

    #[test]
    fn api_025_a_namespace_is_labelled_with_its_name() {
        let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "team"}});
        assert_eq!(
            defaulted(namespace),
            json!({
                "apiVersion": "v1", "kind": "Namespace", "status": {"phase": "Active"},
                "metadata": {"name": "team", "labels": {"kubernetes.io/metadata.name": "team"}}
            })
        );
    }

    #[test]
    fn api_026_a_daemon_set_rolls_one_by_one() {
        let set = defaulted(json!({"apiVersion": "apps/v1", "kind": "DaemonSet"}));
        let rolling = json!({"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 1, "maxSurge": 0}});
        assert_eq!(set["spec"]["updateStrategy"], rolling);
        assert_eq!(set["spec"]["revisionHistoryLimit"], 10);
        assert_eq!(set["spec"].get("selector"), None);
        assert_eq!(set["spec"].get("minReadySeconds"), None);
        let on_delete = json!({"apiVersion": "apps/v1", "kind": "DaemonSet",
            "spec": {"updateStrategy": {"type": "OnDelete"}}});
        assert_eq!(defaulted(on_delete)["spec"]["updateStrategy"], json!({"type": "OnDelete"}));
    }

    #[test]
    fn api_027_a_pod_spec_gets_its_policies() {
        let template = defaulted(json!({"apiVersion": "apps/v1", "kind": "DaemonSet"}));
        assert_eq!(
            template["spec"]["template"]["spec"],
            json!({
                "restartPolicy": "Always", "dnsPolicy": "ClusterFirst", "schedulerName": "default-scheduler",
                "securityContext": {}, "terminationGracePeriodSeconds": 30
            })
        );
    }

    #[test]
    fn api_028_requests_links_and_host_ports_are_filled_in_pods_only() {
        let spec = json!({"hostNetwork": true, "containers": [{"name": "c", "image": "i:1",
            "ports": [{"containerPort": 80}], "resources": {"limits": {"cpu": "1000m"}}}]});
        let pod = defaulted(json!({"apiVersion": "v1", "kind": "Pod", "spec": spec}));
        assert_eq!(pod["spec"]["enableServiceLinks"], true);
        let container = &pod["spec"]["containers"][0];
        assert_eq!(container["ports"], json!([{"containerPort": 80, "hostPort": 80, "protocol": "TCP"}]));
        assert_eq!(container["resources"], json!({"limits": {"cpu": "1"}, "requests": {"cpu": "1"}}));
        let set = defaulted(json!({"apiVersion": "apps/v1", "kind": "DaemonSet",
            "spec": {"template": {"spec": spec}}}));
        let spec = &set["spec"]["template"]["spec"];
        assert_eq!(spec.get("enableServiceLinks"), None);
        assert_eq!(spec["containers"][0]["ports"], json!([{"containerPort": 80, "protocol": "TCP"}]));
        assert_eq!(spec["containers"][0]["resources"], json!({"limits": {"cpu": "1"}}));
    }

    #[test]
    fn api_029_an_image_without_a_fixed_tag_is_always_pulled() {
        for (image, policy) in [
            ("nginx", "Always"),
            ("nginx:latest", "Always"),
            ("nginx:1.25", "IfNotPresent"),
            ("localhost:5000/nginx", "Always"),
            ("Foo/Bar", "IfNotPresent"),
            ("", "IfNotPresent"),
        ] {
            let containers = json!([{"name": "c", "image": image}]);
            let pod =
                defaulted(json!({"apiVersion": "v1", "kind": "Pod", "spec": {"containers": containers}}));
            let container = &pod["spec"]["containers"][0];
            assert_eq!(container["imagePullPolicy"], policy, "{image}");
            assert_eq!(container["terminationMessagePath"], "/dev/termination-log");
            assert_eq!(container["terminationMessagePolicy"], "File");
        }
    }

    #[test]
    fn api_030_probes_get_their_numbers() {
        let containers = json!([{"livenessProbe": {"httpGet": {"port": 80}}, "readinessProbe": {"grpc": {"port": 1}},
            "startupProbe": {"exec": {}, "periodSeconds": 7}}]);
        let pod = defaulted(json!({"apiVersion": "v1", "kind": "Pod", "spec": {"containers": containers}}));
        let container = &pod["spec"]["containers"][0];
        assert_eq!(
            container["livenessProbe"],
            json!({"httpGet": {"port": 80, "path": "/", "scheme": "HTTP"}, "timeoutSeconds": 1,
                "periodSeconds": 10, "successThreshold": 1, "failureThreshold": 3})
        );
        assert_eq!(container["readinessProbe"]["grpc"], json!({"port": 1, "service": ""}));
        assert_eq!(container["startupProbe"]["periodSeconds"], 7);
    }

    #[test]
    fn api_031_volumes_get_a_source_and_modes() {
        let volumes = json!([{"name": "a"}, {"configMap": {"name": "c"}}, {"hostPath": {"path": "/x"}},
            {"projected": {"sources": [{"serviceAccountToken": {"path": "t"}}]}},
            {"secret": {"defaultMode": 256}}]);
        let pod = defaulted(json!({"apiVersion": "v1", "kind": "Pod", "spec": {"volumes": volumes}}));
        let token = json!({"serviceAccountToken": {"path": "t", "expirationSeconds": 3600}});
        assert_eq!(
            pod["spec"]["volumes"],
            json!([
                {"name": "a", "emptyDir": {}}, {"configMap": {"name": "c", "defaultMode": 420}},
                {"hostPath": {"path": "/x", "type": ""}},
                {"projected": {"defaultMode": 420, "sources": [token]}},
                {"secret": {"defaultMode": 256}}
            ])
        );
    }

    #[test]
    fn the_old_name_of_the_service_account_still_counts() {
        let names = |spec: Value| {
            let pod = defaulted(json!({"apiVersion": "v1", "kind": "Pod", "spec": spec}));
            let name = |key: &str| pod["spec"][key].as_str().map(str::to_owned);
            (name("serviceAccountName"), name("serviceAccount"))
        };
        let both = |name: &str| (Some(name.to_owned()), Some(name.to_owned()));
        assert_eq!(names(json!({"serviceAccount": "a"})), both("a"));
        assert_eq!(names(json!({"serviceAccount": "a", "serviceAccountName": "b"})), both("b"));
        assert_eq!(names(json!({})), (None, None));
    }

    #[test]
    fn amounts_are_written_canonically() {
        let mut list = json!({"cpu": "0.5", "memory": "1024Mi", "a": 2, "b": "1u", "c": "x"});
        set_defaults_resource_list(&mut list);
        assert_eq!(list, json!({"cpu": "500m", "memory": "1Gi", "a": "2", "b": "1m", "c": "x"}));
    }

    #[test]
    fn odd_shapes_are_left_alone_without_panic() {
        for odd in
            [json!(null), json!([]), json!("x"), json!({"spec": 5}), json!({"spec": {"containers": "x"}})]
        {
            for kind in ["Pod", "DaemonSet", "Node", "Service", "Namespace", "Job", "CronJob", "RoleBinding"]
            {
                for group in ["v1", "apps/v1", "batch/v1", "rbac.authorization.k8s.io/v1"] {
                    let mut object = odd.clone();
                    if let Some(map) = object.as_object_mut() {
                        map.insert("apiVersion".to_owned(), group.into());
                        map.insert("kind".to_owned(), kind.into());
                    }
                    set_defaults(&mut object);
                }
            }
        }
    }
}

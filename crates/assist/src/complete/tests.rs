use sim::SortedMap;

use proptest::prelude::*;

use super::*;

/// A cluster with a few things in it.
struct Few;

impl Known for Few {
    fn names(&self, _: &str, kind: &str, namespace: Option<&str>) -> Vec<String> {
        let names: &[&str] = match (kind, namespace) {
            ("Node", None) => &["worker-1", "worker-2"],
            ("Namespace", None) => &["default", "kube-system"],
            ("ServiceAccount", Some("web")) => &["default", "builder"],
            ("PriorityClass", None) => &["high"],
            _ => &[],
        };
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    fn node_labels(&self) -> SortedMap<String, SortedSet<String>> {
        let values = |values: &[&str]| values.iter().map(|value| (*value).to_owned()).collect();
        SortedMap::from([
            ("disk".to_owned(), values(&["ssd", "1"])),
            ("kubernetes.io/os".to_owned(), values(&["linux"])),
        ])
    }

    fn taints(&self) -> SortedMap<String, SortedSet<String>> {
        SortedMap::from([("dedicated".to_owned(), SortedSet::from(["gpu".to_owned()]))])
    }

    fn images(&self) -> SortedSet<String> {
        SortedSet::from(["nginx:1.29".to_owned()])
    }
}

/// What is offered at the sign `^`.
fn offers(text: &str) -> Vec<Completion> {
    let at = text.find('^').expect("a place");
    let text = text.replacen('^', "", 1);
    complete(&text, at, true, &Few).map_or(Vec::new(), |found| found.options)
}

fn labels(text: &str) -> Vec<String> {
    offers(text).into_iter().map(|option| option.label).collect()
}

const DAEMON_SET: &str = "apiVersion: apps/v1\nkind: DaemonSet\nmetadata:\n  name: a\n  namespace: web\nspec:\n  template:\n    spec:\n";

fn in_pod(text: &str) -> String {
    format!("{DAEMON_SET}{text}")
}

#[test]
fn fields_fit_the_map_they_are_in() {
    let found = offers(&in_pod("      containers:\n      - name: c\n        ^"));
    let image = found.iter().find(|option| option.label == "image").expect("an image");
    assert_eq!((image.detail.as_str(), image.apply.as_str()), ("string", "image: "));
    assert_eq!(image.text, "Container image name.");
    assert!(!found.iter().any(|option| option.label == "name"), "it is there already");
    let ports = found.iter().find(|option| option.label == "ports").expect("ports");
    assert_eq!((ports.detail.as_str(), ports.apply.as_str()), ("[]ContainerPort", "ports:\n        - "));
    let resources = found.iter().find(|option| option.label == "resources").expect("resources");
    assert_eq!(resources.apply, "resources:\n          ");
}

#[test]
fn what_must_be_there_comes_first() {
    let found = offers(&in_pod("      ^"));
    let first = found.iter().max_by_key(|option| option.boost).expect("some");
    assert_eq!((first.label.as_str(), first.is_required), ("containers", true));
    let meta = offers("apiVersion: v1\nkind: Pod\nmetadata:\n  ^");
    let uid = meta.iter().find(|option| option.label == "uid").expect("a uid");
    assert!(uid.boost < 0);
}

#[test]
fn a_list_gets_its_dash() {
    let found = offers(&in_pod("      tolerations:\n        ^"));
    let key = found.iter().find(|option| option.label == "key").expect("a key");
    assert_eq!(key.apply, "- key: ");
}

#[test]
fn a_key_that_has_its_colon_is_put_in_alone() {
    let found = offers(&in_pod("      hostN^ork: true"));
    let host = found.iter().find(|option| option.label == "hostNetwork").expect("the field");
    assert_eq!(host.apply, "hostNetwork");
}

#[test]
fn values_are_those_that_the_api_server_takes() {
    let container = "      containers:\n      - name: c\n        ";
    assert_eq!(
        labels(&in_pod(&format!("{container}imagePullPolicy: ^"))),
        ["Always", "IfNotPresent", "Never"]
    );
    assert_eq!(labels(&in_pod("      restartPolicy: ^")), ["Always"]);
    let pod = "apiVersion: v1\nkind: Pod\nspec:\n  ";
    assert_eq!(labels(&format!("{pod}restartPolicy: ^")), ["Always", "OnFailure", "Never"]);
    assert_eq!(labels(&format!("{pod}hostNetwork: ^")), ["true", "false"]);
    assert_eq!(
        labels(&format!("{pod}dnsPolicy: ^")),
        ["ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"]
    );
    let toleration = "tolerations:\n  - ";
    assert_eq!(labels(&format!("{pod}{toleration}operator: ^")), ["Equal", "Exists"]);
    assert_eq!(
        labels(&format!("{pod}{toleration}effect: ^")),
        ["NoSchedule", "PreferNoSchedule", "NoExecute"]
    );
    assert_eq!(
        labels("apiVersion: apps/v1\nkind: DaemonSet\nspec:\n  updateStrategy:\n    type: ^"),
        ["RollingUpdate", "OnDelete"]
    );
    assert_eq!(labels(&format!("{pod}containers:\n  - ports:\n    - protocol: ^")), ["SCTP", "TCP", "UDP"]);
    assert_eq!(
        labels("apiVersion: v1\nkind: Service\nspec:\n  type: ^"),
        ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"]
    );
}

#[test]
fn values_are_those_that_the_cluster_has() {
    assert_eq!(labels(&in_pod("      nodeName: ^")), ["worker-1", "worker-2"]);
    assert_eq!(labels(&in_pod("      serviceAccountName: ^")), ["default", "builder"]);
    assert_eq!(
        labels(&in_pod("      priorityClassName: ^")),
        ["high", "system-cluster-critical", "system-node-critical"]
    );
    assert_eq!(labels(&in_pod("      nodeSelector:\n        ^")), ["disk", "kubernetes.io/os"]);
    assert_eq!(labels(&in_pod("      nodeSelector:\n        kubernetes.io/os: ^")), ["linux"]);
    assert_eq!(labels(&in_pod("      tolerations:\n      - key: ^")), ["dedicated"]);
    assert_eq!(labels(&in_pod("      tolerations:\n      - key: dedicated\n        value: ^")), ["gpu"]);
    assert_eq!(labels(&in_pod("      containers:\n      - image: ^")), ["nginx:1.29"]);
    assert_eq!(labels("apiVersion: v1\nkind: Pod\nmetadata:\n  namespace: ^"), ["default", "kube-system"]);
    let mounts = "      containers:\n      - volumeMounts:\n        - name: ^\n      volumes:\n      - name: logs\n        hostPath:\n          path: /var/log\n";
    assert_eq!(labels(&in_pod(mounts)), ["logs"]);
    let terms = "      affinity:\n        nodeAffinity:\n          requiredDuringSchedulingIgnoredDuringExecution:\n            nodeSelectorTerms:\n            - matchExpressions:\n              - ";
    assert_eq!(labels(&in_pod(&format!("{terms}key: ^"))), ["disk", "kubernetes.io/os"]);
    assert_eq!(
        labels(&in_pod(&format!("{terms}key: disk\n                values:\n                - ^"))),
        ["1", "ssd"]
    );
}

#[test]
fn a_value_that_yaml_reads_otherwise_stands_in_quotes() {
    let found = offers(&in_pod("      nodeSelector:\n        disk: ^"));
    assert_eq!(found[0].apply, "\"1\"");
}

#[test]
fn a_kind_and_its_version_fit_each_other() {
    assert!(labels("kind: ^").contains(&"DaemonSet".to_owned()));
    assert_eq!(labels("kind: DaemonSet\napiVersion: ^"), ["apps/v1"]);
    assert!(!labels("apiVersion: v1\nkind: ^").contains(&"DaemonSet".to_owned()));
    assert_eq!(labels("^"), ["apiVersion", "kind"]);
    assert_eq!(labels("kind: Nonsense\nspec:\n  ^"), [""; 0]);
}

#[test]
fn an_empty_word_is_completed_behind_a_colon_or_when_asked() {
    let text = in_pod("      ");
    assert_eq!(complete(&text, text.len(), false, &Few), None);
    let text = in_pod("      hostNetwork: ");
    assert!(complete(&text, text.len(), false, &Few).is_some());
}

proptest! {
    #[test]
    fn prop_no_text_is_too_strange(text in "([ \\-a-z:|>#\n\"'{\\[]|kind: Pod\n|apiVersion: v1\n|spec:\n  |데){0,40}", at in 0usize..200) {
        let at = crate::byte_at(&text, at);
        let _ = complete(&text, at, true, &Few);
        let _ = crate::hover(&text, at);
    }
}

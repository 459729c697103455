//! The native program from outside: exit codes, and what stands on which stream.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use expect_test::{Expect, expect};

/// A folder of its own for one test.
struct Folder(PathBuf);

impl Folder {
    fn new(test: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("kubestage-{test}-{}", std::process::id()));
        fs::create_dir_all(&path).expect("a folder can be made");
        Folder(path)
    }

    fn with(self, name: &str, text: &str) -> Folder {
        fs::write(self.0.join(name), text).expect("a file can be written");
        self
    }

    fn run(&self, line: &str) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kubestage"));
        command.args(line.split_whitespace()).current_dir(&self.0).stdin(Stdio::null());
        command.output().expect("the program starts")
    }

    /// The exit code, then what the two streams say.
    fn check(&self, line: &str, expected: Expect) {
        let output = self.run(line);
        let code = output.status.code().unwrap_or(-1);
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let mut said = format!("exit code {code}\n{}", text(&output.stdout));
        if !output.stderr.is_empty() {
            said += &format!("-- stderr\n{}", text(&output.stderr));
        }
        expected.assert_eq(&said);
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

const DS: &str = "\
apiVersion: apps/v1
kind: DaemonSet
metadata:
  name: agent
  namespace: monitoring
spec:
  selector:
    matchLabels: {app: agent}
  template:
    metadata:
      labels: {app: agent}
    spec:
      nodeSelector: {disk: ssd}
      containers:
      - name: main
        image: agent:1
        resources:
          requests: {cpu: 500m}
";

/// As `kubectl get nodes -o yaml` prints them, shortened.
const NODES: &str = "\
apiVersion: v1
items:
- apiVersion: v1
  kind: Node
  metadata:
    labels: {disk: ssd, kubernetes.io/hostname: ip-10-0-0-1}
    name: ip-10-0-0-1
  status:
    allocatable: {cpu: 3920m, memory: 15325568Ki, pods: \"58\"}
- apiVersion: v1
  kind: Node
  metadata:
    labels: {disk: ssd, kubernetes.io/hostname: ip-10-0-0-2}
    name: ip-10-0-0-2
  spec:
    taints:
    - {effect: NoSchedule, key: dedicated, value: gpu}
    - {effect: NoExecute, key: node.kubernetes.io/not-ready}
  status:
    allocatable: {cpu: 3920m, memory: 15325568Ki, pods: \"58\"}
- apiVersion: v1
  kind: Node
  metadata:
    labels: {disk: hdd, kubernetes.io/hostname: ip-10-0-0-3}
    name: ip-10-0-0-3
  spec:
    taints:
    - {effect: NoSchedule, key: dedicated, value: gpu}
    unschedulable: true
  status:
    allocatable: {cpu: 3920m, memory: 15325568Ki, pods: \"58\"}
- apiVersion: v1
  kind: Node
  metadata:
    labels: {disk: ssd, kubernetes.io/hostname: tiny}
    name: tiny
  status:
    allocatable: {cpu: 250m, memory: 512Mi, pods: \"8\"}
kind: List
metadata:
  resourceVersion: \"\"
";

#[test]
fn explain_says_every_reason_for_every_node() {
    let folder = Folder::new("explain").with("ds.yaml", DS).with("nodes.yaml", NODES);
    folder.check("explain -f ds.yaml --nodes nodes.yaml", expect![[r#"
        exit code 0
        daemonset.apps/agent
          ip-10-0-0-1   lands
          ip-10-0-0-2   no: untolerated taint dedicated=gpu:NoSchedule
          ip-10-0-0-3   no: nodeSelector disk=ssd: the node has disk=hdd; untolerated taint dedicated=gpu:NoSchedule
          tiny          no: the pod is created and stays Pending: Insufficient cpu (requested 500m, used 0m of 250m)
          1 of 4 nodes
    "#]]);
    // The standard cluster has no such disk: the DaemonSet lands nowhere.
    folder.check("explain -f ds.yaml", expect![[r#"
        exit code 1
        daemonset.apps/agent
          control-plane   no: nodeSelector disk=ssd: the node has no label disk; untolerated taint node-role.kubernetes.io/control-plane:NoSchedule
          worker-1        no: nodeSelector disk=ssd: the node has no label disk
          worker-2        no: nodeSelector disk=ssd: the node has no label disk
          worker-3        no: nodeSelector disk=ssd: the node has no label disk
          0 of 4 nodes
    "#]]);
}

#[test]
fn explain_says_what_a_node_is_too_small_for_beside_why_no_pod_is_made() {
    let nodes = "\
apiVersion: v1
kind: Node
metadata: {name: tiny, labels: {disk: hdd}}
spec: {taints: [{key: dedicated, value: gpu, effect: NoSchedule}]}
status: {allocatable: {cpu: 250m, memory: 512Mi, pods: \"8\"}}
";
    let folder = Folder::new("small").with("ds.yaml", DS).with("nodes.yaml", nodes);
    folder.check("explain -f ds.yaml --nodes nodes.yaml", expect![[r#"
        exit code 1
        daemonset.apps/agent
          tiny   no: nodeSelector disk=ssd: the node has disk=hdd; untolerated taint dedicated=gpu:NoSchedule; Insufficient cpu (requested 500m, used 0m of 250m)
          0 of 1 nodes
    "#]]);
}

#[test]
fn explain_refuses_a_daemon_set_of_a_version_that_is_gone() {
    let folder = Folder::new("gone").with("ds.yaml", &DS.replace("apps/v1", "extensions/v1beta1"));
    folder.check(
        "explain -f ds.yaml",
        expect![[r#"
        exit code 1
        -- stderr
        ds.yaml:1:13: error: no matches for kind "DaemonSet" in version "extensions/v1beta1"
            Kubernetes serves it as apps/v1 DaemonSet
    "#]],
    );
}

#[test]
fn check_names_mistakes_of_every_sort_at_once() {
    let wrong = DS
        .replace("  namespace: monitoring\n", "")
        .replace("cpu: 500m", "cpu: lots")
        .replace("image: agent:1", "imgae: agent:1\n        imagePullPolicy: Sometimes")
        .replace("matchLabels: {app: agent}", "matchLabels: {app: 5}");
    let folder = Folder::new("every-sort").with("ds.yaml", &wrong);
    folder.check("check ds.yaml", expect![[r#"
        exit code 1
        ds.yaml:18:27: error: quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'
            Write an amount like 500m, 2 or 1.5Gi.
        ds.yaml:7:24: error: json: cannot unmarshal number into Go struct field LabelSelector.spec.selector.matchLabels of type string
            Without quotes, 5 is no string in YAML: put the value in quotes.
        ds.yaml:15:9: error: unknown field "spec.template.spec.containers[0].imgae"
            Did you mean image?
        ds.yaml:16:26: error: spec.template.spec.containers[0].imagePullPolicy: Unsupported value: "Sometimes": supported values: "Always", "IfNotPresent", "Never"
    "#]]);
}

#[test]
fn check_names_all_that_a_static_pod_may_not_have() {
    let pod = "\
apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  serviceAccountName: robot
  containers:
  - name: web
    image: nginx
    envFrom: [{secretRef: {name: token}}]
  volumes:
  - {name: data, persistentVolumeClaim: {claimName: data}}
";
    let wrong = pod.replace("image: nginx", "image: 7\n    stdin: maybe");
    let folder = Folder::new("static").with("pod.yaml", pod).with("wrong.yaml", &wrong);
    folder.check(
        "check pod.yaml --as static",
        expect![[r#"
        exit code 1
        pod.yaml:5:23: error: static pods may not reference serviceaccounts
        pod.yaml:9:16: error: static pods may not reference secrets
        pod.yaml:11:18: error: static pods may not reference persistentvolumeclaims
    "#]],
    );
    folder.check("check wrong.yaml --as static", expect![[r#"
        exit code 1
        wrong.yaml:8:12: error: json: cannot unmarshal number into Go struct field Container.spec.containers.image of type string
            Without quotes, 7 is no string in YAML: put the value in quotes.
        wrong.yaml:9:12: error: json: cannot unmarshal string into Go struct field Container.spec.containers.stdin of type bool
    "#]]);
}

#[test]
fn explain_looks_past_kinds_that_it_does_not_know() {
    let more = "---\napiVersion: monitoring.coreos.com/v1\nkind: ServiceMonitor\nmetadata: {name: a}\n";
    let folder = Folder::new("kinds").with("ds.yaml", &format!("{DS}{more}")).with("nodes.yaml", NODES);
    folder.check("explain -f ds.yaml --nodes nodes.yaml", expect![[r#"
        exit code 0
        daemonset.apps/agent
          ip-10-0-0-1   lands
          ip-10-0-0-2   no: untolerated taint dedicated=gpu:NoSchedule
          ip-10-0-0-3   no: nodeSelector disk=ssd: the node has disk=hdd; untolerated taint dedicated=gpu:NoSchedule
          tiny          no: the pod is created and stays Pending: Insufficient cpu (requested 500m, used 0m of 250m)
          1 of 4 nodes
        -- stderr
        ds.yaml:21:7: warning: no matches for kind "ServiceMonitor" in version "monitoring.coreos.com/v1"
    "#]]);
}

#[test]
fn explain_refuses_what_the_api_server_would() {
    let folder = Folder::new("refused").with("ds.yaml", &DS.replace("image:", "imgae:"));
    folder.check(
        "explain -f ds.yaml",
        expect![[r#"
        exit code 1
        -- stderr
        ds.yaml:16:9: error: unknown field "spec.template.spec.containers[0].imgae"
            Did you mean image?
    "#]],
    );
}

#[test]
fn check_names_the_place_of_every_mistake() {
    let wrong = DS.replace("  namespace: monitoring\n", "").replace("cpu: 500m", "cpu: lots");
    let folder =
        Folder::new("check").with("ds.yaml", &wrong).with("good.yaml", &DS.replace("monitoring", "default"));
    folder.check(
        "check good.yaml",
        expect![[r#"
        exit code 0
    "#]],
    );
    folder.check("check ds.yaml", expect![[r#"
        exit code 1
        ds.yaml:17:27: error: quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'
            Write an amount like 500m, 2 or 1.5Gi.
    "#]]);
    folder.check("check ds.yaml -o json", expect![[r#"
        exit code 1
        [
          {
            "column": 27,
            "field": "spec.template.spec.containers[0].resources.requests",
            "help": "Write an amount like 500m, 2 or 1.5Gi.",
            "line": 17,
            "message": "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
            "reason": "error"
          }
        ]
    "#]]);
    folder.check("check good.yaml --as static", expect![[r#"
        exit code 1
        good.yaml:2:7: error: good.yaml: couldn't parse as pod(no kind "DaemonSet" is registered for version "apps/v1" in scheme "k8s.io/kubernetes/pkg/api/legacyscheme/scheme.go:30"), please check config file
            A DaemonSet goes to the API server with kubectl apply; staticPodPath takes Pods only
    "#]]);
}

#[test]
fn run_plays_a_script_and_prints_the_state() {
    let script = "\
# Comments and empty lines are left out.

kubectl apply -f nowhere.yaml
cat <<EOF | kubectl apply -f -
apiVersion: v1
kind: Namespace
metadata:
  name: monitoring
EOF
kubectl apply \\
  -f ds.yaml
kubectl label node worker-2 disk=ssd
sleep 20s
kubectl get pods -n monitoring -o wide
kubectl get node worker-1 -L none
ssh worker-1 true
";
    let folder = Folder::new("run").with("ds.yaml", DS).with("script.txt", script);
    folder.check("run --script script.txt --until 1m --workers 2", expect![[r#"
        exit code 1
        T+180s, API server Up

        control-plane (Ready)
          kube-system/kube-proxy-rhsbt                       daemonset  1/1      Running
          kube-system/etcd-control-plane                     static     1/1      Running
          kube-system/kube-apiserver-control-plane           static     1/1      Running
          kube-system/kube-controller-manager-control-plane  static     1/1      Running
          kube-system/kube-scheduler-control-plane           static     1/1      Running
          kube-system/coredns-589f44dc88-7jl9d               api        1/1      Running
          kube-system/coredns-589f44dc88-ft8dz               api        1/1      Running
          no pod of monitoring/agent: nodeSelector disk=ssd: the node has no label disk; untolerated taint node-role.kubernetes.io/control-plane:NoSchedule

        worker-1 (Ready)
          kube-system/kube-proxy-hcl6b                       daemonset  1/1      Running
          no pod of monitoring/agent: nodeSelector disk=ssd: the node has no label disk

        worker-2 (Ready)
          kube-system/kube-proxy-fhw9x                       daemonset  1/1      Running
          monitoring/agent-vjn2c                             daemonset  1/1      Running
        -- stderr
        $ kubectl apply -f nowhere.yaml
        error: the path "nowhere.yaml" does not exist
        $ cat <<EOF | kubectl apply -f -
        apiVersion: v1
        kind: Namespace
        metadata:
          name: monitoring
        EOF
        namespace/monitoring created
        $ kubectl apply -f ds.yaml
        daemonset.apps/agent created
        $ kubectl label node worker-2 disk=ssd
        node/worker-2 labeled
        $ kubectl get pods -n monitoring -o wide
        NAME          READY   STATUS    RESTARTS   AGE   IP           NODE       NOMINATED NODE   READINESS GATES
        agent-vjn2c   1/1     Running   0          20s   10.244.2.2   worker-2   <none>           <none>
        $ kubectl get node worker-1 -L none
        NAME       STATUS   ROLES    AGE     VERSION   NONE
        worker-1   Ready    <none>   2m14s   v1.36.2   
        $ ssh worker-1 true
    "#]]);
}

#[test]
fn run_reads_directories_and_with_r_what_lies_deeper() {
    let name = |name: &str| format!("apiVersion: v1\nkind: Namespace\nmetadata: {{name: {name}}}\n");
    let script = "kubectl apply -f all\nkubectl apply -f all -R\n";
    let folder = Folder::new("deep").with("script.txt", script);
    fs::create_dir_all(folder.0.join("all/deeper")).expect("a folder can be made");
    let folder = folder.with("all/a.yaml", &name("a")).with("all/deeper/b.yaml", &name("b"));
    let output = folder.run("run --script script.txt --until 1s --workers 0");
    expect![[r#"
        $ kubectl apply -f all
        namespace/a created
        $ kubectl apply -f all -R
        namespace/a unchanged
        namespace/b created
    "#]]
    .assert_eq(&String::from_utf8_lossy(&output.stderr));
}

#[test]
fn run_ends_with_one_when_a_manifest_is_refused() {
    let folder = Folder::new("run-refused").with("ds.yaml", DS);
    let output = folder.run("run -f ds.yaml --until 1s --workers 1 -o json");
    assert_eq!(output.status.code(), Some(1));
    let state: serde_json::Value = serde_json::from_slice(&output.stdout).expect("the state is JSON");
    assert_eq!(state["nodes"].as_array().map(Vec::len), Some(2), "{state}");
    expect![[r#"
        $ kubectl apply -f ds.yaml
        Error from server (NotFound): error when creating "ds.yaml": namespaces "monitoring" not found
    "#]]
    .assert_eq(&String::from_utf8_lossy(&output.stderr));
}

#[test]
fn a_session_is_played_to_its_end() {
    let session = r#"{"version":1,"options":{"workers":1,"start":"ready"},"until":125000000,"entries":[
        {"at":121000000,"command":{"do":"stopKubelet","node":"worker-1"}}]}"#;
    let folder = Folder::new("session").with("session.json", session);
    let first = folder.run("run --session session.json -o log");
    assert_eq!(first.status.code(), Some(0));
    assert!(first.stdout.len() > 1000, "{} bytes", first.stdout.len());
    assert_eq!(first.stdout, folder.run("run --session session.json -o log").stdout);
}

#[test]
fn misuse_is_said_on_stderr_with_exit_code_2() {
    let folder = Folder::new("misuse").with("ds.yaml", DS).with("broken.yaml", "a: [\n");
    let mut said = String::new();
    for line in [
        "frobnicate",
        "--frobnicate",
        "help frobnicate",
        "explain",
        "explain -f nowhere.yaml",
        "explain -f - --nodes -",
        "explain -f ds.yaml --nodes ds.yaml",
        "explain -f ds.yaml --nodes broken.yaml",
        "explain -f ds.yaml more",
        "check",
        "check nowhere.yaml",
        "check ds.yaml --as neither",
        "run --until soon",
        "run --workers many",
        "run --workers 5001",
        "run -o yaml",
        "run -f nowhere.yaml",
        "run --script nowhere.txt",
        "run --session ds.yaml",
        "run --session ds.yaml -f ds.yaml",
    ] {
        let output = folder.run(line);
        assert_eq!(output.status.code(), Some(2), "{line}");
        assert!(output.stdout.is_empty(), "{line}");
        said += &format!("$ kubestage {line}\n{}", String::from_utf8_lossy(&output.stderr));
    }
    expect![[r#"
        $ kubestage frobnicate
        error: unknown command "frobnicate" for "kubestage"
        See 'kubestage --help' for usage.
        $ kubestage --frobnicate
        error: invalid option '--frobnicate'
        See 'kubestage --help' for usage.
        $ kubestage help frobnicate
        error: unknown command "frobnicate" for "kubestage"
        See 'kubestage --help' for usage.
        $ kubestage explain
        error: must specify -f
        See 'kubestage explain --help' for usage.
        $ kubestage explain -f nowhere.yaml
        error: cannot read nowhere.yaml: No such file or directory (os error 2)
        $ kubestage explain -f - --nodes -
        error: only one of -f and --nodes can be the standard input
        $ kubestage explain -f ds.yaml --nodes ds.yaml
        error: ds.yaml holds no Node: give it the output of `kubectl get nodes -o yaml`
        $ kubestage explain -f ds.yaml --nodes broken.yaml
        error: broken.yaml:1: error converting YAML to JSON: yaml: line 1: did not find expected node content
        $ kubestage explain -f ds.yaml more
        error: unexpected argument "more"
        See 'kubestage explain --help' for usage.
        $ kubestage check
        error: must name a FILE
        See 'kubestage check --help' for usage.
        $ kubestage check nowhere.yaml
        error: cannot read nowhere.yaml: No such file or directory (os error 2)
        $ kubestage check ds.yaml --as neither
        error: unknown way "neither": apply and static are known
        $ kubestage run --until soon
        error: invalid duration "soon": 90s, 5m and 1h30m are valid
        $ kubestage run --workers many
        error: invalid value "many" for --workers: 0 to 5000 are valid
        $ kubestage run --workers 5001
        error: invalid value "5001" for --workers: 0 to 5000 are valid
        $ kubestage run -o yaml
        error: unknown output "yaml": table, json and log are known
        $ kubestage run -f nowhere.yaml
        error: cannot read nowhere.yaml: No such file or directory (os error 2)
        $ kubestage run --script nowhere.txt
        error: cannot read nowhere.txt: No such file or directory (os error 2)
        $ kubestage run --session ds.yaml
        error: This is no session: expected value at line 1 column 1
        $ kubestage run --session ds.yaml -f ds.yaml
        error: a session is played as it is: leave out -f and --script
    "#]]
    .assert_eq(&said);
}

#[test]
fn help_is_there_for_every_command() {
    let folder = Folder::new("help");
    folder.check(
        "--help",
        expect![[r#"
        exit code 0
        kubestage plays a small Kubernetes without a cluster.

        Usage:
          kubestage COMMAND [options]

        Commands:
          explain   Say for each node whether a DaemonSet lands there, or why not
          run       Play a session and print the state of the cluster
          check     Print what kubectl or the kubelet would say of a manifest

        Options:
          -h, --help      Help for kubestage or a command
          -V, --version   The version

        Exit codes: 0 fine, 1 the manifest is refused or lands nowhere, 2 misuse.
        Use "kubestage COMMAND --help" for more about a command.
    "#]],
    );
    for command in ["explain", "run", "check"] {
        let lines = [format!("{command} --help"), format!("{command} -h"), format!("help {command}")];
        let [long, short, help] = lines.map(|line| folder.run(&line));
        assert_eq!(long.status.code(), Some(0));
        assert_eq!((&long.stdout, &long.stdout), (&short.stdout, &help.stdout));
        let text = String::from_utf8_lossy(&long.stdout);
        assert!(text.contains(&format!("\nUsage:\n  kubestage {command} ")), "{text}");
        assert!(text.contains("\nExamples:\n") && text.contains("\nOptions:\n"), "{text}");
    }
    folder.check(
        "--version",
        expect![[r#"
        exit code 0
        kubestage 0.1.0
    "#]],
    );
}

use super::*;
use api::event::{EventDraft, EventSource, EventType, Message, ObjectRef};
use api::meta::Uid;
use expect_test::expect;

fn post_event(t: &mut Terminal, kind: Kind, name: &str, uid: Uid, reason: &'static str, count: u32) {
    let regarding = ObjectRef::new(kind, "default".into(), name.into(), uid);
    let draft = EventDraft {
        regarding: Rc::new(regarding),
        field_path: Some("spec.containers{main}".into()),
        kind: EventType::Normal,
        reason,
        message: Message::Static("Container started"),
        source: Rc::new(EventSource { component: "kubelet", host: Some("worker-1".into()) }),
        count,
        first: t.now - Duration::from_secs(60),
        last: t.now,
    };
    t.api.handle(Call::PostEvent(draft), t.now);
}

const POD: &str = "apiVersion: v1
kind: Pod
metadata:
  name: web
  labels: {app: web, tier: front}
  annotations:
    note: short
    long: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
    kubectl.kubernetes.io/last-applied-configuration: hidden
spec:
  nodeName: worker-1
  nodeSelector: {disk: ssd}
  tolerations:
  - {operator: Exists}
  - {key: k, value: v, effect: NoSchedule}
  initContainers:
  - {name: init, image: 'i:1', command: [sh, -c, 'echo a']}
  containers:
  - name: main
    image: x:1
    ports: [{containerPort: 8080, name: http}, {containerPort: 9090}]
    resources: {requests: {cpu: 100m, memory: 64Mi}, limits: {memory: 128Mi}}
    livenessProbe: {httpGet: {port: 8080}}
    env:
    - {name: A, value: b}
    - {name: NODE, valueFrom: {fieldRef: {fieldPath: spec.nodeName}}}
    volumeMounts: [{name: data, mountPath: /data, readOnly: true}]
  volumes:
  - {name: data, hostPath: {path: /var/data}}
";

#[test]
fn cli_013_cli_015_cli_016_cli_018_cli_019_pods_are_described_in_full() {
    let mut t = Terminal::new();
    t.make(POD);
    t.later(60);
    let uid = Uid::from_text(t.get(Kind::Pod, "default", "web")["metadata"]["uid"].as_str().unwrap());
    post_event(&mut t, Kind::Pod, "web", uid, "Started", 3);
    post_event(&mut t, Kind::Pod, "other", Uid { high: 1, low: 1 }, "Pulled", 1);
    let text = t.run("describe pod web");
    // The token's volume has a drawn name.
    let token = text.split("kube-api-access-").nth(1).map_or("TOKEN", |rest| &rest[..5]).to_owned();
    expect![[r#"
        Name:             web
        Namespace:        default
        Priority:         0
        Service Account:  default
        Node:             worker-1/
        Labels:           app=web
                          tier=front
        Annotations:      long:
                            aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa...
                          note: short
        Status:           Pending
        IP:               
        IPs:              <none>
        Init Containers:
          init:
            Image:      i:1
            Port:       <none>
            Host Port:  <none>
            Command:
              sh
              -c
              echo a
            Environment:  <none>
            Mounts:
              /var/run/secrets/kubernetes.io/serviceaccount from kube-api-access-TOKEN (ro)
        Containers:
          main:
            Image:       x:1
            Ports:       8080/TCP (http), 9090/TCP
            Host Ports:  0/TCP (http), 0/TCP
            Limits:
              memory:  128Mi
            Requests:
              cpu:     100m
              memory:  64Mi
            Liveness:  http-get http://:8080/ delay=0s timeout=1s period=10s #success=1 #failure=3
            Environment:
              A:     b
              NODE:   (v1:spec.nodeName)
            Mounts:
              /data from data (ro)
              /var/run/secrets/kubernetes.io/serviceaccount from kube-api-access-TOKEN (ro)
        Volumes:
          data:
            Type:          HostPath (bare host directory volume)
            Path:          /var/data
            HostPathType:  
          kube-api-access-TOKEN:
            Type:                    Projected (a volume that contains injected data from multiple sources)
            TokenExpirationSeconds:  3607
            ConfigMapName:           kube-root-ca.crt
            Optional:                false
            DownwardAPI:             true
        QoS Class:                   Burstable
        Node-Selectors:              disk=ssd
        Tolerations:                 op=Exists
                                     k=v:NoSchedule
        Events:
          Type    Reason   Age               From     Message
          ----    ------   ----              ----     -------
          Normal  Started  0s (x3 over 60s)  kubelet  spec.containers{main}: Container started
    "#]]
    .assert_eq(&text.replace(&token, "TOKEN"));
}

#[test]
fn cli_014_a_pod_that_ends_says_for_how_long() {
    let mut t = Terminal::new();
    t.make(POD);
    t.run("delete pod web --wait=false");
    t.later(90);
    let text = t.run("describe pod web");
    assert!(
        text.contains("Status:                    Terminating (lasts 60s)\nTermination Grace Period:  30s\n"),
        "{text}"
    );
}

#[test]
fn cli_017_taints_are_sorted() {
    let mut t = Terminal::new();
    t.make(&format!("{NODE}spec:\n  taints: [{{key: b, value: v, effect: NoSchedule}}, {{key: a, effect: NoSchedule}}, {{key: c, effect: NoExecute}}]\n"));
    t.run("taint node worker-1 node.kubernetes.io/not-ready-");
    let text = t.run("describe node worker-1");
    assert!(
        text.contains("Taints:             c:NoExecute\n                    a:NoSchedule\n                    b=v:NoSchedule\nUnschedulable:      false\n"),
        "{text}"
    );
    t.run("taint node worker-1 a- b- c-");
    assert!(t.run("describe node worker-1").contains("Taints:             <none>\n"));
}

#[test]
fn cli_018_a_mirror_pods_events_are_found_by_its_hash() {
    let mut t = Terminal::new();
    t.make(NODE);
    let node_uid = t.get(Kind::Node, "", "worker-1")["metadata"]["uid"].clone();
    let value = serde_json::json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web-worker-1",
        "namespace": "default", "annotations": {"kubernetes.io/config.mirror": "0123456789abcdef0123456789abcdef"},
        "ownerReferences": [{"apiVersion": "v1", "kind": "Node", "name": "worker-1", "uid": node_uid,
            "controller": true}]},
        "spec": {"nodeName": "worker-1", "containers": [{"name": "main", "image": "x:1"}]}});
    t.api.handle(Call::Create(Object::from_value(Kind::Pod, &value)), t.now);
    let hash = Uid::from_text("0123456789abcdef0123456789abcdef");
    post_event(&mut t, Kind::Pod, "web-worker-1", hash, "Started", 1);
    let text = t.run("describe pod web-worker-1");
    assert!(
        text.ends_with("  Normal  Started  60s   kubelet  spec.containers{main}: Container started\n"),
        "{text}"
    );
}

#[test]
fn cli_020_daemon_sets_are_described_in_full() {
    let mut t = Terminal::new();
    t.make(AGENT);
    expect![[r#"
        Name:           agent
        Namespace:      default
        Selector:       app=agent
        Node-Selector:  <none>
        Labels:         <none>
        Annotations:    deprecated.daemonset.template.generation: 1
        Desired Number of Nodes Scheduled: 0
        Current Number of Nodes Scheduled: 0
        Number of Nodes Scheduled with Up-to-date Pods: 0
        Number of Nodes Scheduled with Available Pods: 0
        Number of Nodes Misscheduled: 0
        Pods Status:  0 Running / 0 Waiting / 0 Succeeded / 0 Failed
        Pod Template:
          Labels:  app=agent
          Containers:
           main:
            Image:         agent:1
            Port:          <none>
            Host Port:     <none>
            Environment:   <none>
            Mounts:        <none>
          Volumes:         <none>
          Node-Selectors:  <none>
          Tolerations:     <none>
        Events:            <none>
    "#]]
    .assert_eq(&t.run("describe ds agent"));
}

#[test]
fn cli_021_nodes_are_described_in_full() {
    let mut t = Terminal::new();
    t.make("apiVersion: v1
kind: Node
metadata:
  name: worker-1
  labels: {kubernetes.io/os: linux}
spec: {podCIDR: 10.244.1.0/24, podCIDRs: [10.244.1.0/24]}
status:
  capacity: {cpu: '4', memory: 16Gi, pods: '110'}
  allocatable: {cpu: '4', memory: 16Gi, pods: '110'}
  addresses: [{type: InternalIP, address: 10.0.0.11}]
  conditions: [{type: Ready, status: 'True', reason: KubeletReady, message: kubelet is posting ready status,
    lastHeartbeatTime: '2026-01-01T00:00:00Z', lastTransitionTime: '2026-01-01T00:00:00Z'}]
  nodeInfo: {kubeletVersion: v1.36.2, osImage: Debian, kernelVersion: 6.12.1, architecture: amd64, operatingSystem: linux,
    containerRuntimeVersion: 'containerd://2.1.4', machineID: m, systemUUID: s, bootID: b}
");
    t.make(POD);
    t.run("taint node worker-1 node.kubernetes.io/not-ready-");
    t.later(30);
    expect![[r#"
        Name:               worker-1
        Roles:              <none>
        Labels:             kubernetes.io/os=linux
        Annotations:        <none>
        CreationTimestamp:  Thu, 01 Jan 2026 00:00:00 +0000
        Taints:             <none>
        Unschedulable:      false
        Lease:              Failed to get lease: leases.coordination.k8s.io "worker-1" not found
        Conditions:
          Type    Status  LastHeartbeatTime                 LastTransitionTime                Reason         Message
          ----    ------  -----------------                 ------------------                ------         -------
          Ready   True    Thu, 01 Jan 2026 00:00:00 +0000   Thu, 01 Jan 2026 00:00:00 +0000   KubeletReady   kubelet is posting ready status
        Addresses:
          InternalIP:  10.0.0.11
        Capacity:
          cpu:            4
          hugepages-1Gi:  0
          hugepages-2Mi:  0
          memory:         16Gi
          pods:           110
        Allocatable:
          cpu:            4
          hugepages-1Gi:  0
          hugepages-2Mi:  0
          memory:         16Gi
          pods:           110
        System Info:
          Machine ID:                 m
          System UUID:                s
          Boot ID:                    b
          Kernel Version:             6.12.1
          OS Image:                   Debian
          Operating System:           linux
          Architecture:               amd64
          Container Runtime Version:  containerd://2.1.4
          Kubelet Version:            v1.36.2
        PodCIDR:                      10.244.1.0/24
        PodCIDRs:                     10.244.1.0/24
        Non-terminated Pods:          (1 in total)
          Namespace                   Name    CPU Requests  CPU Limits  Memory Requests  Memory Limits  Age
          ---------                   ----    ------------  ----------  ---------------  -------------  ---
          default                     web     100m (2%)     0 (0%)      64Mi (0%)        128Mi (0%)     30s
        Allocated resources:
          (Total limits may be over 100 percent, i.e., overcommitted.)
          Resource           Requests   Limits
          --------           --------   ------
          cpu                100m (2%)  0 (0%)
          memory             64Mi (0%)  128Mi (0%)
          ephemeral-storage  0 (0%)     0 (0%)
          hugepages-1Gi      0 (0%)     0 (0%)
          hugepages-2Mi      0 (0%)     0 (0%)
        Events:              <none>
    "#]]
    .assert_eq(&t.run("describe node worker-1"));
}

#[test]
fn cli_022_what_is_not_there_cannot_be_described() {
    let mut t = Terminal::new();
    assert_eq!(
        t.run("describe ds x"),
        "Error from server (NotFound): daemonsets.apps \"x\" not found\n[1]\n"
    );
    assert_eq!(t.run("describe pods"), "No resources found in default namespace.\n");
    t.make(&pod("web-a", "{}"));
    t.make(&pod("web-b", "{}"));
    let both = t.run("describe pod web");
    assert!(
        both.starts_with("Name:             web-a\n") && both.contains("\n\nName:             web-b\n"),
        "{both}"
    );
    assert!(!both.contains("\n\n\n") && both.ends_with("\n\n"), "{both}");
}

#[test]
fn events_are_shown_of_one_object_and_otherwise_when_asked_for() {
    let mut t = Terminal::new();
    t.make(&pod("web-a", "{}"));
    assert!(t.run("describe pods").contains("\nEvents:"));
    assert!(!t.run("describe pods --show-events=false").contains("\nEvents:"));
    t.make(&pod("web-b", "{}"));
    assert!(!t.run("describe pods").contains("\nEvents:"));
    assert!(!t.run("describe pods web-a nosuch").contains("\nEvents:"));
    assert!(!t.run("describe pods web").contains("\nEvents:"));
    assert_eq!(t.run("describe pods --show-events").matches("\nEvents:").count(), 2);
}

#[test]
fn other_kinds_are_described_by_their_fields() {
    let mut t = Terminal::new();
    t.make("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {key: \"a\\nb\"}\n");
    t.make("apiVersion: node.k8s.io/v1\nkind: RuntimeClass\nmetadata: {name: gvisor}\nhandler: runsc\n");
    expect![[r#"
        Name:         c
        Namespace:    default
        Labels:       <none>
        Annotations:  <none>

        Data
        ====
        key:
        ----
        a
        b


        BinaryData
        ====

        Events:  <none>
    "#]]
    .assert_eq(&t.run("describe cm c"));
    let class = t.run("describe runtimeclass gvisor");
    let fields = "API Version:  node.k8s.io/v1\nHandler:      runsc\nKind:         RuntimeClass\n";
    assert!(class.contains(fields), "{class}");
}

#[test]
fn cli_004_events_come_by_time() {
    let mut t = Terminal::new();
    assert_eq!(t.run("events"), "No events found in default namespace.\n");
    assert_eq!(t.run("events -A"), "No events found.\n");
    t.later(60);
    post_event(&mut t, Kind::Pod, "web", Uid { high: 1, low: 1 }, "Started", 1);
    t.later(5);
    post_event(&mut t, Kind::Pod, "api", Uid { high: 1, low: 2 }, "BackOff", 4);
    expect![[r#"
        LAST SEEN          TYPE     REASON    OBJECT    MESSAGE
        65s                Normal   Started   Pod/web   Container started
        0s (x4 over 60s)   Normal   BackOff   Pod/api   Container started
    "#]]
    .assert_eq(&t.run("events"));
    assert!(t.run("events --for pod/api --no-headers").starts_with("0s (x4"));
    assert!(t.run("events --types=Warning").starts_with("No events found"));
}

/// Kubernetes: kubectl/pkg/describe/describe.go, describeVolumes, describeContainerVolumes, describeResources.
#[test]
fn cli_013_cli_015_what_pods_rarely_have_is_described_too() {
    let mut t = Terminal::new();
    t.make(
        "apiVersion: v1
kind: Pod
metadata: {name: rare}
spec:
  resources: {requests: {cpu: 200m}, limits: {memory: 1Gi}}
  containers:
  - name: main
    image: x:1
    livenessProbe: {httpGet: {port: 8080, path: '/healthz?full', host: '::1'}}
    volumeDevices: [{name: disk, devicePath: /dev/xvdb}]
  volumes:
  - {name: disk, persistentVolumeClaim: {claimName: disk}}
  - name: secrets
    csi: {driver: secrets-store.csi.k8s.io, readOnly: true, volumeAttributes: {a: b, secretProviderClass: x}}
  - name: scratch
    ephemeral: {volumeClaimTemplate: {metadata: {labels: {a: b}}, spec: {accessModes: [ReadWriteOnce], storageClassName: fast, resources: {requests: {storage: 1Gi}}}}}
  - {name: block, iscsi: {targetPortal: '10.0.0.1:3260', iqn: 'iqn.2001-04.com.example:storage', lun: 1, secretRef: {name: chap}}}
  - {name: fibre, fc: {wwids: [a]}}
",
    );
    expect![[r#"
        Name:             rare
        Namespace:        default
        Priority:         0
        Service Account:  default
        Node:             <none>
        Labels:           <none>
        Annotations:      <none>
        Status:           Pending
        IP:               
        IPs:              <none>
        Resources:
          Limits:
            memory:  1Gi
          Requests:
            cpu:     200m
            memory:  1Gi
        Containers:
          main:
            Image:        x:1
            Port:         <none>
            Host Port:    <none>
            Liveness:     http-get http://[::1]:8080/healthz%3Ffull delay=0s timeout=1s period=10s #success=1 #failure=3
            Environment:  <none>
            Mounts:
              /var/run/secrets/kubernetes.io/serviceaccount from kube-api-access-22lns (ro)
            Devices:
              /dev/xvdb from disk
        Volumes:
          disk:
            Type:       PersistentVolumeClaim (a reference to a PersistentVolumeClaim in the same namespace)
            ClaimName:  disk
            ReadOnly:   false
          secrets:
            Type:              CSI (a Container Storage Interface (CSI) volume source)
            Driver:            secrets-store.csi.k8s.io
            FSType:            
            ReadOnly:          true
            VolumeAttributes:      a=b
                                   secretProviderClass=x
          scratch:
            Type:          EphemeralVolume (an inline specification for a volume that gets created and deleted with the pod)
            StorageClass:  fast
            Volume:        
            Labels:            a=b
            Annotations:       <none>
            Capacity:      
            Access Modes:  
            VolumeMode:    Filesystem
          block:
            Type:               ISCSI (an ISCSI Disk resource that is attached to a kubelet's host machine and then exposed to the pod)
            TargetPortal:       10.0.0.1:3260
            IQN:                iqn.2001-04.com.example:storage
            Lun:                1
            ISCSIInterface      default
            FSType:             
            ReadOnly:           false
            Portals:            []
            DiscoveryCHAPAuth:  false
            SessionCHAPAuth:    false
            SecretRef:          &LocalObjectReference{Name:chap,}
            InitiatorName:      <none>
          fibre:
            Type:        FC (a Fibre Channel disk)
            TargetWWNs:  
            LUN:         <none>
            FSType:      
            ReadOnly:    false
          kube-api-access-22lns:
            Type:                    Projected (a volume that contains injected data from multiple sources)
            TokenExpirationSeconds:  3607
            ConfigMapName:           kube-root-ca.crt
            Optional:                false
            DownwardAPI:             true
        QoS Class:                   Burstable
        Node-Selectors:              <none>
        Tolerations:                 node.kubernetes.io/not-ready:NoExecute op=Exists for 300s
                                     node.kubernetes.io/unreachable:NoExecute op=Exists for 300s
        Events:                      <none>
    "#]]
    .assert_eq(&t.run("describe pod rare"));
}

#[test]
fn kinds_that_only_lie_there_have_their_own_describers() {
    let mut t = Terminal::new();
    t.make(
        "apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports: [{port: 80, targetPort: http}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: main, image: 'x:1'}]}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: web}
spec: {minAvailable: 1, selector: {matchLabels: {app: web}}}
---
apiVersion: scheduling.k8s.io/v1
kind: PriorityClass
metadata: {name: high}
value: 1000
description: For what matters.
",
    );
    let lines = [
        "describe sa default",
        "describe svc web",
        "describe deploy web",
        "describe pdb web",
        "describe pc high",
    ];
    let text = t.transcript(&lines);
    expect![[r#"
        $ describe sa default
        Name:                default
        Namespace:           default
        Labels:              <none>
        Annotations:         <none>
        Image pull secrets:  <none>
        Events:              <none>
        $ describe svc web
        Name:                     web
        Namespace:                default
        Labels:                   <none>
        Annotations:              <none>
        Selector:                 app=web
        Type:                     ClusterIP
        IP Family Policy:         SingleStack
        IP Families:              IPv4
        IP:                       10.98.84.140
        IPs:                      10.98.84.140
        Port:                     <unset>  80/TCP
        TargetPort:               http/TCP
        Endpoints:                <none>
        Session Affinity:         None
        Internal Traffic Policy:  Cluster
        Events:                   <none>
        $ describe deploy web
        Name:                   web
        Namespace:              default
        CreationTimestamp:      Thu, 01 Jan 2026 00:00:00 +0000
        Labels:                 <none>
        Annotations:            <none>
        Selector:               app=web
        Replicas:               2 desired | 0 updated | 0 total | 0 available | 0 unavailable
        StrategyType:           RollingUpdate
        MinReadySeconds:        0
        RollingUpdateStrategy:  25% max unavailable, 25% max surge
        Pod Template:
          Labels:  app=web
          Containers:
           main:
            Image:         x:1
            Port:          <none>
            Host Port:     <none>
            Environment:   <none>
            Mounts:        <none>
          Volumes:         <none>
          Node-Selectors:  <none>
          Tolerations:     <none>
        Events:            <none>
        $ describe pdb web
        Name:           web
        Namespace:      default
        Min available:  1
        Selector:       app=web
        Status:
            Allowed disruptions:  0
            Current:              0
            Desired:              0
            Total:                0
        Events:                   <none>
        $ describe pc high
        Name:              high
        Value:             1000
        GlobalDefault:     false
        PreemptionPolicy:  PreemptLowerPriority
        Description:       For what matters.
        Annotations:       <none>
        Events:            <none>
    "#]]
    .assert_eq(&text);
}

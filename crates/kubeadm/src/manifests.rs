//! The manifests of the control plane.
//!
//! Kubernetes: cmd/kubeadm/app/phases/controlplane/{manifests,volumes}.go, phases/etcd/local.go,
//! util/staticpod/utils.go.

use std::net::Ipv4Addr;

use crate::VERSION;
use sim::order::SortShared;

/// kubeadm's DefaultEtcdVersion.
pub(crate) const ETCD_VERSION: &str = "3.6.8-0";

/// The manifest of one part of the control plane (CP-001…006).
pub fn control_plane_manifest(part: &str, node: &str, ip: Ipv4Addr) -> String {
    let component = match part {
        "etcd" => etcd(node, ip),
        "kube-apiserver" => apiserver(ip),
        "kube-controller-manager" => controller_manager(),
        _ => scheduler(),
    };
    component.manifest()
}

/// A static pod of the control plane.
struct Component {
    name: &'static str,
    annotation: Option<(&'static str, String)>,
    image: String,
    /// In the order of their names, as kubeadm sorts them.
    flags: Vec<String>,
    port: u16,
    scheme: &'static str,
    host: String,
    liveness: &'static str,
    readiness: Option<&'static str>,
    startup: &'static str,
    cpu: &'static str,
    memory: Option<&'static str>,
    volumes: &'static [Volume],
}

/// A volume of hostPath, mounted where it lies.
struct Volume {
    name: &'static str,
    path: &'static str,
    kind: &'static str,
    read_only: bool,
}

const fn directory(name: &'static str, path: &'static str) -> Volume {
    Volume { name, path, kind: "DirectoryOrCreate", read_only: true }
}

const fn kubeconfig_file(path: &'static str) -> Volume {
    Volume { name: "kubeconfig", path, kind: "FileOrCreate", read_only: true }
}

const CONTROLLER_MANAGER_CONF: Volume = kubeconfig_file("/etc/kubernetes/controller-manager.conf");
const SCHEDULER_CONF: Volume = kubeconfig_file("/etc/kubernetes/scheduler.conf");
const CA_CERTS: Volume = directory("ca-certs", "/etc/ssl/certs");
const ETC_CA: Volume = directory("etc-ca-certificates", "/etc/ca-certificates");
const K8S_CERTS: Volume = directory("k8s-certs", "/etc/kubernetes/pki");
const LOCAL_CA: Volume = directory("usr-local-share-ca-certificates", "/usr/local/share/ca-certificates");
const SHARED_CA: Volume = directory("usr-share-ca-certificates", "/usr/share/ca-certificates");

/// In the order in which kubeadm lists the mounts; the volumes themselves go by name.
const ETCD_VOLUMES: [Volume; 2] = [
    Volume { read_only: false, ..directory("etcd-data", "/var/lib/etcd") },
    Volume { read_only: false, ..directory("etcd-certs", "/etc/kubernetes/pki/etcd") },
];

impl Component {
    fn manifest(&self) -> String {
        let name = self.name;
        let mut out = String::from("apiVersion: v1\nkind: Pod\nmetadata:\n");
        if let Some((key, value)) = &self.annotation {
            out.push_str(&format!("  annotations:\n    {key}: {value}\n"));
        }
        out.push_str(&format!(
            "  labels:\n    component: {name}\n    tier: control-plane\n  name: {name}\n  namespace: kube-system\n\
             spec:\n  containers:\n  - command:\n    - {name}\n"
        ));
        for flag in &self.flags {
            out.push_str(&format!("    - --{flag}\n"));
        }
        out.push_str(&format!("    image: {}\n    imagePullPolicy: IfNotPresent\n", self.image));
        self.probe(&mut out, "livenessProbe", self.liveness, [8, 10, 10, 15]);
        out.push_str(&format!(
            "    name: {name}\n    ports:\n    - containerPort: {}\n      name: probe-port\n      protocol: TCP\n",
            self.port
        ));
        if let Some(path) = self.readiness {
            self.probe(&mut out, "readinessProbe", path, [3, 0, 1, 15]);
        }
        out.push_str(&format!("    resources:\n      requests:\n        cpu: {}\n", self.cpu));
        if let Some(memory) = self.memory {
            out.push_str(&format!("        memory: {memory}\n"));
        }
        self.probe(&mut out, "startupProbe", self.startup, [24, 10, 10, 15]);
        self.write_volumes(&mut out);
        out
    }

    /// `numbers`: failureThreshold, initialDelaySeconds, periodSeconds, timeoutSeconds.
    fn probe(&self, out: &mut String, kind: &str, path: &str, numbers: [u32; 4]) {
        let [failures, delay, period, timeout] = numbers;
        let Component { scheme, host, .. } = self;
        out.push_str(&format!(
            "    {kind}:\n      failureThreshold: {failures}\n      httpGet:\n        host: {host}\n        \
             path: {path}\n        port: probe-port\n        scheme: {scheme}\n"
        ));
        if delay > 0 {
            out.push_str(&format!("      initialDelaySeconds: {delay}\n"));
        }
        out.push_str(&format!("      periodSeconds: {period}\n      timeoutSeconds: {timeout}\n"));
    }

    fn write_volumes(&self, out: &mut String) {
        out.push_str("    volumeMounts:\n");
        for Volume { name, path, read_only, .. } in self.volumes {
            out.push_str(&format!("    - mountPath: {path}\n      name: {name}\n"));
            if *read_only {
                out.push_str("      readOnly: true\n");
            }
        }
        out.push_str(
            "  hostNetwork: true\n  priority: 2000001000\n  priorityClassName: system-node-critical\n\
             \x20 securityContext:\n    seccompProfile:\n      type: RuntimeDefault\n  volumes:\n",
        );
        let mut volumes: Vec<&Volume> = self.volumes.iter().collect();
        volumes.sort_shared_by_key(|volume| volume.name);
        for Volume { name, path, kind, .. } in volumes {
            out.push_str(&format!(
                "  - hostPath:\n      path: {path}\n      type: {kind}\n    name: {name}\n"
            ));
        }
        out.push_str("status: {}\n");
    }
}

fn flags(lines: &[&str]) -> Vec<String> {
    lines.iter().map(|line| (*line).to_owned()).collect()
}

fn etcd(node: &str, ip: Ipv4Addr) -> Component {
    let pki = "/etc/kubernetes/pki/etcd";
    Component {
        name: "etcd",
        annotation: Some(("kubeadm.kubernetes.io/etcd.advertise-client-urls", format!("https://{ip}:2379"))),
        image: format!("registry.k8s.io/etcd:{ETCD_VERSION}"),
        flags: vec![
            format!("advertise-client-urls=https://{ip}:2379"),
            format!("cert-file={pki}/server.crt"),
            "client-cert-auth=true".to_owned(),
            "data-dir=/var/lib/etcd".to_owned(),
            "feature-gates=InitialCorruptCheck=true".to_owned(),
            format!("initial-advertise-peer-urls=https://{ip}:2380"),
            format!("initial-cluster={node}=https://{ip}:2380"),
            format!("key-file={pki}/server.key"),
            format!("listen-client-urls=https://127.0.0.1:2379,https://{ip}:2379"),
            "listen-metrics-urls=http://127.0.0.1:2381".to_owned(),
            format!("listen-peer-urls=https://{ip}:2380"),
            format!("name={node}"),
            format!("peer-cert-file={pki}/peer.crt"),
            "peer-client-cert-auth=true".to_owned(),
            format!("peer-key-file={pki}/peer.key"),
            format!("peer-trusted-ca-file={pki}/ca.crt"),
            "snapshot-count=10000".to_owned(),
            format!("trusted-ca-file={pki}/ca.crt"),
            "watch-progress-notify-interval=5s".to_owned(),
        ],
        port: 2381,
        scheme: "HTTP",
        host: "127.0.0.1".to_owned(),
        liveness: "/livez",
        readiness: Some("/readyz"),
        startup: "/readyz",
        cpu: "100m",
        memory: Some("100Mi"),
        volumes: &ETCD_VOLUMES,
    }
}

fn apiserver(ip: Ipv4Addr) -> Component {
    const FLAGS: [&str; 26] = [
        "allow-privileged=true",
        "authorization-mode=Node,RBAC",
        "client-ca-file=/etc/kubernetes/pki/ca.crt",
        "enable-admission-plugins=NodeRestriction",
        "enable-bootstrap-token-auth=true",
        "etcd-cafile=/etc/kubernetes/pki/etcd/ca.crt",
        "etcd-certfile=/etc/kubernetes/pki/apiserver-etcd-client.crt",
        "etcd-keyfile=/etc/kubernetes/pki/apiserver-etcd-client.key",
        "etcd-servers=https://127.0.0.1:2379",
        "kubelet-client-certificate=/etc/kubernetes/pki/apiserver-kubelet-client.crt",
        "kubelet-client-key=/etc/kubernetes/pki/apiserver-kubelet-client.key",
        "kubelet-preferred-address-types=InternalIP,ExternalIP,Hostname",
        "proxy-client-cert-file=/etc/kubernetes/pki/front-proxy-client.crt",
        "proxy-client-key-file=/etc/kubernetes/pki/front-proxy-client.key",
        "requestheader-allowed-names=front-proxy-client",
        "requestheader-client-ca-file=/etc/kubernetes/pki/front-proxy-ca.crt",
        "requestheader-extra-headers-prefix=X-Remote-Extra-",
        "requestheader-group-headers=X-Remote-Group",
        "requestheader-username-headers=X-Remote-User",
        "secure-port=6443",
        "service-account-issuer=https://kubernetes.default.svc.cluster.local",
        "service-account-key-file=/etc/kubernetes/pki/sa.pub",
        "service-account-signing-key-file=/etc/kubernetes/pki/sa.key",
        "service-cluster-ip-range=10.96.0.0/12",
        "tls-cert-file=/etc/kubernetes/pki/apiserver.crt",
        "tls-private-key-file=/etc/kubernetes/pki/apiserver.key",
    ];
    let mut all = vec![format!("advertise-address={ip}")];
    all.extend(flags(&FLAGS));
    Component {
        name: "kube-apiserver",
        annotation: Some((
            "kubeadm.kubernetes.io/kube-apiserver.advertise-address.endpoint",
            format!("{ip}:6443"),
        )),
        image: format!("registry.k8s.io/kube-apiserver:{VERSION}"),
        flags: all,
        port: 6443,
        scheme: "HTTPS",
        host: ip.to_string(),
        liveness: "/livez",
        readiness: Some("/readyz"),
        startup: "/livez",
        cpu: "250m",
        memory: None,
        volumes: &[CA_CERTS, ETC_CA, K8S_CERTS, LOCAL_CA, SHARED_CA],
    }
}

fn controller_manager() -> Component {
    Component {
        name: "kube-controller-manager",
        annotation: None,
        image: format!("registry.k8s.io/kube-controller-manager:{VERSION}"),
        flags: flags(&[
            "allocate-node-cidrs=true",
            "authentication-kubeconfig=/etc/kubernetes/controller-manager.conf",
            "authorization-kubeconfig=/etc/kubernetes/controller-manager.conf",
            "bind-address=127.0.0.1",
            "client-ca-file=/etc/kubernetes/pki/ca.crt",
            "cluster-cidr=10.244.0.0/16",
            "cluster-name=kubernetes",
            "cluster-signing-cert-file=/etc/kubernetes/pki/ca.crt",
            "cluster-signing-key-file=/etc/kubernetes/pki/ca.key",
            "controllers=*,bootstrapsigner,tokencleaner",
            "kubeconfig=/etc/kubernetes/controller-manager.conf",
            "leader-elect=true",
            "requestheader-client-ca-file=/etc/kubernetes/pki/front-proxy-ca.crt",
            "root-ca-file=/etc/kubernetes/pki/ca.crt",
            "service-account-private-key-file=/etc/kubernetes/pki/sa.key",
            "service-cluster-ip-range=10.96.0.0/12",
            "use-service-account-credentials=true",
        ]),
        port: 10257,
        scheme: "HTTPS",
        host: "127.0.0.1".to_owned(),
        liveness: "/healthz",
        readiness: None,
        startup: "/healthz",
        cpu: "200m",
        memory: None,
        volumes: &[CA_CERTS, ETC_CA, K8S_CERTS, CONTROLLER_MANAGER_CONF, LOCAL_CA, SHARED_CA],
    }
}

fn scheduler() -> Component {
    Component {
        name: "kube-scheduler",
        annotation: None,
        image: format!("registry.k8s.io/kube-scheduler:{VERSION}"),
        flags: flags(&[
            "authentication-kubeconfig=/etc/kubernetes/scheduler.conf",
            "authorization-kubeconfig=/etc/kubernetes/scheduler.conf",
            "bind-address=127.0.0.1",
            "kubeconfig=/etc/kubernetes/scheduler.conf",
            "leader-elect=true",
        ]),
        port: 10259,
        scheme: "HTTPS",
        host: "127.0.0.1".to_owned(),
        liveness: "/livez",
        readiness: Some("/readyz"),
        startup: "/livez",
        cpu: "100m",
        memory: None,
        volumes: &[SCHEDULER_CONF],
    }
}

#[cfg(test)]
mod tests {
    use super::super::CONTROL_PLANE_PARTS;
    use super::*;
    use api::pod::Pod;
    use kubelet::runtime::component;
    use serde_json::json;

    const IP: Ipv4Addr = Ipv4Addr::new(192, 168, 56, 10);

    #[test]
    fn flags_and_mounts_are_in_the_order_of_their_names() {
        for part in CONTROL_PLANE_PARTS {
            let text = control_plane_manifest(part, "control-plane", IP);
            let flags: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("    - --")).collect();
            assert!(flags.is_sorted(), "{part}: {flags:?}");
            assert!(flags.iter().all(|flag| flag.contains('=')), "{part}: {flags:?}");
            assert!(text.ends_with("status: {}\n"));
        }
    }

    #[test]
    fn cp_004_the_schedulers_manifest_is_kubeadms() {
        expect_test::expect![[r#"
            apiVersion: v1
            kind: Pod
            metadata:
              labels:
                component: kube-scheduler
                tier: control-plane
              name: kube-scheduler
              namespace: kube-system
            spec:
              containers:
              - command:
                - kube-scheduler
                - --authentication-kubeconfig=/etc/kubernetes/scheduler.conf
                - --authorization-kubeconfig=/etc/kubernetes/scheduler.conf
                - --bind-address=127.0.0.1
                - --kubeconfig=/etc/kubernetes/scheduler.conf
                - --leader-elect=true
                image: registry.k8s.io/kube-scheduler:v1.36.2
                imagePullPolicy: IfNotPresent
                livenessProbe:
                  failureThreshold: 8
                  httpGet:
                    host: 127.0.0.1
                    path: /livez
                    port: probe-port
                    scheme: HTTPS
                  initialDelaySeconds: 10
                  periodSeconds: 10
                  timeoutSeconds: 15
                name: kube-scheduler
                ports:
                - containerPort: 10259
                  name: probe-port
                  protocol: TCP
                readinessProbe:
                  failureThreshold: 3
                  httpGet:
                    host: 127.0.0.1
                    path: /readyz
                    port: probe-port
                    scheme: HTTPS
                  periodSeconds: 1
                  timeoutSeconds: 15
                resources:
                  requests:
                    cpu: 100m
                startupProbe:
                  failureThreshold: 24
                  httpGet:
                    host: 127.0.0.1
                    path: /livez
                    port: probe-port
                    scheme: HTTPS
                  initialDelaySeconds: 10
                  periodSeconds: 10
                  timeoutSeconds: 15
                volumeMounts:
                - mountPath: /etc/kubernetes/scheduler.conf
                  name: kubeconfig
                  readOnly: true
              hostNetwork: true
              priority: 2000001000
              priorityClassName: system-node-critical
              securityContext:
                seccompProfile:
                  type: RuntimeDefault
              volumes:
              - hostPath:
                  path: /etc/kubernetes/scheduler.conf
                  type: FileOrCreate
                name: kubeconfig
            status: {}
        "#]]
        .assert_eq(&control_plane_manifest("kube-scheduler", "control-plane", IP));
    }

    #[test]
    fn the_programs_take_their_flags() {
        for part in CONTROL_PLANE_PARTS {
            let text = control_plane_manifest(part, "control-plane", IP);
            let value = |start: &'static str| text.lines().filter_map(move |line| line.strip_prefix(start));
            let command: Vec<&str> = value("    - ").take_while(|word| !word.contains(": ")).collect();
            let image = value("    image: ").next();
            let pod = json!({"spec": {"containers": [{"name": part, "image": image, "command": command}]}});
            let pod = Pod::from_value(&pod);
            assert_eq!(component::name(&pod.spec.containers[0]), Some(part));
            assert_eq!(component::complaint(&pod.spec.containers[0]), None, "{part}");
        }
    }
}

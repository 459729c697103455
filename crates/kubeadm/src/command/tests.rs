use std::rc::Rc;

use cli_runtime::job::{FileSet, Job, Progress};
use expect_test::{Expect, expect};
use sim::Time;
use sim::files::Files;
use wire::{Answer, CallError};

use crate::{control_plane_disk, new_disk};

const SERVER: std::net::Ipv4Addr = std::net::Ipv4Addr::new(192, 168, 56, 10);

/// What the words print on a computer whose calls find nobody, and the exit code where it is not 0.
fn says(disk: &Files, words: &str, expected: &Expect) {
    let mut job = Job::new(words, super::run, FileSet::new(), Rc::default(), Time::START);
    let words: Vec<String> = words.split_whitespace().map(str::to_owned).collect();
    job.set_words(&words);
    job.set_disk(disk.clone(), "/root".into());
    let code = loop {
        match job.advance() {
            Progress::Done { exit_code } => break exit_code,
            Progress::Needs(_) => {
                let refused = Answer { result: Err(CallError::Refused), warnings: Vec::new() };
                job.answer(Time::START, refused);
            }
            other => panic!("{other:?}"),
        }
    };
    let exit = if code == 0 { String::new() } else { format!("[exit {code}]\n") };
    expected.assert_eq(&(job.text() + &exit));
}

fn worker() -> Files {
    new_disk(SERVER)
}

fn control_plane() -> Files {
    control_plane_disk(&worker(), "control-plane", SERVER)
}

#[test]
fn version_has_kubeadms_forms() {
    let disk = worker();
    says(
        &disk,
        "version",
        &expect![[r#"
        kubeadm version: &version.Info{Major:"1", Minor:"36", GitVersion:"v1.36.2", Platform:"linux/amd64"}
    "#]],
    );
    says(
        &disk,
        "version -o short",
        &expect![[r#"
        v1.36.2
    "#]],
    );
    says(
        &disk,
        "version --output=yaml",
        &expect![[r#"
        clientVersion:
          gitVersion: v1.36.2
          major: "1"
          minor: "36"
          platform: linux/amd64

    "#]],
    );
    says(
        &disk,
        "version -o json",
        &expect![[r#"
        {
          "clientVersion": {
            "major": "1",
            "minor": "36",
            "gitVersion": "v1.36.2",
            "platform": "linux/amd64"
          }
        }
    "#]],
    );
    says(
        &disk,
        "version -o foo",
        &expect![[r#"
        error: invalid output format: foo
        To see the stack trace of this error execute with --v=5 or higher
        [exit 1]
    "#]],
    );
}

#[test]
fn images_are_those_of_the_release() {
    let disk = worker();
    says(
        &disk,
        "config images list --kubernetes-version v1.36.2",
        &expect![[r#"
        registry.k8s.io/kube-apiserver:v1.36.2
        registry.k8s.io/kube-controller-manager:v1.36.2
        registry.k8s.io/kube-scheduler:v1.36.2
        registry.k8s.io/kube-proxy:v1.36.2
        registry.k8s.io/coredns/coredns:v1.14.2
        registry.k8s.io/pause:3.10.2
        registry.k8s.io/etcd:3.6.8-0
    "#]],
    );
    says(
        &disk,
        "config images list --kubernetes-version 1.36.2 -o json",
        &expect![[r#"
        {
            "kind": "Images",
            "apiVersion": "output.kubeadm.k8s.io/v1alpha3",
            "images": [
                "registry.k8s.io/kube-apiserver:v1.36.2",
                "registry.k8s.io/kube-controller-manager:v1.36.2",
                "registry.k8s.io/kube-scheduler:v1.36.2",
                "registry.k8s.io/kube-proxy:v1.36.2",
                "registry.k8s.io/coredns/coredns:v1.14.2",
                "registry.k8s.io/pause:3.10.2",
                "registry.k8s.io/etcd:3.6.8-0"
            ]
        }
    "#]],
    );
    says(
        &disk,
        "config images list",
        &expect![[r#"
        W0101 00:00:00.000000       1 version.go:108] could not fetch a Kubernetes version from the internet: unable to get URL "https://dl.k8s.io/release/stable-1.txt": Get "https://dl.k8s.io/release/stable-1.txt": dial tcp: lookup dl.k8s.io: Temporary failure in name resolution
        W0101 00:00:00.000000       1 version.go:109] falling back to the local client version: v1.36.2
        registry.k8s.io/kube-apiserver:v1.36.2
        registry.k8s.io/kube-controller-manager:v1.36.2
        registry.k8s.io/kube-scheduler:v1.36.2
        registry.k8s.io/kube-proxy:v1.36.2
        registry.k8s.io/coredns/coredns:v1.14.2
        registry.k8s.io/pause:3.10.2
        registry.k8s.io/etcd:3.6.8-0
    "#]],
    );
    says(
        &disk,
        "config images list --kubernetes-version v1.35.0",
        &expect![[r#"
        (Kubernetes v1.35.0 is not simulated: this cluster runs v1.36.2)
        [exit 127]
    "#]],
    );
}

#[test]
fn default_configurations_are_printed() {
    let disk = worker();
    says(
        &disk,
        "config print init-defaults",
        &expect![[r#"
        apiVersion: kubeadm.k8s.io/v1beta4
        bootstrapTokens:
        - groups:
          - system:bootstrappers:kubeadm:default-node-token
          token: abcdef.0123456789abcdef
          ttl: 24h0m0s
          usages:
          - signing
          - authentication
        kind: InitConfiguration
        localAPIEndpoint:
          advertiseAddress: 1.2.3.4
          bindPort: 6443
        nodeRegistration:
          criSocket: unix:///var/run/containerd/containerd.sock
          imagePullPolicy: IfNotPresent
          imagePullSerial: true
          name: node
          taints: null
        timeouts:
          controlPlaneComponentHealthCheck: 4m0s
          discovery: 5m0s
          etcdAPICall: 2m0s
          kubeletHealthCheck: 4m0s
          kubernetesAPICall: 1m0s
          tlsBootstrap: 5m0s
          upgradeManifests: 5m0s
        ---
        apiServer: {}
        apiVersion: kubeadm.k8s.io/v1beta4
        caCertificateValidityPeriod: 87600h0m0s
        certificateValidityPeriod: 8760h0m0s
        certificatesDir: /etc/kubernetes/pki
        clusterName: kubernetes
        controllerManager: {}
        dns: {}
        encryptionAlgorithm: RSA-2048
        etcd:
          local:
            dataDir: /var/lib/etcd
        imageRepository: registry.k8s.io
        kind: ClusterConfiguration
        kubernetesVersion: 1.36.0
        networking:
          dnsDomain: cluster.local
          serviceSubnet: 10.96.0.0/12
        proxy: {}
        scheduler: {}
    "#]],
    );
    says(
        &disk,
        "config print join-defaults",
        &expect![[r#"
        apiVersion: kubeadm.k8s.io/v1beta4
        caCertPath: /etc/kubernetes/pki/ca.crt
        discovery:
          bootstrapToken:
            apiServerEndpoint: kube-apiserver:6443
            token: abcdef.0123456789abcdef
            unsafeSkipCAVerification: true
          tlsBootstrapToken: abcdef.0123456789abcdef
        kind: JoinConfiguration
        nodeRegistration:
          criSocket: unix:///var/run/containerd/containerd.sock
          imagePullPolicy: IfNotPresent
          imagePullSerial: true
          name: node
          taints: null
        timeouts:
          controlPlaneComponentHealthCheck: 4m0s
          discovery: 5m0s
          etcdAPICall: 2m0s
          kubeletHealthCheck: 4m0s
          kubernetesAPICall: 1m0s
          tlsBootstrap: 5m0s
          upgradeManifests: 5m0s
    "#]],
    );
}

#[test]
fn certificates_that_are_not_there_are_missing() {
    let mut disk = control_plane();
    disk.remove("/etc/kubernetes/pki/apiserver.crt").unwrap();
    says(
        &disk,
        "certs check-expiration",
        &expect![[r#"
        [check-expiration] Reading configuration from the "kubeadm-config" ConfigMap in namespace "kube-system"...
        [check-expiration] Use 'kubeadm init phase upload-config kubeadm --config your-config-file' to re-upload it.
        [check-expiration] Error reading configuration from the Cluster. Falling back to default configuration

        CERTIFICATE                EXPIRES                  RESIDUAL TIME   CERTIFICATE AUTHORITY   EXTERNALLY MANAGED
        admin.conf                 Jan 01, 2027 00:00 UTC   365d            ca                      no      
        !MISSING! apiserver                                                                         
        apiserver-etcd-client      Jan 01, 2027 00:00 UTC   365d            etcd-ca                 no      
        apiserver-kubelet-client   Jan 01, 2027 00:00 UTC   365d            ca                      no      
        controller-manager.conf    Jan 01, 2027 00:00 UTC   365d            ca                      no      
        etcd-healthcheck-client    Jan 01, 2027 00:00 UTC   365d            etcd-ca                 no      
        etcd-peer                  Jan 01, 2027 00:00 UTC   365d            etcd-ca                 no      
        etcd-server                Jan 01, 2027 00:00 UTC   365d            etcd-ca                 no      
        front-proxy-client         Jan 01, 2027 00:00 UTC   365d            front-proxy-ca          no      
        scheduler.conf             Jan 01, 2027 00:00 UTC   365d            ca                      no      
        super-admin.conf           Jan 01, 2027 00:00 UTC   365d            ca                      no      

        CERTIFICATE AUTHORITY   EXPIRES                  RESIDUAL TIME   EXTERNALLY MANAGED
        ca                      Dec 30, 2035 00:00 UTC   10y             no      
        etcd-ca                 Dec 30, 2035 00:00 UTC   10y             no      
        front-proxy-ca          Dec 30, 2035 00:00 UTC   10y             no      
    "#]],
    );
    says(
        &worker(),
        "certificates check-expiration",
        &expect![[r#"
        CERTIFICATE                          EXPIRES   RESIDUAL TIME   CERTIFICATE AUTHORITY   EXTERNALLY MANAGED
        !MISSING! admin.conf                                                                   
        !MISSING! apiserver                                                                    
        !MISSING! apiserver-etcd-client                                                        
        !MISSING! apiserver-kubelet-client                                                     
        !MISSING! controller-manager.conf                                                      
        !MISSING! etcd-healthcheck-client                                                      
        !MISSING! etcd-peer                                                                    
        !MISSING! etcd-server                                                                  
        !MISSING! front-proxy-client                                                           
        !MISSING! scheduler.conf                                                               
        !MISSING! super-admin.conf                                                             

        CERTIFICATE AUTHORITY      EXPIRES                  RESIDUAL TIME   EXTERNALLY MANAGED
        ca                         Dec 30, 2035 00:00 UTC   10y             no      
        !MISSING! etcd-ca                                                   
        !MISSING! front-proxy-ca                                            
    "#]],
    );
}

#[test]
fn tokens_are_checked_before_anybody_is_asked() {
    let disk = control_plane();
    says(
        &disk,
        "token create abc",
        &expect![[r#"
        error: the bootstrap token "abc" was not of the form "\\A([a-z0-9]{6})\\.([a-z0-9]{16})\\z"
        To see the stack trace of this error execute with --v=5 or higher
        [exit 1]
    "#]],
    );
    says(
        &disk,
        "token delete",
        &expect![[r#"
        error: missing argument; 'token delete' is missing token of form "\\A([a-z0-9]{6})\\.([a-z0-9]{16})\\z" or "\\A([a-z0-9]{6})\\z"
        To see the stack trace of this error execute with --v=5 or higher
        [exit 1]
    "#]],
    );
    says(
        &disk,
        "token delete x",
        &expect![[r#"
        error: given token didn't match pattern "\\A([a-z0-9]{6})\\.([a-z0-9]{16})\\z" or "\\A([a-z0-9]{6})\\z"
        To see the stack trace of this error execute with --v=5 or higher
        [exit 1]
    "#]],
    );
    says(
        &disk,
        "token list",
        &expect![[r#"
        error: failed to list bootstrap tokens: Get "https://192.168.56.10:6443/api/v1/namespaces/kube-system/secrets": dial tcp 192.168.56.10:6443: connect: connection refused
        To see the stack trace of this error execute with --v=5 or higher
        [exit 1]
    "#]],
    );
    says(
        &worker(),
        "token list",
        &expect![[r#"
        error: failed to load admin kubeconfig: open /root/.kube/config: no such file or directory
        To see the stack trace of this error execute with --v=5 or higher
        [exit 1]
    "#]],
    );
    says(
        &worker(),
        "token create --ttl x",
        &expect![[r#"
        error: invalid argument "x" for "--ttl" flag: time: invalid duration "x"
        To see the stack trace of this error execute with --v=5 or higher
        [exit 1]
    "#]],
    );
}

#[test]
fn what_is_not_there_says_so() {
    let disk = control_plane();
    says(
        &disk,
        "foo",
        &expect![[r#"
        error: unknown command "foo" for "kubeadm"
        To see the stack trace of this error execute with --v=5 or higher
        [exit 1]
    "#]],
    );
    says(
        &disk,
        "token",
        &expect![[r#"
        Usage:
          kubeadm token [command]

        Available Commands:
          token create                Create a bootstrap token
          token delete                Delete bootstrap tokens
          token generate              Print a random token without creating it
          token list                  List the bootstrap tokens
        error: 
        error: subcommand is required
        To see the stack trace of this error execute with --v=5 or higher
        [exit 1]
    "#]],
    );
    says(
        &disk,
        "token foo",
        &expect![[r#"
        error: unknown command "foo" for "kubeadm token"
        To see the stack trace of this error execute with --v=5 or higher
        [exit 1]
    "#]],
    );
    says(
        &disk,
        "config",
        &expect![[r#"
        Usage:
          kubeadm config [command]

        Available Commands:
          config images list          Print the images that kubeadm uses
          config print init-defaults  Print the configuration of kubeadm init where nothing is configured
          config print join-defaults  Print the configuration of kubeadm join where nothing is configured
        error: 
        error: subcommand is required
        To see the stack trace of this error execute with --v=5 or higher
        [exit 1]
    "#]],
    );
    says(
        &disk,
        "--bad",
        &expect![[r#"
        error: unknown flag: --bad
        To see the stack trace of this error execute with --v=5 or higher
        [exit 1]
    "#]],
    );
    says(
        &disk,
        "version -n default",
        &expect![[r#"
        error: unknown flag: --namespace
        To see the stack trace of this error execute with --v=5 or higher
        [exit 1]
    "#]],
    );
    says(
        &disk,
        "version extra",
        &expect![[r#"
        error: unknown command "extra" for "kubeadm version"
        To see the stack trace of this error execute with --v=5 or higher
        [exit 1]
    "#]],
    );
    says(
        &disk,
        "init --pod-network-cidr=10.244.0.0/16",
        &expect![[r#"
        (kubeadm init is not simulated: the cluster is set up already, and its files lie in /etc/kubernetes)
        [exit 127]
    "#]],
    );
    says(
        &disk,
        "upgrade plan",
        &expect![[r#"
        (kubeadm upgrade is not simulated: there is no other version to go to)
        [exit 127]
    "#]],
    );
    says(
        &disk,
        "certs renew all",
        &expect![[r#"
        (kubeadm certs renew is not simulated: certificates are stand-ins here, and nothing is signed)
        [exit 127]
    "#]],
    );
}

//! The flags that Kubernetes' programs of the control plane know, as `{program} --help` lists them; etcd's are
//! elsewhere.
//!
//! Kubernetes: cmd/kube-apiserver/app/options, cmd/kube-controller-manager/app/options,
//! cmd/kube-scheduler/app/options, staging/src/k8s.io/component-base/logs/api/v1/options.go.

/// What a flag's value has to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Bool,
    Int,
    /// A duration as Go writes it.
    Span,
    /// Anything; what the program makes of it is not looked at.
    Text,
}

/// One program and its flags, without the leading dashes.
#[derive(Debug)]
pub(super) struct Component {
    pub(crate) name: &'static str,
    bools: &'static str,
    ints: &'static str,
    spans: &'static str,
    texts: &'static str,
}

impl Component {
    pub(crate) fn kind_of(&self, flag: &str) -> Option<Kind> {
        let lists = [
            (self.bools, Kind::Bool),
            (self.ints, Kind::Int),
            (self.spans, Kind::Span),
            (self.texts, Kind::Text),
        ];
        let mut lists = lists.into_iter().chain(COMMON);
        lists.find(|(flags, _)| flags.split_whitespace().any(|known| known == flag)).map(|(_, kind)| kind)
    }
}

/// What all programs of Kubernetes' own know: logging, metrics, serving, authentication.
const COMMON: [(&str, Kind); 4] = [
    (
        "help version log-json-split-stream log-text-split-stream contention-profiling profiling \
         authentication-skip-lookup authentication-tolerate-lookup-failure permit-address-sharing \
         permit-port-sharing disable-http2-serving logtostderr alsologtostderr skip-headers one-output",
        Kind::Bool,
    ),
    ("v secure-port http2-max-streams-per-connection log-file-max-size", Kind::Int),
    (
        "authentication-token-webhook-cache-ttl authorization-webhook-cache-authorized-ttl \
         authorization-webhook-cache-unauthorized-ttl log-flush-frequency",
        Kind::Span,
    ),
    (
        "bind-address cert-dir tls-cert-file tls-private-key-file tls-cipher-suites tls-min-version \
         tls-sni-cert-key tls-curve-preferences client-ca-file requestheader-client-ca-file \
         requestheader-allowed-names requestheader-extra-headers-prefix requestheader-group-headers \
         requestheader-uid-headers requestheader-username-headers authentication-kubeconfig \
         authorization-kubeconfig authorization-always-allow-paths kubeconfig master config \
         feature-gates emulated-version emulation-forward-compatible runtime-config-emulation-forward-compatible \
         min-compatibility-version allow-metric-labels allow-metric-labels-manifest disabled-metrics \
         show-hidden-metrics-for-version logging-format log-json-info-buffer-size log-text-info-buffer-size \
         vmodule log-dir log-file stderrthreshold write-config-to kube-api-content-type",
        Kind::Text,
    ),
];

pub(super) const COMPONENTS: [Component; 4] = [
    Component {
        name: "kube-apiserver",
        bools: "allow-privileged anonymous-auth enable-aggregator-routing enable-bootstrap-token-auth \
            enable-garbage-collector enable-logs-handler enable-priority-and-fairness goaway service-account-lookup \
            service-account-extend-token-expiration shutdown-send-retry-after watch-cache \
            peer-skip-tls-verify audit-log-compress audit-log-truncate-enabled audit-webhook-truncate-enabled \
            audit-log-batch-throttle-enable audit-webhook-batch-throttle-enable delete-collection-workers-enabled \
            aggregator-reject-forwarding-redirects coordinated-leadership-lease-enabled \
            emulation-forward-compatible runtime-config-emulation-forward-compatible",
        ints: "apiserver-count audit-log-batch-buffer-size audit-log-batch-max-size \
            audit-log-batch-throttle-burst audit-log-maxage audit-log-maxbackup audit-log-maxsize \
            audit-log-truncate-max-batch-size audit-log-truncate-max-event-size \
            audit-webhook-batch-buffer-size audit-webhook-batch-max-size audit-webhook-batch-throttle-burst \
            audit-webhook-truncate-max-batch-size audit-webhook-truncate-max-event-size \
            default-not-ready-toleration-seconds default-unreachable-toleration-seconds \
            default-watch-cache-size delete-collection-workers kubelet-port kubelet-read-only-port \
            kubernetes-service-node-port lease-reuse-duration-seconds max-connection-bytes-per-sec \
            max-mutating-requests-inflight max-requests-inflight min-request-timeout",
        spans: "audit-log-batch-max-wait audit-webhook-batch-max-wait audit-webhook-initial-backoff \
            coordinated-leadership-lease-duration coordinated-leadership-renew-deadline \
            coordinated-leadership-retry-period etcd-compaction-interval etcd-count-metric-poll-period \
            etcd-db-metric-poll-interval etcd-healthcheck-timeout etcd-readycheck-timeout event-ttl \
            kubelet-timeout livez-grace-period request-timeout service-account-max-token-expiration \
            shutdown-delay-duration shutdown-watch-termination-grace-period",
        texts: "admission-control admission-control-config-file advertise-address api-audiences \
            audit-log-batch-throttle-qps audit-log-format audit-log-mode audit-log-path \
            audit-log-truncate-version audit-log-version audit-policy-file audit-webhook-batch-throttle-qps \
            audit-webhook-config-file audit-webhook-mode audit-webhook-version authentication-config \
            authentication-token-webhook-config-file authentication-token-webhook-version authorization-config \
            authorization-mode authorization-policy-file authorization-webhook-config-file \
            authorization-webhook-version cors-allowed-origins debug-socket-path disable-admission-plugins \
            egress-selector-config-file enable-admission-plugins encryption-provider-config \
            encryption-provider-config-automatic-reload endpoint-reconciler-type etcd-cafile etcd-certfile \
            etcd-keyfile etcd-prefix etcd-servers etcd-servers-overrides external-hostname goaway-chance \
            identity-lease-duration-seconds identity-lease-renew-interval-seconds \
            kubelet-certificate-authority kubelet-client-certificate kubelet-client-key \
            kubelet-preferred-address-types oidc-ca-file oidc-client-id oidc-groups-claim oidc-groups-prefix \
            oidc-issuer-url oidc-required-claim oidc-signing-algs oidc-username-claim oidc-username-prefix \
            peer-advertise-ip peer-advertise-port peer-ca-file proxy-client-cert-file proxy-client-key-file \
            requestheader-allowed-names runtime-config service-account-issuer service-account-jwks-uri \
            service-account-key-file service-account-signing-endpoint service-account-signing-key-file \
            service-cluster-ip-range service-node-port-range storage-backend \
            storage-initialization-timeout storage-media-type strict-transport-security-directives \
            token-auth-file tracing-config-file watch-cache-sizes",
    },
    Component {
        name: "kube-controller-manager",
        bools: "allocate-node-cidrs allow-untagged-cloud configure-cloud-routes disable-attach-detach-reconcile-sync \
            disable-force-detach-on-timeout enable-dynamic-provisioning enable-garbage-collector \
            enable-hostpath-provisioner enable-leader-migration leader-elect use-service-account-credentials",
        ints: "concurrent-cron-job-syncs concurrent-daemonset-syncs concurrent-deployment-syncs \
            concurrent-device-taint-eviction-syncs concurrent-endpoint-syncs \
            concurrent-ephemeralvolume-syncs concurrent-gc-syncs concurrent-horizontal-pod-autoscaler-syncs \
            concurrent-job-syncs concurrent-namespace-syncs concurrent-rc-syncs concurrent-replicaset-syncs \
            concurrent-resource-claim-syncs concurrent-resource-quota-syncs concurrent-service-endpoint-syncs \
            concurrent-service-syncs concurrent-serviceaccount-token-syncs concurrent-statefulset-syncs \
            concurrent-ttl-after-finished-syncs concurrent-validating-admission-policy-status-syncs \
            kube-api-burst large-cluster-size-threshold legacy-service-account-token-clean-up-period-days \
            max-endpoints-per-slice mirroring-concurrent-service-endpoint-syncs mirroring-max-endpoints-per-subset \
            node-cidr-mask-size node-cidr-mask-size-ipv4 node-cidr-mask-size-ipv6 \
            pv-recycler-increment-timeout-nfs pv-recycler-minimum-timeout-hostpath \
            pv-recycler-minimum-timeout-nfs pv-recycler-timeout-increment-hostpath terminated-pod-gc-threshold",
        spans: "attach-detach-reconcile-sync-period cluster-signing-duration controller-start-interval \
            endpoint-updates-batch-period endpointslice-updates-batch-period \
            horizontal-pod-autoscaler-cpu-initialization-period horizontal-pod-autoscaler-downscale-stabilization \
            horizontal-pod-autoscaler-initial-readiness-delay horizontal-pod-autoscaler-sync-period \
            leader-elect-lease-duration leader-elect-renew-deadline leader-elect-retry-period \
            legacy-service-account-token-clean-up-period min-resync-period \
            mirroring-endpointslice-updates-batch-period namespace-sync-period node-monitor-grace-period \
            node-monitor-period node-startup-grace-period node-sync-period pvclaimbinder-sync-period \
            resource-quota-sync-period route-reconciliation-period",
        texts: "cidr-allocator-type cloud-config cloud-provider cluster-cidr cluster-name \
            cluster-signing-cert-file cluster-signing-key-file cluster-signing-kube-apiserver-client-cert-file \
            cluster-signing-kube-apiserver-client-key-file cluster-signing-kubelet-client-cert-file \
            cluster-signing-kubelet-client-key-file cluster-signing-kubelet-serving-cert-file \
            cluster-signing-kubelet-serving-key-file cluster-signing-legacy-unknown-cert-file \
            cluster-signing-legacy-unknown-key-file controllers external-cloud-volume-plugin \
            flex-volume-plugin-dir horizontal-pod-autoscaler-tolerance kube-api-qps leader-elect-resource-lock \
            leader-elect-resource-name leader-elect-resource-namespace leader-migration-config \
            node-eviction-rate pv-recycler-pod-template-filepath-hostpath pv-recycler-pod-template-filepath-nfs \
            root-ca-file secondary-node-eviction-rate service-account-private-key-file \
            service-cluster-ip-range unhealthy-zone-threshold",
    },
    Component {
        name: "kube-scheduler",
        bools: "leader-elect",
        ints: "kube-api-burst",
        spans: "leader-elect-lease-duration leader-elect-renew-deadline leader-elect-retry-period \
            pod-max-in-unschedulable-pods-duration",
        texts: "kube-api-qps leader-elect-resource-lock leader-elect-resource-name \
            leader-elect-resource-namespace",
    },
    Component { name: "etcd", bools: "", ints: "", spans: "", texts: "" },
];

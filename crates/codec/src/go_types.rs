//! What Kubernetes' Go types say beyond the API's schema: names of string types, which fields vanish when
//! they are empty.
//!
//! The schema knows `imagePullPolicy` as a string; Go's messages call it `v1.PullPolicy`. And a `false` that
//! Go cannot tell from an absent field is not kept. Both lists cover what manifests commonly hold.
//!
//! Upstream: k8s.io/api/core/v1/types.go and its siblings.

use serde_json::Value;

use api::schema::{self, Field, StructInfo, Type};

/// The name of a type in a message: `string`, `v1.PullPolicy`, `[]v1.Container`, `map[string]string`.
pub(super) fn name(ty: &Type, named: Option<&'static str>) -> String {
    match ty {
        Type::String => named.unwrap_or("string").to_owned(),
        Type::Bool => "bool".to_owned(),
        Type::Int32 => "int32".to_owned(),
        Type::Int64 => "int64".to_owned(),
        Type::Float64 => "float64".to_owned(),
        Type::Quantity => "resource.Quantity".to_owned(),
        Type::IntOrString => "intstr.IntOrString".to_owned(),
        Type::Time => "v1.Time".to_owned(),
        Type::MicroTime => "v1.MicroTime".to_owned(),
        Type::Bytes => "[]uint8".to_owned(),
        Type::Any => "runtime.RawExtension".to_owned(),
        Type::Struct(id) => {
            let info = schema::structure(*id);
            format!("{}.{}", info.package, info.name)
        }
        Type::List(item) => format!("[]{}", name(item, named)),
        Type::Map(item) if **item == Type::Quantity => "v1.ResourceList".to_owned(),
        Type::Map(item) => format!("map[string]{}", name(item, None)),
    }
}

/// What stands for a null inside a list or map.
pub(super) fn zero(ty: &Type) -> Value {
    match ty {
        Type::String | Type::Bytes => "".into(),
        Type::Bool => false.into(),
        Type::Int32 | Type::Int64 | Type::Float64 | Type::IntOrString => 0.into(),
        Type::Quantity => "0".into(),
        Type::Struct(_) => Value::Object(serde_json::Map::new()),
        Type::Time | Type::MicroTime | Type::Any | Type::List(_) | Type::Map(_) => Value::Null,
    }
}

/// The Go type of a field whose JSON is a string, where it is not `string` itself.
pub(super) fn named(of: &str, field: &str) -> Option<&'static str> {
    Some(match (of, field) {
        (_, "uid") => "types.UID",
        (_, "imagePullPolicy" | "pullPolicy") => "v1.PullPolicy",
        ("Container" | "EphemeralContainer" | "PodSpec", "restartPolicy") => match of {
            "PodSpec" => "v1.RestartPolicy",
            _ => "v1.ContainerRestartPolicy",
        },
        ("Container" | "EphemeralContainer", "terminationMessagePolicy") => "v1.TerminationMessagePolicy",
        ("PodSpec", "dnsPolicy") => "v1.DNSPolicy",
        ("PodSpec", "preemptionPolicy") | ("PriorityClass", "preemptionPolicy") => "v1.PreemptionPolicy",
        ("PodOS", "name") => "v1.OSName",
        ("PodSecurityContext", "fsGroupChangePolicy") => "v1.PodFSGroupChangePolicy",
        ("PodSecurityContext", "supplementalGroupsPolicy") => "v1.SupplementalGroupsPolicy",
        ("PodSecurityContext", "seLinuxChangePolicy") => "v1.PodSELinuxChangePolicy",
        ("SecurityContext", "procMount") => "v1.ProcMountType",
        ("SeccompProfile", "type") => "v1.SeccompProfileType",
        ("AppArmorProfile", "type") => "v1.AppArmorProfileType",
        ("Capabilities", "add" | "drop") => "v1.Capability",
        ("ContainerPort" | "ServicePort", "protocol") => "v1.Protocol",
        ("HTTPGetAction", "scheme") => "v1.URIScheme",
        ("VolumeMount", "mountPropagation") => "v1.MountPropagationMode",
        ("VolumeMount", "recursiveReadOnly") => "v1.RecursiveReadOnlyMode",
        ("HostPathVolumeSource", "type") => "v1.HostPathType",
        ("EmptyDirVolumeSource", "medium") => "v1.StorageMedium",
        ("Taint" | "Toleration", "effect") => "v1.TaintEffect",
        ("Toleration", "operator") => "v1.TolerationOperator",
        ("NodeSelectorRequirement", "operator") => "v1.NodeSelectorOperator",
        ("LabelSelectorRequirement", "operator") => "v1.LabelSelectorOperator",
        ("TopologySpreadConstraint", "whenUnsatisfiable") => "v1.UnsatisfiableConstraintAction",
        ("TopologySpreadConstraint", "nodeAffinityPolicy" | "nodeTaintsPolicy") => "v1.NodeInclusionPolicy",
        ("DaemonSetUpdateStrategy", "type") => "v1.DaemonSetUpdateStrategyType",
        ("DeploymentStrategy", "type") => "v1.DeploymentStrategyType",
        ("StatefulSetUpdateStrategy", "type") => "v1.StatefulSetUpdateStrategyType",
        ("StatefulSetSpec", "podManagementPolicy") => "v1.PodManagementPolicyType",
        ("CronJobSpec", "concurrencyPolicy") => "v1.ConcurrencyPolicy",
        ("JobSpec", "completionMode") => "v1.CompletionMode",
        ("ServiceSpec", "type") => "v1.ServiceType",
        ("ServiceSpec", "sessionAffinity") => "v1.ServiceAffinity",
        ("ServiceSpec", "externalTrafficPolicy") => "v1.ServiceExternalTrafficPolicy",
        ("ServiceSpec", "internalTrafficPolicy") => "v1.ServiceInternalTrafficPolicy",
        ("ServiceSpec", "ipFamilies") => "v1.IPFamily",
        ("ServiceSpec", "ipFamilyPolicy") => "v1.IPFamilyPolicy",
        ("Secret", "type") => "v1.SecretType",
        ("PersistentVolumeClaimSpec" | "PersistentVolumeSpec", "accessModes") => {
            "v1.PersistentVolumeAccessMode"
        }
        ("PersistentVolumeClaimSpec" | "PersistentVolumeSpec", "volumeMode") => "v1.PersistentVolumeMode",
        ("PersistentVolumeSpec", "persistentVolumeReclaimPolicy") => "v1.PersistentVolumeReclaimPolicy",
        ("StorageClass", "reclaimPolicy") => "v1.PersistentVolumeReclaimPolicy",
        ("StorageClass", "volumeBindingMode") => "v1.VolumeBindingMode",
        ("CSIDriverSpec", "fsGroupPolicy") => "v1.FSGroupPolicy",
        ("CSIDriverSpec", "volumeLifecycleModes") => "v1.VolumeLifecycleMode",
        ("PodStatus", "phase") => "v1.PodPhase",
        ("NodeStatus", "phase") => "v1.NodePhase",
        ("NamespaceStatus", "phase") => "v1.NamespacePhase",
        ("NamespaceSpec", "finalizers") => "v1.FinalizerName",
        ("PodCondition", "type") => "v1.PodConditionType",
        ("NodeCondition", "type") => "v1.NodeConditionType",
        ("PodCondition" | "NodeCondition" | "DaemonSetCondition", "status") => "v1.ConditionStatus",
        ("DaemonSetCondition", "type") => "v1.DaemonSetConditionType",
        ("NodeAddress", "type") => "v1.NodeAddressType",
        ("NetworkPolicySpec", "policyTypes") => "v1.PolicyType",
        ("NetworkPolicyPort", "protocol") => "v1.Protocol",
        ("HTTPIngressPath", "pathType") => "v1.PathType",
        ("CustomResourceDefinitionSpec", "scope") => "v1.ResourceScope",
        ("PodDisruptionBudgetSpec", "unhealthyPodEvictionPolicy") => "v1.UnhealthyPodEvictionPolicyType",
        ("AzureDiskVolumeSource", "cachingMode") => "v1.AzureDataDiskCachingMode",
        ("AzureDiskVolumeSource", "kind") => "v1.AzureDataDiskKind",
        ("ContainerResizePolicy", "resourceName") => "v1.ResourceName",
        ("ContainerResizePolicy", "restartPolicy") => "v1.ResourceResizeRestartPolicy",
        ("ContainerRestartRule", "action") => "v1.ContainerRestartRuleAction",
        ("ContainerRestartRuleOnExitCodes", "operator") => "v1.ContainerRestartRuleOnExitCodesOperator",
        ("Lifecycle" | "ContainerStatus", "stopSignal") => "v1.Signal",
        ("JobSpec", "podReplacementPolicy") => "v1.PodReplacementPolicy",
        ("PodFailurePolicyRule", "action") => "v1.PodFailurePolicyAction",
        ("PodFailurePolicyOnExitCodesRequirement", "operator") => "v1.PodFailurePolicyOnExitCodesOperator",
        ("StatefulSetPersistentVolumeClaimRetentionPolicy", "whenDeleted" | "whenScaled") => {
            "v1.PersistentVolumeClaimRetentionPolicyType"
        }
        ("EndpointSlice", "addressType") => "v1.AddressType",
        ("LimitRangeItem", "type") => "v1.LimitType",
        ("ResourceQuotaSpec", "scopes") | ("ScopedResourceSelectorRequirement", "scopeName") => {
            "v1.ResourceQuotaScope"
        }
        ("ScopedResourceSelectorRequirement", "operator") => "v1.ScopeSelectorOperator",
        ("LoadBalancerIngress", "ipMode") => "v1.LoadBalancerIPMode",
        ("ManagedFieldsEntry", "operation") => "v1.ManagedFieldsOperationType",
        ("PodStatus", "qosClass") => "v1.PodQOSClass",
        ("LeaseSpec", "strategy") => "v1.CoordinatedLeaseStrategy",
        ("MetricSpec" | "MetricStatus", "type") => "v2.MetricSourceType",
        ("MetricTarget", "type") => "v2.MetricTargetType",
        ("HPAScalingPolicy", "type") => "v2.HPAScalingPolicyType",
        ("HPAScalingRules", "selectPolicy") => "v2.ScalingPolicySelect",
        _ => return None,
    })
}

/// Strings that Go holds by pointer, so that an empty one is kept. Under these names all are.
const POINTERS: &str = " appProtocol cachingMode completionMode currentVolumeAttributesClassName \
    endpointsNamespace failedIndexes fsGroupChangePolicy fsGroupPolicy gmsaCredentialSpec \
    gmsaCredentialSpecName holderIdentity hostnameOverride ingressClassName initiatorName \
    internalTrafficPolicy ipFamilyPolicy ipMode loadBalancerClass localhostProfile managedBy \
    mountPropagation nodeAffinityPolicy nodeTaintsPolicy pathType persistentVolumeName podGroupName \
    podReplacementPolicy preemptionPolicy preferredHolder procMount reclaimPolicy recursiveReadOnly \
    resourceClaimTemplateName runAsUserName runtimeClassName seLinuxChangePolicy secretNamespace \
    selectPolicy service stopSignal succeededIndexes supplementalGroupsPolicy timeZone \
    trafficDistribution unhealthyPodEvictionPolicy volumeAttributesClassName volumeBindingMode volumeMode \
    zone ";

/// The same under names that other structs have for strings by value.
fn is_pointer_in(of: &str, field: &str) -> bool {
    matches!(
        (of, field),
        ("ClusterTrustBundleProjection", "name" | "signerName")
            | ("PersistentVolumeClaimSpec", "storageClassName")
            | ("TypedObjectReference", "apiGroup" | "namespace")
            | ("TypedLocalObjectReference", "apiGroup")
            | ("IngressClassParametersReference", "apiGroup" | "namespace" | "scope")
            | ("AzureDiskVolumeSource", "kind" | "fsType")
            | ("LocalVolumeSource" | "CSIVolumeSource", "fsType")
            | ("HostPathVolumeSource", "type")
            | ("EndpointPort", "name" | "protocol")
            | ("NetworkPolicyPort", "protocol")
            | ("PodDNSConfigOption", "value")
            | ("PodFailurePolicyOnExitCodesRequirement", "containerName")
            | ("Container" | "EphemeralContainer", "restartPolicy")
            | ("EndpointAddress" | "Endpoint", "nodeName" | "hostname")
            | ("PodResourceClaim" | "PodResourceClaimStatus", "resourceClaimName")
    )
}

/// Numbers and booleans that Go holds by value, so that 0 and false are not kept.
const PLAIN_SCALARS: &str = " active availableReplicas chapAuthDiscovery chapAuthSession currentHealthy \
    currentReplicas desiredHealthy disruptionsAllowed expectedPods failed failureThreshold \
    fullyLabeledReplicas generation globalDefault healthCheckNodePort hostIPC hostNetwork hostPID hostPort \
    initialDelaySeconds minReadySeconds nodePort number numberAvailable numberUnavailable \
    observedGeneration partition paused periodSeconds publishNotReadyAddresses readOnly readyReplicas \
    signal sizeBytes sslEnabled start stdin stdinOnce succeeded successThreshold timeoutSeconds tty \
    unavailableReplicas unschedulable updatedNumberScheduled updatedReplicas ";

/// The same names where Go has a pointer after all.
fn is_scalar_by_pointer(of: &str, field: &str) -> bool {
    matches!(
        (of, field),
        ("AzureDiskVolumeSource" | "CSIVolumeSource", "readOnly")
            | ("RollingUpdateStatefulSetStrategy", "partition")
            | ("ClientIPConfig", "timeoutSeconds")
    )
}

fn is_word(list: &str, name: &str) -> bool {
    list.split(' ').any(|word| word == name)
}

/// The struct without a name of its own in JSON through which Go reaches a field: its messages name it.
pub(super) fn embedded(of: &str, field: &str) -> Option<&'static str> {
    let is = |name: &str| field == name;
    Some(match of {
        "Volume" if !is("name") => "VolumeSource",
        "Probe" if matches!(field, "exec" | "httpGet" | "tcpSocket" | "grpc") => "ProbeHandler",
        "ConfigMapEnvSource"
        | "ConfigMapKeySelector"
        | "ConfigMapProjection"
        | "ConfigMapVolumeSource"
        | "SecretEnvSource"
        | "SecretKeySelector"
        | "SecretProjection"
            if is("name") =>
        {
            "LocalObjectReference"
        }
        "EphemeralContainer" if !is("targetContainerName") => "EphemeralContainerCommon",
        "IngressRule" if !is("host") => "IngressRuleValue",
        "RuleWithOperations" if !is("operations") => "Rule",
        "NamedRuleWithOperations" if !is("resourceNames") => "RuleWithOperations",
        "PersistentVolumeSpec" => match field {
            "accessModes"
            | "capacity"
            | "claimRef"
            | "mountOptions"
            | "nodeAffinity"
            | "persistentVolumeReclaimPolicy"
            | "storageClassName"
            | "volumeAttributesClassName"
            | "volumeMode" => return None,
            _ => "PersistentVolumeSource",
        },
        _ => return None,
    })
}

/// Whether Go's encoder would leave the field out (`omitempty`).
pub(super) fn is_omitted(of: &StructInfo, field: &Field, value: &Value) -> bool {
    if field.required {
        return false;
    }
    match value {
        Value::Array(items) => items.is_empty() && !matches!(field.name, "rules" | "subsets"),
        Value::Object(map) => map.is_empty() && matches!(field.ty, Type::Map(_)),
        Value::String(text) => {
            let by_pointer = || is_word(POINTERS, field.name) || is_pointer_in(of.name, field.name);
            text.is_empty() && matches!(field.ty, Type::String) && !by_pointer()
        }
        Value::Bool(false) => is_plain_scalar(of, field),
        Value::Number(n) => n.as_i64() == Some(0) && is_plain_scalar(of, field),
        _ => false,
    }
}

fn is_plain_scalar(of: &StructInfo, field: &Field) -> bool {
    is_word(PLAIN_SCALARS, field.name) && !is_scalar_by_pointer(of.name, field.name)
}

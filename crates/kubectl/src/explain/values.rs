//! The values that a field of the API may have, for those fields whose Go type is an enumeration.
//!
//! The published schema, from which all else of `explain` comes, leaves them out.
//!
//! Kubernetes: the types marked `+enum`, and the table made of them in pkg/generated/openapi.

/// Fields, `Struct.field`, and their values in alphabetical order, both divided by blanks.
const VALUES: &[(&str, &str)] = &[
    ("AppArmorProfile.type SeccompProfile.type", "Localhost RuntimeDefault Unconfined"),
    ("AzureDiskVolumeSource.cachingMode", "None ReadOnly ReadWrite"),
    ("AzureDiskVolumeSource.kind", "Dedicated Managed Shared"),
    (
        "Container.imagePullPolicy EphemeralContainer.imagePullPolicy EphemeralContainerCommon.imagePullPolicy ImageVolumeSource.pullPolicy",
        "Always IfNotPresent Never",
    ),
    (
        "Container.terminationMessagePolicy EphemeralContainer.terminationMessagePolicy EphemeralContainerCommon.terminationMessagePolicy",
        "FallbackToLogsOnError File",
    ),
    (
        "ContainerPort.protocol EndpointPort.protocol IngressPortStatus.protocol NetworkPolicyPort.protocol PortStatus.protocol ServicePort.protocol",
        "SCTP TCP UDP",
    ),
    (
        "ContainerStatus.stopSignal Lifecycle.stopSignal",
        "SIGABRT SIGALRM SIGBUS SIGCHLD SIGCLD SIGCONT SIGFPE SIGHUP SIGILL SIGINT SIGIO SIGIOT SIGKILL SIGPIPE SIGPOLL SIGPROF SIGPWR SIGQUIT SIGRTMAX SIGRTMAX-1 SIGRTMAX-10 SIGRTMAX-11 SIGRTMAX-12 SIGRTMAX-13 SIGRTMAX-14 SIGRTMAX-2 SIGRTMAX-3 SIGRTMAX-4 SIGRTMAX-5 SIGRTMAX-6 SIGRTMAX-7 SIGRTMAX-8 SIGRTMAX-9 SIGRTMIN SIGRTMIN+1 SIGRTMIN+10 SIGRTMIN+11 SIGRTMIN+12 SIGRTMIN+13 SIGRTMIN+14 SIGRTMIN+15 SIGRTMIN+2 SIGRTMIN+3 SIGRTMIN+4 SIGRTMIN+5 SIGRTMIN+6 SIGRTMIN+7 SIGRTMIN+8 SIGRTMIN+9 SIGSEGV SIGSTKFLT SIGSTOP SIGSYS SIGTERM SIGTRAP SIGTSTP SIGTTIN SIGTTOU SIGURG SIGUSR1 SIGUSR2 SIGVTALRM SIGWINCH SIGXCPU SIGXFSZ",
    ),
    ("CronJobSpec.concurrencyPolicy", "Allow Forbid Replace"),
    ("DaemonSetUpdateStrategy.type StatefulSetUpdateStrategy.type", "OnDelete RollingUpdate"),
    ("DeploymentStrategy.type", "Recreate RollingUpdate"),
    ("DeviceAllocationConfiguration.source", "FromClaim FromClass"),
    ("DeviceSubRequest.allocationMode ExactDeviceRequest.allocationMode", "All ExactCount"),
    ("DeviceTaint.effect DeviceToleration.effect", "NoExecute NoSchedule None"),
    ("DeviceToleration.operator", "Equal Exists"),
    ("EndpointSlice.addressType", "FQDN IPv4 IPv6"),
    ("HTTPGetAction.scheme", "HTTP HTTPS"),
    ("HTTPIngressPath.pathType", "Exact ImplementationSpecific Prefix"),
    (
        "HostPathVolumeSource.type",
        "\"\" BlockDevice CharDevice Directory DirectoryOrCreate File FileOrCreate Socket",
    ),
    ("JobSpec.completionMode", "Indexed NonIndexed"),
    ("JobSpec.podReplacementPolicy", "Failed TerminatingOrFailed"),
    (
        "MatchResources.matchPolicy MutatingWebhook.matchPolicy ValidatingWebhook.matchPolicy",
        "Equivalent Exact",
    ),
    ("MetricSpec.type MetricStatus.type", "ContainerResource External Object Pods Resource"),
    ("ModifyVolumeStatus.status", "InProgress Infeasible Pending"),
    (
        "MutatingAdmissionPolicySpec.failurePolicy MutatingWebhook.failurePolicy ValidatingAdmissionPolicySpec.failurePolicy ValidatingWebhook.failurePolicy",
        "Fail Ignore",
    ),
    ("MutatingAdmissionPolicySpec.reinvocationPolicy MutatingWebhook.reinvocationPolicy", "IfNeeded Never"),
    ("MutatingWebhook.sideEffects ValidatingWebhook.sideEffects", "None NoneOnDryRun Some Unknown"),
    ("Mutation.patchType", "ApplyConfiguration JSONPatch"),
    ("NamedRuleWithOperations.scope Rule.scope RuleWithOperations.scope", "* Cluster Namespaced"),
    ("NamespaceStatus.phase", "Active Terminating"),
    ("NodeSelectorRequirement.operator", "DoesNotExist Exists Gt In Lt NotIn"),
    ("NodeStatus.phase", "Pending Running Terminated"),
    ("PersistentVolumeClaimSpec.volumeMode PersistentVolumeSpec.volumeMode", "Block Filesystem"),
    ("PersistentVolumeClaimStatus.phase", "Bound Lost Pending"),
    (
        "PersistentVolumeSpec.persistentVolumeReclaimPolicy StorageClass.reclaimPolicy",
        "Delete Recycle Retain",
    ),
    ("PersistentVolumeStatus.phase", "Available Bound Failed Pending Released"),
    ("PodDisruptionBudgetSpec.unhealthyPodEvictionPolicy", "AlwaysAllow IfHealthyBudget"),
    ("PodFailurePolicyOnExitCodesRequirement.operator", "In NotIn"),
    ("PodFailurePolicyRule.action", "Count FailIndex FailJob Ignore"),
    ("PodSecurityContext.fsGroupChangePolicy", "Always OnRootMismatch"),
    ("PodSecurityContext.supplementalGroupsPolicy", "Merge Strict"),
    ("PodSpec.dnsPolicy", "ClusterFirst ClusterFirstWithHostNet Default None"),
    ("PodSpec.preemptionPolicy PriorityClass.preemptionPolicy", "Never PreemptLowerPriority"),
    ("PodSpec.restartPolicy", "Always Never OnFailure"),
    ("PodStatus.phase", "Failed Pending Running Succeeded Unknown"),
    ("PodStatus.qosClass", "BestEffort Burstable Guaranteed"),
    ("ScopedResourceSelectorRequirement.operator", "DoesNotExist Exists In NotIn"),
    (
        "ScopedResourceSelectorRequirement.scopeName",
        "BestEffort CrossNamespacePodAffinity NotBestEffort NotTerminating PriorityClass Terminating VolumeAttributesClass",
    ),
    ("SecurityContext.procMount", "Default Unmasked"),
    ("ServiceSpec.externalTrafficPolicy ServiceSpec.internalTrafficPolicy", "Cluster Local"),
    ("ServiceSpec.ipFamilyPolicy", "PreferDualStack RequireDualStack SingleStack"),
    ("ServiceSpec.sessionAffinity", "ClientIP None"),
    ("ServiceSpec.type", "ClusterIP ExternalName LoadBalancer NodePort"),
    ("StatefulSetSpec.podManagementPolicy", "OrderedReady Parallel"),
    ("StorageClass.volumeBindingMode", "Immediate WaitForFirstConsumer"),
    ("Taint.effect Toleration.effect", "NoExecute NoSchedule PreferNoSchedule"),
    ("Toleration.operator", "Equal Exists Gt Lt"),
    ("TopologySpreadConstraint.nodeAffinityPolicy TopologySpreadConstraint.nodeTaintsPolicy", "Honor Ignore"),
    ("TopologySpreadConstraint.whenUnsatisfiable", "DoNotSchedule ScheduleAnyway"),
    ("ValidationRule.reason", "FieldValueDuplicate FieldValueForbidden FieldValueInvalid FieldValueRequired"),
    ("VolumeMount.mountPropagation", "Bidirectional HostToContainer None"),
];

/// The values of a struct's field; empty where it may have any. The empty text is `""`.
pub(super) fn of(structure: &str, field: &str) -> Vec<&'static str> {
    let is_it = |name: &str| name.split_once('.') == Some((structure, field));
    let row = VALUES.iter().find(|(fields, _)| fields.split(' ').any(is_it));
    row.map_or_else(Vec::new, |(_, values)| values.split(' ').collect())
}

/// What the API's own text of a field says at its end of these values.
///
/// Differs: upstream's list says of some of them what they mean.
pub(super) fn listed(values: &[&str]) -> String {
    let lines = values.iter().map(|value| format!("\n - `\"{}\"`", value.trim_matches('"')));
    format!("\n\nPossible enum values:{}", lines.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_has_the_values_of_its_struct() {
        assert_eq!(of("DaemonSetUpdateStrategy", "type"), ["OnDelete", "RollingUpdate"]);
        assert_eq!(of("Container", "name"), Vec::<&str>::new());
        let said = listed(&of("HostPathVolumeSource", "type")[..2]);
        assert_eq!(said, "\n\nPossible enum values:\n - `\"\"`\n - `\"BlockDevice\"`");
    }
}

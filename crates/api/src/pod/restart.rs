//! Whether a container that has ended is started again: the pod's policy, its own, and its rules.
//!
//! Kubernetes: pkg/api/v1/pod/util.go.

use serde_json::Value;

use super::spec::{Container, PodSpec, RestartPolicy};

/// What a container's rule does when it ends with an exit code that the rule names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RestartAction {
    /// The container is started again.
    Restart,
    /// All containers of the pod are started again.
    RestartAllContainers,
}

/// One of a container's restartPolicyRules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RestartRule {
    /// What is done.
    pub action: RestartAction,
    /// The operator In; if not, NotIn.
    pub within: bool,
    /// The exit codes that are meant.
    pub exit_codes: Vec<i32>,
}

impl RestartRule {
    /// Reads restartPolicyRules in API form. Rules without exit codes, and with values that validation
    /// refuses, are left out.
    pub(super) fn list(value: &Value) -> Vec<RestartRule> {
        let rule = |value: &Value| {
            let action = match value["action"].as_str() {
                Some("Restart") => RestartAction::Restart,
                Some("RestartAllContainers") => RestartAction::RestartAllContainers,
                _ => return None,
            };
            let within = match value["exitCodes"]["operator"].as_str() {
                Some("In") => true,
                Some("NotIn") => false,
                _ => return None,
            };
            let codes = value["exitCodes"]["values"].as_array().into_iter().flatten();
            let exit_codes = codes.filter_map(Value::as_i64).filter_map(|code| i32::try_from(code).ok());
            Some(RestartRule { action, within, exit_codes: exit_codes.collect() })
        };
        value.as_array().into_iter().flatten().filter_map(rule).collect()
    }

    fn matches(&self, exit_code: i32) -> bool {
        self.exit_codes.contains(&exit_code) == self.within
    }
}

impl RestartPolicy {
    pub(super) fn parse(text: Option<&str>) -> Option<RestartPolicy> {
        match text {
            Some("Always") => Some(RestartPolicy::Always),
            Some("OnFailure") => Some(RestartPolicy::OnFailure),
            Some("Never") => Some(RestartPolicy::Never),
            _ => None,
        }
    }

    /// Whether it alone wants a container started again that ended with `exit_code` (KL-068).
    pub fn restarts(self, exit_code: i32) -> bool {
        match self {
            RestartPolicy::Always => true,
            RestartPolicy::OnFailure => exit_code != 0,
            RestartPolicy::Never => false,
        }
    }
}

impl Container {
    /// The first of its rules that names this exit code.
    ///
    /// Kubernetes: FindMatchingContainerRestartRule.
    pub fn find_matching_restart_rule(&self, exit_code: i32) -> Option<&RestartRule> {
        self.restart_rules.iter().find(|rule| rule.matches(exit_code))
    }

    /// Whether all of the pod's containers start again when this one ends with `exit_code`.
    pub fn restarts_all(&self, exit_code: i32) -> bool {
        let rule = self.find_matching_restart_rule(exit_code);
        rule.is_some_and(|rule| rule.action == RestartAction::RestartAllContainers)
    }
}

impl PodSpec {
    /// Whether a container that ended with `exit_code` is started again.
    ///
    /// Kubernetes: ContainerShouldRestart.
    pub fn container_should_restart(&self, container: &Container, exit_code: i32) -> bool {
        match container.restart_policy {
            Some(own) => container.find_matching_restart_rule(exit_code).is_some() || own.restarts(exit_code),
            None => self.restart_policy.restarts(exit_code),
        }
    }

    /// Whether some container may have all of them started again.
    ///
    /// Kubernetes: AllContainersCouldRestart.
    pub fn all_containers_could_restart(&self) -> bool {
        let all = |rule: &RestartRule| rule.action == RestartAction::RestartAllContainers;
        self.containers.iter().any(|container| container.restart_rules.iter().any(all))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn restarts(policy: &str, container: Value, exit_code: i32) -> bool {
        let spec = PodSpec::from_value(json!({"restartPolicy": policy, "containers": [container]}));
        spec.container_should_restart(&spec.containers[0], exit_code)
    }

    #[test]
    fn a_containers_own_policy_and_rules_come_before_the_pods() {
        let rules = |action: &str, operator: &str| json!([{"action": action, "exitCodes": {"operator": operator, "values": [42, 43]}}]);
        let never =
            json!({"name": "c", "restartPolicy": "Never", "restartPolicyRules": rules("Restart", "In")});
        let not_in =
            json!({"name": "c", "restartPolicy": "Never", "restartPolicyRules": rules("Restart", "NotIn")});
        let on_failure = json!({"name": "c", "restartPolicy": "OnFailure"});
        let plain = json!({"name": "c"});
        let cases = [
            ("Always", &never, 1, false),
            ("Always", &never, 42, true),
            ("Never", &not_in, 42, false),
            ("Never", &not_in, 0, true),
            ("Never", &on_failure, 1, true),
            ("Always", &on_failure, 0, false),
            ("Never", &plain, 1, false),
            ("Always", &plain, 0, true),
            ("OnFailure", &plain, 0, false),
        ];
        for (policy, container, code, wanted) in cases {
            assert_eq!(restarts(policy, container.clone(), code), wanted, "{policy} {container} {code}");
        }
        let all = json!({"name": "c", "restartPolicy": "Never", "restartPolicyRules": rules("RestartAllContainers", "In")});
        let spec = PodSpec::from_value(json!({"containers": [all]}));
        assert!(spec.all_containers_could_restart());
        assert!(spec.containers[0].restarts_all(43) && !spec.containers[0].restarts_all(1));
    }
}

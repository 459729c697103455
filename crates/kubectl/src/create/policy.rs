//! `kubectl create quota` and `kubectl create poddisruptionbudget`.
//!
//! Kubernetes: kubectl/pkg/cmd/create/create_quota.go, create_pdb.go.

use serde_json::{Map, Value, json};

use super::{exactly_one_name, generate};
use crate::{Cmd, Command};
use api::label::{Operator, Selector};
use api::quantity::canonicalize;
use cli_runtime::flags::{Takes, flag};
use cli_runtime::job::{Failure, Io, Stop};
use sim::order::SortShared;

pub(super) const QUOTA: Command = Command {
    name: "quota",
    aliases: &["resourcequota"],
    short: "Create a quota with the specified name",
    usage: "NAME [--hard=key1=value1,key2=value2] [--scopes=Scope1,Scope2] [--dry-run=server|client|none]",
    flags: generator_flags![flag("hard", '\0', Takes::Text), flag("scopes", '\0', Takes::Text)],
    run: create_quota,
    subs: &[],
};

pub(super) const POD_DISRUPTION_BUDGET: Command = Command {
    name: "poddisruptionbudget",
    aliases: &["pdb"],
    short: "Create a pod disruption budget with the specified name",
    usage: "NAME --selector=SELECTOR --min-available=N [--dry-run=server|client|none]",
    flags: generator_flags![
        flag("min-available", '\0', Takes::Text),
        flag("max-unavailable", '\0', Takes::Text),
        flag("selector", '\0', Takes::Text),
    ],
    run: create_pod_disruption_budget,
    subs: &[],
};

fn create_quota(io: &mut Io, cmd: &Cmd) -> Result<i32, Stop> {
    let name = exactly_one_name(cmd)?;
    let mut spec = Map::new();
    if !cmd.text("hard").is_empty() {
        spec.insert("hard".to_owned(), Value::Object(resource_list(cmd.text("hard"))?));
    }
    if !cmd.text("scopes").is_empty() {
        let scopes: Vec<&str> = cmd.text("scopes").split(',').collect();
        if scopes.contains(&"") {
            return Err("invalid resource quota scope \"\"".into());
        }
        spec.insert("scopes".to_owned(), json!(scopes));
    }
    let value = json!({"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": name},
        "spec": spec, "status": {}});
    generate(io, cmd, value, "failed to create quota: ")
}

/// Kubernetes: create_quota.go, populateResourceListV1.
pub(crate) fn resource_list(text: &str) -> Result<Map<String, Value>, Failure> {
    let mut list = Map::new();
    for statement in text.split(',') {
        let [name, amount] = statement.split('=').collect::<Vec<_>>()[..] else {
            return Err(Failure::Message(format!(
                "Invalid argument syntax {statement}, expected <resource>=<value>"
            )));
        };
        let amount = canonicalize(amount).map_err(|error| Failure::Message(error.to_string()))?;
        list.insert(name.to_owned(), amount.into());
    }
    Ok(list)
}

fn create_pod_disruption_budget(io: &mut Io, cmd: &Cmd) -> Result<i32, Stop> {
    let name = exactly_one_name(cmd)?;
    let (min, max) = (cmd.text("min-available"), cmd.text("max-unavailable"));
    let (flag, field, amount) = match (min, max) {
        _ if cmd.text("selector").is_empty() => return Err("a selector must be specified".into()),
        ("", "") => return Err("one of min-available or max-unavailable must be specified".into()),
        (min, "") => ("min-available", "minAvailable", min),
        ("", max) => ("max-unavailable", "maxUnavailable", max),
        _ => return Err("min-available and max-unavailable cannot be both specified".into()),
    };
    let digits = amount.strip_suffix('%').unwrap_or(amount);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(format!("invalid format specified for {flag}").into());
    }
    let mut value = json!({
        "apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": name},
        "spec": {"selector": label_selector(cmd.text("selector"))?},
        "status": {"currentHealthy": 0, "desiredHealthy": 0, "disruptionsAllowed": 0, "expectedPods": 0},
    });
    value["spec"][field] = amount.parse::<i32>().map_or_else(|_| json!(amount), |number| json!(number));
    generate(io, cmd, value, "failed to create poddisruptionbudgets: ")
}

/// Kubernetes: apimachinery/pkg/apis/meta/v1/helpers.go, ParseToLabelSelector.
pub(crate) fn label_selector(text: &str) -> Result<Value, Failure> {
    let parsed = Selector::parse(text).map_err(|error| {
        Failure::Message(format!("couldn't parse the selector string \"{text}\": {error}"))
    })?;
    let (mut labels, mut expressions) = (Map::new(), Vec::new());
    for requirement in parsed.requirements().unwrap_or_default() {
        let operator = match requirement.operator() {
            Operator::Equals | Operator::DoubleEquals => {
                let value = requirement.values().first().map_or("", |value| value);
                labels.insert(requirement.key().to_owned(), json!(value));
                continue;
            }
            Operator::In => "In",
            Operator::NotIn => "NotIn",
            Operator::Exists => "Exists",
            Operator::DoesNotExist => "DoesNotExist",
            Operator::GreaterThan => return Err(unsupported("gt")),
            Operator::LessThan => return Err(unsupported("lt")),
            Operator::NotEquals => {
                return Err(Failure::message("\"!=\" is not a valid label selector operator"));
            }
        };
        let mut values: Vec<&str> = requirement.values().iter().map(|value| &**value).collect();
        values.sort_shared();
        let mut expression = json!({"key": requirement.key(), "operator": operator});
        if !values.is_empty() {
            expression["values"] = json!(values);
        }
        expressions.push(expression);
    }
    let mut selector = json!({});
    if !labels.is_empty() {
        selector["matchLabels"] = Value::Object(labels);
    }
    if !expressions.is_empty() {
        selector["matchExpressions"] = Value::Array(expressions);
    }
    Ok(selector)
}

fn unsupported(operator: &str) -> Failure {
    Failure::Message(format!("\"{operator}\" isn't supported in label selectors"))
}

//! Jobs and CronJobs.
//!
//! Kubernetes: pkg/apis/batch/validation/validation.go.

use serde_json::{Value, json};
use sim::SortedSet;

use super::daemonset::selector_text;
use super::meta::{validate_label_selector, validate_object_meta, validate_object_meta_update};
use super::names::{name_is_dns_subdomain, validate_domain_prefixed_path};
use super::pod::validate_pod_template_spec;
use super::time_zone::validate_time_zone;
use super::{
    go_form, push_invalid, push_unless_one_of, validate_immutable_field, validate_nonnegative_field,
};
use api::cron_schedule::Schedule;
use api::field::{ErrorList, FieldError, FieldPath, go_quote};
use api::json;
use api::label::{is_dns1123_label, is_qualified_name, label_selector_as_selector};

const MAX_PARALLELISM_INDEXED: i64 = 100_000;
const MAX_FAILED_INDEXES: i64 = 100_000;
/// Above so many completions less may fail and run at a time.
const COMPLETIONS_SOFT_LIMIT: i64 = 100_000;
const HIGH_COMPLETIONS_LIMIT: i64 = 10_000;
const MAX_RULES: usize = 20;
const MAX_EXIT_CODES: usize = 255;
const MAX_MANAGED_BY: usize = 63;
/// A Job's name is that of its CronJob and eleven letters more.
const MAX_CRON_JOB_NAME: usize = 52;

const CONTROLLER_UID: [&str; 2] = ["controller-uid", "batch.kubernetes.io/controller-uid"];
const JOB_NAME: [&str; 2] = ["job-name", "batch.kubernetes.io/job-name"];

pub(super) fn validate_job(job: &Value) -> ErrorList {
    let (meta, spec, path) = (json::get(job, "metadata"), json::get(job, "spec"), FieldPath::new("spec"));
    let name = json::text(meta, "name");
    let mut errors = validate_object_meta(meta, true, name_is_dns_subdomain, &FieldPath::new("metadata"));
    validate_generated_selector(job, &mut errors);
    validate_whole_job_spec(spec, &path, &mut errors);
    let completions = json::int(spec, "completions").unwrap_or(0);
    if is_indexed(spec) && completions > 0 {
        let hostname = format!("{name}-{}", completions - 1);
        if !is_dns1123_label(&hostname).is_empty() {
            let why = format!("will not able to create pod with invalid DNS label: {hostname}");
            errors.push(FieldError::invalid(&FieldPath::new("metadata").child("name"), name, why));
        }
    }
    errors
}

/// The labels by which a Job knows its pods must be the ones that it is given when it is stored; before that
/// it has no uid and only its name can be compared.
fn validate_generated_selector(job: &Value, errors: &mut ErrorList) {
    let (meta, spec) = (json::get(job, "metadata"), json::get(job, "spec"));
    let (selector, uid) = (json::get(spec, "selector"), json::text(meta, "uid"));
    if json::flag(spec, "manualSelector") || selector.is_null() || uid.is_empty() {
        return;
    }
    let labels = json::at(spec, &["template", "metadata", "labels"]);
    let path = FieldPath::new("spec").child("template").child("metadata").child("labels");
    let name = json::text(meta, "name");
    let mut expected = json!({});
    for (key, value) in
        [(CONTROLLER_UID[0], uid), (JOB_NAME[0], name), (CONTROLLER_UID[1], uid), (JOB_NAME[1], name)]
    {
        if json::text(labels, key) != value {
            let why = format!("must be '{value}'");
            errors.push(FieldError::invalid(&path.key(key), labels.clone(), why));
        }
        expected[key] = value.into();
    }
    if label_selector_as_selector(selector).is_ok_and(|selector| !selector.matches_json(&expected)) {
        let path = FieldPath::new("spec").child("selector");
        let error = FieldError::invalid(&path, selector.clone(), "`selector` not auto-generated");
        errors.push(error.shown_as(selector_text(selector)));
    }
}

/// Kubernetes: ValidateJobSpec. A selector that is still to be generated is not missed.
fn validate_whole_job_spec(spec: &Value, path: &FieldPath, errors: &mut ErrorList) {
    validate_job_spec(spec, path, errors);
    let selector = json::get(spec, "selector");
    if selector.is_null() {
        if json::flag(spec, "manualSelector") {
            errors.push(FieldError::required(&path.child("selector"), ""));
        }
        return;
    }
    validate_label_selector(selector, &path.child("selector"), errors);
    let labels = json::at(spec, &["template", "metadata", "labels"]);
    if label_selector_as_selector(selector).is_ok_and(|selector| !selector.matches_json(labels)) {
        let path = path.child("template").child("metadata").child("labels");
        let why = "`selector` does not match template `labels`";
        errors.push(FieldError::invalid(&path, labels.clone(), why));
    }
}

fn is_indexed(spec: &Value) -> bool {
    json::text(spec, "completionMode") == "Indexed"
}

/// Kubernetes: validateJobSpec.
fn validate_job_spec(spec: &Value, path: &FieldPath, errors: &mut ErrorList) {
    for key in [
        "parallelism",
        "completions",
        "activeDeadlineSeconds",
        "backoffLimit",
        "ttlSecondsAfterFinished",
        "backoffLimitPerIndex",
        "maxFailedIndexes",
    ] {
        validate_nonnegative_field(json::int(spec, key).unwrap_or(0), &path.child(key), errors);
    }
    if json::has(spec, "maxFailedIndexes") && !json::has(spec, "backoffLimitPerIndex") {
        let why = "when maxFailedIndexes is specified";
        errors.push(FieldError::required(&path.child("backoffLimitPerIndex"), why));
    }
    if let Some(manager) = json::get(spec, "managedBy").as_str() {
        let path = path.child("managedBy");
        validate_domain_prefixed_path(manager, &path, errors);
        if manager.len() > MAX_MANAGED_BY {
            errors.push(FieldError::too_long(&path, MAX_MANAGED_BY));
        }
    }
    validate_completion_mode(spec, path, errors);
    let failure = json::get(spec, "podFailurePolicy");
    if !failure.is_null() {
        validate_pod_failure_policy(spec, &path.child("podFailurePolicy").child("rules"), errors);
    }
    let success = json::get(spec, "successPolicy");
    if !success.is_null() {
        let path = path.child("successPolicy");
        if is_indexed(spec) {
            validate_success_policy(spec, &path.child("rules"), errors);
        } else {
            let shown = go_form::compact("SuccessPolicy", success);
            let error = FieldError::invalid(&path, success.clone(), "requires indexed completion mode");
            errors.push(error.shown_as(shown));
        }
    }
    if let Some(policy) = json::get(spec, "podReplacementPolicy").as_str() {
        let known: &[&str] = if failure.is_null() { &["Failed", "TerminatingOrFailed"] } else { &["Failed"] };
        if !known.contains(&policy) {
            errors.push(FieldError::not_supported(&path.child("podReplacementPolicy"), policy, known));
        }
    }
    let template_path = path.child("template");
    validate_pod_template_spec(json::get(spec, "template"), &template_path, errors);
    validate_restart_policy(spec, &template_path.child("spec").child("restartPolicy"), errors);
}

fn validate_restart_policy(spec: &Value, path: &FieldPath, errors: &mut ErrorList) {
    let policy = json::text(json::at(spec, &["template", "spec"]), "restartPolicy");
    match policy {
        "" | "Always" => {
            errors.push(FieldError::required(path, "valid values: \"OnFailure\", \"Never\""));
        }
        "OnFailure" if json::has(spec, "podFailurePolicy") => {
            let why = "only \"Never\" is supported when podFailurePolicy is specified";
            errors.push(FieldError::invalid(path, policy, why));
        }
        "OnFailure" | "Never" => {}
        _ => errors.push(FieldError::not_supported(path, policy, &["OnFailure", "Never"])),
    }
}

fn validate_completion_mode(spec: &Value, path: &FieldPath, errors: &mut ErrorList) {
    let mode = json::get(spec, "completionMode");
    let number = |key| json::int(spec, key);
    if let Some(mode) = mode.as_str().filter(|mode| !["NonIndexed", "Indexed"].contains(mode)) {
        let path = path.child("completionMode");
        errors.push(FieldError::not_supported(&path, mode, &["NonIndexed", "Indexed"]));
    }
    if mode.is_null() || mode == "NonIndexed" {
        for key in ["backoffLimitPerIndex", "maxFailedIndexes"] {
            if let Some(value) = number(key) {
                errors.push(FieldError::invalid(&path.child(key), value, "requires indexed completion mode"));
            }
        }
    }
    if !is_indexed(spec) {
        return;
    }
    let (completions, parallelism, failed) =
        (number("completions"), number("parallelism"), number("maxFailedIndexes"));
    if completions.is_none() {
        errors.push(FieldError::required(&path.child("completions"), "when completion mode is Indexed"));
    }
    let when = " when completion mode is Indexed";
    push_above(path, "parallelism", parallelism, MAX_PARALLELISM_INDEXED, when, errors);
    if let (Some(completions), Some(failed)) = (completions, failed)
        && failed > completions
    {
        let why = "must be less than or equal to completions";
        errors.push(FieldError::invalid(&path.child("maxFailedIndexes"), failed, why));
    }
    push_above(path, "maxFailedIndexes", failed, MAX_FAILED_INDEXES, "", errors);
    if completions.is_some_and(|completions| completions > COMPLETIONS_SOFT_LIMIT)
        && number("backoffLimitPerIndex").is_some()
    {
        if failed.is_none() {
            let why = format!("must be specified when completions is above {COMPLETIONS_SOFT_LIMIT}");
            errors.push(FieldError::required(&path.child("maxFailedIndexes"), why));
        }
        let when = format!(
            " when completions are above {COMPLETIONS_SOFT_LIMIT} and used with backoff limit per index"
        );
        push_above(path, "parallelism", parallelism, HIGH_COMPLETIONS_LIMIT, &when, errors);
        push_above(path, "maxFailedIndexes", failed, HIGH_COMPLETIONS_LIMIT, &when, errors);
    }
}

fn push_above(
    path: &FieldPath,
    key: &'static str,
    value: Option<i64>,
    limit: i64,
    when: &str,
    errors: &mut ErrorList,
) {
    if let Some(value) = value.filter(|value| *value > limit) {
        let why = format!("must be less than or equal to {limit}{when}");
        errors.push(FieldError::invalid(&path.child(key), value, why));
    }
}

/// A word that must be given, one of a few; what may be given is said in brackets.
fn validate_word(given: &str, known: &[&str], path: &FieldPath, errors: &mut ErrorList) {
    let quoted: Vec<String> = known.iter().map(|word| go_quote(word)).collect();
    if given.is_empty() {
        errors.push(FieldError::required(path, format!("valid values: [{}]", quoted.join(" "))));
    } else if !known.contains(&given) {
        errors.push(FieldError::not_supported(path, given, known));
    }
}

fn validate_pod_failure_policy(spec: &Value, path: &FieldPath, errors: &mut ErrorList) {
    let rules = json::list(json::get(spec, "podFailurePolicy"), "rules");
    if rules.len() > MAX_RULES {
        errors.push(FieldError::too_many(path, rules.len(), MAX_RULES));
    }
    let pod = json::at(spec, &["template", "spec"]);
    let containers = ["containers", "initContainers"].into_iter().flat_map(|list| json::list(pod, list));
    let names: Vec<&str> = containers.map(|container| json::text(container, "name")).collect();
    for (at, rule) in rules.iter().enumerate() {
        let path = path.index(at);
        let action = json::text(rule, "action");
        if action == "FailIndex" {
            if !json::has(spec, "backoffLimitPerIndex") {
                let why = "requires the backoffLimitPerIndex to be set";
                errors.push(FieldError::invalid(&path.child("action"), action, why));
            }
        } else {
            let known = ["Count", "FailIndex", "FailJob", "Ignore"];
            validate_word(action, &known, &path.child("action"), errors);
        }
        let (codes, conditions) = (json::get(rule, "onExitCodes"), json::list(rule, "onPodConditions"));
        if !codes.is_null() {
            validate_exit_codes(codes, &names, &path.child("onExitCodes"), errors);
        }
        validate_pod_conditions(conditions, &path.child("onPodConditions"), errors);
        let why = match (codes.is_null(), conditions.is_empty()) {
            (false, false) => "specifying both OnExitCodes and OnPodConditions is not supported",
            (true, true) => "specifying one of OnExitCodes and OnPodConditions is required",
            _ => continue,
        };
        errors.push(FieldError::invalid(&path, Value::Null, why).without_value());
    }
}

fn validate_pod_conditions(conditions: &[Value], path: &FieldPath, errors: &mut ErrorList) {
    if conditions.len() > MAX_RULES {
        errors.push(FieldError::too_many(path, conditions.len(), MAX_RULES));
    }
    for (at, condition) in conditions.iter().enumerate() {
        let path = path.index(at);
        let sort = json::text(condition, "type");
        push_invalid(&path.child("type"), sort, is_qualified_name(sort), errors);
        let status = json::text(condition, "status");
        validate_word(status, &["False", "True", "Unknown"], &path.child("status"), errors);
    }
}

fn validate_exit_codes(codes: &Value, names: &[&str], path: &FieldPath, errors: &mut ErrorList) {
    let operator = json::text(codes, "operator");
    validate_word(operator, &["In", "NotIn"], &path.child("operator"), errors);
    if let Some(name) = json::get(codes, "containerName").as_str().filter(|name| !names.contains(name)) {
        let why = "must be one of the container or initContainer names in the pod template";
        errors.push(FieldError::invalid(&path.child("containerName"), name, why));
    }
    let (all, path) = (json::get(codes, "values"), path.child("values"));
    let values: Vec<i64> = json::list(codes, "values").iter().filter_map(Value::as_i64).collect();
    if values.is_empty() {
        errors.push(FieldError::invalid(&path, all.clone(), "at least one value is required"));
    } else if values.len() > MAX_EXIT_CODES {
        errors.push(FieldError::too_many(&path, values.len(), MAX_EXIT_CODES));
    }
    let mut seen = SortedSet::new();
    for (at, code) in values.iter().enumerate() {
        let path = path.index(at);
        if operator == "In" && *code == 0 {
            errors.push(FieldError::invalid(&path, 0, "must not be 0 for the In operator"));
        }
        if !seen.insert(code) {
            errors.push(FieldError::duplicate(&path, *code));
        }
    }
    if !values.is_sorted() {
        errors.push(FieldError::invalid(&path, all.clone(), "must be ordered"));
    }
}

fn validate_success_policy(spec: &Value, path: &FieldPath, errors: &mut ErrorList) {
    let rules = json::list(json::get(spec, "successPolicy"), "rules");
    if rules.is_empty() {
        let why = "at least one rules must be specified when the successPolicy is specified";
        errors.push(FieldError::required(path, why));
    }
    if rules.len() > MAX_RULES {
        errors.push(FieldError::too_many(path, rules.len(), MAX_RULES));
    }
    // Without completions upstream's check itself fails; that they are missing has been said.
    let Some(completions) = json::int(spec, "completions") else { return };
    for (at, rule) in rules.iter().enumerate() {
        validate_success_policy_rule(rule, completions, &path.index(at), errors);
    }
}

fn validate_success_policy_rule(rule: &Value, completions: i64, path: &FieldPath, errors: &mut ErrorList) {
    let (indexes, count) = (json::get(rule, "succeededIndexes").as_str(), json::int(rule, "succeededCount"));
    if indexes.is_none() && count.is_none() {
        let why = "at least one of succeededCount or succeededIndexes must be specified";
        errors.push(FieldError::required(path, why));
    }
    let total = indexes.map(|indexes| {
        validate_indexes_format(indexes, completions).unwrap_or_else(|why| {
            let why = format!("error parsing succeededIndexes: {why}");
            errors.push(FieldError::invalid(&path.child("succeededIndexes"), indexes, why));
            0
        })
    });
    let Some(count) = count else { return };
    let path = path.child("succeededCount");
    validate_nonnegative_field(count, &path, errors);
    let limits = [
        (Some(completions), "the number of specified completions"),
        (total, "the number of indexes in the specified succeededIndexes field"),
    ];
    for (limit, what) in limits {
        if let Some(limit) = limit.filter(|limit| count > *limit) {
            let why = format!("must be less than or equal to {limit} ({what})");
            errors.push(FieldError::invalid(&path, count, why));
        }
    }
}

/// How many indexes `1,3-5` names.
fn validate_indexes_format(text: &str, completions: i64) -> Result<i64, String> {
    let (mut last, mut total) = (None, 0);
    for interval in text.split(',').filter(|_| !text.is_empty()) {
        let (first, end) = parse_index_interval(interval, completions)?;
        if let Some(last) = last.filter(|last| *last >= first) {
            return Err(format!("non-increasing order, previous: {last}, current: {first}"));
        }
        total += end - first + 1;
        last = Some(end);
    }
    Ok(total)
}

fn parse_index_interval(text: &str, completions: i64) -> Result<(i64, i64), String> {
    let limits: Vec<&str> = text.split('-').collect();
    if limits.len() > 2 {
        let text = go_quote(text);
        return Err(format!(
            "the fragment {text} violates the requirement that an index interval can have at most two parts separated by '-'"
        ));
    }
    let index = |text: &str| match text.parse::<i64>() {
        Err(_) => Err(format!("cannot convert string to integer for index: {}", go_quote(text))),
        Ok(index) if index >= completions => Err(format!("too large index: {}", go_quote(text))),
        Ok(index) => Ok(index),
    };
    let first = index(limits[0])?;
    let Some(end) = limits.get(1) else { return Ok((first, first)) };
    let end = index(end)?;
    if first >= end {
        return Err(format!("non-increasing order, previous: {first}, current: {end}"));
    }
    Ok((first, end))
}

pub(super) fn validate_job_update(new: &Value, old: &Value) -> ErrorList {
    let meta = |of| json::get(of, "metadata");
    let mut errors = validate_object_meta_update(meta(new), meta(old), &FieldPath::new("metadata"));
    let (new, old, path) = (json::get(new, "spec"), json::get(old, "spec"), FieldPath::new("spec"));
    validate_whole_job_spec(new, &path, &mut errors);
    validate_completions(new, old, &path, &mut errors);
    super::daemonset::validate_immutable_selector(new, old, &path, &mut errors);
    validate_template_kept(new, old, &path.child("template"), &mut errors);
    for (key, of) in [
        ("completionMode", ""),
        ("podFailurePolicy", "PodFailurePolicy"),
        ("backoffLimitPerIndex", ""),
        ("managedBy", ""),
        ("successPolicy", "SuccessPolicy"),
    ] {
        let (now, path) = (json::get(new, key), path.child(key));
        if now == json::get(old, key) {
            continue;
        }
        let error = FieldError::invalid(&path, now.clone(), super::FIELD_IMMUTABLE);
        errors.push(match now {
            Value::Object(_) => error.shown_as(go_form::compact(of, now)),
            _ => error,
        });
    }
    errors
}

fn validate_completions(new: &Value, old: &Value, path: &FieldPath, errors: &mut ErrorList) {
    let (now, before) = (json::get(new, "completions"), json::get(old, "completions"));
    let path = path.child("completions");
    if !is_indexed(new) {
        validate_immutable_field(now, before, &path, errors);
    } else if now != before && !now.is_null() && now != json::get(new, "parallelism") {
        let why = "can only be modified in tandem with spec.parallelism";
        errors.push(FieldError::invalid(&path, now.clone(), why));
    }
}

/// A Job that has not started may still be told where its pods belong and what they need.
fn validate_template_kept(new: &Value, old: &Value, path: &FieldPath, errors: &mut ErrorList) {
    let waits = json::flag(old, "suspend") && json::empty(old, "status");
    let (now, mut before) = (json::get(new, "template").clone(), json::get(old, "template").clone());
    if waits {
        for key in ["labels", "annotations"] {
            take_over(&mut before, &now, "metadata", key);
        }
        for key in ["affinity", "nodeSelector", "tolerations", "schedulingGates"] {
            take_over(&mut before, &now, "spec", key);
        }
    }
    if now != before {
        let shown = go_form::compact("PodTemplateSpec", &internal_template(&now));
        let error = FieldError::invalid(path, now, super::FIELD_IMMUTABLE);
        errors.push(error.shown_as(shown));
    }
}

/// A template whose pod is in the form of upstream's own types.
fn internal_template(template: &Value) -> Value {
    let mut internal = template.clone();
    let spec = go_form::internal_pod_spec(json::get(template, "spec"));
    json::object(&mut internal).insert("spec".to_owned(), spec);
    internal
}

fn take_over(to: &mut Value, from: &Value, of: &str, key: &str) {
    let holder = json::object(json::child(to, of));
    match json::at(from, &[of, key]) {
        Value::Null => {
            holder.remove(key);
        }
        value => {
            holder.insert(key.to_owned(), value.clone());
        }
    }
}

pub(super) fn validate_cron_job(job: &Value) -> ErrorList {
    let (meta, path) = (json::get(job, "metadata"), FieldPath::new("metadata"));
    let name = json::text(meta, "name");
    let mut errors = validate_object_meta(meta, true, name_is_dns_subdomain, &path);
    validate_cron_job_spec(json::get(job, "spec"), &Value::Null, &mut errors);
    if name.len() > MAX_CRON_JOB_NAME {
        let why = format!("must be no more than {MAX_CRON_JOB_NAME} characters");
        errors.push(FieldError::invalid(&path.child("name"), name, why));
    }
    errors
}

pub(super) fn validate_cron_job_update(new: &Value, old: &Value) -> ErrorList {
    let meta = |of| json::get(of, "metadata");
    let mut errors = validate_object_meta_update(meta(new), meta(old), &FieldPath::new("metadata"));
    validate_cron_job_spec(json::get(new, "spec"), json::get(old, "spec"), &mut errors);
    errors
}

fn validate_cron_job_spec(spec: &Value, old: &Value, errors: &mut ErrorList) {
    let path = FieldPath::new("spec");
    let zone = json::get(spec, "timeZone");
    validate_schedule(spec, old, &path.child("schedule"), errors);
    let number = |key| json::int(spec, key).unwrap_or(0);
    let deadline = "startingDeadlineSeconds";
    validate_nonnegative_field(number(deadline), &path.child(deadline), errors);
    if let Some(zone) = zone.as_str().filter(|_| json::get(old, "timeZone") != zone) {
        validate_time_zone(zone, &path.child("timeZone"), errors);
    }
    let policy = json::text(spec, "concurrencyPolicy");
    let policies = ["Allow", "Forbid", "Replace"];
    push_unless_one_of(&path.child("concurrencyPolicy"), policy, &policies, errors);
    let (job, job_path) = (json::at(spec, &["jobTemplate", "spec"]), path.child("jobTemplate").child("spec"));
    validate_job_spec(job, &job_path, errors);
    let selector = json::get(job, "selector");
    if !selector.is_null() {
        let why = "`selector` will be auto-generated";
        let error = FieldError::invalid(&job_path.child("selector"), selector.clone(), why);
        errors.push(error.shown_as(selector_text(selector)));
    }
    if json::flag(job, "manualSelector") {
        let path = job_path.child("manualSelector");
        errors.push(FieldError::not_supported(&path, true, &["nil", "false"]));
    }
    for key in ["successfulJobsHistoryLimit", "failedJobsHistoryLimit"] {
        validate_nonnegative_field(number(key), &path.child(key), errors);
    }
}

fn validate_schedule(spec: &Value, old: &Value, path: &FieldPath, errors: &mut ErrorList) {
    let schedule = json::text(spec, "schedule");
    if schedule.is_empty() {
        errors.push(FieldError::required(path, ""));
        return;
    }
    if let Err(why) = Schedule::parse(schedule) {
        errors.push(FieldError::invalid(path, schedule, why.to_string()));
    }
    if !schedule.contains("TZ") {
        return;
    }
    let why = if !json::text(old, "schedule").contains("TZ") {
        "cannot use TZ or CRON_TZ in schedule, use timeZone field instead"
    } else if json::has(spec, "timeZone") {
        "cannot use both timeZone field and TZ or CRON_TZ in schedule"
    } else {
        return;
    };
    errors.push(FieldError::invalid(path, schedule, why.to_string()));
}

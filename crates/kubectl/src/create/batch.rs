//! `kubectl create job` and `kubectl create cronjob`.
//!
//! Kubernetes: kubectl/pkg/cmd/create/create_job.go, create_cronjob.go.

use serde_json::{Map, Value, json};

use super::{SAVE_CONFIG, exactly_one_name, generate, required};
use crate::resources::{self, Scope};
use crate::{Cmd, Command, DRY_RUN, OUTPUT, VALIDATE};
use cli_runtime::flags::{Takes, flag};
use cli_runtime::job::{Failure, Io, Stop};

pub(super) const JOB: Command = Command {
    name: "job",
    aliases: &[],
    short: "Create a job with the specified name",
    usage: "NAME --image=image [--from=cronjob/name] -- [COMMAND] [args...]",
    flags: &[
        OUTPUT,
        DRY_RUN,
        VALIDATE,
        SAVE_CONFIG,
        flag("image", '\0', Takes::Text),
        flag("from", '\0', Takes::Text),
    ],
    run: create_job,
    subs: &[],
};

pub(super) const CRON_JOB: Command = Command {
    name: "cronjob",
    aliases: &["cj"],
    short: "Create a cron job with the specified name",
    usage: "NAME --image=image --schedule='0/5 * * * ?' -- [COMMAND] [args...]",
    flags: &[
        OUTPUT,
        DRY_RUN,
        VALIDATE,
        SAVE_CONFIG,
        flag("image", '\0', Takes::Text),
        flag("schedule", '\0', Takes::Text),
        flag("restart", '\0', Takes::Text),
    ],
    run: create_cron_job,
    subs: &[],
};

/// A template of one container that has the object's name.
fn template(cmd: &Cmd, name: &str, restart: &str) -> Value {
    let mut container = json!({
        "image": cmd.parsed.text("image").unwrap_or_default(), "name": name, "resources": {},
    });
    let command = cmd.args().get(1..).unwrap_or_default();
    if !command.is_empty() {
        container["command"] = json!(command);
    }
    json!({"metadata": {}, "spec": {"containers": [container], "restartPolicy": restart}})
}

fn create_job(io: &mut Io, cmd: &Cmd) -> Result<i32, Stop> {
    let name = exactly_one_name(cmd)?;
    let text = |flag: &str| cmd.parsed.text(flag).unwrap_or_default();
    if text("image").is_empty() == text("from").is_empty() {
        return Err("either --image or --from must be specified".into());
    }
    let mut value = json!({"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": name},
        "spec": {}, "status": {}});
    if text("from").is_empty() {
        value["spec"]["template"] = template(cmd, name, "Never");
    } else {
        if cmd.args().len() > 1 {
            return Err("cannot specify --from and command".into());
        }
        from_cron_job(io, cmd, &mut value)?;
    }
    generate(io, cmd, value, "failed to create job: ")
}

/// Kubernetes: create_job.go, createJobFromCronJob.
fn from_cron_job(io: &mut Io, cmd: &Cmd, job: &mut Value) -> Result<(), Stop> {
    let from = cmd.parsed.text("from").unwrap_or_default().to_owned();
    let targets = resources::resource_type_or_name_args(&[from], false)?;
    let scope = Scope { namespace: cmd.namespace(), ..Scope::default() };
    let (infos, failures) = resources::visit(io, &targets, &scope)?;
    if let Some(failure) = Failure::aggregate(failures) {
        return Err(failure.into());
    }
    let [info] = infos.as_slice() else { return Err("from must be an existing cronjob".into()) };
    let info_kind = info.kind.info();
    if (info_kind.group, info_kind.kind) != ("batch", "CronJob") {
        let package = info_kind.api_version.replace('/', "");
        let package = if info_kind.group.is_empty() { "v1".to_owned() } else { package };
        return Err(format!("unknown object type *{package}.{}", info_kind.kind).into());
    }
    let object = info.object.to_value(io.now());
    let made_by = &object["spec"]["jobTemplate"];
    let mut annotations = Map::new();
    annotations.insert("cronjob.kubernetes.io/instantiate".to_owned(), json!("manual"));
    for (key, text) in made_by["metadata"]["annotations"].as_object().into_iter().flatten() {
        annotations.insert(key.clone(), text.clone());
    }
    job["metadata"]["annotations"] = Value::Object(annotations);
    if let Some(labels) = made_by["metadata"]["labels"].as_object() {
        job["metadata"]["labels"] = json!(labels);
    }
    let meta = &object["metadata"];
    job["metadata"]["ownerReferences"] = json!([{
        "apiVersion": "batch/v1", "controller": true, "kind": "CronJob",
        "name": meta["name"], "uid": meta["uid"],
    }]);
    job["spec"] = made_by["spec"].clone();
    Ok(())
}

fn create_cron_job(io: &mut Io, cmd: &Cmd) -> Result<i32, Stop> {
    required(cmd, &["image", "schedule"])?;
    let name = exactly_one_name(cmd)?;
    let restart = cmd.parsed.text("restart").filter(|policy| !policy.is_empty()).unwrap_or("OnFailure");
    let value = json!({
        "apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": name},
        "spec": {
            "jobTemplate": {"metadata": {"name": name}, "spec": {"template": template(cmd, name, restart)}},
            "schedule": cmd.parsed.text("schedule").unwrap_or_default(),
        },
        "status": {},
    });
    generate(io, cmd, value, "failed to create cronjob: ")
}

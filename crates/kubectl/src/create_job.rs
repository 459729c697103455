//! `kubectl create job` and `kubectl create cronjob`.
//!
//! Kubernetes: kubectl/pkg/cmd/create/create_job.go, create_cronjob.go.

use serde_json::{Value, json};

use super::create::{exactly_one_name, generate};
use super::resources;
use super::{Cmd, Command};
use api::json;
use api::object::{Key, Kind, Object};
use cli_runtime::flags::{Takes, flag};
use cli_runtime::job::{Io, Stop};
use wire::{Call, Reply};

pub(super) const JOB: Command = Command {
    name: "job",
    aliases: &[],
    short: "Create a job with the specified name",
    usage: "NAME --image=image [--from=cronjob/name] -- [COMMAND] [args...]",
    flags: generator_flags![flag("image", '\0', Takes::Text), flag("from", '\0', Takes::Text)],
    run: create_job,
    subs: &[],
};

pub(super) const CRON_JOB: Command = Command {
    name: "cronjob",
    aliases: &["cj"],
    short: "Create a cron job with the specified name",
    usage: "NAME --image=image --schedule='0/5 * * * ?' -- [COMMAND] [args...]",
    flags: generator_flags![
        flag("image", '\0', Takes::Text),
        flag("schedule", '\0', Takes::Text),
        flag("restart", '\0', Takes::Text),
    ],
    run: create_cron_job,
    subs: &[],
};

fn template(name: &str, image: &str, command: &[String], restart: &str) -> Value {
    let mut container = json!({"name": name, "image": image, "resources": {}});
    if !command.is_empty() {
        container["command"] = json!(command);
    }
    json!({"metadata": {}, "spec": {"containers": [container], "restartPolicy": restart}})
}

/// Kubernetes: create_job.go, Validate, Run.
fn create_job(io: &mut Io, cmd: &Cmd) -> Result<i32, Stop> {
    let name = exactly_one_name(cmd)?;
    let (image, from) = (cmd.text("image"), cmd.text("from"));
    let command = cmd.args().get(1..).unwrap_or_default();
    if image.is_empty() == from.is_empty() {
        return Err("either --image or --from must be specified".into());
    }
    if !from.is_empty() && !command.is_empty() {
        return Err("cannot specify --from and command".into());
    }
    let value = match from {
        "" => json!({
            "apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": name},
            "spec": {"template": template(name, image, command, "Never")}, "status": {},
        }),
        from => job_from_cron_job(io, cmd, name, from)?,
    };
    generate(io, cmd, value, "failed to create job: ")
}

/// Kubernetes: create_job.go, createJobFromCronJob.
fn job_from_cron_job(io: &mut Io, cmd: &Cmd, name: &str, from: &str) -> Result<Value, Stop> {
    let targets = resources::resource_type_or_name_args(&[from.to_owned()], false)?;
    let target = targets.first().and_then(|target| Some((target.kind, target.name.clone()?)));
    let Some((kind, cron_job)) = target else {
        return Err(format!("from must be an existing cronjob: {from}").into());
    };
    if Kind::of("batch/v1", "CronJob") != Some(kind) {
        return Err("from must be an existing cronjob".into());
    }
    let key = Key::new(&cmd.namespace(), &cron_job);
    let Reply::Object(object @ Object::Other(_)) = io.must(Call::Get { kind, key })? else {
        return Err("from must be an existing cronjob".into());
    };
    let value = object.to_value(io.now());
    let template = json::at(&value, &["spec", "jobTemplate"]);
    let mut annotations = json!({"cronjob.kubernetes.io/instantiate": "manual"});
    for (key, text) in json::entries(json::get(template, "metadata"), "annotations") {
        annotations[key] = text.clone();
    }
    let mut meta = json!({
        "name": name,
        "annotations": annotations,
        // Without blockOwnerDeletion, so that nothing more than making Jobs has to be allowed.
        "ownerReferences": [{"apiVersion": "batch/v1", "kind": "CronJob", "name": value["metadata"]["name"],
            "uid": value["metadata"]["uid"], "controller": true}],
    });
    if !json::empty(json::get(template, "metadata"), "labels") {
        meta["labels"] = template["metadata"]["labels"].clone();
    }
    Ok(
        json!({"apiVersion": "batch/v1", "kind": "Job", "metadata": meta, "spec": template["spec"], "status": {}}),
    )
}

/// Kubernetes: create_cronjob.go.
fn create_cron_job(io: &mut Io, cmd: &Cmd) -> Result<i32, Stop> {
    let (image, schedule) = (cmd.text("image"), cmd.text("schedule"));
    let missing: Vec<&str> = [("\"image\"", image), ("\"schedule\"", schedule)]
        .iter()
        .filter(|(_, given)| given.is_empty())
        .map(|(name, _)| *name)
        .collect();
    if !missing.is_empty() {
        return Err(format!("required flag(s) {} not set", missing.join(", ")).into());
    }
    let name = exactly_one_name(cmd)?;
    let restart = Some(cmd.text("restart")).filter(|policy| !policy.is_empty()).unwrap_or("OnFailure");
    let command = cmd.args().get(1..).unwrap_or_default();
    let value = json!({
        "apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": name},
        "spec": {
            "jobTemplate": {"metadata": {"name": name}, "spec": {"template": template(name, image, command, restart)}},
            "schedule": schedule,
        },
        "status": {},
    });
    generate(io, cmd, value, "failed to create cronjob: ")
}

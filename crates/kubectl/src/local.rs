//! The objects that a command changes: those of the API server or, with `--local`, those of its files.
//!
//! Kubernetes: cli-runtime/pkg/resource/builder.go, LocalParam.

use std::rc::Rc;

use super::apply::{DRY_RUN_CLIENT, DRY_RUN_SERVER, dry_run};
use super::manifests::{self, Doc};
use super::resources::{self, Info};
use super::{Cmd, Flag};
use api::meta::ObjectMeta;
use api::object::{Object, Other};
use cli_runtime::flags::{Takes, flag};
use cli_runtime::job::{Failure, Io, Stop};
use wire::FieldValidation;

pub(super) const LOCAL: Flag = flag("local", '\0', Takes::Bool);

/// Kubernetes: builder.go, LocalResourceError.
const LOCAL_RESOURCE_ERROR: &str = "you must specify resources by --filename when --local is set.\nExample resource specifications include:\n   '-f rsrc.yaml'\n   '--filename=rsrc.json'";

/// The objects that are named by words or files, and what failed on the way.
pub(super) fn find(io: &mut Io, cmd: &Cmd, objects: &[String]) -> Result<(Vec<Info>, Vec<Failure>), Stop> {
    if !cmd.parsed.flag("local") {
        let targets = cmd.targets(io, objects, false)?;
        return resources::visit(io, &targets, &cmd.scope());
    }
    if !objects.is_empty() {
        return Err(LOCAL_RESOURCE_ERROR.into());
    }
    if dry_run(cmd)? == Some(DRY_RUN_SERVER) {
        return Err("cannot specify --local and --dry-run=server - did you mean --dry-run=client?".into());
    }
    let read = manifests::read(io, cmd, FieldValidation::Ignore)?;
    Ok((read.docs.iter().map(as_written).collect(), read.failures.clone()))
}

fn as_written(doc: &Doc) -> Info {
    let meta = ObjectMeta::from_value(&doc.value["metadata"]);
    let object = Object::Other(Rc::new(Other { kind: doc.kind, meta, raw: doc.value.clone() }));
    Info { kind: doc.kind, object }
}

/// Whether a change is only shown, and the API server is not asked.
pub(super) fn is_shown_only(cmd: &Cmd, dry: Option<&str>) -> bool {
    dry == Some(DRY_RUN_CLIENT) || cmd.parsed.flag("local")
}

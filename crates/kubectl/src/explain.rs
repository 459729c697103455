//! `explain`: the fields of a kind, from the API's schema. The descriptions are not kept here.
//!
//! Kubernetes: kubectl/pkg/explain/explain.go, v2/templates/plaintext.tmpl.

use super::{Cmd, Command, OWN_OUTPUT};
use api::field::go_quote;
use api::schema::{self, StructId, Type, structure};
use cli_runtime::flags::{Takes, flag};
use cli_runtime::job::{Failure, Io, Stop};

pub(super) const COMMAND: Command = Command {
    name: "explain",
    aliases: &[],
    short: "Get documentation for a resource",
    usage: "TYPE [--recursive=FALSE|TRUE] [--api-version=api-version-group]",
    flags: &[OWN_OUTPUT, flag("recursive", '\0', Takes::Bool), flag("api-version", '\0', Takes::Text)],
    run,
    subs: &[],
};

fn run(io: &mut Io, cmd: &Cmd) -> Result<i32, Stop> {
    let [path] = cmd.args() else {
        return Err(match cmd.args().len() {
            0 => Failure::message("You must specify the type of resource to explain. Use \"kubectl api-resources\" for a complete list of supported resources."),
            _ => Failure::message("We accept only this format: explain RESOURCE"),
        }
        .into());
    };
    let path = path.strip_suffix('.').unwrap_or(path);
    let (resource, fields_path) = path.split_once('.').unwrap_or((path, ""));
    let Some(info) = schema::by_resource_name(resource) else {
        // Kubernetes: helpers.go, checkErr of a NoResourceMatchError.
        io.err(format!("the server doesn't have a resource type {}\n", go_quote(resource)));
        return Err(Failure::Exit(1).into());
    };
    let fields_path = match path.strip_prefix(info.resource.as_str()) {
        Some(rest) => rest.strip_prefix('.').unwrap_or(rest),
        None => fields_path,
    };
    let words: Vec<&str> = fields_path.split('.').filter(|word| !word.is_empty()).collect();
    if !info.group.is_empty() {
        io.out(format!("GROUP:      {}\n", info.group));
    }
    io.out(format!("KIND:       {}\nVERSION:    {}\n\n", info.kind, info.version));
    let mut ty = Type::Struct(info.root);
    let mut field = None;
    for word in &words {
        let Some(found) = inner(&ty).and_then(|id| structure(id).field(word)) else {
            // Upstream names the last field of the path, whichever is missing.
            let last = words.last().unwrap_or(word);
            return Err(format!("field \"{last}\" does not exist").into());
        };
        (ty, field) = (found.ty.clone(), Some(word));
    }
    let mut out = String::new();
    if let Some(field) = field {
        out += &format!("FIELD: {field} <{}>\n\n", type_name(&ty));
    }
    if let Some(id) = inner(&ty) {
        out += "FIELDS:\n";
        fields(id, 1, cmd.parsed.flag("recursive"), &mut out);
        out.push('\n');
    }
    io.out(out);
    Ok(0)
}

/// The struct behind lists and maps.
fn inner(ty: &Type) -> Option<StructId> {
    match ty {
        Type::Struct(id) => Some(*id),
        Type::List(of) | Type::Map(of) => inner(of),
        _ => None,
    }
}

/// Schemas of CRDs hold themselves; nothing else is as deep.
const MAX_DEPTH: usize = 12;

fn fields(id: StructId, level: usize, recursive: bool, out: &mut String) {
    for field in &structure(id).fields {
        out.extend(std::iter::repeat_n("  ", level));
        out.push_str(&format!("{}\t<{}>\n", field.name, type_name(&field.ty)));
        if let Some(id) = inner(&field.ty).filter(|_| recursive && level < MAX_DEPTH) {
            fields(id, level + 1, recursive, out);
        }
    }
}

fn type_name(ty: &Type) -> String {
    match ty {
        Type::String | Type::Time | Type::MicroTime | Type::Bytes => "string".to_owned(),
        Type::Bool => "boolean".to_owned(),
        Type::Int32 | Type::Int64 => "integer".to_owned(),
        Type::Float64 => "number".to_owned(),
        Type::Quantity => "Quantity".to_owned(),
        Type::IntOrString => "IntOrString".to_owned(),
        Type::Any => "Object".to_owned(),
        Type::Struct(id) => structure(*id).name.to_owned(),
        Type::List(of) => format!("[]{}", type_name(of)),
        Type::Map(of) => format!("map[string]{}", type_name(of)),
    }
}

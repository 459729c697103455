//! `explain`: the fields of a kind, from the API's schema, with what it says of them.
//!
//! Kubernetes: kubectl/pkg/explain/explain.go, v2/templates/plaintext.tmpl.

mod values;

use super::{Cmd, Command, OWN_OUTPUT};
use api::field::go_quote;
use api::schema::{self, Field, StructId, Type, descriptions, structure};
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
    let info = match cmd.text("api-version") {
        "" => info,
        wanted => {
            let same = |kind: &&schema::KindInfo| kind.api_version == wanted && kind.plural == info.plural;
            let (group, version) = wanted.split_once('/').unwrap_or(("", wanted));
            schema::kinds().iter().find(same).ok_or_else(|| {
                let resource = format!("{group}/{version}, Resource={}", info.plural);
                format!("couldn't find resource for {}", go_quote(&resource))
            })?
        }
    };
    if !matches!(cmd.text("output"), "" | "plaintext" | "plaintext-openapiv2") {
        return Err(format!("unrecognized format: {}", cmd.text("output")).into());
    }
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
    let mut text = descriptions::of_type(&ty).map(|text| format!("{text}\n"));
    let mut field = None;
    let mut values = Vec::new();
    for word in &words {
        let Some((id, found)) = inner(&ty).and_then(|id| Some((id, structure(id).field(word)?))) else {
            // Upstream names the last field of the path, whichever is missing.
            let last = words.last().unwrap_or(word);
            return Err(format!("field \"{last}\" does not exist").into());
        };
        (ty, text, field) = (found.ty.clone(), description(id, found), Some(word));
        values = values::of(structure(id).name, found.name);
    }
    let mut out = String::new();
    if let Some(field) = field {
        out += &format!("FIELD: {field} <{ty}>\n{}\n\n", long_list(&values));
    }
    let are_loaded = descriptions::are_loaded();
    if are_loaded {
        out += "DESCRIPTION:\n";
        out += &indent(4, &wrap(76, text.as_deref().unwrap_or("<empty>")));
        out.push('\n');
    }
    if let Some(id) = inner(&ty) {
        out += "FIELDS:\n";
        fields(id, 1, cmd.parsed.flag("recursive"), &mut out);
    }
    out.push('\n');
    io.out(out);
    if !are_loaded {
        io.err("(the descriptions of the fields could not be loaded)\n".to_owned());
        return Err(Failure::Exit(1).into());
    }
    Ok(0)
}

/// What is said of a field itself, with the values that it may have.
fn own_text(id: StructId, field: &Field) -> Option<String> {
    let text = descriptions::of_field(id, field.name)?;
    let values = values::of(structure(id).name, field.name);
    Some(if values.is_empty() { text } else { text + &values::listed(&values) })
}

/// A field's values one below the other.
///
/// Kubernetes: plaintext.tmpl, extractEnum of the long view; [`short_list`] is the other one.
fn long_list(values: &[&str]) -> String {
    if values.is_empty() { String::new() } else { format!("ENUM:\n    {}", values.join("\n    ")) }
}

/// How many values stand in a list of fields.
const SHORT: usize = 4;

/// The same in a line of its own.
fn short_list(values: &[&str], level: usize) -> String {
    if values.is_empty() {
        return String::new();
    }
    let more = if values.len() > SHORT { ", ...." } else { "" };
    format!("\n{}enum: {}{more}", "  ".repeat(level), values[..values.len().min(SHORT)].join(", "))
}

/// What is said of a field: its own text, then those of what it holds.
fn description(id: StructId, field: &Field) -> Option<String> {
    let mut text = own_text(id, field).map_or_else(String::new, |text| text + "\n");
    let mut ty = &field.ty;
    while let Type::List(of) | Type::Map(of) = ty {
        ty = of;
    }
    if let Some(of_type) = descriptions::of_type(ty) {
        text += &of_type;
        text.push('\n');
    }
    (!text.is_empty()).then_some(text)
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
        let required = if field.required { " -required-" } else { "" };
        let values = short_list(&values::of(structure(id).name, field.name), level);
        out.push_str(&format!("{}\t<{}>{required}{values}\n", field.name, field.ty));
        if !recursive && descriptions::are_loaded() {
            // In a list a field's own text stands alone.
            let text = own_text(id, field);
            let wrapped = wrap(78 - level * 2, text.as_deref().unwrap_or("<no description>"));
            *out += &indent(level * 2 + 2, &wrapped);
            out.push_str("\n\n");
        }
        if let Some(id) = inner(&field.ty).filter(|_| recursive && level < MAX_DEPTH) {
            fields(id, level + 1, recursive, out);
        }
    }
}

/// Blanks before every line, the last and empty one too.
fn indent(amount: usize, text: &str) -> String {
    let pad = " ".repeat(amount);
    format!("{pad}{}", text.replace('\n', &format!("\n{pad}")))
}

/// Breaks lines between words, where they are longer than the limit; a longer word stays whole.
///
/// Kubernetes: github.com/mitchellh/go-wordwrap, WrapString.
fn wrap(limit: usize, text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    for (at, line) in text.split('\n').enumerate() {
        if at > 0 {
            out.push('\n');
        }
        let mut length = 0;
        let mut rest = line;
        while !rest.is_empty() {
            let word_at = rest.find(|letter| letter != ' ').unwrap_or(rest.len());
            let (spaces, behind) = rest.split_at(word_at);
            let end = behind.find(' ').unwrap_or(behind.len());
            let (word, next) = behind.split_at(end);
            let word_length = word.chars().count();
            if length > 0 && length + spaces.len() + word_length > limit && !word.is_empty() {
                out.push('\n');
                length = 0;
            } else if length + spaces.len() <= limit {
                out.push_str(spaces);
                length += spaces.len();
            }
            out.push_str(word);
            length += word_length;
            rest = next;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_between_words() {
        assert_eq!(wrap(10, "one two three"), "one two\nthree");
        assert_eq!(wrap(10, "one\n  two\n"), "one\n  two\n");
        assert_eq!(wrap(5, "extraordinary word"), "extraordinary\nword");
        assert_eq!(indent(2, "a\nb\n"), "  a\n  b\n  ");
    }
}

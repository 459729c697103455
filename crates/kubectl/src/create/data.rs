//! `kubectl create configmap` and `kubectl create secret`: objects whose data come from files, lines and literals.
//!
//! Kubernetes: kubectl/pkg/cmd/create/create_configmap.go, create_secret.go, create_secret_docker.go,
//! create_secret_tls.go; kubectl/pkg/cmd/util/env_file.go.

use std::rc::Rc;

use serde_json::{Value, json};

use super::{exactly_one_name, generate};
use crate::{Cmd, Command, default_sub_command_run};
use api::field::{go_json, go_quote};
use api::json;
use api::label::regex_error;
use cli_runtime::flags::{Flag, Takes, flag};
use cli_runtime::job::{Failure, Io, Stop};
use sha2::{Digest, Sha256};

const FROM_LITERAL: Flag = flag("from-literal", '\0', Takes::Text);
const FROM_FILE: Flag = flag("from-file", '\0', Takes::Text);
const FROM_ENV_FILE: Flag = flag("from-env-file", '\0', Takes::Text);
const APPEND_HASH: Flag = flag("append-hash", '\0', Takes::Bool);

pub(super) const CONFIG_MAP: Command = Command {
    name: "configmap",
    aliases: &["cm"],
    short: "Create a config map from a local file, directory or literal value",
    usage: "NAME [--from-file=[key=]source] [--from-literal=key1=value1] [--dry-run=server|client|none]",
    flags: generator_flags![FROM_LITERAL, FROM_FILE, FROM_ENV_FILE, APPEND_HASH],
    run: |io, cmd| {
        let name = exactly_one_name(cmd)?;
        let mut value = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}});
        add_sources(io, cmd, &mut value, false)?;
        append_hash(cmd, &mut value);
        generate(io, cmd, value, "failed to create configmap: ")
    },
    subs: &[],
};

pub(super) const SECRET: Command = Command {
    name: "secret",
    aliases: &[],
    short: "Create a secret using a specified subcommand",
    usage: "(docker-registry | generic | tls)",
    flags: &[],
    run: default_sub_command_run,
    subs: &[
        Command {
            name: "docker-registry",
            aliases: &[],
            short: "Create a secret for use with a Docker registry",
            usage: "NAME --docker-username=user --docker-password=password --docker-email=email [--docker-server=string] [--from-file=[key=]source] [--dry-run=server|client|none]",
            flags: generator_flags![
                FROM_FILE,
                APPEND_HASH,
                flag("docker-username", '\0', Takes::Text),
                flag("docker-password", '\0', Takes::Text),
                flag("docker-email", '\0', Takes::Text),
                flag("docker-server", '\0', Takes::Text),
            ],
            run: create_docker_registry,
            subs: &[],
        },
        Command {
            name: "generic",
            aliases: &[],
            short: "Create a secret from a local file, directory, or literal value",
            usage: "NAME [--type=string] [--from-file=[key=]source] [--from-literal=key1=value1] [--dry-run=server|client|none]",
            flags: generator_flags![
                FROM_LITERAL,
                FROM_FILE,
                FROM_ENV_FILE,
                APPEND_HASH,
                flag("type", '\0', Takes::Text),
            ],
            run: |io, cmd| {
                let name = exactly_one_name(cmd)?;
                let mut value = secret(name, cmd.text("type"));
                add_sources(io, cmd, &mut value, true)?;
                append_hash(cmd, &mut value);
                generate(io, cmd, value, FAILED)
            },
            subs: &[],
        },
        Command {
            name: "tls",
            aliases: &[],
            short: "Create a TLS secret",
            usage: "NAME --cert=path/to/cert/file --key=path/to/key/file [--dry-run=server|client|none]",
            flags: generator_flags![
                APPEND_HASH,
                flag("cert", '\0', Takes::Text),
                flag("key", '\0', Takes::Text),
            ],
            run: create_tls,
            subs: &[],
        },
    ],
};

const FAILED: &str = "failed to create secret ";

fn secret(name: &str, sort: &str) -> Value {
    let mut value = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}});
    if !sort.is_empty() {
        value["type"] = json!(sort);
    }
    value
}

fn create_docker_registry(io: &mut Io, cmd: &Cmd) -> Result<i32, Stop> {
    let name = exactly_one_name(cmd)?;
    let text = |flag: &str| match (cmd.parsed.text(flag), flag) {
        (None, "docker-server") => "https://index.docker.io/v1/",
        (text, _) => text.unwrap_or_default(),
    };
    let (user, password, email, server) =
        (text("docker-username"), text("docker-password"), text("docker-email"), text("docker-server"));
    let mut value = secret(name, "kubernetes.io/dockerconfigjson");
    if cmd.parsed.given("from-file") {
        for source in cmd.parsed.list("from-file") {
            let source = if source.contains('=') { source } else { format!(".dockerconfigjson={source}") };
            add_file_source(io, &mut value, &source, true)?;
        }
        append_hash(cmd, &mut value);
        return generate(io, cmd, value, FAILED);
    }
    if [user, password, server].contains(&"") {
        return Err("either --from-file or the combination of --docker-username, --docker-password and --docker-server is required".into());
    }
    // In the order of Go's struct.
    let quoted = |text: &str| go_json(&json!(text));
    let auth = golang::base64::encode(format!("{user}:{password}").as_bytes());
    let email = if email.is_empty() { String::new() } else { format!("\"email\":{},", quoted(email)) };
    let config = format!(
        "{{\"auths\":{{{}:{{\"username\":{},\"password\":{},{email}\"auth\":{}}}}}}}",
        quoted(server),
        quoted(user),
        quoted(password),
        quoted(&auth),
    );
    value["data"][".dockerconfigjson"] = json!(golang::base64::encode(config.as_bytes()));
    append_hash(cmd, &mut value);
    generate(io, cmd, value, FAILED)
}

/// Not simulated: what Go finds wrong inside a certificate and key that are there.
fn create_tls(io: &mut Io, cmd: &Cmd) -> Result<i32, Stop> {
    let name = exactly_one_name(cmd)?;
    let (cert, key) = (cmd.text("cert"), cmd.text("key"));
    if cert.is_empty() || key.is_empty() {
        return Err("key and cert must be specified".into());
    }
    let mut value = secret(name, "kubernetes.io/tls");
    let mut files = Vec::new();
    for path in [cert, key] {
        files.push(io.file(path).ok_or_else(|| {
            Failure::Message(format!("Cannot read file {path}, open {path}: no such file or directory"))
        })?);
    }
    for ((what, field), bytes) in [("certificate", "tls.crt"), ("key", "tls.key")].into_iter().zip(files) {
        if !String::from_utf8_lossy(&bytes).contains("-----BEGIN ") {
            return Err(format!("tls: failed to find any PEM data in {what} input").into());
        }
        value["data"][field] = json!(golang::base64::encode(&bytes));
    }
    append_hash(cmd, &mut value);
    generate(io, cmd, value, FAILED)
}

/// `--append-hash`: another content has another name.
///
/// Kubernetes: kubectl/pkg/util/hash/hash.go.
fn append_hash(cmd: &Cmd, value: &mut Value) {
    if !cmd.parsed.flag("append-hash") {
        return;
    }
    let name = json::text(json::get(value, "metadata"), "name").to_owned();
    value["metadata"]["name"] = json!(format!("{name}-{}", object_hash(value)));
}

fn object_hash(value: &Value) -> String {
    let name = json::text(json::get(value, "metadata"), "name");
    let mut hashed = json!({"kind": value["kind"], "name": name, "data": {}});
    if value["kind"] == "Secret" {
        hashed["type"] = json!("");
    }
    for field in ["binaryData", "data", "immutable", "type"] {
        if let Some(given) = value.get(field) {
            hashed[field] = given.clone();
        }
    }
    // Letters of which no words can be made.
    let letter = |digit: char| match digit {
        '0' => 'g',
        '1' => 'h',
        '3' => 'k',
        'a' => 'm',
        'e' => 't',
        other => other,
    };
    let digest = format!("{:x}", Sha256::digest(go_json(&hashed).as_bytes()));
    digest.chars().take(10).map(letter).collect()
}

/// What --from-literal, --from-file and --from-env-file say, into the object's data.
fn add_sources(io: &Io, cmd: &Cmd, value: &mut Value, secret: bool) -> Result<(), Failure> {
    let (literals, files) = (cmd.parsed.all("from-literal"), cmd.parsed.list("from-file"));
    let lines = cmd.parsed.list("from-env-file");
    if !(lines.is_empty() || literals.is_empty() && files.is_empty()) {
        return Err(Failure::message("from-env-file cannot be combined with from-file or from-literal"));
    }
    for source in &files {
        add_file_source(io, value, source, secret)?;
    }
    for source in literals {
        let (key, text) = parse_literal_source(source)?;
        add_key(value, key, text.as_bytes(), secret)?;
    }
    for path in &lines {
        add_env_file(io, value, path, secret)?;
    }
    Ok(())
}

/// Kubernetes: kubectl/pkg/util/util.go, ParseLiteralSource.
fn parse_literal_source(source: &str) -> Result<(&str, &str), Failure> {
    match source.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key, value)),
        _ => Err(Failure::Message(format!("invalid literal source {source}, expected key=value"))),
    }
}

/// Kubernetes: kubectl/pkg/util/util.go, ParseFileSource; create_configmap.go, handleConfigMapFromFileSources.
fn add_file_source(io: &Io, value: &mut Value, source: &str, secret: bool) -> Result<(), Failure> {
    let (key, path) = match source.split('=').collect::<Vec<_>>().as_slice() {
        [path] => (None, *path),
        [_, _, _, ..] => {
            return Err(Failure::message("key names or file paths cannot contain '='"));
        }
        ["", path] => {
            return Err(Failure::Message(format!("key name for file path {path} missing")));
        }
        [key, ""] => {
            return Err(Failure::Message(format!("file path for key name {key} missing")));
        }
        [key, path] => (Some(*key), *path),
        [] => return Ok(()),
    };
    let last = |path: &str| path.rsplit('/').next().unwrap_or(path).to_owned();
    if let Some(bytes) = io.file(path) {
        return add_key(value, &key.map_or_else(|| last(path), str::to_owned), &bytes, secret);
    }
    let inside = io.files_in(path, false);
    if inside.is_empty() {
        return Err(Failure::Message(format!("error reading {path}: no such file or directory")));
    }
    if source.contains('=') {
        return Err(Failure::message("cannot give a key name for a directory path"));
    }
    for file in inside {
        let bytes: Rc<[u8]> = io.file(&file).unwrap_or_default();
        add_key(value, &last(&file), &bytes, secret)?;
    }
    Ok(())
}

/// Kubernetes: kubectl/pkg/cmd/util/env_file.go, AddFromEnvFile.
fn add_env_file(io: &Io, value: &mut Value, path: &str, secret: bool) -> Result<(), Failure> {
    let Some(bytes) = io.file(path) else {
        return Err(Failure::Message(format!("error reading {path}: no such file or directory")));
    };
    for (at, line) in bytes.split(|byte| *byte == b'\n').enumerate() {
        let Ok(line) = std::str::from_utf8(line) else {
            let shown: Vec<String> = line.iter().map(u8::to_string).collect();
            return Err(Failure::Message(format!(
                "env file {path} contains invalid utf8 bytes at line {}: [{}]",
                at + 1,
                shown.join(" ")
            )));
        };
        let line = if at == 0 { line.trim_start_matches('\u{feff}') } else { line };
        let line = line.strip_suffix('\r').unwrap_or(line).trim_start();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        // A line without a value takes it from the environment, which is empty here.
        let (key, text) = line.split_once('=').unwrap_or((line, ""));
        let errors = is_env_var_name(key);
        if !errors.is_empty() {
            let (key, why) = (go_quote(key), errors.join(";"));
            return Err(Failure::Message(format!("{key} is not a valid key name: {why}")));
        }
        add_key(value, key, text.as_bytes(), secret)?;
    }
    Ok(())
}

/// Kubernetes: apimachinery/pkg/util/validation/validation.go, IsEnvVarName.
pub(crate) fn is_env_var_name(name: &str) -> Vec<String> {
    const RULE: &str = "a valid environment variable name must consist of alphabetic characters, digits, '_', '-', or '.', and must not start with a digit";
    let mut errors = Vec::new();
    let sound = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) || !name.bytes().all(sound) {
        let examples = &["my.env-name", "MY_ENV.NAME", "MyEnvName1"];
        errors.push(regex_error(RULE, "[-._a-zA-Z][-._a-zA-Z0-9]*", examples));
    }
    match name {
        "." => errors.push("must not be '.'".to_owned()),
        ".." => errors.push("must not be '..'".to_owned()),
        _ if name.starts_with("..") => errors.push("must not start with '..'".to_owned()),
        _ => {}
    }
    errors
}

const CONFIG_KEY: &str = "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')";

/// Puts one entry into a config map's or a secret's data.
fn add_key(value: &mut Value, key: &str, bytes: &[u8], secret: bool) -> Result<(), Failure> {
    if !key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte)) {
        let kind = if secret { "valid key name for a Secret" } else { "a valid key name for a ConfigMap:" };
        return Err(Failure::Message(format!("{} is not {kind} {CONFIG_KEY}", go_quote(key))));
    }
    if ["data", "binaryData"].iter().any(|field| value[*field].get(key).is_some()) {
        let name = go_quote(value["metadata"]["name"].as_str().unwrap_or_default());
        let (plain, key) = (key, go_quote(key));
        return Err(Failure::Message(if secret {
            format!("cannot add key {plain}, another key by that name already exists")
        } else {
            format!(
                "cannot add key {key}, another key by that name already exists in Data for ConfigMap {name}"
            )
        }));
    }
    match std::str::from_utf8(bytes) {
        Ok(text) if !secret => value["data"][key] = json!(text),
        _ => value[if secret { "data" } else { "binaryData" }][key] = json!(golang::base64::encode(bytes)),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Kubernetes: kubectl/pkg/util/hash/hash_test.go.
    #[test]
    fn hashes_are_kubectl_s() {
        let hash = |mut value: Value| {
            value["metadata"] = json!({"name": ""});
            object_hash(&value)
        };
        assert_eq!(hash(json!({"kind": "ConfigMap", "data": {"one": ""}})), "9g67k2htb6");
        assert_eq!(
            hash(json!({"kind": "ConfigMap", "data": {"two": "2", "one": "", "three": "3"}})),
            "f5h7t85m9b"
        );
        let three = json!({"two": "Mg==", "one": "", "three": "Mw=="});
        assert_eq!(hash(json!({"kind": "Secret", "type": "my-type", "data": three})), "dgcb6h9tmk");
    }
}

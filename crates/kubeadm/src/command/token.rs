//! `kubeadm token`: bootstrap tokens, which are Secrets in kube-system.
//!
//! Kubernetes: cmd/kubeadm/app/cmd/token.go, apis/bootstraptoken/v1/utils.go, phases/bootstraptoken/node/token.go.
// Not simulated: what a token is used for, since no node joins, and the controller that deletes tokens whose time is
// over.

use std::rc::Rc;

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::{Command, OUTPUT, check_kubeconfig, wrapped};
use api::object::{Key, Kind, Object};
use cli_runtime::flags::{Flag, Parsed, Takes, flag};
use cli_runtime::job::{Failure, Io, Stop};
use cli_runtime::tabwriter::TabWriter;
use golang::strconv::quote;
use sim::{Duration, Rng, Time, Timestamp};
use wire::{Call, DeleteOptions, FieldValidation, Reply};

const KUBECONFIG: Flag = flag("kubeconfig", '\0', Takes::Text);

pub(super) const CREATE: Command = Command {
    path: "token create",
    short: "Create a bootstrap token",
    flags: &[
        KUBECONFIG,
        flag("description", '\0', Takes::Text),
        flag("groups", '\0', Takes::Text),
        flag("print-join-command", '\0', Takes::Bool),
        flag("ttl", '\0', Takes::Span),
        flag("usages", '\0', Takes::Text),
    ],
    most: usize::MAX,
    run: create,
};

pub(super) const DELETE: Command = Command {
    path: "token delete",
    short: "Delete bootstrap tokens",
    flags: &[KUBECONFIG],
    most: usize::MAX,
    run: delete,
};

pub(super) const GENERATE: Command = Command {
    path: "token generate",
    short: "Print a random token without creating it",
    flags: &[],
    most: 0,
    run: generate,
};

pub(super) const LIST: Command = Command {
    path: "token list",
    short: "List the bootstrap tokens",
    flags: &[KUBECONFIG, OUTPUT],
    most: 0,
    run: list,
};

const PATTERN: &str = r"\A([a-z0-9]{6})\.([a-z0-9]{16})\z";
const ID_PATTERN: &str = r"\A([a-z0-9]{6})\z";
const SECRET_TYPE: &str = "bootstrap.kubernetes.io/token";
const GROUP: &str = "system:bootstrappers:kubeadm:default-node-token";
const USAGE_PREFIX: &str = "usage-bootstrap-";
const DAY: Duration = Duration::from_secs(24 * 3600);

/// `bts.ID` and `bts.Secret`.
fn parse(token: &str) -> Option<(&str, &str)> {
    token.split_once('.').filter(|(id, secret)| is_word(id, 6) && is_word(secret, 16))
}

fn is_word(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
}

fn random_token(io: &Io) -> String {
    let mut rng = Rng::stream(io.now().0, "bootstrap token");
    let letters = b"0123456789abcdefghijklmnopqrstuvwxyz";
    let mut word = |length: usize| -> String {
        let pick =
            |_| letters.get(rng.below(letters.len() as u64) as usize).map_or('0', |byte| char::from(*byte));
        (0..length).map(pick).collect()
    };
    format!("{}.{}", word(6), word(16))
}

fn generate(io: &mut Io, _: &Parsed) -> Result<(), Stop> {
    let token = random_token(io);
    io.out(token + "\n");
    Ok(())
}

fn secret_kind() -> Result<Kind, Stop> {
    Kind::of("v1", "Secret").ok_or_else(|| "the server has no Secrets".into())
}

fn secret_key(id: &str) -> Key {
    Key::new("kube-system", &format!("bootstrap-token-{id}"))
}

fn create(io: &mut Io, parsed: &Parsed) -> Result<(), Stop> {
    let token = match parsed.args.first() {
        Some(token) => token.clone(),
        None => random_token(io),
    };
    let Some((id, secret)) = parse(&token) else {
        return Err(
            format!("the bootstrap token {} was not of the form {}", quote(&token), quote(PATTERN)).into()
        );
    };
    check_kubeconfig(io, parsed)?;
    let kind = secret_kind()?;
    if let Ok(Reply::Object(_)) = io.ask(Call::Get { kind, key: secret_key(id) })? {
        return Err(format!("a token with id {} already exists", quote(id)).into());
    }
    let body = Rc::new(secret_object(parsed, id, secret, io.now()));
    let post =
        Call::Post { kind, namespace: "kube-system".into(), body, validation: FieldValidation::default() };
    let why = format!("failed to create or update bootstrap token with name bootstrap-token-{id}");
    wrapped(io.must(post), &why)?;
    match parsed.flag("print-join-command") {
        true => {
            let server = io.client().server.clone();
            let hash = authority_hash(io);
            io.out(format!("kubeadm join {server} --token {token} --discovery-token-ca-cert-hash {hash} \n"));
        }
        false => io.out(format!("{token}\n")),
    }
    Ok(())
}

/// Kubernetes: apis/bootstraptoken/v1/utils.go, BootstrapTokenToSecret.
fn secret_object(parsed: &Parsed, id: &str, secret: &str, now: Time) -> Value {
    let mut data = Map::new();
    let mut put = |key: &str, text: &str| {
        data.insert(key.to_owned(), json!(golang::base64::encode(text.as_bytes())));
    };
    put("token-id", id);
    put("token-secret", secret);
    if let Some(description) = parsed.text("description").filter(|text| !text.is_empty()) {
        put("description", description);
    }
    let ttl = parsed.span("ttl").unwrap_or(DAY);
    if ttl > Duration::ZERO {
        put("expiration", &(now + ttl).stamp().to_string());
    }
    let or = |name: &str, default: &[&str]| match parsed.given(name) {
        true => parsed.list(name),
        false => default.iter().map(|&text| text.to_owned()).collect(),
    };
    for usage in or("usages", &["signing", "authentication"]) {
        put(&format!("{USAGE_PREFIX}{usage}"), "true");
    }
    let groups = or("groups", &[GROUP]);
    if !groups.is_empty() {
        put("auth-extra-groups", &groups.join(","));
    }
    json!({
        "apiVersion": "v1", "kind": "Secret", "type": SECRET_TYPE, "data": data,
        "metadata": {"name": format!("bootstrap-token-{id}"), "namespace": "kube-system"},
    })
}

/// The authority's certificate is a stand-in; its hash is that of the file.
fn authority_hash(io: &Io) -> String {
    let file = io.file("/etc/kubernetes/pki/ca.crt").unwrap_or_default();
    let digest = Sha256::digest(&*file);
    let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{hex}")
}

/// A token as it is stored.
struct Token {
    text: String,
    expires: Option<Timestamp>,
    usages: String,
    description: String,
    groups: String,
}

impl Token {
    /// Kubernetes: BootstrapTokenFromSecret. `None`: no token that could be used.
    fn of(secret: &Object) -> Option<Token> {
        let Object::Other(other) = secret else { return None };
        let raw = &other.raw;
        if raw["type"] != SECRET_TYPE {
            return None;
        }
        let data = raw["data"].as_object()?;
        let text = |key: &str| {
            let bytes = golang::base64::decode(data.get(key)?.as_str()?).ok()?;
            String::from_utf8(bytes).ok().filter(|text| !text.is_empty())
        };
        let on = |key: &&String| text(key).as_deref() == Some("true");
        let usages: Vec<&str> =
            data.keys().filter(on).filter_map(|key| key.strip_prefix(USAGE_PREFIX)).collect();
        Some(Token {
            text: format!("{}.{}", text("token-id")?, text("token-secret")?),
            expires: text("expiration").and_then(|text| Timestamp::parse(&text)),
            usages: usages.join(","),
            description: text("description").unwrap_or_default(),
            groups: text("auth-extra-groups").unwrap_or_default(),
        })
    }

    fn row(&self, now: Time) -> String {
        let (ttl, expires) = match self.expires {
            Some(end) => (short_duration(end, now), end.to_string()),
            None => ("<forever>".to_owned(), "<never>".to_owned()),
        };
        let or_none = |text: &str| if text.is_empty() { "<none>".to_owned() } else { text.to_owned() };
        format!(
            "{}\t{ttl:<9}\t{expires}\t{:<22}\t{:<56}\t{}\n",
            self.text,
            or_none(&self.usages),
            or_none(&self.description),
            or_none(&self.groups)
        )
    }
}

/// Kubernetes: apimachinery/pkg/util/duration, ShortHumanDuration.
fn short_duration(end: Timestamp, now: Time) -> String {
    let micros = i64::from(end.0) * 1_000_000 - i64::try_from(now.0).unwrap_or(i64::MAX);
    let seconds = micros / 1_000_000;
    match seconds {
        ..-1 => "<invalid>".to_owned(),
        -1 => "0s".to_owned(),
        0..60 => format!("{seconds}s"),
        60..3600 => format!("{}m", seconds / 60),
        3600..86_400 => format!("{}h", seconds / 3600),
        86_400..31_536_000 => format!("{}d", seconds / 86_400),
        _ => format!("{}y", seconds / 31_536_000),
    }
}

fn list(io: &mut Io, parsed: &Parsed) -> Result<(), Stop> {
    check_kubeconfig(io, parsed)?;
    if let Some(form) = parsed.text("output").filter(|form| *form != "text") {
        io.err(format!("(kubeadm token list -o {form} is not simulated: kubectl get secrets -n kube-system -o {form} is)\n"));
        return Err(Failure::Exit(127).into());
    }
    let call = Call::List { kind: secret_kind()?, namespace: Some("kube-system".into()) };
    let Reply::List(secrets) = wrapped(io.must(call), "failed to list bootstrap tokens")? else {
        return Ok(());
    };
    // Each token is a table of its own, and only the first has a head.
    let mut head = "TOKEN\tTTL\tEXPIRES\tUSAGES\tDESCRIPTION\tEXTRA GROUPS\n";
    for token in secrets.iter().filter_map(Token::of) {
        let text = format!("{head}{}", token.row(io.now()));
        io.out(TabWriter::with(10, 3).format(&text));
        head = "";
    }
    Ok(())
}

fn delete(io: &mut Io, parsed: &Parsed) -> Result<(), Stop> {
    if parsed.args.is_empty() {
        return Err(format!(
            "missing argument; 'token delete' is missing token of form {} or {}",
            quote(PATTERN),
            quote(ID_PATTERN)
        )
        .into());
    }
    check_kubeconfig(io, parsed)?;
    for word in &parsed.args {
        let id = match parse(word) {
            Some((id, _)) => id,
            None if is_word(word, 6) => word,
            None => {
                return Err(format!(
                    "given token didn't match pattern {} or {}",
                    quote(PATTERN),
                    quote(ID_PATTERN)
                )
                .into());
            }
        };
        let call =
            Call::Delete { kind: secret_kind()?, key: secret_key(id), options: DeleteOptions::default() };
        wrapped(io.must(call), &format!("failed to delete bootstrap token {}", quote(id)))?;
        io.out(format!("bootstrap token {} deleted\n", quote(id)));
    }
    Ok(())
}

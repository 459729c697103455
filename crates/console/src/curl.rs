//! `curl` to what listens on the nodes: whether a part of the cluster is well.
//!
//! No traffic flows to pods and Services.

use super::{Listener, Machines, absent};
use cli_runtime::job::Outcome;

const CA: &str = "/etc/kubernetes/pki/ca.crt";
const HEALTH: [&str; 3] = ["/healthz", "/livez", "/readyz"];

/// What is asked for.
#[derive(Debug, PartialEq)]
struct Request<'a> {
    is_tls: bool,
    host: &'a str,
    port: u16,
    path: &'a str,
}

impl Request<'_> {
    /// `None`: no URL.
    fn parse(url: &str) -> Option<Request<'_>> {
        let (is_tls, rest) = match url.split_once("://") {
            Some(("https", rest)) => (true, rest),
            Some(("http", rest)) => (false, rest),
            Some(_) => return None,
            None => (false, url),
        };
        let (authority, path) = rest.find('/').map_or((rest, "/"), |at| rest.split_at(at));
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) => (host, port.parse().ok()?),
            None => (authority, if is_tls { 443 } else { 80 }),
        };
        (!host.is_empty()).then_some(Request { is_tls, host, port, path })
    }
}

pub(super) fn curl(machines: &dyn Machines, node: &str, words: &[String]) -> Outcome {
    let (mut trusts, mut silent, mut shows, mut urls) = (false, false, false, Vec::new());
    let mut words = words.iter().map(String::as_str);
    while let Some(word) = words.next() {
        match word {
            "--insecure" => trusts = true,
            "--silent" => silent = true,
            "--show-error" => shows = true,
            "--cacert" => {
                trusts |= words.next() == Some(CA)
                    && machines.files(node).is_some_and(|disk| disk.file(CA).is_some())
            }
            "-m" | "--max-time" => {
                let _ = words.next();
            }
            _ if word.starts_with('-')
                && word.len() > 1
                && word.chars().skip(1).all(|letter| "ksS".contains(letter)) =>
            {
                trusts |= word.contains('k');
                silent |= word.contains('s');
                shows |= word.contains('S');
            }
            _ if word.starts_with('-') => {
                return Outcome::fail(
                    2,
                    absent::sentence(
                        &format!("curl {word}"),
                        "curl -k URL is, for what listens on the nodes",
                    ),
                );
            }
            url => urls.push(url),
        }
    }
    let [url] = urls.as_slice() else {
        return Outcome::fail(
            2,
            "curl: (2) no URL specified\ncurl: try 'curl --help' or 'curl --manual' for more information\n",
        );
    };
    let outcome = match Request::parse(url) {
        Some(request) => answer(machines, node, &request, trusts),
        None => Outcome::fail(3, "curl: (3) URL using bad/illegal format or missing URL\n"),
    };
    // What is not simulated is said all the same.
    match silent && !shows && outcome.stderr.starts_with("curl: ") {
        true => Outcome { stderr: String::new(), ..outcome },
        false => outcome,
    }
}

fn answer(machines: &dyn Machines, node: &str, request: &Request<'_>, trusts: bool) -> Outcome {
    let Request { host, port, .. } = request;
    let is_loopback = matches!(*host, "localhost" | "127.0.0.1");
    let named = |name: &String| name == host || machines.address(name) == *host;
    let target = match is_loopback {
        true => Some(node.to_owned()),
        false => machines.names().into_iter().find(named),
    };
    let Some(target) = target else {
        return Outcome::fail(
            6,
            absent::sentence(
                &format!("a connection to {host}"),
                "no traffic flows here but to the nodes themselves",
            ),
        );
    };
    let failed = |after: u32| {
        let text = format!(
            "curl: (7) Failed to connect to {host} port {port} after {after} ms: Couldn't connect to server\n"
        );
        Outcome::fail(7, text)
    };
    // ARP gives up after three seconds.
    if !machines.is_reachable(&target) {
        return failed(3060);
    }
    let own = if is_loopback { "127.0.0.1".to_owned() } else { machines.address(&target) };
    let listener = machines.listeners(&target).into_iter();
    let Some(listener) =
        listener.filter(|one| one.address == "*" || one.address == own).find(|one| one.port == *port)
    else {
        return failed(0);
    };
    match (request.is_tls, listener.is_tls) {
        (true, false) => Outcome::fail(35, "curl: (35) error:0A00010B:SSL routines::wrong version number\n"),
        (false, true) => Outcome::out("Client sent an HTTP request to an HTTPS server.\n"),
        (true, true) if !trusts => Outcome::fail(60, NOT_TRUSTED),
        _ => said(&listener, request.path),
    }
}

const NOT_TRUSTED: &str = "curl: (60) SSL certificate problem: unable to get local issuer certificate
More details here: https://curl.se/docs/sslcerts.html

curl failed to verify the legitimacy of the server and therefore could not
establish a secure connection to it. To learn more about this situation and
how to fix it, please visit the web page mentioned above.
";

/// What a program answers to somebody whom it does not know.
fn said(listener: &Listener, path: &str) -> Outcome {
    let is_health = HEALTH.contains(&path);
    match (listener.program.as_str(), listener.port) {
        ("kubelet", _) if listener.is_tls => Outcome::out("Unauthorized"),
        ("kubelet", _) if path == "/healthz" => Outcome::out("ok"),
        ("kube-proxy", 10249) if path == "/healthz" => Outcome::out("ok"),
        ("etcd", _) if listener.is_tls => Outcome::fail(
            56,
            absent::sentence(
                "a connection to etcd",
                "it wants a client's certificate; kubectl get --raw shows whether the API server reaches it",
            ),
        ),
        ("etcd", _) if path == "/health" => Outcome::out("{\"health\":\"true\",\"reason\":\"\"}\n"),
        ("kube-apiserver", _) if is_health && !listener.is_well => Outcome::fail(
            1,
            absent::sentence("the list of failed checks", "the API server cannot reach etcd"),
        ),
        ("kube-apiserver" | "kube-controller-manager" | "kube-scheduler", _) => match is_health {
            true => Outcome::out("ok"),
            false => Outcome::out(forbidden(path)),
        },
        ("sshd", _) => Outcome::fail(1, "curl: (1) Received HTTP/0.9 when not allowed\n"),
        ("kubelet" | "etcd", _) => Outcome::out("404 page not found\n"),
        (program, _) => Outcome::fail(
            1,
            absent::sentence(&format!("what {program} answers to {path}"), "no traffic flows here"),
        ),
    }
}

/// Kubernetes: apiserver/pkg/endpoints/handlers/responsewriters/errors.go, Forbidden.
fn forbidden(path: &str) -> String {
    let message = format!("forbidden: User \\\"system:anonymous\\\" cannot get path \\\"{path}\\\"");
    format!(
        "{{\n  \"kind\": \"Status\",\n  \"apiVersion\": \"v1\",\n  \"metadata\": {{}},\n  \"status\": \"Failure\",\n  \
         \"message\": \"{message}\",\n  \"reason\": \"Forbidden\",\n  \"details\": {{}},\n  \"code\": 403\n}}"
    )
}

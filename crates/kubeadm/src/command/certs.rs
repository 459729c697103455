//! `kubeadm certs`.
//!
//! Kubernetes: cmd/kubeadm/app/cmd/certs.go, phases/certs/renewal/manager.go.
// Differs: a certificate is a stand-in; what is there counts as issued when the cluster was set up, for a year (an
// authority: for ten).

use super::{Command, OUTPUT};
use api::human_duration::human_duration;
use api::object::{Key, Kind};
use cli_runtime::flags::{Parsed, Takes, flag};
use cli_runtime::job::{Failure, Io, Stop};
use cli_runtime::tabwriter::TabWriter;
use cli_runtime::time::day_and_minute;
use sim::{Duration, Rng, Time};
use wire::{Call, Reply};

pub(super) const CHECK_EXPIRATION: Command = Command {
    path: "certs check-expiration",
    short: "Print when the certificates of this node's control plane expire",
    flags: &[OUTPUT, flag("cert-dir", '\0', Takes::Text)],
    most: 0,
    run: check_expiration,
};

pub(super) const CERTIFICATE_KEY: Command = Command {
    path: "certs certificate-key",
    short: "Print a random key for certificates that are uploaded",
    flags: &[],
    most: 0,
    run: certificate_key,
};

/// Name, file below /etc/kubernetes, authority; by name.
const CERTIFICATES: [(&str, &str, &str); 11] = [
    ("admin.conf", "admin.conf", "ca"),
    ("apiserver", "pki/apiserver.crt", "ca"),
    ("apiserver-etcd-client", "pki/apiserver-etcd-client.crt", "etcd-ca"),
    ("apiserver-kubelet-client", "pki/apiserver-kubelet-client.crt", "ca"),
    ("controller-manager.conf", "controller-manager.conf", "ca"),
    ("etcd-healthcheck-client", "pki/etcd/healthcheck-client.crt", "etcd-ca"),
    ("etcd-peer", "pki/etcd/peer.crt", "etcd-ca"),
    ("etcd-server", "pki/etcd/server.crt", "etcd-ca"),
    ("front-proxy-client", "pki/front-proxy-client.crt", "front-proxy-ca"),
    ("scheduler.conf", "scheduler.conf", "ca"),
    ("super-admin.conf", "super-admin.conf", "ca"),
];

const AUTHORITIES: [(&str, &str); 3] =
    [("ca", "pki/ca.crt"), ("etcd-ca", "pki/etcd/ca.crt"), ("front-proxy-ca", "pki/front-proxy-ca.crt")];

/// When something that was issued with the cluster for so many years ends.
fn expires(years: u64) -> Time {
    Time::START + Duration::from_secs(years * 365 * 24 * 3600)
}

fn check_expiration(io: &mut Io, parsed: &Parsed) -> Result<(), Stop> {
    for flag in ["output", "cert-dir"] {
        if parsed.text(flag).is_some_and(|value| !matches!(value, "text" | "/etc/kubernetes/pki")) {
            io.err(format!("(--{flag} is not simulated: without it the node's certificates are listed)\n"));
            return Err(Failure::Exit(127).into());
        }
    }
    read_configuration(io)?;
    let exists = |io: &Io, file: &str| io.file(&format!("/etc/kubernetes/{file}")).is_some();
    let ends = |years: u64| {
        let end = expires(years);
        let left = i64::try_from(end.0).unwrap_or(i64::MAX) - i64::try_from(io.now().0).unwrap_or(i64::MAX);
        (day_and_minute(end), human_duration(left))
    };
    let mut text =
        "CERTIFICATE\tEXPIRES\tRESIDUAL TIME\tCERTIFICATE AUTHORITY\tEXTERNALLY MANAGED\n".to_owned();
    let (date, left) = ends(1);
    for (name, file, authority) in CERTIFICATES {
        text += &match exists(io, file) {
            true => format!("{name}\t{date}\t{left}\t{authority}\t{:<8}\n", "no"),
            false => format!("!MISSING! {name}\t\t\t\t\n"),
        };
    }
    text += "\nCERTIFICATE AUTHORITY\tEXPIRES\tRESIDUAL TIME\tEXTERNALLY MANAGED\n";
    let (date, left) = ends(10);
    for (name, file) in AUTHORITIES {
        text += &match exists(io, file) {
            true => format!("{name}\t{date}\t{left}\t{:<8}\n", "no"),
            false => format!("!MISSING! {name}\t\t\t\n"),
        };
    }
    io.out(TabWriter::with(10, 3).format(&text));
    Ok(())
}

/// Without an API server kubeadm goes on with what it would set up itself.
fn read_configuration(io: &mut Io) -> Result<(), Stop> {
    if io.file("/etc/kubernetes/admin.conf").is_none() {
        return Ok(());
    }
    let log = "[check-expiration]";
    io.out(format!(
        "{log} Reading configuration from the \"kubeadm-config\" ConfigMap in namespace \"kube-system\"...\n\
         {log} Use 'kubeadm init phase upload-config kubeadm --config your-config-file' to re-upload it.\n"
    ));
    let key = Key::new("kube-system", "kubeadm-config");
    let answer = match Kind::of("v1", "ConfigMap") {
        Some(kind) => io.ask(Call::Get { kind, key })?.ok(),
        None => None,
    };
    match answer {
        Some(Reply::Object(_)) => io.out("\n"),
        _ => io.out(format!(
            "{log} Error reading configuration from the Cluster. Falling back to default configuration\n\n"
        )),
    }
    Ok(())
}

/// 32 random bytes in hexadecimal.
fn certificate_key(io: &mut Io, _: &Parsed) -> Result<(), Stop> {
    let mut rng = Rng::stream(io.now().0, "certificate key");
    let text: String = (0..4).map(|_| format!("{:016x}", rng.next_u64())).collect();
    io.out(text + "\n");
    Ok(())
}

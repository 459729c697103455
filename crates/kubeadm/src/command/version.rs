//! `kubeadm version`.
//!
//! Kubernetes: cmd/kubeadm/app/cmd/version.go.

use serde_json::json;

use super::{Command, OUTPUT};
use crate::VERSION as KUBERNETES;
use cli_runtime::flags::Parsed;
use cli_runtime::job::{Io, Stop};
use cli_runtime::output;

pub(super) const VERSION: Command =
    Command { path: "version", short: "Print the version of kubeadm", flags: &[OUTPUT], most: 0, run };

/// What a build knows of itself is left out.
fn run(io: &mut Io, parsed: &Parsed) -> Result<(), Stop> {
    let mut parts = KUBERNETES.trim_start_matches('v').split('.');
    let (major, minor) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let info = json!({"clientVersion": {
        "major": major, "minor": minor, "gitVersion": KUBERNETES, "platform": "linux/amd64",
    }});
    match parsed.text("output").unwrap_or_default() {
        "" => io.out(format!(
            "kubeadm version: &version.Info{{Major:\"{major}\", Minor:\"{minor}\", GitVersion:\"{KUBERNETES}\", \
             Platform:\"linux/amd64\"}}\n"
        )),
        "short" => io.out(format!("{KUBERNETES}\n")),
        "yaml" => io.out(format!("{}\n", output::yaml(&info))),
        "json" => io.out(format!(
            "{{\n  \"clientVersion\": {{\n    \"major\": \"{major}\",\n    \"minor\": \"{minor}\",\n    \
             \"gitVersion\": \"{KUBERNETES}\",\n    \"platform\": \"linux/amd64\"\n  }}\n}}\n"
        )),
        other => return Err(format!("invalid output format: {other}").into()),
    }
    Ok(())
}

//! The programs of the control plane, as far as their command line goes: which container runs which, and
//! what each says of a command line that it cannot take.
//!
//! Kubernetes: staging/src/k8s.io/component-base/cli/run.go, github.com/spf13/pflag. Rule: CP-024.

use super::component_flags::{COMPONENTS, Component, Kind};
use super::etcd_flags;
use crate::node_status::KUBELET_VERSION;
use api::field::go_quote;
use api::pod::Container;
use golang::strconv::parse_bool;

/// Why a program ends at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Complaint {
    pub(crate) exit_code: i32,
    /// What it prints.
    pub text: String,
}

/// The part of the control plane that a container's program is.
pub fn name(container: &Container) -> Option<&'static str> {
    component(container).map(|component| component.name)
}

fn component(container: &Container) -> Option<&'static Component> {
    match words(container).next() {
        Some(word) if !container.command.is_empty() => by_name(last_part(word)),
        _ => by_name(image_program(&container.image)),
    }
}

fn last_part(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// The command line, without the wrapper that these images bring along: `go-runner --log-file=… PROGRAM …`.
fn words(container: &Container) -> impl Iterator<Item = &str> {
    let all = || container.command.iter().chain(&container.args).map(|word| &**word);
    let wrapped = all().next().is_some_and(|word| last_part(word) == "go-runner");
    let own = if wrapped { 1 + all().skip(1).take_while(|word| word.starts_with('-')).count() } else { 0 };
    all().skip(own)
}

fn by_name(program: &str) -> Option<&'static Component> {
    COMPONENTS.iter().find(|component| component.name == program)
}

/// The last word of an image's name, which is its program's for those of the control plane.
fn image_program(image: &str) -> &str {
    let name = last_part(image.split('@').next().unwrap_or(image));
    name.split(':').next().unwrap_or(name)
}

/// The words after the program's name.
pub(super) fn arguments(container: &Container) -> impl Iterator<Item = &str> {
    words(container).skip(usize::from(!container.command.is_empty()))
}

/// A container's process, as a list of processes shows it. What an image runs by itself is not known; the last word
/// of its name stands for it.
pub fn command_line(container: &Container) -> Vec<String> {
    let own = container.command.is_empty().then(|| image_program(&container.image));
    let given = container.command.iter().chain(&container.args).map(|word| &**word);
    own.into_iter().chain(given).map(str::to_owned).collect()
}

/// The value of a flag that is given as `--flag=value` or `--flag value`; the last one counts.
pub fn flag<'a>(container: &'a Container, flag: &str) -> Option<&'a str> {
    let mut found = None;
    let mut words = arguments(container).peekable();
    while let Some(word) = words.next() {
        let Some(given) = word.strip_prefix("--") else { continue };
        match given.split_once('=') {
            Some((name, value)) if same_flag(name, flag) => found = Some(value),
            None if same_flag(given, flag) => found = words.peek().copied().or(Some("true")),
            _ => {}
        }
    }
    found
}

/// Underscores count as dashes in the flags of Kubernetes' programs.
fn same_flag(given: &str, known: &str) -> bool {
    given == known || given.replace('_', "-") == known
}

/// The tag of an image's name, if it has one.
pub(super) fn tag(image: &str) -> Option<&str> {
    last_part(image).split('@').next()?.split_once(':').map(|(_, tag)| tag)
}

/// Whether an image holds the simulated release; others know other flags, and take what they are given here.
fn is_this_release(image: &str) -> bool {
    let minor = KUBELET_VERSION.rsplit_once('.').map_or(KUBELET_VERSION, |(minor, _)| minor);
    tag(image).is_some_and(|tag| tag.strip_prefix(minor).is_some_and(|patch| patch.starts_with('.')))
}

/// Whether the image is one of the control plane's, which hold one program each and no shell, and the program
/// another one.
pub(super) fn is_foreign_program(container: &Container) -> bool {
    component(container).is_none()
        && by_name(image_program(&container.image)).is_some_and(|of_image| of_image.name != "etcd")
}

/// What a part of the control plane has against its command line, if anything.
pub fn complaint(container: &Container) -> Option<Complaint> {
    let component = component(container)?;
    match component.name {
        "etcd" => etcd_flags::complaint(container),
        _ if is_this_release(&container.image) => pflag_complaint(component, container),
        _ => None,
    }
}

fn fails(why: String) -> Option<Complaint> {
    Some(Complaint { exit_code: 1, text: format!("Error: {why}\n") })
}

/// Kubernetes: github.com/spf13/pflag, FlagSet.parseArgs; component-base/cli/run.go, Run.
fn pflag_complaint(component: &Component, container: &Container) -> Option<Complaint> {
    let mut words = arguments(container);
    let mut others = Vec::new();
    while let Some(word) = words.next() {
        if word == "--" {
            others.extend(words.by_ref());
        } else if let Some(given) = word.strip_prefix("--") {
            let (name, value) = match given.split_once('=') {
                Some((name, value)) => (name, Some(value)),
                None => (given, None),
            };
            if name.is_empty() || name.starts_with('-') {
                return fails(format!("bad flag syntax: {word}"));
            }
            let Some(kind) = component.kind_of(&name.replace('_', "-")) else {
                return fails(format!("unknown flag: --{name}"));
            };
            let value = match (value, kind) {
                (Some(value), _) => value,
                (None, Kind::Bool) => "true",
                (None, _) => match words.next() {
                    Some(value) => value,
                    None => return fails(format!("flag needs an argument: --{name}")),
                },
            };
            if let Some(why) = bad_value(kind, value) {
                return fails(format!("invalid argument {} for \"--{name}\" flag: {why}", go_quote(value)));
            }
        } else if let Some(given) = word.strip_prefix('-').filter(|given| !given.is_empty()) {
            match given.chars().next() {
                Some('v') if given.len() > 1 => {}
                Some('v') if words.next().is_some() => {}
                Some('v') => return fails("flag needs an argument: 'v' in -v".to_owned()),
                Some(letter) => {
                    return fails(format!("unknown shorthand flag: '{letter}' in {word}"));
                }
                None => {}
            }
        } else {
            others.push(word);
        }
    }
    if !others.is_empty() {
        let quoted: Vec<String> = others.iter().map(|word| go_quote(word)).collect();
        return fails(format!(
            "{} does not take any arguments, got [{}]",
            go_quote(component.name),
            quoted.join(" ")
        ));
    }
    if component.name == "kube-apiserver" && flag(container, "etcd-servers").is_none_or(str::is_empty) {
        let text = "\"command failed\" err=\"--etcd-servers must be specified\"\n".to_owned();
        return Some(Complaint { exit_code: 1, text });
    }
    None
}

/// What Go's strconv says of a value.
fn bad_value(kind: Kind, value: &str) -> Option<String> {
    match kind {
        Kind::Int if value.parse::<i64>().is_err() => {
            Some(format!("strconv.ParseInt: parsing {}: invalid syntax", go_quote(value)))
        }
        Kind::Bool if parse_bool(value).is_none() => {
            Some(format!("strconv.ParseBool: parsing {}: invalid syntax", go_quote(value)))
        }
        Kind::Span if api::human_duration::parse_go_duration(value).is_none() => {
            Some(format!("time: invalid duration {}", go_quote(value)))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::program::start_error;
    use super::*;
    use api::pod::Pod;

    fn container(image: &str, command: &[&str]) -> Container {
        let pod = json!({"metadata": {"name": "x"}, "spec": {"containers": [
            {"name": "c", "image": image, "command": command}]}});
        Pod::from_value(&pod).spec.containers[0].clone()
    }

    fn said(command: &[&str]) -> Option<(i32, String)> {
        complaint(&container(&format!("registry.k8s.io/x:{KUBELET_VERSION}"), command))
            .map(|complaint| (complaint.exit_code, complaint.text))
    }

    fn error(command: &[&str]) -> String {
        let (code, text) = said(command).unwrap();
        assert_eq!(code, 1);
        text.trim_end().to_owned()
    }

    #[test]
    fn cp_024_the_manifests_of_kubeadm_have_no_wrong_flags() {
        let commands = [
            vec!["kube-apiserver", "--etcd-servers=https://127.0.0.1:2379", "--tls-cert-file=/x", "-v=2"],
            vec!["kube-controller-manager", "--leader_elect=true", "--controllers=*,bootstrapsigner"],
            vec!["kube-scheduler", "--kubeconfig", "/etc/x", "--leader-elect", "--v", "2"],
        ];
        for command in commands {
            assert_eq!(said(&command), None, "{command:?}");
        }
    }

    #[test]
    fn cp_024_a_wrong_flag_is_told_of_as_pflag_does() {
        let scheduler = |flag| error(&["kube-scheduler", flag]);
        assert_eq!(scheduler("--leader-elct=true"), "Error: unknown flag: --leader-elct");
        assert_eq!(scheduler("-leader-elect"), "Error: unknown shorthand flag: 'l' in -leader-elect");
        assert_eq!(scheduler("--kubeconfig"), "Error: flag needs an argument: --kubeconfig");
        assert_eq!(
            scheduler("leader-elect"),
            "Error: \"kube-scheduler\" does not take any arguments, got [\"leader-elect\"]"
        );
        assert_eq!(
            scheduler("--leader-elect=maybe"),
            "Error: invalid argument \"maybe\" for \"--leader-elect\" flag: strconv.ParseBool: parsing \"maybe\": invalid syntax"
        );
        assert_eq!(
            scheduler("--secure-port=x"),
            "Error: invalid argument \"x\" for \"--secure-port\" flag: strconv.ParseInt: parsing \"x\": invalid syntax"
        );
        assert_eq!(
            error(&["kube-apiserver", "--secure-port=6443"]),
            "\"command failed\" err=\"--etcd-servers must be specified\""
        );
    }

    #[test]
    fn cp_024_an_image_without_the_program_does_not_start() {
        let typo = container("registry.k8s.io/kube-apiserver:v1.36.2", &["kube-apiservr"]);
        assert_eq!((name(&typo), complaint(&typo)), (None, None));
        let said = start_error(&typo).unwrap();
        assert!(said.ends_with("exec: \"kube-apiservr\": executable file not found in $PATH"), "{said}");
        let fine = container("registry.k8s.io/kube-scheduler:v1.36.2", &["/usr/local/bin/kube-scheduler"]);
        assert_eq!((name(&fine), complaint(&fine)), (Some("kube-scheduler"), None));
        assert_eq!(name(&container("nginx", &["nginx"])), None);
        let older =
            container("k8s.gcr.io/kube-apiserver-amd64:v1.10.0", &["kube-apiserver", "--insecure-port=0"]);
        assert_eq!(complaint(&older), None, "another release has other flags");
        let wrapped = ["/go-runner", "--log-file=/x", "/usr/local/bin/kube-scheduler", "--leader-elct"];
        let wrapped = container("registry.k8s.io/kube-scheduler:v1.36.2", &wrapped);
        assert_eq!(complaint(&wrapped).unwrap().text, "Error: unknown flag: --leader-elct\n");
    }

    #[test]
    fn flags_are_found_in_either_form() {
        let c = container("x", &["etcd", "--name", "a", "--listen-client-urls=https://b:1,https://c:2"]);
        assert_eq!(flag(&c, "name"), Some("a"));
        assert_eq!(flag(&c, "listen-client-urls"), Some("https://b:1,https://c:2"));
        assert_eq!(flag(&c, "data-dir"), None);
    }
}

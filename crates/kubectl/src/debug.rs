//! `kubectl debug`: an ephemeral container in a pod, a changed copy of it, or a pod in a node's own namespaces.
//!
//! Nobody can be attached to a container here: what `-i` and `--attach` ask for is made, and then says so.
//!
//! Kubernetes: kubectl/pkg/cmd/debug/debug.go.

mod profile;

use std::rc::Rc;

use serde_json::{Map, Value, json};

use super::resources::{self, kind_of};
use super::{Cmd, Command, FILENAME, manifests};
use api::field::go_quote;
use api::image_name::{ImageNameError, parse_image_name};
use api::json;
use api::meta::fnv1a_128;
use api::object::{Key, Kind, Object};
use api::rand::{SUFFIXES, suffix};
use cli_runtime::flags::{Takes, flag};
use cli_runtime::job::{Failure, Io, Stop};
use profile::{Keep, Profile, Style};
use wire::{Call, DeleteOptions, FieldValidation, Patch};

pub(super) const COMMAND: Command = Command {
    name: "debug",
    aliases: &[],
    short: "Create debugging sessions for troubleshooting workloads and nodes",
    usage: "(POD | TYPE[[.VERSION].GROUP]/NAME) [ -- COMMAND [args...] ]",
    flags: &[
        FILENAME,
        flag("arguments-only", '\0', Takes::Bool),
        flag("attach", '\0', Takes::Bool),
        flag("container", 'c', Takes::Text),
        flag("copy-to", '\0', Takes::Text),
        flag("custom", '\0', Takes::Text),
        flag("env", '\0', Takes::Text),
        flag("image", '\0', Takes::Text),
        flag("image-pull-policy", '\0', Takes::Text),
        flag("keep-annotations", '\0', Takes::Bool),
        flag("keep-init-containers", '\0', Takes::Bool),
        flag("keep-labels", '\0', Takes::Bool),
        flag("keep-liveness", '\0', Takes::Bool),
        flag("keep-readiness", '\0', Takes::Bool),
        flag("keep-startup", '\0', Takes::Bool),
        flag("profile", '\0', Takes::Text),
        flag("quiet", 'q', Takes::Bool),
        flag("replace", '\0', Takes::Bool),
        flag("same-node", '\0', Takes::Bool),
        flag("set-image", '\0', Takes::Text),
        flag("share-processes", '\0', Takes::Bool),
        flag("stdin", 'i', Takes::Bool),
        flag("target", '\0', Takes::Text),
        flag("tty", 't', Takes::Bool),
    ],
    run,
    subs: &[],
};

/// What is asked for.
struct Options<'a> {
    cmd: &'a Cmd,
    /// What stands behind `--`.
    words: &'a [String],
    profile: Profile,
    env: Vec<(String, String)>,
    images: Vec<(String, String)>,
}

fn run(io: &mut Io, cmd: &Cmd) -> Result<i32, Stop> {
    let (args, dash) = (cmd.args(), cmd.parsed.dash.unwrap_or(cmd.args().len()));
    let (targets, words) = args.split_at(dash.min(args.len()));
    let flags = &cmd.parsed;
    let profile = Profile::parse(flags.text("profile").unwrap_or("general"))?;
    if !cmd.text("custom").is_empty() {
        return Err("--custom is not simulated: choose a --profile".into());
    }
    let (env, images) = (pairs(cmd, "env")?, pairs(cmd, "set-image")?);
    let options = Options { cmd, words, profile, env, images };
    options.validate(io, targets)?;
    if profile == Profile::Legacy {
        io.err("--profile=legacy is deprecated and planned to be removed in v1.39. It is recommended to specify other profile, for example \"--profile=general\".\n");
    }
    for object in found(io, cmd, targets)? {
        let (pod, container) = match &object {
            Object::Node(node) => options.debug_node(io, &node.meta.name)?,
            Object::Pod(_) if options.given("copy-to") => options.debug_by_copy(io, &object)?,
            Object::Pod(_) => options.debug_by_ephemeral_container(io, &object)?,
            other => {
                let info = other.kind().info();
                let version = other.kind().api_version();
                let gvk = format!("{version}, Kind={}", info.kind);
                let gvk = if info.group.is_empty() { format!("/{gvk}") } else { gvk };
                return Err(format!("{} not supported by debug", go_quote(&gvk)).into());
            }
        };
        if flags.flag_or("attach", flags.flag("stdin")) && !container.is_empty() {
            return Err(format!(
                "attaching to a container is not simulated. Container {container} of pod {pod} is there: look at it \
                 with kubectl describe pod {pod}, and run single commands with kubectl exec {pod} -c {container} -- \
                 COMMAND"
            )
            .into());
        }
    }
    Ok(0)
}

/// The values of a flag that takes pairs.
///
/// Go: github.com/spf13/pflag, StringToString.
fn pairs(cmd: &Cmd, name: &str) -> Result<Vec<(String, String)>, Failure> {
    let mut found = Vec::new();
    for item in cmd.parsed.all(name).iter().flat_map(|text| text.split(',')) {
        let Some((key, value)) = item.split_once('=') else {
            return Err(Failure::Message(format!(
                "invalid argument {} for \"--{name}\" flag: {item} must be formatted as key=value",
                go_quote(item)
            )));
        };
        found.push((key.to_owned(), value.to_owned()));
    }
    Ok(found)
}

/// What is to be looked into.
fn found(io: &mut Io, cmd: &Cmd, targets: &[String]) -> Result<Vec<Object>, Stop> {
    if targets.is_empty() {
        let targets = manifests::targets(io, cmd)?;
        let (infos, failures) = resources::visit(io, &targets, &cmd.scope())?;
        return match failures.into_iter().next() {
            Some(failure) => Err(failure.into()),
            None => Ok(infos.into_iter().map(|info| info.object).collect()),
        };
    }
    let mut objects = Vec::new();
    for target in targets {
        let (kind, name) = match target.split_once('/') {
            Some((kind, name)) => (kind_of(kind)?, name),
            None => (Kind::Pod, target.as_str()),
        };
        objects.push(resources::get(io, kind, &cmd.namespace(), name)?);
    }
    Ok(objects)
}

/// Five letters that nobody chooses.
fn name_suffix(io: &Io, of: &str) -> String {
    let draw = fnv1a_128(format!("{of}/{}", io.now().0).as_bytes()) % u128::from(SUFFIXES);
    suffix(draw as u64).collect()
}

fn is_no_image(image: &str) -> bool {
    matches!(parse_image_name(image), Err(ImageNameError::Format(_)))
}

impl Options<'_> {
    fn given(&self, name: &str) -> bool {
        !self.cmd.text(name).is_empty()
    }

    /// Kubernetes: debug.go, Validate.
    fn validate(&self, io: &mut Io, targets: &[String]) -> Result<(), Failure> {
        const INVALID: &str = "invalid reference format";
        let (flags, cmd) = (&self.cmd.parsed, self.cmd);
        let (image, container) = (cmd.text("image"), cmd.text("container"));
        let fail = |text: String| Err(Failure::Message(text));
        if flags.flag("attach") && image.is_empty() && container.is_empty() {
            return fail(
                "you must specify --container or create a new container using --image in order to attach."
                    .into(),
            );
        }
        if self.given("copy-to") {
            if image.is_empty() && self.images.is_empty() && self.words.is_empty() {
                return fail("you must specify --image, --set-image or command arguments.".into());
            }
            if !self.words.is_empty() && container.is_empty() && image.is_empty() {
                let why = "you must specify an existing container or a new image when specifying args.";
                return fail(why.into());
            }
        } else {
            for (is_set, flag) in [
                (flags.flag("replace"), "replace"),
                (flags.flag("same-node"), "same-node"),
                (!self.images.is_empty(), "set-image"),
            ] {
                if is_set {
                    return fail(format!("--{flag} may only be used with --copy-to."));
                }
            }
            if image.is_empty() {
                return fail("you must specify --image when not using --copy-to.".into());
            }
        }
        if !image.is_empty() && is_no_image(image) {
            return fail(format!("invalid image name {}: {INVALID}", go_quote(image)));
        }
        if targets.is_empty() && !flags.given("filename") {
            return fail("NAME or filename is required for debug".into());
        }
        let policy = cmd.text("image-pull-policy");
        if !matches!(policy, "" | "Always" | "IfNotPresent" | "Never") {
            return fail(format!("invalid image pull policy: {policy}"));
        }
        if let Some((name, image)) = self.images.iter().find(|(_, image)| is_no_image(image)) {
            let (name, image) = (go_quote(name), go_quote(image));
            return fail(format!("invalid image name {image} for container {name}: {INVALID}"));
        }
        if self.given("target") {
            if self.given("copy-to") {
                return fail(
                    "--target is incompatible with --copy-to. Use --share-processes instead.".into(),
                );
            }
            if !flags.flag("quiet") {
                let target = go_quote(cmd.text("target"));
                io.out(format!("Targeting container {target}. If you don't see processes from this container it may be because the container runtime doesn't support this feature.\n"));
            }
        }
        if flags.flag("tty") && !flags.flag("stdin") {
            return fail("-i/--stdin is required for containers with -t/--tty=true".into());
        }
        Ok(())
    }

    /// What is said of the new container, beside its name.
    fn fill(&self, container: &mut Value) {
        let (flags, cmd) = (&self.cmd.parsed, self.cmd);
        if !self.words.is_empty() {
            if flags.flag("arguments-only") {
                container["args"] = json!(self.words);
            } else {
                container["command"] = json!(self.words);
                json::object(container).remove("args");
            }
        }
        if !self.env.is_empty() {
            let env = self.env.iter().map(|(name, value)| json!({"name": name, "value": value}));
            container["env"] = env.collect();
        }
        for (flag, field) in [("image", "image"), ("image-pull-policy", "imagePullPolicy")] {
            if !cmd.text(flag).is_empty() {
                container[field] = json!(cmd.text(flag));
            }
        }
        for (flag, field) in [("stdin", "stdin"), ("tty", "tty")] {
            match flags.flag(flag) {
                true => container[field] = json!(true),
                false => drop(json::object(container).remove(field)),
            }
        }
    }

    fn new_container(&self, name: &str) -> Value {
        let mut container = json!({"name": name, "resources": {}, "terminationMessagePolicy": "File"});
        self.fill(&mut container);
        container
    }

    /// Kubernetes: debug.go, computeDebugContainerName.
    fn container_name(&self, io: &mut Io, pod: &Value) -> String {
        if self.given("container") {
            return self.cmd.text("container").to_owned();
        }
        let name = format!("debugger-{}", name_suffix(io, json::text(json::get(pod, "metadata"), "name")));
        if !self.cmd.parsed.flag("quiet") {
            io.out(format!("Defaulting debug container name to {name}.\n"));
        }
        name
    }

    /// Kubernetes: debug.go, debugByEphemeralContainer, generateDebugContainer.
    fn debug_by_ephemeral_container(&self, io: &mut Io, object: &Object) -> Result<(String, String), Stop> {
        const LIST: &str = "ephemeralContainers";
        let pod = object.to_value(io.now());
        let name = self.container_name(io, &pod);
        let mut container = self.new_container(&name);
        json::object(&mut container).remove("resources");
        if self.given("target") {
            container["targetContainerName"] = json!(self.cmd.text("target"));
        }
        let old = json::list(json::get(&pod, "spec"), LIST).to_vec();
        let mut copied = pod.clone();
        copied["spec"][LIST] = old.iter().cloned().chain([container]).collect();
        self.profile.apply(&mut copied, &name, Style::Ephemeral, &Keep::default());
        warn_of_user(io, &copied, LIST, &name);
        let all = json::list(json::get(&copied, "spec"), LIST);
        // Where the name is taken, what the profile has changed of the one that is there is the patch.
        let changed = all.iter().zip(&old).find(|(new, old)| new != old);
        let patch = match (old.iter().any(|old| json::text(old, "name") == name), changed) {
            (true, Some((new, _))) => json!({"name": name, "securityContext": new["securityContext"]}),
            (true, None) => json!({"name": name}),
            _ => all.last().cloned().unwrap_or_default(),
        };
        let order: Vec<Value> = all.iter().map(|container| json!({"name": container["name"]})).collect();
        let patch = match old.iter().any(|old| json::text(old, "name") == name) {
            true => json!({"spec": {LIST: [patch]}}),
            false => json!({"spec": {format!("$setElementOrder/{LIST}"): order, LIST: [patch]}}),
        };
        let key = object.key();
        io.must(Call::Patch {
            kind: Kind::Pod,
            key: key.clone(),
            uid: None,
            patch: Patch::EphemeralContainers(Rc::new(patch)),
            validation: FieldValidation::Warn,
        })?;
        Ok((key.name.to_string(), name))
    }

    fn post(&self, io: &mut Io, namespace: &str, pod: Value) -> Result<(), Stop> {
        let call = Call::Post {
            kind: Kind::Pod,
            namespace: super::name(namespace),
            body: Rc::new(pod),
            validation: FieldValidation::Warn,
        };
        io.must(call).map(drop)
    }

    /// Kubernetes: debug.go, visitNode, generateNodeDebugPod.
    fn debug_node(&self, io: &mut Io, node: &str) -> Result<(String, String), Stop> {
        let container = match self.cmd.text("container") {
            "" => "debugger",
            name => name,
        };
        let pod = format!("node-debugger-{node}-{}", name_suffix(io, node));
        if !self.cmd.parsed.flag("quiet") {
            io.out(format!("Creating debugging pod {pod} with container {container} on node {node}.\n"));
        }
        let mut body = json!({
            "apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": pod, "labels": {"app.kubernetes.io/managed-by": "kubectl-debug"}},
            "spec": {
                "containers": [self.new_container(container)], "nodeName": node, "restartPolicy": "Never",
                "tolerations": [{"operator": "Exists"}],
            },
        });
        self.profile.apply(&mut body, container, Style::Node, &Keep::default());
        self.post(io, &self.cmd.namespace(), body)?;
        Ok((pod, container.to_owned()))
    }

    /// Kubernetes: debug.go, debugByCopy.
    fn debug_by_copy(&self, io: &mut Io, object: &Object) -> Result<(String, String), Stop> {
        let pod = object.to_value(io.now());
        let key = object.key();
        let (copy, container) = self.copy(io, &pod)?;
        warn_of_user(io, &copy, "containers", &container);
        self.post(io, &key.namespace, copy)?;
        if self.cmd.parsed.flag("replace") {
            let options = DeleteOptions { grace_seconds: Some(0), ..DeleteOptions::default() };
            io.must(Call::Delete {
                kind: Kind::Pod,
                key: Key { namespace: key.namespace, name: key.name },
                options,
            })?;
        }
        Ok((self.cmd.text("copy-to").to_owned(), container))
    }

    /// The copy, and the name of its container for debugging; empty if only images are others.
    ///
    /// Kubernetes: debug.go, generatePodCopyWithDebugContainer.
    fn copy(&self, io: &mut Io, pod: &Value) -> Result<(Value, String), Stop> {
        let flags = &self.cmd.parsed;
        let mut metadata = Map::new();
        metadata.insert("name".to_owned(), json!(self.cmd.text("copy-to")));
        for field in ["namespace", "annotations", "labels"] {
            metadata.extend(pod["metadata"].get(field).map(|value| (field.to_owned(), value.clone())));
        }
        let mut copy = json!({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": pod["spec"]});
        let spec = json::object(json::child(&mut copy, "spec"));
        spec.remove("ephemeralContainers");
        if flags.given("share-processes") {
            spec.insert("shareProcessNamespace".to_owned(), json!(flags.flag("share-processes")));
        }
        if !flags.flag("same-node") {
            spec.remove("nodeName");
        }
        for container in json::each(json::child(&mut copy, "spec"), "containers") {
            let of = |wanted: &str| self.images.iter().rfind(|(name, _)| name == wanted);
            if let Some((_, image)) = of(json::text(container, "name")).or_else(|| of("*")) {
                container["image"] = json!(image);
            }
        }
        let mut name = self.cmd.text("container").to_owned();
        let lists = ["containers", "initContainers"];
        let place = lists.into_iter().find_map(|list| {
            let all = json::list(json::get(&copy, "spec"), list);
            all.iter().position(|container| json::text(container, "name") == name).map(|at| (list, at))
        });
        match place {
            Some((list, at)) => self.fill(&mut copy["spec"][list][at]),
            None if !self.given("image") && !self.images.is_empty() => return Ok((copy, String::new())),
            None if !self.given("image") => {
                return Err("you must specify image when creating new container".into());
            }
            None => {
                name = self.container_name(io, &copy);
                if let Some(containers) = copy["spec"]["containers"].as_array_mut() {
                    containers.push(self.new_container(&name));
                }
            }
        }
        self.profile.apply(&mut copy, &name, Style::Copy, &Keep::of(flags));
        Ok((copy, name))
    }
}

/// Kubernetes: debug.go, displayWarning.
fn warn_of_user(io: &mut Io, pod: &Value, list: &str, name: &str) {
    let spec = json::get(pod, "spec");
    let container = json::list(spec, list).iter().rfind(|container| json::text(container, "name") == name);
    let Some(context) = container.map(|container| json::get(container, "securityContext")) else { return };
    let is_other = json::int(json::get(spec, "securityContext"), "runAsUser").is_some_and(|user| user != 0);
    let is_root = json::int(context, "runAsUser") == Some(0);
    let is_granted = json::flag(context, "privileged")
        || !json::list(json::get(context, "capabilities"), "add").is_empty();
    if is_other && !is_root && is_granted {
        io.err("Warning: Non-root user is configured for the entire target Pod, and some capabilities granted by debug profile may not work. Please consider using \"--custom\" with a custom profile that specifies \"securityContext.runAsUser: 0\".\n");
    }
}

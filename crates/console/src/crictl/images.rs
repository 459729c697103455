//! `crictl images`.

use serde_json::{Value, json};

use super::inspect::formatted;
use super::{Args, fatal, short, table};
use crate::Machines;
use api::image_name::parse_image_name;
use api::pod::status::image_digest;
use cli_runtime::job::Outcome;
use kubelet::runtime::images::image_size;
use sim::order::SortShared;

/// The image of every sandbox.
const PAUSE: &str = "registry.k8s.io/pause:3.10.2";
/// That image without its tag: the only one that is never collected.
const PAUSE_REPOSITORY: &str = "registry.k8s.io/pause";

/// An image of a node.
struct Image {
    repository: String,
    /// Empty if it is known by its digest alone.
    tag: String,
    /// `sha256:…`.
    id: String,
    /// Bytes.
    size: u64,
}

impl Image {
    fn of(image: &str) -> Image {
        let (repository, tag) = match parse_image_name(image) {
            Ok(name) => (name.repository, name.tag),
            Err(_) => (image.to_owned(), String::new()),
        };
        Image { repository, tag, id: image_digest(image), size: image_size(image) }
    }

    /// `nginx`, `docker.io/library/nginx:1.27`; an id.
    fn is_asked_for(&self, wanted: &str) -> bool {
        match parse_image_name(wanted) {
            _ if self.id.trim_start_matches("sha256:").starts_with(wanted) => true,
            Ok(name) if wanted.ends_with(&format!(":{}", name.tag)) => {
                name.repository == self.repository && name.tag == self.tag
            }
            Ok(name) => name.repository == self.repository,
            Err(_) => false,
        }
    }

    fn value(&self) -> Value {
        let digests = [format!("{}@{}", self.repository, self.id)];
        let tags: &[String] = match self.tag.is_empty() {
            true => &[],
            false => &[format!("{}:{}", self.repository, self.tag)],
        };
        json!({
            "id": self.id, "pinned": self.repository == PAUSE_REPOSITORY, "repoDigests": digests,
            "repoTags": tags, "size": self.size.to_string(), "spec": null, "uid": null, "username": "",
        })
    }
}

/// cri-tools: cmd/crictl/image.go, listImageCommand.
pub(super) fn images(machines: &dyn Machines, node: &str, args: &Args) -> Outcome {
    let mut all = machines.images(node);
    if !machines.sandboxes(node).is_empty() {
        all.push(PAUSE.to_owned());
    }
    let mut found: Vec<Image> = all.iter().map(|image| Image::of(image)).collect();
    if let Some(wanted) = args.rest.first() {
        found.retain(|image| image.is_asked_for(wanted));
    }
    found.sort_shared_by(|a, b| (&a.repository, &a.tag).cmp(&(&b.repository, &b.tag)));
    if args.has(&["q", "quiet"]) {
        return Outcome::out(found.iter().map(|image| format!("{}\n", image.id)).collect::<String>());
    }
    if let Some(text) =
        formatted(args, || json!({"images": found.iter().map(Image::value).collect::<Vec<Value>>()}))
    {
        return text;
    }
    let mut lines = vec![["IMAGE", "TAG", "IMAGE ID", "SIZE"].map(str::to_owned).to_vec()];
    let whole = args.has(&["no-trunc"]);
    lines.extend(found.into_iter().map(|image| {
        let tag = if image.tag.is_empty() { "<none>".to_owned() } else { image.tag };
        let id = if whole { image.id } else { short(&image.id) };
        vec![image.repository, tag, id, human_size(image.size)]
    }));
    table(&lines)
}

/// Takes no virtual time, unlike a pull of the kubelet.
///
/// cri-tools: cmd/crictl/image.go, pullImageCommand.
pub(super) fn pull(machines: &mut dyn Machines, node: &str, args: &Args) -> Outcome {
    let [image] = args.rest.as_slice() else { return fatal("images to pull must be specified") };
    if let Err(why) = parse_image_name(image) {
        return fatal(format_args!("pulling image: {why}"));
    }
    match machines.pull_image(node, image) {
        Ok(()) => Outcome::out(format!("Image is up to date for {}\n", image_digest(image))),
        Err(why) => fatal(format_args!("pulling image: {why}")),
    }
}

/// `65.7MB`.
///
/// Go: github.com/docker/go-units, HumanSizeWithPrecision with three digits.
fn human_size(bytes: u64) -> String {
    let (unit, name) = match bytes {
        ..1_000 => return format!("{bytes}B"),
        1_000..1_000_000 => (1, "kB"),
        1_000_000..1_000_000_000 => (1_000, "MB"),
        _ => (1_000_000, "GB"),
    };
    // Thousandths of the unit, of which three digits in all are shown.
    let value = bytes / unit;
    let step = match value {
        ..10_000 => 10,
        10_000..100_000 => 100,
        _ => 1_000,
    };
    let value = (value + step / 2) / step * step;
    let text = format!("{}.{:03}", value / 1000, value % 1000);
    format!("{}{name}", text.trim_end_matches('0').trim_end_matches('.'))
}

#[cfg(test)]
mod tests {
    use super::human_size;

    #[test]
    fn cli_053_sizes_have_three_digits() {
        let sizes = [5, 1_234, 5_123_456, 65_699_847, 99_960_000, 742_000_000, 1_230_000_000];
        assert_eq!(sizes.map(human_size), ["5B", "1.23kB", "5.12MB", "65.7MB", "100MB", "742MB", "1.23GB"]);
    }
}

//! `crictl images`.

use super::{short, table};
use crate::Machines;
use api::image_name::parse_image_name;
use api::pod::status::image_digest;
use cli_runtime::job::Outcome;
use kubelet::runtime::images::image_size;
use sim::order::SortShared;

/// The image of every sandbox.
const PAUSE: &str = "registry.k8s.io/pause:3.10.2";

pub(super) fn images(machines: &dyn Machines, node: &str) -> Outcome {
    let mut lines = vec![["IMAGE", "TAG", "IMAGE ID", "SIZE"].map(str::to_owned).to_vec()];
    let mut all = machines.images(node);
    if !machines.sandboxes(node).is_empty() {
        all.push(PAUSE.to_owned());
    }
    let mut rows: Vec<[String; 4]> = all
        .iter()
        .map(|image| {
            let (name, tag) = match parse_image_name(image) {
                Ok(name) if name.tag.is_empty() => (name.repository, "<none>".to_owned()),
                Ok(name) => (name.repository, name.tag),
                Err(_) => (image.clone(), "<none>".to_owned()),
            };
            [name, tag, short(&image_digest(image)), human_size(image_size(image))]
        })
        .collect();
    rows.sort_shared();
    lines.extend(rows.into_iter().map(Vec::from));
    table(&lines)
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

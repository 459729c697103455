//! ImageLocality: nodes that have a pod's images already score higher.
//!
//! Kubernetes: pkg/scheduler/framework/plugins/imagelocality/image_locality.go.

use super::MAX_NODE_SCORE;
use crate::cache::{Cache, NodeInfo};
use api::node::Node;
use api::pod::Pod;

const MB: i64 = 1024 * 1024;
const MIN_THRESHOLD: i64 = 23 * MB;
const MAX_CONTAINER_THRESHOLD: i64 = 1000 * MB;

/// The size of an image that a node reports to have.
fn image_size(node: &Node, image: &str) -> Option<i64> {
    let mut images = node.images.iter().rev();
    images.find(|entry| entry.names.iter().any(|name| **name == *image)).map(|entry| entry.size_bytes)
}

/// The scores of some nodes; `None` if none of them reports an image.
pub(crate) fn scores(pod: &Pod, nodes: &[&NodeInfo], cache: &Cache) -> Option<Vec<i64>> {
    let reports = |info: &&NodeInfo| info.node.as_ref().is_some_and(|node| !node.images.is_empty());
    if !nodes.iter().any(reports) {
        return None;
    }
    let images: Vec<String> =
        pod.spec.containers.iter().map(|container| normalized_image_name(&container.image)).collect();
    let total = cache.len().max(1);
    let having = |image: &String| {
        let nodes = cache.infos().filter_map(|(_, info)| info.node.as_ref());
        nodes.filter(|node| image_size(node, image).is_some()).count()
    };
    let spread: Vec<f64> = images.iter().map(|image| having(image) as f64 / total as f64).collect();
    let max = MAX_CONTAINER_THRESHOLD.saturating_mul(images.len().max(1) as i64);
    let score = |info: &&NodeInfo| {
        let Some(node) = &info.node else { return 0 };
        let scaled = images.iter().zip(&spread).filter_map(|(image, spread)| {
            // As upstream, in fractions; IEEE arithmetic is the same everywhere.
            image_size(node, image).map(|size| (size as f64 * spread) as i64)
        });
        let sum = scaled.fold(0, i64::saturating_add).clamp(MIN_THRESHOLD, max);
        MAX_NODE_SCORE.saturating_mul(sum - MIN_THRESHOLD) / (max - MIN_THRESHOLD)
    };
    Some(nodes.iter().map(score).collect())
}

/// Kubernetes: image_locality.go, normalizedImageName.
fn normalized_image_name(name: &str) -> String {
    if name.rfind(':') <= name.rfind('/') { format!("{name}:latest") } else { name.to_owned() }
}

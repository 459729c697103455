//! The images of a node, and which of them a registry would give out.

use api::image_name::parse_image_name;
use api::meta::{Name, fnv1a_32};
use sim::SortedSet;

/// The images that a node has.
#[derive(Clone, Debug, Default)]
pub struct Images {
    present: SortedSet<Name>,
}

impl Images {
    pub(crate) fn has(&self, image: &str) -> bool {
        self.present.contains(image)
    }

    pub(crate) fn add(&mut self, image: &Name) {
        if !self.has(image) {
            self.present.insert(image.clone());
        }
    }

    /// Gets an image by hand. What the runtime says where no registry has it.
    pub fn pull(&mut self, image: &str) -> Option<String> {
        let error = pull_error(image);
        if error.is_none() {
            self.add(&image.into());
        }
        error
    }

    /// In the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = &Name> {
        self.present.iter()
    }
}

/// A made-up size in bytes, always the same for one image.
pub fn image_size(image: &str) -> u64 {
    5_000_000 + u64::from(fnv1a_32(image.as_bytes())) % 95_000_000
}

/// Why a registry would refuse this image, in containerd's words as its client (gRPC) passes them on;
/// `None` if it has it.
///
/// Nothing is asked: a registry has every image, except those whose name or tag begins with `nosuch` or
/// has `does-not-exist` in it.
pub(crate) fn pull_error(image: &str) -> Option<String> {
    // Nearly all images: there is no need to take the name apart.
    if !image.contains("nosuch") && !image.contains("does-not-exist") {
        return None;
    }
    let missing = |word: &str| word.starts_with("nosuch") || word.contains("does-not-exist");
    let name = parse_image_name(image).ok()?;
    let full = match (&*name.tag, &*name.digest) {
        ("", digest) => format!("{}@{digest}", name.repository),
        (tag, _) => format!("{}:{tag}", name.repository),
    };
    let (code, problem) = if name.repository.split('/').any(missing) {
        let problem = "pull access denied, repository does not exist or may require authorization: server message: \
         insufficient_scope: authorization failed";
        ("Unknown", problem.to_owned())
    } else if missing(&name.tag) {
        ("NotFound", format!("{full}: not found"))
    } else {
        return None;
    };
    Some(format!(
        "rpc error: code = {code} desc = failed to pull and unpack image \"{full}\": failed to resolve \
         reference \"{full}\": {problem}"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_images_that_say_so_cannot_be_pulled() {
        assert_eq!(pull_error("nginx:1.27"), None);
        assert_eq!(
            pull_error("nosuch/image:1").unwrap(),
            "rpc error: code = Unknown desc = failed to pull and unpack image \"docker.io/nosuch/image:1\": \
             failed to resolve reference \"docker.io/nosuch/image:1\": pull access denied, repository does not exist or may require \
             authorization: server message: insufficient_scope: authorization failed"
        );
        let missing = pull_error("nginx:nosuch").unwrap();
        assert!(missing.starts_with("rpc error: code = NotFound desc = failed to pull and unpack image"));
        assert!(missing.ends_with("docker.io/library/nginx:nosuch: not found"));
    }
}

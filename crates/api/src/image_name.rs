//! Image names: `registry.k8s.io/pause:3.9`, `nginx`, `a/b@sha256:…`.
//!
//! Kubernetes: pkg/util/parsers/parsers.go, which reads them with github.com/distribution/reference.

use std::fmt;

/// An image name in its parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageName {
    /// With the registry, and `library/` for the official images.
    pub repository: String,
    /// `latest` if neither tag nor digest is given; empty if only a digest is.
    pub tag: String,
    /// `sha256:…`, or empty.
    pub digest: String,
}

const INVALID: &str = "invalid reference format";

/// Why a text names no image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ImageNameError {
    /// It has not the form of a reference; the text is in it.
    Format(String),
    /// It has, and its parts are wrong; the text is in it, and the parser's sentence.
    Parts(String, String),
}

impl fmt::Display for ImageNameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (image, why) = match self {
            ImageNameError::Format(image) => (image, INVALID),
            ImageNameError::Parts(image, why) => (image, &**why),
        };
        write!(f, "couldn't parse image name {}: {why}", super::field::go_quote(image))
    }
}

impl std::error::Error for ImageNameError {}

/// Reads an image name, or says in the parser's words why it is none.
///
/// Kubernetes: pkg/util/parsers/parsers.go, ParseImageName.
pub fn parse_image_name(image: &str) -> Result<ImageName, ImageNameError> {
    parse_normalized_named(image).map_err(|why| match why == INVALID {
        true => ImageNameError::Format(image.to_owned()),
        false => ImageNameError::Parts(image.to_owned(), why),
    })
}

fn parse_normalized_named(image: &str) -> Result<ImageName, String> {
    if image.len() == 64 && image.bytes().all(lower_hex) {
        return Err(format!("invalid repository name ({image}), cannot specify 64-byte hexadecimal strings"));
    }
    let (domain, remainder) = split_docker_domain(image);
    let name_end = remainder.find(':').unwrap_or(remainder.len());
    let remote_name = &remainder[..name_end];
    if remote_name.chars().any(char::is_uppercase) {
        return Err(format!("invalid reference format: repository name ({remote_name}) must be lowercase"));
    }
    let (named, digest) = match remainder.split_once('@') {
        Some((named, digest)) if valid_digest(digest) => (named, digest),
        Some(_) => return Err(INVALID.to_owned()),
        None => (&*remainder, ""),
    };
    let (path, tag) = match named.split_once(':') {
        Some((path, tag)) if valid_tag(tag) => (path, tag),
        Some(_) => return Err(INVALID.to_owned()),
        None => (named, ""),
    };
    let repository = format!("{domain}/{path}");
    if !valid_domain(domain) || !path.split('/').all(valid_path_component) {
        return Err(INVALID.to_owned());
    }
    if path.len() > 255 {
        return Err("repository name must not be more than 255 characters".to_owned());
    }
    let tag = if tag.is_empty() && digest.is_empty() { "latest" } else { tag };
    Ok(ImageName { repository, tag: tag.to_owned(), digest: digest.to_owned() })
}

/// The registry, docker.io if none is named, and the rest.
fn split_docker_domain(image: &str) -> (&str, String) {
    let (domain, remainder) = match image.split_once('/') {
        Some((first, rest)) if names_registry(first) => (first, rest),
        _ => ("docker.io", image),
    };
    let domain = if domain == "index.docker.io" { "docker.io" } else { domain };
    if domain == "docker.io" && !remainder.contains('/') {
        return (domain, format!("library/{remainder}"));
    }
    (domain, remainder.to_owned())
}

fn names_registry(first: &str) -> bool {
    first.contains(['.', ':']) || first == "localhost" || first.chars().any(char::is_uppercase)
}

fn lower_hex(byte: u8) -> bool {
    byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte)
}

fn valid_tag(tag: &str) -> bool {
    let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let first = tag.bytes().next().is_some_and(word);
    first && tag.len() <= 128 && tag.bytes().all(|byte| word(byte) || byte == b'.' || byte == b'-')
}

/// Only the algorithms that are built in, each with its length.
fn valid_digest(digest: &str) -> bool {
    let (algorithm, hex) = digest.split_once(':').unwrap_or(("", ""));
    let length = match algorithm {
        "sha256" => 64,
        "sha384" => 96,
        "sha512" => 128,
        _ => return false,
    };
    hex.len() == length && hex.bytes().all(lower_hex)
}

fn valid_domain(domain: &str) -> bool {
    let (host, port) = match domain.rsplit_once(':') {
        Some((host, port)) if !host.ends_with(':') && !port.contains(']') => (host, Some(port)),
        _ => (domain, None),
    };
    let port_valid = port.is_none_or(|port| !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()));
    let component = |part: &str| {
        let inner = part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        !part.is_empty() && inner && !part.starts_with('-') && !part.ends_with('-')
    };
    let ipv6 = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let host_valid = match ipv6 {
        Some(inside) => !inside.is_empty() && inside.bytes().all(|b| b.is_ascii_hexdigit() || b == b':'),
        None => host.split('.').all(component),
    };
    host_valid && port_valid
}

/// Lower case words, joined by one dot, one or two underscores, or any number of dashes.
fn valid_path_component(part: &str) -> bool {
    let word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let bytes = part.as_bytes();
    let ends = bytes.first().copied().is_some_and(word) && bytes.last().copied().is_some_and(word);
    let separators = part.split(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit());
    let valid = |s: &str| matches!(s, "" | "." | "_" | "__") || s.bytes().all(|b| b == b'-');
    ends && separators.into_iter().all(valid)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(image: &str) -> String {
        match parse_image_name(image) {
            Ok(name) => format!("{} {} {}", name.repository, name.tag, name.digest),
            Err(why) => why.to_string(),
        }
    }

    #[test]
    fn image_names_are_taken_apart() {
        let digest = format!("sha256:{}", "a".repeat(64));
        for (image, expected) in [
            ("nginx", "docker.io/library/nginx latest ".to_owned()),
            ("nginx:1.25", "docker.io/library/nginx 1.25 ".to_owned()),
            ("a/b", "docker.io/a/b latest ".to_owned()),
            ("localhost:5000/nginx", "localhost:5000/nginx latest ".to_owned()),
            ("registry.k8s.io/pause:3.9", "registry.k8s.io/pause 3.9 ".to_owned()),
            (&format!("nginx@{digest}"), format!("docker.io/library/nginx  {digest}")),
            (&format!("nginx:1@{digest}"), format!("docker.io/library/nginx 1 {digest}")),
            ("[::1]:5000/a", "[::1]:5000/a latest ".to_owned()),
        ] {
            assert_eq!(parts(image), expected, "{image}");
        }
    }

    #[test]
    fn bad_image_names_are_refused_in_the_parsers_words() {
        assert_eq!(
            parts("Foo/Bar"),
            "couldn't parse image name \"Foo/Bar\": invalid reference format: repository name (Bar) must be lowercase"
        );
        assert_eq!(
            parts("Nginx"),
            "couldn't parse image name \"Nginx\": invalid reference format: repository name (library/Nginx) must \
             be lowercase"
        );
        for image in
            ["", ":", "a b", "nginx:", "nginx:-", "a//b", "nginx@sha256:1", "a..b", "-a", "é", "<img>"]
        {
            assert!(parts(image).ends_with(": invalid reference format"), "{image}: {}", parts(image));
        }
    }
}

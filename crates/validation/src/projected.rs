//! Volumes that bring several sources together.
//!
//! Kubernetes: pkg/apis/core/validation/validation.go, validateProjectionSources.

use serde_json::Value;
use sim::SortedSet;

use super::go_form;
use super::meta::validate_label_selector;
use super::mounts::validate_local_non_reserved_path;
use super::names::name_is_dns_subdomain;
use super::volume::{require, validate_downward_api_volume_file, validate_key_to_path, validate_mode};
use api::field::{ErrorList, FieldError, FieldPath};
use api::json;

/// Checks each source, and that no two write the same file.
pub(super) fn validate_projected_volume_source(source: &Value, path: &FieldPath, errors: &mut ErrorList) {
    validate_mode(source, "defaultMode", path, errors);
    let mut taken = SortedSet::new();
    for (at, projection) in json::list(source, "sources").iter().enumerate() {
        let own = path.child("sources").index(at);
        let mut checker = Checker { path, own: &own, taken: &mut taken, errors };
        let mut count = 0;
        for key in KINDS {
            let projected = json::get(projection, key);
            if !projected.is_null() {
                count += 1;
                checker.check(key, projected);
            }
        }
        if count > 1 {
            let why = "may not specify more than 1 volume type per source";
            errors.push(FieldError::forbidden(&own, why));
        }
    }
}

const KINDS: [&str; 6] =
    ["secret", "configMap", "downwardAPI", "serviceAccountToken", "clusterTrustBundle", "podCertificate"];

struct Checker<'a, 'v> {
    /// The volume's path, at which upstream reports clashes.
    path: &'a FieldPath,
    own: &'a FieldPath,
    taken: &'a mut SortedSet<&'v str>,
    errors: &'a mut ErrorList,
}

impl<'v> Checker<'_, 'v> {
    fn check(&mut self, key: &'static str, source: &'v Value) {
        let path = self.own.child(key);
        match key {
            "secret" | "configMap" => {
                require(source, &["name"], &path, self.errors);
                for (at, item) in json::list(source, "items").iter().enumerate() {
                    validate_key_to_path(item, &path.child("items").index(at), self.errors);
                    self.take(json::text(item, "path"), json::text(source, "name"));
                }
            }
            "downwardAPI" => {
                for file in json::list(source, "items") {
                    validate_downward_api_volume_file(file, &path, self.errors);
                    self.take(json::text(file, "path"), json::text(file, "path"));
                }
            }
            "serviceAccountToken" => self.check_token(source, &path),
            "clusterTrustBundle" => self.check_trust_bundle(source, &path),
            _ => self.check_certificate(source, &path),
        }
    }

    /// Notes that a file is written; `shown` is the value of the error if another source does so too.
    fn take(&mut self, file: &'v str, shown: &str) {
        if !file.is_empty() && !self.taken.insert(file) {
            self.errors.push(FieldError::invalid(self.path, shown, "conflicting duplicate paths"));
        }
    }

    fn check_token(&mut self, token: &Value, path: &FieldPath) {
        let seconds = json::int(token, "expirationSeconds").unwrap_or(0);
        let seconds_path = path.child("expirationSeconds");
        if seconds < 600 {
            let why = "may not specify a duration less than 10 minutes";
            self.errors.push(FieldError::invalid(&seconds_path, seconds, why));
        }
        if seconds > 1 << 32 {
            let why = "may not specify a duration larger than 2^32 seconds";
            self.errors.push(FieldError::invalid(&seconds_path, seconds, why));
        }
        let file = json::text(token, "path");
        // Upstream reports these two at the volume.
        if file.is_empty() {
            self.errors.push(FieldError::required(&self.path.child("path"), ""));
        } else {
            validate_local_non_reserved_path(file, &self.path.child("path"), self.errors);
        }
    }

    fn check_trust_bundle(&mut self, bundle: &'v Value, path: &FieldPath) {
        let signer = json::get(bundle, "signerName").as_str();
        match (json::get(bundle, "name").as_str(), signer) {
            (Some(_), Some(_)) => {
                let why = "only one of name and signerName may be used";
                let shown = go_form::compact("ClusterTrustBundleProjection", bundle);
                self.errors.push(FieldError::invalid(path, bundle.clone(), why).shown_as(shown));
            }
            (Some(name), None) => self.check_trust_bundle_name(name, bundle, path),
            (None, Some(signer)) => {
                if signer.is_empty() {
                    let why = "must be a valid signer name";
                    self.errors.push(FieldError::required(&path.child("signerName"), why));
                }
                self.check_signer_name(signer, path);
                let selector = json::get(bundle, "labelSelector");
                validate_label_selector(selector, &path.child("labelSelector"), self.errors);
            }
            (None, None) => {
                let why = "either name or signerName must be specified";
                self.errors.push(FieldError::required(path, why));
            }
        }
        require(bundle, &["path"], path, self.errors);
        let file = json::text(bundle, "path");
        validate_local_non_reserved_path(file, &path.child("path"), self.errors);
        self.take(file, file);
    }

    fn check_trust_bundle_name(&mut self, name: &str, bundle: &Value, path: &FieldPath) {
        let name_path = path.child("name");
        if name.is_empty() {
            self.errors.push(FieldError::required(&name_path, "must be a valid object name"));
        }
        for message in name_is_dns_subdomain(name.rsplit(':').next().unwrap_or(""), false) {
            let why = format!("not a valid clustertrustbundlename: {message}");
            self.errors.push(FieldError::invalid(&name_path, name, why));
        }
        let selector = json::get(bundle, "labelSelector");
        if !selector.is_null() {
            let why = "labelSelector must be unset if name is specified";
            let path = path.child("labelSelector");
            let shown = go_form::compact("LabelSelector", selector);
            self.errors.push(FieldError::invalid(&path, selector.clone(), why).shown_as(shown));
        }
    }

    /// Kubernetes: validation.go, ValidateSignerName; the parts behind the slash are not looked at.
    fn check_signer_name(&mut self, signer: &str, path: &FieldPath) {
        let path = path.child("signerName");
        if signer.is_empty() {
            self.errors.push(FieldError::required(&path, ""));
        } else if signer.matches('/').count() != 1 {
            let why = "must be a fully qualified domain and path of the form 'example.com/signer-name'";
            self.errors.push(FieldError::invalid(&path, signer, why));
        }
    }

    fn check_certificate(&mut self, certificate: &'v Value, path: &FieldPath) {
        self.check_signer_name(json::text(certificate, "signerName"), path);
        let types = ["RSA3072", "RSA4096", "ECDSAP256", "ECDSAP384", "ECDSAP521", "ED25519"];
        let kind = json::text(certificate, "keyType");
        if !types.contains(&kind) {
            self.errors.push(FieldError::not_supported(&path.child("keyType"), kind, &types));
        }
        let files = ["credentialBundlePath", "keyPath", "certificateChainPath"];
        let given = files.into_iter().filter(|key| !json::empty(certificate, key));
        if given.clone().count() == 0 {
            let why = "specify at least one of credentialBundlePath, keyPath, and certificateChainPath";
            self.errors.push(FieldError::required(path, why));
        }
        for key in given {
            let file = json::text(certificate, key);
            validate_local_non_reserved_path(file, &path.child(key), self.errors);
            self.take(file, file);
        }
    }
}

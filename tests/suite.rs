//! Everything that is tested from outside, in one binary: a file for each area.

mod suite {
    mod static_manifests;
    mod tidy;
    mod yaml_corpus;
}

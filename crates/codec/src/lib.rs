//! Trees → API objects, strictly; and everything that is wrong with a manifest.
//!
//! The API server decodes with `fieldValidation=Strict` on kubectl's behalf, the kubelet decodes a static
//! pod's file: both go through [`decode`].

mod amounts;
mod decode;
mod decode_all;
mod go_time;
mod go_types;

pub mod edit;
pub mod manifest;
pub mod unstructured;

pub use amounts::with_amounts_as_written;
pub use decode::{
    DecodeError, Decoded, UnknownField, WrongKind, check_kind, decode, decode_metadata, from_unstructured,
    json_kind, widen_integers,
};
pub use decode_all::decode_all;

#[cfg(test)]
#[path = "fuzz_tests.rs"]
mod tests;

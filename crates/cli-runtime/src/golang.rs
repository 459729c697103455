//! What kubectl's printers take from Go itself: values as reflection sees them, fmt, sort, strconv.
//!
//! The texts of `-o jsonpath`, `custom-columns`, `go-template` and the order of `--sort-by` are whatever these
//! packages of Go's library make of them.

pub mod json;
pub mod printf;
pub mod sort;
pub mod strconv;
pub mod value;

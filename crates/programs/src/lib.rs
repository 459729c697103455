//! Where the page's module is cut in two: the simulation with its picture comes first, what runs in a shell after it.
//!
//! All that is reached through [`fetch`] alone, the shell's language, kubectl, crictl and the other programs, is moved
//! by the build to a file of its own. A crate apart because the split point links functions by name, which the other
//! crates forbid as unsafe.

use console::Programs;

/// The programs could not be fetched; asking again fetches again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FetchError;

impl std::fmt::Display for FetchError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the programs of the shell could not be fetched")
    }
}

impl std::error::Error for FetchError {}

#[cfg(feature = "split")]
impl From<wasm_split_helpers::SplitLoaderError> for FetchError {
    fn from(_: wasm_split_helpers::SplitLoaderError) -> FetchError {
        FetchError
    }
}

/// What the shells run.
///
/// # Errors
/// Where they are a file of their own and it does not come.
#[cfg(feature = "split")]
#[wasm_split_helpers::wasm_split(programs, fallible)]
pub fn fetch() -> Result<Programs, FetchError> {
    Ok(Programs::all())
}

/// What the shells run; here it is part of the module, and always there.
///
/// # Errors
/// None.
#[cfg(not(feature = "split"))]
pub async fn fetch() -> Result<Programs, FetchError> {
    Ok(Programs::all())
}

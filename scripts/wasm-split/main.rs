//! Cuts a compiled program into the module that a page loads first and those that it fetches later.
//!
//!     wasm-split --out-dir DIR --out-name NAME PROGRAM
//!
//! writes DIR/NAME.wasm, which wasm-bindgen takes as it would the program, the other modules beside it, and
//! `__wasm_split.js`, which fetches them and expects NAME.js, wasm-bindgen's script, in the same folder.

use eyre::{OptionExt, Result};
use lexopt::prelude::*;
use std::path::PathBuf;
use wasm_split_cli_support::{Options, transform};

fn main() -> Result<()> {
    let (mut program, mut out_dir, mut out_name) = (None, None, None);
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next()? {
        match argument {
            Short('V') | Long("version") => {
                println!("wasm-split {}", env!("CARGO_PKG_VERSION"));
                return Ok(());
            }
            Long("out-dir") => out_dir = Some(PathBuf::from(parser.value()?)),
            Long("out-name") => out_name = Some(parser.value()?.string()?),
            Value(path) => program = Some(PathBuf::from(path)),
            other => return Err(other.unexpected().into()),
        }
    }
    let program = std::fs::read(program.ok_or_eyre("which wasm file?")?)?;
    let out_dir = out_dir.ok_or_eyre("--out-dir is missing")?;
    let name = out_name.ok_or_eyre("--out-name is missing")?;
    let main = out_dir.join(format!("{name}.wasm"));
    let script = format!("./{name}.js");
    let mut options = Options::new(&program);
    options.output_dir = &out_dir;
    options.main_out_path = &main;
    options.main_module = &script;
    options.target.web();
    transform(options)?;
    Ok(())
}

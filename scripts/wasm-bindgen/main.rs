//! Turns the page's compiled program into a module that a browser can load, and writes the script beside it.
//! It is called as the program of the same name is, and refuses the options that the build does not use.

use anyhow::{Context, Result, bail};
use lexopt::prelude::*;
use std::path::PathBuf;
use wasm_bindgen_cli_support::Bindgen;

fn main() -> Result<()> {
    let (mut input, mut out_dir, mut out_name) = (None, None, None);
    let mut bindgen = Bindgen::new();
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next()? {
        match argument {
            Short('V') | Long("version") => {
                println!("wasm-bindgen {}", env!("CARGO_PKG_VERSION"));
                return Ok(());
            }
            Long("target") => match parser.value()?.string()?.as_str() {
                "web" => bindgen.web(true)?,
                other => bail!("only the target web is built here, not {other}"),
            },
            Long("no-typescript") => bindgen.typescript(false),
            Long("omit-default-module-path") => bindgen.omit_default_module_path(true),
            Long("keep-lld-exports") => bindgen.keep_lld_exports(true),
            Long("out-dir") => {
                out_dir = Some(PathBuf::from(parser.value()?));
                continue;
            }
            Long("out-name") => {
                out_name = Some(parser.value()?.string()?);
                continue;
            }
            Value(path) => {
                input = Some(PathBuf::from(path));
                continue;
            }
            other => return Err(other.unexpected().into()),
        };
    }
    bindgen.input_path(input.context("which wasm file?")?);
    if let Some(name) = &out_name {
        bindgen.out_name(name);
    }
    bindgen.generate(out_dir.context("--out-dir is missing")?)
}

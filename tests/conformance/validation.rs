//! Topic validation: which errors the API server reports, after defaulting.

use serde_json::Value;
use validation::defaults::set_defaults;
use validation::{validate, validate_update};

use crate::expect::{errors, known_keys};

pub fn run(case: &Value) -> Result<(), String> {
    let (input, expect) = (&case["input"], &case["expect"]);
    known_keys(expect, &["errors"])?;
    if let Some(check) = case["check"].as_str() {
        return Err(format!("unknown check {check}"));
    }
    let defaulted = |key: &str| {
        let mut object = input[key].clone();
        set_defaults(&mut object);
        object
    };
    let got = match input.get("object") {
        Some(_) => validate(&defaulted("object")),
        None => validate_update(&defaulted("new"), &defaulted("old")),
    };
    errors(&expect["errors"], &got)
}

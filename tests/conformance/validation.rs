//! Topic validation: which errors the API server reports, after defaulting.

use serde_json::Value;
use validation::defaults::set_defaults;
use validation::{validate, validate_update};

use crate::expect::{errors, known_keys, plain};

pub fn run(case: &Value) -> Result<(), String> {
    plain(case)?;
    let (input, expect) = (&case["input"], &case["expect"]);
    known_keys("expect", expect, &["errors"])?;
    let defaulted = |key: &str| {
        let mut object = input[key].clone();
        set_defaults(&mut object);
        object
    };
    let got = match input.get("object") {
        Some(_) => {
            known_keys("input", input, &["object"])?;
            validate(&defaulted("object"))
        }
        None => {
            known_keys("input", input, &["old", "new"])?;
            validate_update(&defaulted("new"), &defaulted("old"))
        }
    };
    errors(&expect["errors"], &got)
}

//! Topic defaults: what is filled in before validation.

use api::field::{FieldPath, PathElement};
use serde_json::Value;
use validation::defaults::set_defaults;

use crate::expect::{contained, known_keys, list, plain};

pub fn run(case: &Value) -> Result<(), String> {
    plain(case)?;
    let expect = &case["expect"];
    known_keys("input", &case["input"], &["object"])?;
    known_keys("expect", expect, &["fields", "absent"])?;
    let mut object = case["input"]["object"].clone();
    set_defaults(&mut object);
    if let Some(fields) = expect.get("fields") {
        contained(&FieldPath::root(), fields, &object)?;
    }
    for path in list(expect, "absent").iter().filter_map(Value::as_str) {
        let got = FieldPath::parse(path).steps().iter().fold(&object, |value, step| match step {
            PathElement::Child(name) => &value[&**name],
            PathElement::Key(key) => &value[key],
            PathElement::Index(index) => &value[index],
        });
        if !got.is_null() {
            return Err(format!("{path}: expected nothing, got {got}"));
        }
    }
    Ok(())
}

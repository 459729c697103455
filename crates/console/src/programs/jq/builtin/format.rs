//! jq's formats: `@csv`, `@base64` and the others.

use super::super::json::Json;
use super::super::run::{Ran, failed};
use super::described;
use crate::programs::text::base64;

/// A value as `@name` prints it.
pub(crate) fn formatted(format: &str, value: &Json) -> Ran<String> {
    let plain = |value: &Json| match value {
        Json::Text(text) => text.to_string(),
        other => other.compact(),
    };
    let row = |value: &Json, cell: &dyn Fn(&Json) -> Ran<String>, between: &str| -> Ran<String> {
        let Json::Array(items) = value else {
            return failed(format!(
                "{} cannot be {format}-formatted, only an array can be",
                described(value)
            ));
        };
        let cells: Ran<Vec<String>> = items.iter().map(cell).collect();
        Ok(cells?.join(between))
    };
    let simple = |value: &Json| -> Ran<String> {
        match value {
            Json::Array(_) | Json::Object(_) => {
                failed(format!("{} is not valid in a {format} row", described(value)))
            }
            Json::Null => Ok(String::new()),
            other => Ok(plain(other)),
        }
    };
    match format {
        "json" => Ok(value.compact()),
        "csv" => row(
            value,
            &|cell| match cell {
                Json::Text(text) => Ok(format!("\"{}\"", text.replace('"', "\"\""))),
                other => simple(other),
            },
            ",",
        ),
        "tsv" => row(
            value,
            &|cell| {
                let text = simple(cell)?;
                Ok(text.replace('\\', "\\\\").replace('\t', "\\t").replace('\n', "\\n").replace('\r', "\\r"))
            },
            "\t",
        ),
        "html" => Ok(plain(value)
            .replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('>', "&gt;")
            .replace('\'', "&#39;")
            .replace('"', "&quot;")),
        "uri" => {
            let keep = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
            let text = plain(value);
            Ok(text
                .bytes()
                .map(|byte| if keep(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
                .collect())
        }
        "sh" => {
            let quoted = |value: &Json| -> Ran<String> {
                match value {
                    Json::Text(text) => Ok(format!("'{}'", text.replace('\'', "'\\''"))),
                    Json::Array(_) | Json::Object(_) => {
                        failed(format!("{} can not be escaped for shell", described(value)))
                    }
                    other => Ok(other.compact()),
                }
            };
            match value {
                Json::Array(items) => {
                    let words: Ran<Vec<String>> = items.iter().map(quoted).collect();
                    Ok(words?.join(" "))
                }
                value => quoted(value),
            }
        }
        "base64" => Ok(golang::base64::encode(plain(value).as_bytes())),
        "base64d" => {
            let text = plain(value);
            let padded = format!("{}{}", text, "=".repeat((4 - text.len() % 4) % 4));
            match base64::decode(padded.as_bytes(), false) {
                (bytes, true) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
                _ => failed(format!("{} is not valid base64 data", described(value))),
            }
        }
        _ => Ok(plain(value)),
    }
}

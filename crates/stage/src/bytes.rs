//! What a file holds, as a session writes it down: text as it is, anything else without loss.

use std::fmt::Write as _;
use std::rc::Rc;

use serde::de::Error as _;
use serde::ser::SerializeMap as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The bytes of a file. In a session's text: a string where they are UTF-8, else `{"hex": "ff fe …"}`
/// without the blanks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bytes(Rc<[u8]>);

impl Bytes {
    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    pub(crate) fn into_bytes(self) -> Rc<[u8]> {
        self.0
    }
}

impl From<&str> for Bytes {
    fn from(text: &str) -> Bytes {
        Bytes(text.as_bytes().into())
    }
}

impl From<String> for Bytes {
    fn from(text: String) -> Bytes {
        Bytes(text.into_bytes().into())
    }
}

impl From<Vec<u8>> for Bytes {
    fn from(bytes: Vec<u8>) -> Bytes {
        Bytes(bytes.into())
    }
}

impl From<&[u8]> for Bytes {
    fn from(bytes: &[u8]) -> Bytes {
        Bytes(bytes.into())
    }
}

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if let Ok(text) = std::str::from_utf8(&self.0) {
            return serializer.serialize_str(text);
        }
        let mut map = serializer.serialize_map(Some(1))?;
        map.serialize_entry("hex", &to_hex(&self.0))?;
        map.end()
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Bytes, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Form {
            Text(String),
            Hex { hex: String },
        }
        match Form::deserialize(deserializer)? {
            Form::Text(text) => Ok(text.into()),
            Form::Hex { hex } => {
                from_hex(&hex).map(Bytes::from).ok_or_else(|| D::Error::custom("not hex digits"))
            }
        }
    }
}

fn to_hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).map(|digit| digit as u8);
    let pairs = text.as_bytes().chunks(2);
    pairs.map(|pair| Some(digit(*pair.first()?)? << 4 | digit(*pair.get(1)?)?)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn way_and_back(bytes: &[u8]) -> String {
        let text = serde_json::to_string(&Bytes::from(bytes)).unwrap();
        assert_eq!(serde_json::from_str::<Bytes>(&text).unwrap().as_bytes(), bytes);
        text
    }

    #[test]
    fn text_stays_text_and_other_bytes_lose_nothing() {
        assert_eq!(way_and_back("a\0ü".as_bytes()), r#""a\u0000ü""#);
        assert_eq!(way_and_back(&[0xff, 0xfe, 0x0a]), r#"{"hex":"fffe0a"}"#);
    }

    #[test]
    fn what_is_no_hex_is_refused() {
        for text in [r#"{"hex":"f"}"#, r#"{"hex":"gg"}"#, r#"{"hex":"é0"}"#, "7"] {
            assert!(serde_json::from_str::<Bytes>(text).is_err(), "{text}");
        }
    }
}

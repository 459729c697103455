//! What the API calls the fields of Go's structs.

/// `DNSPolicy` → `dnsPolicy`: a run of capitals is an abbreviation, but for the letter that begins a word.
pub fn json_name(go: &str) -> String {
    let capitals = go.bytes().take_while(u8::is_ascii_uppercase).count();
    let low = if capitals == go.len() || capitals <= 1 { capitals } else { capitals - 1 };
    go.char_indices().map(|(at, c)| if at < low { c.to_ascii_lowercase() } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_go_s() {
        for (go, api) in [
            ("Name", "name"),
            ("DNSPolicy", "dnsPolicy"),
            ("IP", "ip"),
            ("HostIP", "hostIP"),
            ("SELinuxOptions", "seLinuxOptions"),
            ("matchLabels", "matchLabels"),
        ] {
            assert_eq!(json_name(go), api);
        }
    }
}

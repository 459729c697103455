//! The order in which go-yaml prints keys. Upstream: goyaml.v2/sorter.go.

use std::cmp::Ordering;

use serde_json::{Map, Value};

/// The entries in the order in which they are printed.
pub(super) fn sorted(map: &Map<String, Value>) -> Vec<(&String, &Value)> {
    let mut entries: Vec<(&String, &Value)> = map.iter().collect();
    // Letters sort by code, as the map has them already; only other characters change the order.
    if !map.keys().all(|key| key.bytes().all(|b| b.is_ascii_alphabetic())) {
        entries = merge_sort(entries);
    }
    entries
}

/// The standard sort may panic where an order contradicts itself, as go-yaml's can.
fn merge_sort<'m>(mut entries: Vec<(&'m String, &'m Value)>) -> Vec<(&'m String, &'m Value)> {
    if entries.len() < 2 {
        return entries;
    }
    let right = merge_sort(entries.split_off(entries.len() / 2));
    let left = merge_sort(entries);
    let mut merged = Vec::with_capacity(left.len() + right.len());
    let (mut left, mut right) = (left.into_iter().peekable(), right.into_iter().peekable());
    loop {
        let take_right = match (left.peek(), right.peek()) {
            (Some(a), Some(b)) => natural_order(a.0, b.0) == Ordering::Greater,
            (None, Some(_)) => true,
            (Some(_), None) => false,
            (None, None) => return merged,
        };
        merged.extend(if take_right { right.next() } else { left.next() });
    }
}

/// go-yaml's order of keys: letters behind other characters, numbers by their value.
fn natural_order(a: &str, b: &str) -> Ordering {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let Some(at) = a.iter().zip(&b).position(|(a, b)| a != b) else { return a.len().cmp(&b.len()) };
    let (first_a, first_b) = (a[at], b[at]);
    match (first_a.is_alphabetic(), first_b.is_alphabetic()) {
        (true, true) => return first_a.cmp(&first_b),
        (true, false) => return Ordering::Greater,
        (false, true) => return Ordering::Less,
        (false, false) => {}
    }
    let digits_before = a[..at].iter().rev().take_while(|c| c.is_ascii_digit());
    let zero_counts = (first_a == '0' || first_b == '0') && digits_before.clone().any(|c| *c != '0');
    let number = |chars: &[char]| -> (i64, usize) {
        let digits = chars[at..].iter().map_while(|c| c.to_digit(10));
        digits.fold((i64::from(zero_counts), 0), |(n, count), digit| {
            (n.wrapping_mul(10).wrapping_add(i64::from(digit)), count + 1)
        })
    };
    number(&a).cmp(&number(&b)).then(first_a.cmp(&first_b))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn keys_are_in_natural_order() {
        let keys = ["b", "a10", "a2", "a-1", "a.b/c", "A", "10", "9", "a", "kubernetes.io/os"];
        let map: Map<String, Value> = keys.iter().map(|k| ((*k).to_owned(), json!(1))).collect();
        let sorted: Vec<&str> = sorted(&map).into_iter().map(|(k, _)| k.as_str()).collect();
        assert_eq!(sorted, ["9", "10", "A", "a", "a-1", "a.b/c", "a2", "a10", "b", "kubernetes.io/os"]);
    }

    #[test]
    fn an_order_that_contradicts_itself_still_gives_every_key() {
        // a1b < a2 < a10 < a1b
        let keys = (0..200).map(|n| format!("a{}{}", n % 13, ["", "b", "-", "0"][n % 4]));
        let map: Map<String, Value> = keys.map(|k| (k, json!(1))).collect();
        assert_eq!(sorted(&map).len(), map.len());
    }
}

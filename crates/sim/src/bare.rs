//! The least that an event simulation of a size costs: what storms are measured against.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// A binary heap that pushes and pops 10 events for each of `records` and touches a 256-byte record at each.
///
/// Returns a sum over the records, so that the compiler keeps the work.
pub fn bare_queue(records: usize) -> u64 {
    let mut table = vec![[0u64; 32]; records];
    let mut heap: BinaryHeap<Reverse<(u64, u64, u32)>> = BinaryHeap::new();
    let mut seq = 0u64;
    let mut draw = 0x9e37_79b9_7f4a_7c15u64;
    for at in 0..records {
        heap.push(Reverse((at as u64 % 1000, seq, at as u32)));
        seq += 1;
    }
    let mut sum = 0u64;
    while let Some(Reverse((at, _, which))) = heap.pop() {
        let record = &mut table[which as usize];
        record[0] += 1;
        for (i, word) in record.iter_mut().enumerate().skip(1) {
            *word = word.wrapping_add(at ^ i as u64);
        }
        sum = sum.wrapping_add(record[31]);
        if record[0] < 10 {
            draw ^= draw << 13;
            draw ^= draw >> 7;
            draw ^= draw << 17;
            heap.push(Reverse((at + 1 + draw % 1000, seq, which)));
            seq += 1;
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::bare_queue;

    #[test]
    fn the_work_is_the_same_each_time() {
        assert_eq!(bare_queue(0), 0);
        assert_eq!(bare_queue(100), bare_queue(100));
        assert_ne!(bare_queue(100), bare_queue(101));
    }
}

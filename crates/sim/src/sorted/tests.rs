use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::{SortedMap, SortedSet};

/// What is done to a map or a set.
#[derive(Clone, Copy, Debug)]
enum Change {
    Insert(u8, u16),
    Remove(u8),
    Add(u8, u16),
    PopFirst,
    RetainOdd,
}

fn change() -> impl Strategy<Value = Change> {
    let key = 0u8..24;
    prop_oneof![
        4 => (key.clone(), any::<u16>()).prop_map(|(key, value)| Change::Insert(key, value)),
        2 => key.clone().prop_map(Change::Remove),
        3 => (key, any::<u16>()).prop_map(|(key, value)| Change::Add(key, value)),
        1 => Just(Change::PopFirst),
        1 => Just(Change::RetainOdd),
    ]
}

/// The macro stands for a trait that the two kinds of map do not share.
macro_rules! do_to_map {
    ($map:expr, $change:expr) => {{
        let map = $map;
        match $change {
            Change::Insert(key, value) => map.insert(key, value),
            Change::Remove(key) => map.remove(&key),
            Change::Add(key, value) => {
                let sum = map.entry(key).or_insert(7);
                *sum = sum.wrapping_add(value);
                Some(*sum)
            }
            Change::PopFirst => map.pop_first().map(|(_, value)| value),
            Change::RetainOdd => {
                map.retain(|key, _| key % 2 == 1);
                None
            }
        }
    }};
}

proptest! {
    #[test]
    fn prop_a_map_does_what_a_b_tree_does(changes in proptest::collection::vec(change(), 0..80), low in 0u8..24, high in 0u8..24) {
        let (mut ours, mut theirs) = (SortedMap::new(), BTreeMap::new());
        for change in changes {
            prop_assert_eq!(
                do_to_map!(&mut ours, change),
                do_to_map!(&mut theirs, change)
            );
            prop_assert!(ours.iter().eq(theirs.iter()));
        }
        prop_assert!(ours.range(low..).eq(theirs.range(low..)));
        prop_assert!(ours.range(..=high).eq(theirs.range(..=high)));
        if low <= high {
            prop_assert!(ours.range(low..high).eq(theirs.range(low..high)));
        }
        prop_assert_eq!(ours.get(&low), theirs.get(&low));
        prop_assert_eq!(ours.contains_key(&high), theirs.contains_key(&high));
        prop_assert_eq!(ours.first_key_value(), theirs.first_key_value());
        prop_assert_eq!(ours.get_key_value(&low), theirs.get_key_value(&low));
        prop_assert!(ours.keys().eq(theirs.keys()) && ours.values().eq(theirs.values()));
        prop_assert_eq!(format!("{ours:?}"), format!("{theirs:?}"));
    }

    #[test]
    fn prop_a_set_does_what_a_b_tree_does(changes in proptest::collection::vec(change(), 0..80), other in proptest::collection::vec(0u8..24, 0..12)) {
        let (mut ours, mut theirs) = (SortedSet::new(), BTreeSet::new());
        for change in changes {
            match change {
                Change::Insert(item, _) | Change::Add(item, _) => prop_assert_eq!(ours.insert(item), theirs.insert(item)),
                Change::Remove(item) => prop_assert_eq!(ours.remove(&item), theirs.remove(&item)),
                Change::PopFirst => prop_assert_eq!(ours.pop_first(), theirs.pop_first()),
                Change::RetainOdd => {
                    ours.retain(|item| item % 2 == 1);
                    theirs.retain(|item| item % 2 == 1);
                }
            }
            prop_assert!(ours.iter().eq(theirs.iter()));
        }
        let (our_other, their_other): (SortedSet<u8>, BTreeSet<u8>) = (other.iter().copied().collect(), other.into_iter().collect());
        prop_assert!(our_other.iter().eq(their_other.iter()));
        prop_assert!(ours.difference(&our_other).eq(theirs.difference(&their_other)));
        prop_assert!(ours.intersection(&our_other).eq(theirs.intersection(&their_other)));
        prop_assert_eq!(ours.first(), theirs.first());
        prop_assert!(ours.range(3..9).eq(theirs.range(3..9)));
        prop_assert_eq!(format!("{ours:?}"), format!("{theirs:?}"));
    }

    #[test]
    fn prop_it_gathers_as_collect_does(items in proptest::collection::vec((0u8..20, any::<u16>()), 0..60)) {
        let ours: SortedMap<u8, u16> = items.iter().copied().collect();
        let theirs: BTreeMap<u8, u16> = items.iter().copied().collect();
        prop_assert!(ours.iter().eq(theirs.iter()));
        let (mut ours, mut theirs) = (ours, theirs);
        ours.extend(items.iter().map(|(key, value)| (key + 5, *value)));
        theirs.extend(items.iter().map(|(key, value)| (key + 5, *value)));
        prop_assert!(ours.iter().eq(theirs.iter()));
    }
}

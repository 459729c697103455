use super::map::SortedMap;

/// The place of a key in a map.
pub struct Entry<'a, K, V> {
    pub(super) map: &'a mut SortedMap<K, V>,
    pub(super) key: K,
    /// Where the key stands, or where it would.
    pub(super) place: Result<usize, usize>,
}

impl<'a, K, V> Entry<'a, K, V> {
    /// The value; where there is none, this one is put there first.
    pub fn or_insert(self, value: V) -> &'a mut V {
        self.or_insert_with(|| value)
    }

    /// The value; where there is none, it is made first.
    pub fn or_insert_with(self, make: impl FnOnce() -> V) -> &'a mut V {
        let at = self.place.unwrap_or_else(|at| {
            self.map.items.insert(at, (self.key, make()));
            at
        });
        &mut self.map.items[at].1
    }

    /// The value; where there is none, its type's usual one is put there first.
    pub fn or_default(self) -> &'a mut V
    where
        V: Default,
    {
        self.or_insert_with(V::default)
    }
}

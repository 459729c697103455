//! Equal values are kept once.

use std::rc::Rc;

/// How many of a sort are held ready to be shared.
const LATELY: usize = 4096;

/// Values seen lately, so that equal ones are kept once.
#[derive(Clone, Debug)]
pub(super) struct Lately<T>(Vec<Option<Rc<T>>>);

impl<T> Default for Lately<T> {
    fn default() -> Self {
        Lately(Vec::new())
    }
}

impl<T: PartialEq> Lately<T> {
    /// The same value, or an equal one that was seen before. `hash` may be of a part of it.
    pub(super) fn share(&mut self, value: Rc<T>, hash: u64) -> Rc<T> {
        if self.0.is_empty() {
            self.0 = vec![None; LATELY];
        }
        let slot = &mut self.0[hash as usize % LATELY];
        match slot {
            Some(have) if Rc::ptr_eq(have, &value) || **have == *value => have.clone(),
            _ => {
                *slot = Some(value.clone());
                value
            }
        }
    }
}

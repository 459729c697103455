//! A part of the page's state with those who read it: a component that reads a slice is drawn again only when
//! that slice is another one.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use yew::prelude::*;

/// State that changes by actions alone.
pub trait Reduce {
    type Action;
    fn reduce(&mut self, action: Self::Action);
}

type Reader = Rc<dyn Fn()>;

/// Holds a value, and tells its readers when another one takes its place.
pub struct Store<T> {
    now: RefCell<Rc<T>>,
    readers: RefCell<BTreeMap<u64, Reader>>,
    next: Cell<u64>,
}

impl<T: Default> Default for Store<T> {
    fn default() -> Store<T> {
        Store::new(T::default())
    }
}

impl<T> Store<T> {
    pub fn new(first: T) -> Store<T> {
        Store { now: RefCell::new(Rc::new(first)), readers: RefCell::default(), next: Cell::new(0) }
    }

    pub fn now(&self) -> Rc<T> {
        self.now.borrow().clone()
    }

    fn subscribe(&self, reader: Reader) -> u64 {
        let id = self.next.replace(self.next.get() + 1);
        self.readers.borrow_mut().insert(id, reader);
        id
    }

    fn unsubscribe(&self, id: u64) {
        self.readers.borrow_mut().remove(&id);
    }
}

impl<T: Clone + PartialEq> Store<T> {
    /// Whether the value was another one.
    pub fn put(&self, next: T) -> bool {
        if **self.now.borrow() == next {
            return false;
        }
        *self.now.borrow_mut() = Rc::new(next);
        let readers: Vec<Reader> = self.readers.borrow().values().cloned().collect();
        readers.iter().for_each(|tell| tell());
        true
    }

    pub fn change(&self, change: impl FnOnce(&mut T)) -> bool {
        let mut next = (*self.now()).clone();
        change(&mut next);
        self.put(next)
    }

    pub fn dispatch(&self, action: T::Action) -> bool
    where
        T: Reduce,
    {
        self.change(|state| state.reduce(action))
    }
}

/// Calls `tell` with a slice of the store at first, and whenever it is another one. The component is not
/// drawn again for it.
#[hook]
pub fn use_watch<T, R>(store: &Rc<Store<T>>, pick: impl Fn(&T) -> R + 'static, tell: impl Fn(&R) + 'static)
where
    T: 'static,
    R: PartialEq + 'static,
{
    type Watch<T, R> = (Box<dyn Fn(&T) -> R>, Box<dyn Fn(&R)>);
    // What `pick` and `tell` have captured may be another thing with each drawing: the latest count.
    let latest = use_mut_ref(|| None::<Watch<T, R>>);
    *latest.borrow_mut() = Some((Box::new(pick), Box::new(tell)));
    let told = use_mut_ref(|| None::<R>);
    let look = {
        let store = store.clone();
        move || {
            let latest = latest.borrow();
            let Some((pick, tell)) = &*latest else { return };
            let value = pick(&store.now());
            if told.borrow().as_ref() != Some(&value) {
                tell(&value);
                *told.borrow_mut() = Some(value);
            }
        }
    };
    {
        let look = look.clone();
        use_effect(look);
    }
    let store = store.clone();
    use_effect_with((), move |()| {
        let id = store.subscribe(Rc::new(look));
        move || store.unsubscribe(id)
    });
}

/// A slice of a store; the component is drawn again when it is another one.
#[hook]
pub fn use_slice<T, R>(store: &Rc<Store<T>>, pick: impl Fn(&T) -> R + 'static) -> R
where
    T: 'static,
    R: Clone + PartialEq + 'static,
{
    let redraw = use_force_update();
    let value = pick(&store.now());
    let drawn = value.clone();
    use_watch(store, pick, move |now| {
        if *now != drawn {
            redraw.force_update();
        }
    });
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readers_are_told_of_other_values_only() {
        let store = Store::new(1);
        let told = Rc::new(Cell::new(0));
        let id = store.subscribe(Rc::new({
            let told = told.clone();
            move || told.set(told.get() + 1)
        }));
        assert!(!store.put(1));
        assert!(store.put(2));
        assert!(store.change(|value| *value += 1));
        assert_eq!((told.get(), *store.now()), (2, 3));
        store.unsubscribe(id);
        store.put(9);
        assert_eq!(told.get(), 2);
    }
}

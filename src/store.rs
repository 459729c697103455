//! A part of the page's state with those who read it: a component that reads a slice is drawn again only when
//! that slice is another one.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::rc::Rc;

use sim::SortedMap;
use yew::prelude::*;

/// State that changes by actions alone.
pub trait Reduce {
    type Action;
    fn reduce(&mut self, action: Self::Action);
}

type Reader = Rc<dyn Fn()>;

/// Who reads a store. Of no type of its own, so that every store shares its code.
#[derive(Default)]
struct Readers {
    all: RefCell<SortedMap<u64, Reader>>,
    next: Cell<u64>,
}

impl Readers {
    fn subscribe(&self, reader: Reader) -> u64 {
        let id = self.next.replace(self.next.get() + 1);
        self.all.borrow_mut().insert(id, reader);
        id
    }

    fn unsubscribe(&self, id: u64) {
        self.all.borrow_mut().remove(&id);
    }

    fn tell(&self) {
        let all: Vec<Reader> = self.all.borrow().values().cloned().collect();
        all.iter().for_each(|tell| tell());
    }
}

/// Holds a value, and tells its readers when another one takes its place.
pub struct Store<T> {
    now: RefCell<Rc<T>>,
    readers: Rc<Readers>,
}

impl<T: Default> Default for Store<T> {
    fn default() -> Store<T> {
        Store::new(T::default())
    }
}

impl<T> Store<T> {
    pub fn new(first: T) -> Store<T> {
        Store { now: RefCell::new(Rc::new(first)), readers: Rc::default() }
    }

    pub fn now(&self) -> Rc<T> {
        self.now.borrow().clone()
    }
}

impl<T: Clone + PartialEq> Store<T> {
    /// Whether the value was another one.
    pub fn put(&self, next: T) -> bool {
        if **self.now.borrow() == next {
            return false;
        }
        *self.now.borrow_mut() = Rc::new(next);
        self.readers.tell();
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

/// Calls the latest `look` after each drawing, and whenever the store's value is another one.
#[hook]
fn use_look(readers: Rc<Readers>, look: Reader) {
    // What `look` has captured may be another thing with each drawing: the latest counts.
    let latest = use_mut_ref(|| look.clone());
    *latest.borrow_mut() = look.clone();
    use_effect(move || look());
    use_effect_with((), move |()| {
        let id = readers.subscribe(Rc::new(move || {
            let look = latest.borrow().clone();
            look();
        }));
        move || readers.unsubscribe(id)
    });
}

/// A place that stays from one drawing to the next, for whatever is put there first.
#[hook]
fn use_place(first: &dyn Fn() -> Rc<dyn Any>) -> Rc<dyn Any> {
    let place = use_mut_ref(|| None::<Rc<dyn Any>>);
    place.borrow_mut().get_or_insert_with(first).clone()
}

/// Calls `tell` with a slice of the store at first, and whenever it is another one. The component is not
/// drawn again for it.
#[hook]
pub fn use_watch<T, R>(store: &Rc<Store<T>>, pick: impl Fn(&T) -> R + 'static, tell: impl Fn(&R) + 'static)
where
    T: 'static,
    R: PartialEq + 'static,
{
    let told = use_place(&|| Rc::new(RefCell::new(None::<R>)));
    let watched = store.clone();
    let look = move || {
        let Some(told) = told.downcast_ref::<RefCell<Option<R>>>() else { return };
        let value = pick(&watched.now());
        if told.borrow().as_ref() != Some(&value) {
            tell(&value);
            *told.borrow_mut() = Some(value);
        }
    };
    use_look(store.readers.clone(), Rc::new(look));
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
        let id = store.readers.subscribe(Rc::new({
            let told = told.clone();
            move || told.set(told.get() + 1)
        }));
        assert!(!store.put(1));
        assert!(store.put(2));
        assert!(store.change(|value| *value += 1));
        assert_eq!((told.get(), *store.now()), (2, 3));
        store.readers.unsubscribe(id);
        store.put(9);
        assert_eq!(told.get(), 2);
    }
}

//! The stored events: most of what there is after a storm, so each takes 32 bytes in a browser.
//!
//! An event that was said once is kept in pieces that it shares with others: the object it is about, its
//! source, and what is the same in all events of its sort. One that is said again is rare and kept whole.

use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

use hashbrown::HashTable;

use super::lately::Lately;
use api::event::{
    COMBINED, EVENT_TTL, Event, EventDraft, EventSource, EventType, Message, ObjectRef, Pulled,
};
use api::meta::Name;
use sim::Time;
use sim::index::fixed_hash;
use sim::rng::mix;

/// What all events of a sort have in common.
#[derive(Clone, Debug, PartialEq)]
struct Sort {
    kind: EventType,
    reason: &'static str,
    field_path: Option<Name>,
    form: Form,
}

/// How the message is made from what is kept of it.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Form {
    Static(&'static str),
    Text,
    Assigned,
    Pulling,
    Present,
    Pulled,
}

/// What is kept of a message beside its form.
#[derive(Clone, Debug)]
enum Rest {
    Nothing,
    Text(Name),
    Pulled(Rc<Pulled>),
}

#[derive(Clone, Debug)]
struct Once {
    regarding: Rc<ObjectRef>,
    source: Rc<EventSource>,
    rest: Rest,
    sort: u32,
    /// The low half of the revision; a session has fewer writes than that.
    revision: u32,
    first: Time,
}

/// Events are kept in pieces of this many, so that none is ever moved.
const PIECE: usize = 1024;

/// All events, by their number; those older than [`EVENT_TTL`] go when newer ones come or a list is asked for.
#[derive(Clone, Debug, Default)]
pub struct EventTable {
    pieces: VecDeque<Vec<Option<Once>>>,
    /// The number of the first event of the first piece, less one: a multiple of [`PIECE`].
    base: u32,
    next_serial: u32,
    /// Before this number nothing is left in the pieces.
    begin: u32,
    /// Events that were said again.
    again: BTreeMap<u32, Rc<Event>>,
    /// When the first of those may go.
    again_until: Time,
    sorts: Vec<Sort>,
    sort_index: HashTable<u32>,
    objects: Lately<ObjectRef>,
    pulls: Lately<Pulled>,
    count: usize,
}

/// Few sorts have the same lengths.
fn sort_hash(sort: &Sort) -> u64 {
    let form = match sort.form {
        Form::Static(text) => text.len(),
        Form::Text => 1 << 12,
        Form::Assigned => 1 << 13,
        Form::Pulling => 1 << 14,
        Form::Present => 1 << 15,
        Form::Pulled => 1 << 16,
    };
    let path = sort.field_path.as_ref().map_or(0, |path| path.len());
    mix(form as u64 ^ (path as u64) << 20 ^ (sort.reason.len() as u64) << 40)
}

impl EventTable {
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.count
    }

    #[cfg(test)]
    pub(crate) fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Lets go of some events, as the whole table is given up; false when none is left.
    pub(crate) fn let_go(&mut self) -> bool {
        self.pieces.pop_back().is_some() || self.again.pop_last().is_some()
    }

    /// All events, in order of creation.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = Rc<Event>> + '_ {
        // Those said again may be older than all pieces that are left.
        let older = self.again.range(..=self.base).map(|(_, event)| event.clone());
        older.chain((self.base..self.next_serial).filter_map(|serial| self.get(serial + 1)))
    }

    /// The event of this number.
    pub(crate) fn get(&self, serial: u32) -> Option<Rc<Event>> {
        if let Some(event) = self.again.get(&serial) {
            return Some(event.clone());
        }
        self.once(serial).map(|once| Rc::new(self.whole(serial, once)))
    }

    fn once(&self, serial: u32) -> Option<&Once> {
        let at = serial.checked_sub(self.base + 1)? as usize;
        self.pieces.get(at / PIECE)?.get(at % PIECE)?.as_ref()
    }

    fn whole(&self, serial: u32, once: &Once) -> Event {
        let sort = &self.sorts[once.sort as usize];
        let message = match (sort.form, &once.rest) {
            (Form::Static(text), _) => Message::Static(text),
            (Form::Assigned, Rest::Text(node)) => Message::Assigned(node.clone()),
            (Form::Pulling, Rest::Text(image)) => Message::Pulling(image.clone()),
            (Form::Present, Rest::Text(image)) => Message::Present(image.clone()),
            (_, Rest::Text(text)) => Message::Text(text.clone()),
            (_, Rest::Pulled(pulled)) => Message::Pulled(pulled.clone()),
            (_, Rest::Nothing) => Message::Static(""),
        };
        let draft = EventDraft {
            regarding: once.regarding.clone(),
            field_path: sort.field_path.clone(),
            kind: sort.kind,
            reason: sort.reason,
            message,
            source: once.source.clone(),
            count: 1,
            first: once.first,
            last: once.first,
        };
        Event { serial, resource_version: u64::from(once.revision), draft }
    }

    /// Stores what was said. Its number, and whether it is a new event.
    pub(crate) fn put(&mut self, draft: EventDraft, revision: u64) -> (u32, bool) {
        let before = if draft.count > 1 { self.find(&draft) } else { None };
        let serial = before.unwrap_or(self.next_serial + 1);
        if draft.count > 1 || draft.first != draft.last {
            if before.is_none() {
                self.push(None);
            } else if let Some(slot) = self.slot(serial) {
                *slot = None;
            }
            let until = draft.last + EVENT_TTL;
            self.again_until = if self.again.is_empty() { until } else { self.again_until.min(until) };
            self.again.insert(serial, Rc::new(Event { serial, resource_version: revision, draft }));
        } else {
            let once = self.taken_apart(draft, revision);
            self.push(Some(once));
        }
        self.count += usize::from(before.is_none());
        (serial, before.is_none())
    }

    fn push(&mut self, once: Option<Once>) {
        if self.pieces.back().is_none_or(|piece| piece.len() == PIECE) {
            self.pieces.push_back(Vec::with_capacity(PIECE));
        }
        if let Some(piece) = self.pieces.back_mut() {
            piece.push(once);
        }
        self.next_serial += 1;
    }

    fn slot(&mut self, serial: u32) -> Option<&mut Option<Once>> {
        let at = serial.checked_sub(self.base + 1)? as usize;
        self.pieces.get_mut(at / PIECE)?.get_mut(at % PIECE)
    }

    fn taken_apart(&mut self, draft: EventDraft, revision: u64) -> Once {
        let EventDraft { regarding, field_path, kind, reason, message, source, first, .. } = draft;
        let (form, rest) = match message {
            Message::Static(text) => (Form::Static(text), Rest::Nothing),
            Message::Text(text) => (Form::Text, Rest::Text(text)),
            Message::Assigned(node) => (Form::Assigned, Rest::Text(node)),
            Message::Pulling(image) => (Form::Pulling, Rest::Text(image)),
            Message::Present(image) => (Form::Present, Rest::Text(image)),
            Message::Pulled(pulled) => {
                let hash = mix(pulled.took.0 ^ mix(pulled.waited.0) ^ fixed_hash(&[&pulled.image]));
                (Form::Pulled, Rest::Pulled(self.pulls.share(pulled, hash)))
            }
        };
        let sort = self.sort(Sort { kind, reason, field_path, form });
        let hash = regarding.uid.low;
        let regarding = self.objects.share(regarding, hash);
        Once { regarding, source, rest, sort, revision: revision as u32, first }
    }

    fn sort(&mut self, sort: Sort) -> u32 {
        let hash = sort_hash(&sort);
        if let Some(number) = self.sort_index.find(hash, |number| self.sorts[*number as usize] == sort) {
            return *number;
        }
        let number = self.sorts.len() as u32;
        self.sorts.push(sort);
        let sorts = &self.sorts;
        self.sort_index.insert_unique(hash, number, |number| sort_hash(&sorts[*number as usize]));
        number
    }

    /// The stored event that `draft` repeats: same object, reason, message and first time. Of similar events
    /// that were combined only the latest message is kept.
    ///
    /// Those said once lie in order of their time, as all calls take equally long.
    fn find(&self, draft: &EventDraft) -> Option<u32> {
        let message = draft.message();
        let combined = message.starts_with(COMBINED);
        let same_message = |text: &str| if combined { text.starts_with(COMBINED) } else { *text == *message };
        let same = |event: &EventDraft| {
            event.regarding.uid == draft.regarding.uid
                && event.reason == draft.reason
                && event.kind == draft.kind
                && event.first == draft.first
                && event.field_path == draft.field_path
                && same_message(&event.message())
        };
        if let Some((serial, _)) = self.again.iter().rev().find(|(_, event)| same(&event.draft)) {
            return Some(*serial);
        }
        let first_of = |piece: &Vec<Option<Once>>| piece.iter().flatten().next().map(|once| once.first);
        let end = self.pieces.partition_point(|piece| first_of(piece).is_none_or(|at| at <= draft.first));
        // From the last piece that may hold it, back to the first.
        for at in (0..end).rev() {
            let piece = &self.pieces[at];
            for (within, once) in piece.iter().enumerate() {
                let Some(once) = once.as_ref().filter(|once| once.first == draft.first) else { continue };
                let sort = &self.sorts[once.sort as usize];
                if once.regarding.uid == draft.regarding.uid
                    && sort.reason == draft.reason
                    && same(&self.whole(0, once).draft)
                {
                    return Some(self.base + (at * PIECE + within) as u32 + 1);
                }
            }
            if first_of(piece).is_some_and(|at| at < draft.first) {
                return None;
            }
        }
        None
    }

    /// Drops what has outlived its hour. O(1) for each event dropped.
    pub(crate) fn expire(&mut self, now: Time) {
        let dead = |at: Time| now.since(at) >= EVENT_TTL;
        while self.begin < self.next_serial {
            let at = (self.begin - self.base) as usize;
            let Some(slot) = self.pieces.front_mut().and_then(|piece| piece.get_mut(at)) else { break };
            match slot {
                Some(once) if !dead(once.first) => break,
                Some(_) => {
                    *slot = None;
                    self.count -= 1;
                }
                None => {}
            }
            self.begin += 1;
            if self.begin - self.base == PIECE as u32 {
                self.pieces.pop_front();
                self.base = self.begin;
            }
        }
        if !self.again.is_empty() && self.again_until <= now {
            let before = self.again.len();
            self.again.retain(|_, event| !dead(event.draft.last));
            self.count -= before - self.again.len();
            let first = self.again.values().map(|event| event.draft.last + EVENT_TTL).min();
            self.again_until = first.unwrap_or_default();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use api::meta::Uid;
    use api::object::Kind;
    use sim::Duration;

    fn draft(name: &str, second: u64, count: u32, last: u64) -> EventDraft {
        let regarding = ObjectRef::new(Kind::Pod, "default".into(), name.into(), Uid::from_text(name));
        EventDraft {
            regarding: Rc::new(regarding),
            field_path: None,
            kind: EventType::Normal,
            reason: "Started",
            message: Message::Text(name.into()),
            source: Rc::new(EventSource { component: "kubelet", host: None }),
            count,
            first: Time::from_secs(second),
            last: Time::from_secs(last),
        }
    }

    fn shown(table: &EventTable) -> Vec<(u32, String, u32)> {
        table.iter().map(|event| (event.serial, event.draft.message(), event.draft.count)).collect()
    }

    #[test]
    fn an_event_comes_out_as_it_went_in() {
        let mut table = EventTable::default();
        let pulled = Pulled {
            image: "nginx".into(),
            took: Duration::from_secs(1),
            waited: Duration::from_secs(2),
            size: 7,
        };
        let messages = [
            Message::Static("Container started"),
            Message::Text("text".into()),
            Message::Assigned("worker-1".into()),
            Message::Pulling("nginx".into()),
            Message::Present("nginx".into()),
            Message::Pulled(Rc::new(pulled)),
        ];
        for (at, message) in messages.into_iter().enumerate() {
            let given = EventDraft {
                message,
                field_path: Some("spec.containers{a}".into()),
                ..draft("p", at as u64, 1, at as u64)
            };
            let (serial, fresh) = table.put(given.clone(), 40 + at as u64);
            let event = table.get(serial).unwrap();
            assert!(fresh);
            assert_eq!((event.resource_version, &event.draft), (40 + at as u64, &given));
        }
    }

    #[test]
    fn a_repeated_event_keeps_its_number_and_is_found_again() {
        let mut table = EventTable::default();
        for second in 0..3000 {
            table.put(draft(&format!("p{second}"), second, 1, second), second);
        }
        assert_eq!(table.put(draft("p1500", 1500, 2, 3000), 1), (1501, false));
        assert_eq!(table.put(draft("p1500", 1500, 3, 3001), 2), (1501, false));
        assert_eq!(table.get(1501).unwrap().draft.count, 3);
        assert_eq!(table.len(), 3000);
        // One that the API server never had is made again.
        assert_eq!(table.put(draft("lost", 7, 2, 3001), 3), (3001, true));
        assert!(shown(&table).is_sorted_by_key(|(serial, ..)| *serial));
    }

    #[test]
    fn what_is_said_again_with_another_message_is_another_event() {
        let mut table = EventTable::default();
        let say =
            |text: &str, count| EventDraft { message: Message::Text(text.into()), ..draft("p", 1, count, 2) };
        table.put(say("image not found", 1), 1);
        table.put(say("ErrImagePull", 1), 2);
        assert_eq!(table.put(say("ErrImagePull", 2), 3), (2, false));
        assert_eq!(table.put(say("image not found", 2), 4), (1, false));
        let combined = |text: &str, count| say(&format!("{COMBINED}{text}"), count);
        assert_eq!(table.put(combined("a", 1), 5), (3, true));
        assert_eq!(table.put(combined("b", 2), 6), (3, false));
        let shown = shown(&table);
        assert_eq!(shown[0], (1, "image not found".to_owned(), 2));
        assert_eq!(shown[2], (3, format!("{COMBINED}b"), 2));
    }

    #[test]
    fn events_go_an_hour_after_they_were_last_said() {
        let mut table = EventTable::default();
        for second in 0..2000 {
            table.put(draft(&format!("p{second}"), second, 1, second), second);
        }
        table.put(draft("p3", 3, 2, 1000), 1);
        table.expire(Time::from_secs(3600 + 990));
        assert_eq!(table.len(), 2000 - 991 + 1);
        assert_eq!(shown(&table)[..2], [(4, "p3".to_owned(), 2), (992, "p991".to_owned(), 1)]);
        assert_eq!(table.iter().next_back().map(|event| event.serial), Some(2000));
        table.expire(Time::from_secs(3600 + 1000));
        assert_eq!(shown(&table)[0].0, 1002);
        table.expire(Time::from_secs(9000));
        assert!(table.is_empty() && shown(&table).is_empty() && table.pieces.len() <= 1);
        assert_eq!(table.put(draft("new", 9000, 1, 9000), 9), (2001, true));
        assert_eq!(table.iter().count(), 1);
    }
}

//! The pod workers of one kubelet, in the order in which their pods were first heard of.

use std::ops::{Index, IndexMut};
use std::rc::Rc;

use super::pod_worker::PodWorker;
use super::uid_list::UidList;
use api::meta::Uid;
use api::pod::Pod;

/// Which worker is meant. It means the same worker while others come and go, and never means another one.
#[derive(Clone, Copy, Debug)]
pub(super) struct WorkerId {
    number: u32,
    /// Where it stood in the list when this was made. From there it only moves towards the front.
    place: u32,
}

impl WorkerId {
    /// The worker's number, by which timers and tokens name it. See [`Workers::numbered`].
    pub(super) fn number(self) -> u32 {
        self.number
    }
}

impl PartialEq for WorkerId {
    fn eq(&self, other: &WorkerId) -> bool {
        self.number == other.number
    }
}

impl Eq for WorkerId {}

/// The workers. Numbers rise along the list, and none is used twice.
#[derive(Clone, Debug, Default)]
pub(super) struct Workers {
    list: UidList<PodWorker>,
    last_number: u32,
}

impl Workers {
    /// Adds a worker for a pod that has none.
    pub(super) fn add(&mut self, pod: Rc<Pod>) -> WorkerId {
        self.last_number += 1;
        self.list.push(PodWorker::new(self.last_number, pod));
        WorkerId { number: self.last_number, place: self.list.len() as u32 - 1 }
    }

    /// Takes a worker out of the list, if it is there.
    pub(super) fn remove(&mut self, id: WorkerId) -> Option<PodWorker> {
        self.place(id).map(|place| self.list.remove(place))
    }

    /// The worker of the pod with this uid.
    pub(super) fn of_pod(&self, uid: Uid) -> Option<WorkerId> {
        self.list.position(uid).map(|place| self.id_at(place))
    }

    /// The worker with this number, if it is still there.
    pub(super) fn numbered(&self, number: u32) -> Option<WorkerId> {
        let place = self.list.binary_search_by_key(&number, PodWorker::number).ok()?;
        Some(self.id_at(place))
    }

    pub(super) fn get(&self, id: WorkerId) -> Option<&PodWorker> {
        self.place(id).map(|place| &self.list[place])
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &PodWorker> {
        self.list.iter()
    }

    /// The workers that are there now, in order. Those that go meanwhile are not found any more by then.
    pub(super) fn ids(&self) -> Vec<WorkerId> {
        self.ids_of(|_| true)
    }

    /// Those of the workers that `wanted` says, in order.
    pub(super) fn ids_of(&self, wanted: impl Fn(&PodWorker) -> bool) -> Vec<WorkerId> {
        let found = self.list.iter().enumerate().filter(|(_, worker)| wanted(worker));
        found.map(|(place, _)| self.id_at(place)).collect()
    }

    fn id_at(&self, place: usize) -> WorkerId {
        WorkerId { number: self.list[place].number(), place: place as u32 }
    }

    /// Where a worker stands now.
    fn place(&self, id: WorkerId) -> Option<usize> {
        let place = id.place as usize;
        if self.list.get(place).is_some_and(|worker| worker.number() == id.number) {
            return Some(place);
        }
        let before = &self.list[..place.min(self.list.len())];
        before.binary_search_by_key(&id.number, PodWorker::number).ok()
    }
}

/// Panics if the worker was removed: who removes a worker, or calls what may do so, is done with it.
impl Index<WorkerId> for Workers {
    type Output = PodWorker;

    fn index(&self, id: WorkerId) -> &PodWorker {
        self.get(id).expect("a worker that was removed is not used any more")
    }
}

impl IndexMut<WorkerId> for Workers {
    fn index_mut(&mut self, id: WorkerId) -> &mut PodWorker {
        let place = self.place(id).expect("a worker that was removed is not used any more");
        &mut self.list[place]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    fn pod(low: u64) -> Rc<Pod> {
        let mut pod = Pod::from_value(&Value::Null);
        pod.meta.uid = Uid { high: 0, low };
        Rc::new(pod)
    }

    fn uid_of(workers: &Workers, id: WorkerId) -> Option<u64> {
        workers.get(id).map(|worker| worker.uid().low)
    }

    #[test]
    fn an_id_means_the_same_worker_while_others_come_and_go() {
        let mut workers = Workers::default();
        let ids: Vec<WorkerId> = (10..20).map(|low| workers.add(pod(low))).collect();
        for gone in [0, 3, 8] {
            assert!(workers.remove(ids[gone]).is_some());
        }
        let added = workers.add(pod(30));
        for (nth, id) in ids.iter().enumerate() {
            let there = ![0, 3, 8].contains(&nth);
            assert_eq!(uid_of(&workers, *id), there.then_some(10 + nth as u64), "{nth}");
        }
        assert_eq!(workers[ids[9]].uid().low, 19);
        assert_eq!(uid_of(&workers, added), Some(30));
    }

    #[test]
    fn a_removed_worker_is_not_found_and_its_number_is_not_used_again() {
        let mut workers = Workers::default();
        let first = workers.add(pod(1));
        let last = workers.add(pod(2));
        assert!(workers.remove(last).is_some());
        assert!(workers.remove(last).is_none());
        let next = workers.add(pod(2));
        assert!(next != last && next.number() > last.number());
        assert_eq!((uid_of(&workers, last), workers.numbered(last.number())), (None, None));
        assert_eq!(workers.of_pod(Uid { high: 0, low: 2 }), Some(next));
        assert_eq!(workers.ids(), [first, next]);
        assert_eq!(workers.ids_of(|worker| worker.uid().low == 2), [next]);
    }

    #[test]
    #[should_panic(expected = "a worker that was removed is not used any more")]
    fn a_removed_worker_cannot_be_reached_by_its_id() {
        let mut workers = Workers::default();
        let id = workers.add(pod(1));
        workers.remove(id);
        let _worker = &workers[id];
    }
}

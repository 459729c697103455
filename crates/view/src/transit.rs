//! Messages under way: where from, where to, from when till when. Where one is now follows from the clock.

use std::rc::Rc;

use sim::Time;

/// A spot of the picture that messages leave from and arrive at.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// The person at the keyboard.
    User,
    /// kube-apiserver.
    ApiServer,
    /// etcd.
    Etcd,
    /// kube-controller-manager.
    ControllerManager,
    /// kube-scheduler.
    Scheduler,
    /// The kubelets of all nodes, where these are too many to be told apart.
    Kubelets,
    /// A node's kubelet, by the node's name.
    Kubelet(Rc<str>),
    /// A node's disk: manifest files.
    Disk(Rc<str>),
    /// A pod's sandbox on a node: (node, `namespace/pod`).
    Pod(Rc<str>, Rc<str>),
}

/// One message on its way.
#[derive(Clone, Debug, PartialEq)]
pub struct Flight {
    /// Unique in a session; a stable key for lists.
    pub id: u64,
    /// Where it leaves from.
    pub from: Place,
    /// Where it arrives.
    pub to: Place,
    /// create, update, patch, delete, bind, get, list, `patch status`; `added`, `modified`, `deleted` for
    /// watch events; `read` for a manifest file; `run`, `stop` towards the runtime.
    pub verb: Rc<str>,
    /// Pod, DaemonSet, Node, Event …; `File` for a manifest.
    pub kind: Rc<str>,
    /// `namespace/name`, or the name alone.
    pub object: Rc<str>,
    /// When it left.
    pub sent: Time,
    pub(crate) arrives: Time,
    /// How many messages of the same way, verb and kind this one stands for (flows at large scale).
    pub count: u32,
}

/// All messages that are under way in one direction between two places.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flow {
    /// Where they leave from.
    pub from: Place,
    /// Where they arrive.
    pub to: Place,
    /// How many they are.
    pub count: u32,
}

impl Flight {
    /// How far along its way the message is at `now`, from 0 to 1000.
    pub fn progress_permille(&self, now: Time) -> u32 {
        let whole = self.arrives.since(self.sent).0.max(1);
        (now.since(self.sent).0.min(whole) * 1000 / whole) as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_follows_from_the_clock() {
        let flight = Flight {
            id: 1,
            from: Place::User,
            to: Place::ApiServer,
            verb: "create".into(),
            kind: "Pod".into(),
            object: "default/web".into(),
            sent: Time(100),
            arrives: Time(300),
            count: 1,
        };
        let at = |now| flight.progress_permille(Time(now));
        assert_eq!((at(0), at(100), at(150), at(300), at(999)), (0, 0, 250, 1000, 1000));
    }
}

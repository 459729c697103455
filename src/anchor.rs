//! The spots of the picture that wires and messages lead to. The attribute `data-anchor` of an element names its spot,
//! and so do a message's `data-from` and `data-to`.

use std::rc::Rc;

use view::Place;

/// A box of the picture whose place is measured.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Anchor {
    /// Where messages leave from and arrive at.
    Place(Place),
    /// The card of a node, which is around its kubelet, its disk and its pods.
    Card(Rc<str>),
}

impl Anchor {
    /// The name of it in the page.
    pub fn text(&self) -> String {
        match self {
            Anchor::Place(place) => place_id(place),
            Anchor::Card(node) => format!("node:{node}"),
        }
    }

    /// The spot of that name; nothing if there is none.
    pub fn read(text: &str) -> Option<Anchor> {
        Some(match text.split_once(':') {
            Some(("node", node)) => Anchor::Card(node.into()),
            _ => Anchor::Place(read_place(text)?),
        })
    }
}

/// The parts of the control plane by their names.
const PARTS: [(&str, Place); 4] = [
    ("kube-apiserver", Place::ApiServer),
    ("etcd", Place::Etcd),
    ("kube-controller-manager", Place::ControllerManager),
    ("kube-scheduler", Place::Scheduler),
];

/// Where messages to and from a part of the control plane end, by its name.
pub fn place_of_part(name: &str) -> Option<Place> {
    PARTS.into_iter().find(|(part, _)| *part == name).map(|(_, place)| place)
}

/// A place as the page's attributes name it.
pub fn place_id(place: &Place) -> String {
    match place {
        Place::User => "user".to_owned(),
        Place::Kubelets => "kubelets".to_owned(),
        Place::Kubelet(node) => format!("kubelet:{node}"),
        Place::Disk(node) => format!("disk:{node}"),
        Place::Pod(node, pod) => format!("pod:{node}:{pod}"),
        part => format!("part:{}", place_name(part)),
    }
}

/// The place that an attribute names.
pub fn read_place(text: &str) -> Option<Place> {
    match text.split_once(':') {
        None if text == "user" => Some(Place::User),
        None if text == "kubelets" => Some(Place::Kubelets),
        Some(("part", name)) => place_of_part(name),
        Some(("kubelet", node)) => Some(Place::Kubelet(node.into())),
        Some(("disk", node)) => Some(Place::Disk(node.into())),
        Some(("pod", rest)) => rest.split_once(':').map(|(node, pod)| Place::Pod(node.into(), pod.into())),
        _ => None,
    }
}

/// The same for people.
pub fn place_name(place: &Place) -> String {
    match place {
        Place::User => "kubectl".to_owned(),
        Place::ApiServer => "kube-apiserver".to_owned(),
        Place::Etcd => "etcd".to_owned(),
        Place::ControllerManager => "kube-controller-manager".to_owned(),
        Place::Scheduler => "kube-scheduler".to_owned(),
        Place::Kubelets => "kubelets".to_owned(),
        Place::Kubelet(node) => format!("kubelet {node}"),
        Place::Disk(node) => format!("{node}:/"),
        Place::Pod(_, pod) => pod.rsplit('/').next().unwrap_or(pod).to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_named_is_found_by_its_name() {
        let (node, pod) = (Rc::<str>::from("worker-1"), Rc::<str>::from("default/web-worker-1"));
        let places = [
            Place::User,
            Place::ApiServer,
            Place::Etcd,
            Place::ControllerManager,
            Place::Scheduler,
            Place::Kubelets,
            Place::Kubelet(node.clone()),
            Place::Disk(node.clone()),
            Place::Pod(node.clone(), pod),
        ];
        for anchor in places.map(Anchor::Place).into_iter().chain([Anchor::Card(node)]) {
            assert_eq!(Anchor::read(&anchor.text()), Some(anchor));
        }
        for unknown in ["", "part:kube-nothing", "pod:worker-1", "somewhere"] {
            assert_eq!(Anchor::read(unknown), None, "{unknown}");
        }
    }
}

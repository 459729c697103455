//! What takes connections on the nodes.

use super::Cluster;
use super::control_plane::Serving;
use super::machines::PIDS;
use api::pod::Container;
use console::{Listener, SSHD_PID};
use kubelet::PID;
use kubelet::runtime::component::{self, flag};
use wire::MachineId;

const ALL: &str = "*";
const LOOPBACK: &str = "127.0.0.1";

impl Cluster {
    pub(super) fn listeners_on(&self, id: MachineId) -> Vec<Listener> {
        let machine = &self.machines[id.0 as usize];
        let mut all = vec![listener(ALL, 22, SSHD_PID, "sshd", false)];
        if machine.kubelet.is_running() {
            all.push(listener(LOOPBACK, 10248, PID, "kubelet", false));
            all.push(listener(ALL, 10250, PID, "kubelet", true));
        }
        let sandboxes = machine.kubelet.runtime.sandboxes().iter();
        let on_host = sandboxes.filter(|sandbox| sandbox.spec.host_network);
        for container in on_host.flat_map(|sandbox| &sandbox.containers).filter(|one| one.is_running()) {
            all.extend(self.listeners_of(container.spec(), PIDS + container.id));
        }
        all.sort_by_key(|one| one.port);
        all
    }

    /// Where a program of the control plane listens, by its flags; that of others is not known.
    fn listeners_of(&self, container: &Container, pid: u32) -> Vec<Listener> {
        let secure = |name: &str, port: u16| {
            let port = flag(container, "secure-port").and_then(|port| port.parse().ok()).unwrap_or(port);
            let address =
                flag(container, "bind-address").filter(|address| *address != "0.0.0.0").unwrap_or(ALL);
            vec![listener(address, port, pid, name, true)]
        };
        let words = component::command_line(container);
        let program = words.first().and_then(|path| path.rsplit('/').next());
        match component::name(container).or(program) {
            Some("kube-apiserver") if matches!(self.serving, Serving::Up | Serving::WithoutEtcd) => {
                let mut all = secure("kube-apiserver", 6443);
                all.iter_mut().for_each(|one| one.is_well = self.serving == Serving::Up);
                all
            }
            Some("kube-controller-manager") => secure("kube-controller-manager", 10257),
            Some("kube-scheduler") => secure("kube-scheduler", 10259),
            Some("etcd") => ["listen-client-urls", "listen-peer-urls", "listen-metrics-urls"]
                .iter()
                .filter_map(|name| flag(container, name))
                .flat_map(|urls| urls.split(','))
                .filter_map(|url| of_url(url, pid))
                .collect(),
            Some("kube-proxy") => {
                let name = "kube-proxy";
                vec![listener(LOOPBACK, 10249, pid, name, false), listener(ALL, 10256, pid, name, false)]
            }
            _ => Vec::new(),
        }
    }
}

/// `https://127.0.0.1:2379`
fn of_url(url: &str, pid: u32) -> Option<Listener> {
    let (scheme, rest) = url.trim().split_once("://")?;
    let (address, port) = rest.rsplit_once(':')?;
    Some(listener(address, port.parse().ok()?, pid, "etcd", scheme == "https"))
}

fn listener(address: &str, port: u16, pid: u32, program: &str, is_tls: bool) -> Listener {
    Listener { address: address.to_owned(), port, pid, program: program.to_owned(), is_tls, is_well: true }
}

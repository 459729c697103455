//! The lease by which an API server says that it is there.
//!
//! Kubernetes: pkg/controlplane/apiserver/server.go; apiserver/pkg/server/config.go, NewConfig;
//! component-helpers/apimachinery/lease.

use std::rc::Rc;

use super::Cluster;
use api::Uid;
use api::meta::{Name, ObjectMeta};
use api::node::{IDENTITY_LABEL, Lease, Renewal};
use api::object::{Key, Object};
use sha2::{Digest, Sha256};
use sim::{Duration, Rng};
use wire::Call;

const COMPONENT: &str = "kube-apiserver";
const LEASE_DURATION: Duration = Duration::from_secs(3600);
const RENEW_INTERVAL: Duration = Duration::from_secs(10);

/// The name of the API server on a computer: `apiserver-` and 26 letters and digits.
fn api_server_id(host: &str) -> String {
    let mut text = Vec::new();
    for part in [host, COMPONENT] {
        text.extend((part.len() as u16).to_be_bytes());
        text.extend(part.bytes());
    }
    format!("apiserver-{}", base32(&Sha256::digest(&text)[..16]))
}

/// Base32 in lower case, without padding.
fn base32(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
    let bit = |at: usize| bytes.get(at / 8).is_some_and(|byte| byte >> (7 - at % 8) & 1 == 1);
    let digit = |at: usize| (0..5).fold(0, |digit, next| digit << 1 | usize::from(bit(at + next)));
    (0..bytes.len() * 8).step_by(5).map(|at| char::from(DIGITS[digit(at)])).collect()
}

impl Cluster {
    /// An API server that comes up makes its lease, or goes on renewing the one that an earlier process of its
    /// computer has made.
    pub(super) fn hold_identity_lease(&mut self) {
        let Some(host) = self.host_of(COMPONENT) else { return };
        let key = Key::new("kube-system", &api_server_id(&host));
        let holder = match self.api.store.leases.get(&key.namespace, &key.name) {
            Some(lease) => lease.holder.clone(),
            None => self.make_identity_lease(&key, &host),
        };
        let call =
            Call::HoldLease { key, holder, duration: LEASE_DURATION, period: RENEW_INTERVAL, owner: None };
        let _ = self.api.handle(call, self.now);
    }

    /// Makes the lease; who holds it.
    fn make_identity_lease(&mut self, key: &Key, host: &Name) -> Name {
        let mut rng = Rng::stream(self.seed(), "API server identity");
        let holder: Name = format!("{}_{}", key.name, Uid::random(rng.next_u64(), rng.next_u64())).into();
        let mut meta = ObjectMeta::new(&key.namespace, &key.name);
        let labels = &mut meta.common_mut().labels;
        labels.insert(IDENTITY_LABEL.into(), COMPONENT.into());
        labels.insert("kubernetes.io/hostname".into(), host.clone());
        let (now, renewal) = (self.now, Renewal::At(self.now));
        let lease = Lease {
            meta,
            holder: holder.clone(),
            duration: LEASE_DURATION,
            acquired: now,
            renewal,
            transitions: 0,
        };
        let _ = self.api.handle(Call::Create(Object::Lease(Rc::new(lease))), now);
        holder
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identity_follows_from_the_host_s_name() {
        assert_eq!(api_server_id("control-plane"), "apiserver-6vzvajxlkf7lcarzgdc4jnyaru");
    }
}

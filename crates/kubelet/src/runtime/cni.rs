//! Whether the runtime can give pods a network: it can once a network plugin's configuration is there.
//!
//! containerd (internal/cri/server/cni_conf_syncer.go) watches the directory, so that it notices a change at once.
//! The configurations themselves do nothing: every pod gets an address of its node's range.

use serde_json::Value;
use sim::files::Files;

/// Where network plugins put their configuration.
pub const CNI_CONF_DIR: &str = "/etc/cni/net.d";

/// A configuration of the plugins that come with containerd: what a node has from the start.
pub const BRIDGE_CONFLIST: &str = r#"{
  "cniVersion": "1.0.0",
  "name": "bridge",
  "plugins": [
    {
      "type": "bridge",
      "bridge": "cni0",
      "isGateway": true,
      "ipMasq": true,
      "ipam": {"type": "host-local", "routes": [{"dst": "0.0.0.0/0"}]}
    },
    {"type": "portmap", "capabilities": {"portMappings": true}}
  ]
}
"#;

/// Whether the first configuration by name can be used. Files with other endings than these do not count, and
/// neither do lists without plugins.
///
/// go-cni: opts.go, loadFromConfDir.
pub(crate) fn is_network_configured(files: &Files) -> bool {
    for (name, _) in files.list(CNI_CONF_DIR) {
        let is_list = name.ends_with(".conflist");
        if !is_list && !name.ends_with(".conf") && !name.ends_with(".json") {
            continue;
        }
        let Some(file) = files.file(&format!("{CNI_CONF_DIR}/{name}")) else { continue };
        let Ok(Value::Object(config)) = serde_json::from_slice::<Value>(&file.bytes) else { return false };
        if !is_list {
            return config.get("type").and_then(Value::as_str).is_some_and(|kind| !kind.is_empty());
        }
        match config.get("plugins") {
            Some(Value::Array(plugins)) if plugins.is_empty() => {}
            plugins => return plugins.is_some_and(Value::is_array),
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use sim::Time;

    use super::*;

    fn is_ready(given: &[(&str, &str)]) -> bool {
        let mut files = Files::default();
        files.make_directory(CNI_CONF_DIR).unwrap();
        for (name, text) in given {
            files.write(&format!("{CNI_CONF_DIR}/{name}"), text.as_bytes(), Time::START).unwrap();
        }
        is_network_configured(&files)
    }

    #[test]
    fn the_first_configuration_by_name_decides() {
        assert!(!is_network_configured(&Files::default()));
        assert!(!is_ready(&[]));
        assert!(is_ready(&[("10-bridge.conflist", BRIDGE_CONFLIST)]));
        assert!(!is_ready(&[("10-bridge.conflist.bak", BRIDGE_CONFLIST)]));
        assert!(is_ready(&[("a.conf", r#"{"type": "bridge"}"#)]));
        assert!(!is_ready(&[("a.conf", "{}")]));
        assert!(!is_ready(&[("05-broken.conflist", "{"), ("10-bridge.conflist", BRIDGE_CONFLIST)]));
        assert!(is_ready(&[("05-empty.conflist", r#"{"plugins": []}"#), ("10.conflist", BRIDGE_CONFLIST)]));
    }
}

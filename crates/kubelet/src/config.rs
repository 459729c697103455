//! The kubelet's own configuration: `/var/lib/kubelet/config.yaml`, read once when the process starts.
//!
//! Kubernetes: pkg/kubelet/apis/config/v1beta1/defaults.go, pkg/kubelet/kubeletconfig/configfiles.

use std::fmt;

use serde_json::Value;

use super::MAX_BACK_OFF;
use sim::Duration;
use sim::files::Files;
use wire::Settings;
use yaml::{Reader, read_documents};

/// Where kubeadm puts it.
pub const CONFIG_FILE: &str = "/var/lib/kubelet/config.yaml";

const GROUP_VERSION: &str = "kubelet.config.k8s.io/v1beta1";

/// What the simulation reads of a KubeletConfiguration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KubeletConfiguration {
    /// A directory, or one file; empty: there is no file source.
    pub static_pod_path: String,
    /// Where the http source looks; empty: there is none.
    pub(crate) static_pod_url: String,
    pub(crate) file_check_frequency: Duration,
    pub(crate) max_pods: i64,
    /// crashLoopBackOff.maxContainerRestartPeriod.
    pub(crate) max_container_restart_period: Duration,
}

impl Default for KubeletConfiguration {
    fn default() -> Self {
        KubeletConfiguration {
            static_pod_path: String::new(),
            static_pod_url: String::new(),
            file_check_frequency: Duration::from_secs(20),
            max_pods: 110,
            max_container_restart_period: MAX_BACK_OFF,
        }
    }
}

/// Why the kubelet does not start, in the words of its log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError(String);

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl KubeletConfiguration {
    /// Reads the file; with an error the kubelet does not start.
    pub fn load(files: &Files, settings: &Settings) -> Result<KubeletConfiguration, ConfigError> {
        let failed = |why: String| {
            ConfigError(format!(
                "command failed\" err=\"failed to load kubelet config file, path: {CONFIG_FILE}, error: failed \
                 to load Kubelet config file {CONFIG_FILE}, error {why}"
            ))
        };
        let Some(file) = files.file(CONFIG_FILE) else {
            let why = match files.is_directory(CONFIG_FILE) {
                true => format!("read {CONFIG_FILE}: is a directory"),
                false => format!("open {CONFIG_FILE}: no such file or directory"),
            };
            return Err(failed(format!(
                "failed to read kubelet config file \"{CONFIG_FILE}\", error: {why}"
            )));
        };
        let value = decode(&file.bytes).map_err(|why| {
            failed(format!("failed to decode, unable to decode kubelet config file \"{CONFIG_FILE}\": {why}"))
        })?;
        let mut config = from_value(&value).map_err(failed)?;
        if config.file_check_frequency == KubeletConfiguration::default().file_check_frequency {
            config.file_check_frequency = settings.file_check_frequency;
        }
        Ok(config)
    }
}

fn decode(bytes: &[u8]) -> Result<Value, String> {
    let read = read_documents(bytes, Reader::Kubelet);
    if let Some(error) = read.error {
        return Err(error.message);
    }
    let value = read.documents.first().map(|document| document.tree.to_value()).unwrap_or_default();
    let text = |key: &str| value[key].as_str().unwrap_or_default();
    let json = || api::field::go_json(&value);
    match (text("apiVersion"), text("kind")) {
        (_, "") => Err(format!("Object 'Kind' is missing in '{}'", json())),
        ("", _) => Err(format!("Object 'apiVersion' is missing in '{}'", json())),
        (GROUP_VERSION, "KubeletConfiguration") => Ok(value),
        (version, kind) => Err(format!(
            "no kind \"{kind}\" is registered for version \"{version}\" in scheme \
             \"k8s.io/kubernetes/pkg/kubelet/apis/config/scheme/scheme.go:33\""
        )),
    }
}

fn from_value(value: &Value) -> Result<KubeletConfiguration, String> {
    let mut config = KubeletConfiguration::default();
    let wrong = |field: &str, value: &Value, wanted: &str| {
        let given = match value {
            Value::Bool(_) => "bool",
            Value::Number(_) => "number",
            Value::String(_) => "string",
            Value::Array(_) => "array",
            _ => "object",
        };
        format!(
            "failed to decode, error: json: cannot unmarshal {given} into Go struct field \
             KubeletConfiguration.{field} of type {wanted}"
        )
    };
    let text = |field: &str| match &value[field] {
        Value::Null => Ok(String::new()),
        Value::String(text) => Ok(text.clone()),
        other => Err(wrong(field, other, "string")),
    };
    config.static_pod_path = text("staticPodPath")?;
    config.static_pod_url = text("staticPodURL")?;
    match &value["maxPods"] {
        Value::Null | Value::Number(_) => {}
        other => return Err(wrong("maxPods", other, "int32")),
    }
    // Zero is taken for unset, as everywhere in the component configurations.
    if let Some(number) = value["maxPods"].as_i64().filter(|number| *number != 0) {
        if number < 0 {
            return Err(format!(
                "invalid configuration: maxPods (--max-pods) {number} must not be a negative number"
            ));
        }
        config.max_pods = number;
    }
    let span = |value: &Value| match value {
        Value::Null => Ok(None),
        Value::String(text) => match api::human_duration::parse_go_duration(text) {
            Some(span) => Ok(Some(span).filter(|span| *span > Duration::ZERO)),
            None => Err(format!("failed to decode, error: time: invalid duration \"{text}\"")),
        },
        other => Err(wrong("fileCheckFrequency", other, "string")),
    };
    if let Some(every) = span(&value["fileCheckFrequency"])? {
        config.file_check_frequency = every;
    }
    if let Some(longest) = span(&value["crashLoopBackOff"]["maxContainerRestartPeriod"])? {
        config.max_container_restart_period = longest.min(MAX_BACK_OFF).max(Duration::from_secs(1));
    }
    Ok(config)
}

#[cfg(test)]
mod tests {
    use super::*;
    use sim::Time;

    fn load(text: &str) -> Result<KubeletConfiguration, ConfigError> {
        let mut files = Files::default();
        files.make_directory("/var/lib/kubelet").unwrap();
        files.write(CONFIG_FILE, text.as_bytes(), Time::START).unwrap();
        KubeletConfiguration::load(&files, &Settings::default())
    }

    const HEAD: &str = "apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\n";

    #[test]
    fn what_is_not_given_has_its_default() {
        assert_eq!(load(HEAD), Ok(KubeletConfiguration::default()));
        let text = "staticPodPath: /etc/k\nfileCheckFrequency: 1m5s\nmaxPods: 20\n";
        let config = load(&format!("{HEAD}{text}")).unwrap();
        assert_eq!((config.static_pod_path.as_str(), config.max_pods), ("/etc/k", 20));
        assert_eq!(config.file_check_frequency.as_secs(), 65);
        let text = "crashLoopBackOff:\n  maxContainerRestartPeriod: 100s\n";
        assert_eq!(load(&format!("{HEAD}{text}")).unwrap().max_container_restart_period.as_secs(), 100);
    }

    #[test]
    fn a_config_that_cannot_be_read_is_refused_in_the_kubelets_words() {
        let missing = KubeletConfiguration::load(&Files::default(), &Settings::default()).unwrap_err();
        assert_eq!(
            missing.to_string(),
            "command failed\" err=\"failed to load kubelet config file, path: /var/lib/kubelet/config.yaml, \
             error: failed to load Kubelet config file /var/lib/kubelet/config.yaml, error failed to read \
             kubelet config file \"/var/lib/kubelet/config.yaml\", error: open /var/lib/kubelet/config.yaml: no \
             such file or directory"
        );
        let why = |text: &str| load(text).unwrap_err().to_string();
        assert!(why("a: [").contains("yaml: "));
        assert!(why("kind: KubeletConfiguration").contains("Object 'apiVersion' is missing in"));
        let number = why(&format!("{HEAD}staticPodPath: 5\n"));
        assert!(
            number
                .contains("cannot unmarshal number into Go struct field KubeletConfiguration.staticPodPath")
        );
        assert!(why(&format!("{HEAD}maxPods: -1\n")).contains("must not be a negative number"));
        assert!(why(&format!("{HEAD}fileCheckFrequency: soon\n")).contains("invalid duration"));
    }
}

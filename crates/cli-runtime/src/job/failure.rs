//! Why a command did not do what it was told.

use api::image_name::ImageNameError;
use api::label::SelectorError;
use api::status_error::StatusError;
use api::strategic_patch::PatchError;
use wire::CallError;

use super::Client;
use crate::flags::FlagError;
use golang::GoError;

/// Why a program stops: it waits, or it failed.
#[derive(Clone, Debug)]
pub enum Stop {
    /// It asked for something that has not come yet.
    Pending,
    /// It failed.
    Failed(Failure),
}

/// An error, as Go's functions return it. How it is printed is kubectl's business.
#[derive(Clone, Debug, PartialEq)]
pub enum Failure {
    /// A plain sentence.
    Message(String),
    /// A file has an object of a kind that the API does not have: the sentence that says so.
    NotMapped(String),
    /// The API server said no; `prefix` is what kubectl puts before the message, such as
    /// `error when creating "ds.yaml": `.
    Status {
        /// What stands before the message.
        prefix: String,
        /// The refusal.
        error: Box<StatusError>,
    },
    /// The API server could not be reached; `request` is what was asked: `Get "https://…"`.
    Unreachable {
        /// What stands before the message.
        prefix: String,
        /// What was asked.
        request: String,
        /// Why no answer came.
        error: CallError,
    },
    /// Several.
    Several(Vec<Failure>),
    /// All is said already; only the exit code is left.
    Exit(i32),
}

macro_rules! sentences {
    ($($error:ty),*) => {
        $(impl From<$error> for Failure {
            fn from(error: $error) -> Failure {
                Failure::Message(error.to_string())
            }
        })*
    };
}

sentences!(FlagError, GoError, ImageNameError, PatchError, SelectorError);

impl Failure {
    /// A plain sentence.
    pub fn message(text: impl Into<String>) -> Failure {
        Failure::Message(text.into())
    }

    /// What became of a request, in a client's words.
    pub fn of(error: &CallError, request: impl Into<String>) -> Failure {
        let prefix = String::new();
        match error {
            CallError::Status(status) => Failure::Status { prefix, error: status.clone() },
            other => Failure::Unreachable { prefix, request: request.into(), error: other.clone() },
        }
    }

    /// The same failure with something said before its message.
    #[must_use]
    pub fn after(self, text: &str) -> Failure {
        match self {
            Failure::Message(message) => Failure::Message(format!("{text}{message}")),
            Failure::NotMapped(message) => Failure::NotMapped(format!("{text}{message}")),
            Failure::Status { prefix, error } => Failure::Status { prefix: format!("{text}{prefix}"), error },
            Failure::Unreachable { prefix, request, error } => {
                Failure::Unreachable { prefix: format!("{text}{prefix}"), request, error }
            }
            other => other,
        }
    }

    /// One failure out of several, each text once; `None` if there is none.
    ///
    /// Kubernetes: apimachinery/pkg/util/errors, NewAggregate.
    pub fn aggregate(mut failures: Vec<Failure>) -> Option<Failure> {
        match failures.len() {
            0 => None,
            1 => failures.pop(),
            _ => Some(Failure::Several(failures)),
        }
    }

    /// The Go error's own text.
    pub fn text(&self, client: &Client) -> String {
        match self {
            Failure::Message(text) | Failure::NotMapped(text) => text.clone(),
            Failure::Status { prefix, error } => format!("{prefix}{}", error.message),
            Failure::Unreachable { prefix, request, error } => {
                let request = match request.as_str() {
                    "" => format!("Get \"https://{}\"", client.server),
                    request => request.to_owned(),
                };
                format!("{prefix}{request}: {}", dial_error(error, client))
            }
            Failure::Several(several) => {
                let mut texts = Vec::new();
                collect_texts(several, client, &mut texts);
                match texts.as_slice() {
                    [one] => one.clone(),
                    many => format!("[{}]", many.join(", ")),
                }
            }
            Failure::Exit(_) => "exit".to_owned(),
        }
    }

    /// The program's exit code.
    pub fn exit_code(&self) -> i32 {
        match self {
            Failure::Exit(code) => *code,
            _ => 1,
        }
    }

    /// The refusal of the API server, if it is one.
    pub fn status(&self) -> Option<&StatusError> {
        match self {
            Failure::Status { error, .. } => Some(error),
            _ => None,
        }
    }

    /// Whether the API server said that there is no such object.
    pub fn is_not_found(&self) -> bool {
        self.status().is_some_and(StatusError::is_not_found)
    }
}

/// Each text once, in the order they come.
///
/// Kubernetes: apimachinery/pkg/util/errors, aggregate.Error.
fn collect_texts(failures: &[Failure], client: &Client, texts: &mut Vec<String>) {
    for failure in failures {
        match failure {
            Failure::Several(inner) => collect_texts(inner, client, texts),
            other => {
                let text = other.text(client);
                if !texts.contains(&text) {
                    texts.push(text);
                }
            }
        }
    }
}

/// Why no answer came, as Go's HTTP client says it. Rules: CLI-049, CP-013, CP-014.
pub fn dial_error(error: &CallError, client: &Client) -> String {
    match error {
        CallError::Refused => format!("dial tcp {}: connect: connection refused", client.server),
        CallError::TimedOut => format!("dial tcp {}: i/o timeout", client.server),
        CallError::Canceled => {
            "net/http: request canceled (Client.Timeout exceeded while awaiting headers)".to_owned()
        }
        CallError::Status(status) => status.message.clone(),
    }
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Stop {
        Stop::Failed(failure)
    }
}

impl From<String> for Stop {
    fn from(text: String) -> Stop {
        Stop::Failed(Failure::Message(text))
    }
}

impl From<&str> for Stop {
    fn from(text: &str) -> Stop {
        Stop::Failed(Failure::Message(text.to_owned()))
    }
}

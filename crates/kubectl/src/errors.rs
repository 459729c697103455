//! How kubectl says what went wrong.
//!
//! Kubernetes: kubectl/pkg/cmd/util/helpers.go (checkErr, StandardErrorMessage, MultilineError,
//! AddSourceToErr).

use api::field::go_quote;
use api::status_error::{StatusCause, StatusError, StatusReason};
use cli_runtime::job::{Client, Failure, dial_error};
use wire::CallError;

/// What kubectl prints on stderr for a failure; empty if all is said.
pub(crate) fn check_err(failure: &Failure, client: &Client) -> String {
    let mut text = match failure {
        Failure::Exit(_) => return String::new(),
        Failure::Several(several) => return multiple_errors(several, client),
        Failure::Status { error, .. } if error.reason == StatusReason::Invalid => invalid(error),
        other => match standard_error_message(other, client) {
            Some(text) => text,
            None => {
                let text = message(other, client);
                if text.starts_with("error: ") { text } else { format!("error: {text}") }
            }
        },
    };
    if !text.ends_with('\n') {
        text.push('\n');
    }
    text
}

/// The Go error's own text.
pub(crate) fn message(failure: &Failure, client: &Client) -> String {
    failure.text(client)
}

fn standard_error_message(failure: &Failure, client: &Client) -> Option<String> {
    match failure {
        Failure::Status { prefix, error } if error.reason == StatusReason::Unknown => {
            Some(format!("Error from server: {prefix}{}", error.message))
        }
        Failure::Status { prefix, error } => {
            Some(format!("Error from server ({}): {prefix}{}", error.reason, error.message))
        }
        Failure::Unreachable { prefix, error, .. } if prefix.is_empty() => Some(match error {
            CallError::Refused => format!(
                "The connection to the server {} was refused - did you specify the right host or port?",
                client.server
            ),
            error => format!("Unable to connect to the server: {}", dial_error(error, client)),
        }),
        _ => None,
    }
}

fn message_for_error(failure: &Failure, client: &Client) -> String {
    standard_error_message(failure, client).unwrap_or_else(|| message(failure, client))
}

/// Each error on its own line, without `error: ` before it.
fn multiple_errors(failures: &[Failure], client: &Client) -> String {
    let mut text = String::new();
    for failure in failures {
        match failure {
            Failure::Several(inner) => text += &multiple_errors(inner, client),
            Failure::Exit(_) => {}
            other => {
                let line = message_for_error(other, client);
                text += &line;
                if !line.ends_with('\n') {
                    text.push('\n');
                }
            }
        }
    }
    text
}

/// `The DaemonSet "x" is invalid: …` (CLI-029).
fn invalid(error: &StatusError) -> String {
    let subject = if !error.kind.is_empty() || !error.name.is_empty() {
        format!("The {} {} is invalid", error.kind, go_quote(&error.name))
    } else if !error.message.is_empty() && error.causes.is_empty() {
        format!("The request is invalid: {}", error.message)
    } else {
        "The request is invalid".to_owned()
    };
    let mut seen: Vec<String> = Vec::new();
    for StatusCause { field, message, .. } in &error.causes {
        let text = if field.is_empty() { message.clone() } else { format!("{field}: {message}") };
        if !seen.contains(&text) {
            seen.push(text);
        }
    }
    match seen.as_slice() {
        [] => subject,
        [one] => format!("{subject}: {one}\n"),
        many => {
            let lines: String = many.iter().map(|text| format!("* {text}\n")).collect();
            format!("{subject}: \n{lines}")
        }
    }
}

/// `error when creating "ds.yaml": …`.
pub(crate) fn add_source(verb: &str, source: &str, failure: Failure) -> Failure {
    failure.after(&format!("error when {verb} {}: ", go_quote(source)))
}

/// A mistake in the use of a command, with the way to its help.
///
/// Kubernetes: helpers.go, UsageErrorf.
pub(crate) fn usage_error(command: &str, text: &str) -> Failure {
    Failure::Message(format!("{text}\nSee '{command} -h' for help and examples"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use api::field::{FieldError, FieldPath};
    use api::status_error::GroupResource;

    fn of(error: StatusError) -> Failure {
        Failure::Status { prefix: String::new(), error: Box::new(error) }
    }

    fn print(failure: &Failure) -> String {
        check_err(failure, &Client { server: "10.0.0.10:6443".to_owned(), ..Client::default() })
    }

    const DAEMON_SET: GroupResource<'_> = GroupResource { group: "apps", resource: "DaemonSet" };

    #[test]
    fn cli_029_validation_failures_name_each_field() {
        let path = FieldPath::new("spec").child("selector");
        let one = [FieldError::required(&path, "")];
        assert_eq!(
            print(&of(StatusError::invalid(DAEMON_SET, "x", &one))),
            "The DaemonSet \"x\" is invalid: spec.selector: Required value\n"
        );
        let two = [
            FieldError::required(&path, ""),
            FieldError::forbidden(&path, "no"),
            FieldError::required(&path, ""),
        ];
        assert_eq!(
            print(&add_source("creating", "ds.yaml", of(StatusError::invalid(DAEMON_SET, "x", &two)))),
            "The DaemonSet \"x\" is invalid: \n* spec.selector: Required value\n* spec.selector: Forbidden: no\n"
        );
    }

    #[test]
    fn cli_030_refusals_carry_reason_and_source() {
        let not_found = StatusError::not_found(GroupResource::core("namespaces"), "team");
        assert_eq!(
            print(&add_source("creating", "ds.yaml", of(not_found.clone()))),
            "Error from server (NotFound): error when creating \"ds.yaml\": namespaces \"team\" not found\n"
        );
        assert_eq!(print(&of(not_found)), "Error from server (NotFound): namespaces \"team\" not found\n");
    }

    #[test]
    fn cli_028_several_failures_stand_on_a_line_each() {
        let several = Failure::Several(vec![
            of(StatusError::not_found(GroupResource::core("pods"), "a")),
            Failure::message("no matches for kind \"X\" in version \"v1\"\nensure CRDs are installed first"),
        ]);
        assert_eq!(
            print(&several),
            "Error from server (NotFound): pods \"a\" not found\nno matches for kind \"X\" in version \"v1\"\n\
             ensure CRDs are installed first\n"
        );
    }

    #[test]
    fn cli_049_cp_013_a_refused_connection_names_the_server() {
        let refused = Failure::of(&CallError::Refused, "Get \"https://10.0.0.10:6443/api/v1/pods\"");
        assert_eq!(
            print(&refused),
            "The connection to the server 10.0.0.10:6443 was refused - did you specify the right host or port?\n"
        );
        assert_eq!(
            print(&refused.after("error when x: ")),
            "error: error when x: Get \"https://10.0.0.10:6443/api/v1/pods\": dial tcp 10.0.0.10:6443: connect: \
             connection refused\n"
        );
    }

    #[test]
    fn cp_014_a_cut_link_times_out() {
        assert_eq!(
            print(&Failure::of(&CallError::TimedOut, "")),
            "Unable to connect to the server: dial tcp 10.0.0.10:6443: i/o timeout\n"
        );
    }

    #[test]
    fn plain_errors_begin_with_error_once() {
        assert_eq!(print(&Failure::message("no")), "error: no\n");
        assert_eq!(print(&Failure::message("error: no\n")), "error: no\n");
        assert_eq!(print(&Failure::Exit(3)), "");
    }
}

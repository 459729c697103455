//! Plain sentences that stand beside the real programs' messages.

use super::token::Problem;

pub(super) const BEHIND_FOR_KUBELET: &str =
    "a manifest file holds one Pod: the kubelet reads only the first document and ignores this";
pub(super) const BEHIND_FOR_KUBECTL: &str =
    "the document ends before this line, and nobody reads what follows";

pub(super) fn separator(behind: &str) -> String {
    if behind.chars().all(|c| c == '-') {
        "A separator is exactly three dashes.".to_owned()
    } else {
        "Behind the three dashes only a comment may stand; kubectl applies nothing before this line either."
            .to_owned()
    }
}

pub(super) fn syntax(problem: &Problem, piece: &str) -> Option<String> {
    let line = line_around(piece, problem.at.offset as usize);
    let before = problem.context.map(|mark| line_around(piece, mark.offset as usize));
    if line.contains("{{") || before.is_some_and(|b| b.contains("{{")) {
        return Some("This looks like a template that has not been rendered.".to_owned());
    }
    let help = match problem.what {
        "found character that cannot start any token" if line.trim_start_matches(' ').starts_with('\t') => {
            "YAML allows no tab in indentation: use blanks."
        }
        "found character that cannot start any token" => {
            "A value that begins with this character must stand in quotes."
        }
        "found a tab character that violates indentation"
        | "found a tab character where an indentation space is expected" => {
            "YAML allows no tab in indentation: use blanks."
        }
        "could not find expected ':'" => "This line lacks a colon, or belongs to the value above it.",
        "mapping values are not allowed in this context" => {
            "A second colon in one line: quote the value, or check the indentation."
        }
        "did not find expected key" | "did not find expected '-' indicator" => {
            "The indentation of this line fits nothing above it."
        }
        "block sequence entries are not allowed in this context" => "A list must begin on a line of its own.",
        "did not find expected ',' or ']'" => "This list is not closed, or lacks a comma.",
        "did not find expected ',' or '}'" => "This map is not closed, or lacks a comma.",
        "found unexpected end of stream" => "This quote is never closed.",
        "found unknown escape character" => {
            "Double quotes give the backslash a meaning: use single quotes, or two backslashes."
        }
        "did not find expected <document start>" => "kubectl reads no %YAML line: delete it.",
        "control characters are not allowed" => "Delete the invisible character here.",
        "found undefined tag handle" | "did not find expected tag URI" => {
            "A value that begins with ! must stand in quotes."
        }
        "did not find expected alphabetic or numeric character" => {
            "A value that begins with * or & must stand in quotes."
        }
        _ => return None,
    };
    Some(help.to_owned())
}

pub(super) fn meaning(sentence: &str) -> Option<String> {
    let help = if sentence.starts_with("invalid map key: map[") {
        "Braces begin a map in YAML; a template must be rendered first, and a text with braces quoted."
    } else if sentence.starts_with("unknown anchor") {
        "A value that begins with * must stand in quotes."
    } else if sentence == "document contains excessive aliasing" {
        "The aliases unfold to far more than the file holds: write the values out."
    } else {
        return None;
    };
    Some(help.to_owned())
}

fn line_around(text: &str, offset: usize) -> &str {
    let mut offset = offset.min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    let (before, behind) = text.split_at(offset);
    let start = before.rfind('\n').map_or(0, |at| at + 1);
    let end = behind.find('\n').map_or(text.len(), |at| offset + at);
    text.get(start..end).unwrap_or_default()
}

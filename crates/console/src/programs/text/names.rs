//! `basename`, `dirname`.

use crate::programs::feed;
use crate::shell::program::{Cx, Started};

pub(in crate::programs) fn basename(cx: &mut Cx<'_>, args: &[String]) -> Started {
    let (path, suffix) = match args {
        [path] => (path, ""),
        [path, suffix] if !path.starts_with('-') => (path, suffix.as_str()),
        [option, suffix, path] if option == "-s" => (path, suffix.as_str()),
        [] => {
            return feed::refuse(
                cx,
                "basename: missing operand\nTry 'basename --help' for more information.\n",
                1,
            );
        }
        _ => {
            return feed::refuse(
                cx,
                "basename: extra operand\nTry 'basename --help' for more information.\n",
                1,
            );
        }
    };
    let trimmed = path.trim_end_matches('/');
    let name = if trimmed.is_empty() && !path.is_empty() {
        "/"
    } else {
        trimmed.rsplit('/').next().unwrap_or(trimmed)
    };
    let cut = name.strip_suffix(suffix).filter(|cut| !cut.is_empty()).unwrap_or(name);
    cx.out(&format!("{cut}\n"));
    Started::Done(0)
}

pub(in crate::programs) fn dirname(cx: &mut Cx<'_>, args: &[String]) -> Started {
    if args.is_empty() {
        return feed::refuse(cx, "dirname: missing operand\nTry 'dirname --help' for more information.\n", 1);
    }
    for path in args {
        let trimmed = path.trim_end_matches('/');
        let directory = match trimmed.rfind('/') {
            None if trimmed.is_empty() && path.starts_with('/') => "/",
            None => ".",
            Some(0) => "/",
            Some(at) => trimmed.get(..at).unwrap_or_default().trim_end_matches('/'),
        };
        cx.out(&format!("{directory}\n"));
    }
    Started::Done(0)
}

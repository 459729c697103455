//! `clear`.

use crate::shell::program::{Cx, Started};

/// To the upper left, everything erased, what was scrolled away too.
pub(crate) const CLEAR: &str = "\x1b[H\x1b[2J\x1b[3J";

/// On a screen only: elsewhere nobody reads the codes.
pub(in crate::programs) fn clear(cx: &mut Cx<'_>, _args: &[String]) -> Started {
    if cx.screen().is_some() {
        cx.out(CLEAR);
    }
    Started::Done(0)
}

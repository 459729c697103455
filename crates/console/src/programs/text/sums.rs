//! Checksums, which are refused: a wrong one would be worse than none.

use crate::absent;
use crate::shell::program::{Cx, Started};

pub(in crate::programs) fn refuse(cx: &mut Cx<'_>, _args: &[String]) -> Started {
    cx.err(&absent::sentence("a checksum", "compare files with diff or cmp"));
    Started::Done(1)
}

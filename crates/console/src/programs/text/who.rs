//! Who and where one is: `whoami`, `id`, `hostname`, `uname`, `tty`.

use crate::env::USER;
use crate::shell::program::{Cx, Started};

/// The kernel that the nodes report.
const KERNEL: &str = "6.8.0-49-generic";

pub(in crate::programs) fn whoami(cx: &mut Cx<'_>, _args: &[String]) -> Started {
    cx.out(&format!("{USER}\n"));
    Started::Done(0)
}

pub(in crate::programs) fn id(cx: &mut Cx<'_>, args: &[String]) -> Started {
    let text = match args.first().map(String::as_str) {
        Some("-u" | "-g" | "-G") => "0\n",
        Some("-un" | "-gn") => "root\n",
        _ => "uid=0(root) gid=0(root) groups=0(root)\n",
    };
    cx.out(text);
    Started::Done(0)
}

pub(in crate::programs) fn hostname(cx: &mut Cx<'_>, _args: &[String]) -> Started {
    let name = cx.env().host.name().to_owned();
    cx.out(&format!("{name}\n"));
    Started::Done(0)
}

pub(in crate::programs) fn uname(cx: &mut Cx<'_>, args: &[String]) -> Started {
    let name = cx.env().host.name().to_owned();
    let version = "#49-Ubuntu SMP PREEMPT_DYNAMIC";
    let letters: String =
        args.iter().filter(|arg| arg.starts_with('-')).flat_map(|arg| arg.chars().skip(1)).collect();
    let all = letters.contains('a');
    let parts = [
        ('s', "Linux"),
        ('n', name.as_str()),
        ('r', KERNEL),
        ('v', version),
        ('m', "x86_64"),
        ('o', "GNU/Linux"),
    ];
    let wanted = |letter: char| all || letters.contains(letter) || (letters.is_empty() && letter == 's');
    let words: Vec<&str> =
        parts.iter().filter(|(letter, _)| wanted(*letter)).map(|(_, word)| *word).collect();
    cx.out(&format!("{}\n", words.join(" ")));
    Started::Done(0)
}

pub(in crate::programs) fn tty(cx: &mut Cx<'_>, _args: &[String]) -> Started {
    if cx.is_terminal(0) {
        cx.out("/dev/pts/0\n");
        return Started::Done(0);
    }
    cx.out("not a tty\n");
    Started::Done(1)
}

pub(in crate::programs) fn printenv(cx: &mut Cx<'_>, _args: &[String]) -> Started {
    // The builtin of the same name is found first; this one is for `command -p` and its like.
    let text: String = cx.env().exported().map(|(name, value)| format!("{name}={value}\n")).collect();
    cx.out(&text);
    Started::Done(0)
}

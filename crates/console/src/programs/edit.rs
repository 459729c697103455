//! `vi`, `nano`: a person edits a file, and the command goes on when it is saved or left.

use std::rc::Rc;

use super::feed;
use crate::disk::Inode;
use crate::shell::program::{Cx, Program, Started, StepResult};
use crate::shell::thread::Block;
use crate::shell::{Edited, Mail};

pub(super) fn vi(cx: &mut Cx<'_>, args: &[String]) -> Started {
    edit(cx, "vi", args)
}

pub(super) fn nano(cx: &mut Cx<'_>, args: &[String]) -> Started {
    edit(cx, "nano", args)
}

fn edit(cx: &mut Cx<'_>, program: &'static str, args: &[String]) -> Started {
    let files: Vec<&String> = args.iter().filter(|arg| !arg.starts_with(['-', '+'])).collect();
    let [file] = files.as_slice() else {
        let text = format!("({program} edits one file at a time here: {program} FILE)\n");
        return feed::refuse(cx, &text, 1);
    };
    let path = cx.absolute(file);
    let text: Rc<[u8]> = match cx.disk().get(&path) {
        Some(Inode::Directory) => {
            return feed::refuse(cx, &format!("{program}: {file}: Is a directory\n"), 1);
        }
        Some(Inode::File { bytes, .. }) => bytes,
        _ => Rc::default(),
    };
    if std::str::from_utf8(&text).is_err() {
        let text = format!(
            "({program} shows only text here, and {file} holds bytes that are not UTF-8: look at it with base64 {file})\n"
        );
        return feed::refuse(cx, &text, 1);
    }
    let ticket = cx.ask_to_edit(path.clone(), text);
    Started::runs(Edit { program, file: (*file).clone(), ticket })
}

#[derive(Clone)]
struct Edit {
    program: &'static str,
    file: String,
    ticket: u32,
}

impl Program for Edit {
    fn step(&mut self, cx: &mut Cx<'_>) -> StepResult {
        let Some((_, mail)) = cx.next_mail(self.ticket) else {
            return StepResult::Waits(Block::Mail(self.ticket, None));
        };
        cx.drop_ticket(self.ticket);
        match mail {
            Mail::Edited(Edited::Saved(bytes)) => match cx.write_file(&self.file, &bytes) {
                Ok(()) => {
                    cx.world.settle();
                    StepResult::Done(0)
                }
                Err(why) => {
                    cx.err(&format!("{}: {}: {why}\n", self.program, self.file));
                    StepResult::Done(1)
                }
            },
            Mail::Edited(Edited::NoEditor) => {
                cx.err(&format!(
                    "({} has no screen here: edit with sed -i, or write the file with cat > {} <<EOF)\n",
                    self.program, self.file
                ));
                StepResult::Done(1)
            }
            _ => StepResult::Done(0),
        }
    }
}

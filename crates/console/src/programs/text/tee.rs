//! `tee`.

use crate::disk::Inode;
use crate::programs::feed;
use crate::programs::options::Spec;
use crate::shell::program::{Cx, Program, Started, StepResult};
use crate::shell::streams::Input;
use sim::files::parent;

const SPEC: Spec = Spec { long: &[("append", 'a'), ("ignore-interrupts", 'i')], ..Spec::new("tee", "aip") };

pub(in crate::programs) fn start(cx: &mut Cx<'_>, args: &[String]) -> Started {
    let options = match SPEC.parse(args) {
        Ok(options) => options,
        Err(misuse) => return feed::misuse(cx, &misuse),
    };
    let append = options.has('a');
    let mut tee = Tee { files: Vec::new(), code: 0 };
    for path in options.operands {
        let whole = cx.absolute(&path);
        let disk = cx.disk();
        let why = match (disk.get(&whole), disk.get(parent(&whole))) {
            (Some(Inode::Directory), _) => Some("Is a directory"),
            (_, None) => Some("No such file or directory"),
            (_, Some(Inode::Directory)) => None,
            (_, Some(_)) => Some("Not a directory"),
        };
        drop(disk);
        if let Some(why) = why {
            cx.err(&format!("tee: {path}: {why}\n"));
            tee.code = 1;
            continue;
        }
        let before = if append { cx.read_file(&path).map(|bytes| bytes.to_vec()) } else { Ok(Vec::new()) };
        tee.files.push((path, before.unwrap_or_default()));
    }
    Started::runs(tee)
}

#[derive(Clone)]
struct Tee {
    files: Vec<(String, Vec<u8>)>,
    code: i32,
}

impl Tee {
    fn write(&mut self, cx: &mut Cx<'_>) {
        for (path, bytes) in &self.files {
            if let Err(why) = cx.write_file(path, bytes) {
                cx.err(&format!("tee: {path}: {why}\n"));
                self.code = 1;
            }
        }
    }
}

impl Program for Tee {
    fn step(&mut self, cx: &mut Cx<'_>) -> StepResult {
        match cx.read() {
            Input::Bytes(bytes) => {
                for (_, all) in &mut self.files {
                    all.extend(&bytes);
                }
                cx.write(1, &bytes);
                StepResult::Again
            }
            Input::Wait => {
                self.write(cx);
                cx.waits_for_input(0)
            }
            Input::End => {
                self.write(cx);
                cx.world.settle();
                StepResult::Done(self.code)
            }
        }
    }
}

//! What a shell knows between two commands: where it is, its variables, aliases, functions and options.
//!
//! A subshell works on a copy. Copies share what they hold until one of them changes it.

use std::rc::Rc;

use super::Machines;
use super::parse::Aliases;
use super::syntax::Compound;
use sim::files::clean_path;
use sim::{SortedMap, Time};

/// The computer that a shell runs on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Host {
    /// The person's own.
    Desk,
    /// A node's, by its name.
    Node(Rc<str>),
}

impl Host {
    /// As the prompt and `hostname` say it.
    pub fn name(&self) -> &str {
        match self {
            Host::Desk => "desktop",
            Host::Node(name) => name,
        }
    }

    pub(super) fn node(&self) -> Option<&str> {
        match self {
            Host::Desk => None,
            Host::Node(name) => Some(name),
        }
    }
}

/// Everybody is root here, on every computer.
pub(super) const USER: &str = "root";
pub(super) const HOME: &str = "/root";

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    Text(Rc<str>),
    /// An indexed array; unset elements are `None`.
    Array(Rc<Vec<Option<Rc<str>>>>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Variable {
    pub value: Option<Value>,
    pub exported: bool,
    pub readonly: bool,
    /// `declare -i`
    pub integer: bool,
}

impl Variable {
    fn new() -> Variable {
        Variable { value: None, exported: false, readonly: false, integer: false }
    }
}

/// What `set -e` and its like switch on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Options {
    /// `-e`
    pub errexit: bool,
    /// `-u`
    pub nounset: bool,
    /// `-x`
    pub xtrace: bool,
    /// `-f`
    pub noglob: bool,
    /// `-o pipefail`
    pub pipefail: bool,
    /// `-C`
    pub noclobber: bool,
    /// `shopt -s nullglob`
    pub nullglob: bool,
    /// `shopt -s dotglob`
    pub dotglob: bool,
}

/// A shell's state.
#[derive(Clone, Debug)]
pub(super) struct Env {
    pub host: Host,
    /// When the node's computer had come up on which it runs: a later time, and the shell is gone with the life of
    /// the computer that it ran in.
    pub booted: Option<Time>,
    pub cwd: Rc<str>,
    pub aliases: Rc<Aliases>,
    pub functions: Rc<SortedMap<Rc<str>, Rc<Compound>>>,
    pub options: Options,
    /// `$0`
    pub name: Rc<str>,
    /// `$1`, `$2` …
    pub arguments: Rc<[String]>,
    variables: Rc<SortedMap<Rc<str>, Variable>>,
    /// `$RANDOM`'s state; the same in each session.
    random: u32,
}

/// The largest index of an array that can be assigned: a shell's memory is not to be filled by one command.
const MAX_INDEX: usize = 100_000;

impl Env {
    /// A login shell's; `booted` says since when the node is up.
    pub(super) fn login(host: Host, booted: Option<Time>) -> Env {
        let mut env = Env {
            cwd: HOME.into(),
            aliases: Rc::new([("k".into(), "kubectl".into())].into()),
            functions: Rc::default(),
            options: Options::default(),
            name: "bash".into(),
            arguments: Rc::default(),
            variables: Rc::default(),
            random: 1,
            host,
            booted,
        };
        for (name, value) in [
            ("HOME", HOME),
            ("USER", USER),
            ("LOGNAME", USER),
            ("SHELL", "/bin/bash"),
            ("TERM", "xterm-256color"),
            ("LANG", "C.UTF-8"),
            ("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"),
            ("PWD", HOME),
            ("SHLVL", "1"),
        ] {
            env.export(name, value);
        }
        let name = env.host.name().to_owned();
        for (name, value) in [
            ("HOSTNAME", name.as_str()),
            ("UID", "0"),
            ("EUID", "0"),
            ("IFS", " \t\n"),
            ("BASH_VERSION", "5.2.37(1)-release"),
            ("OSTYPE", "linux-gnu"),
            ("PS1", "\\u@\\h:\\w# "),
        ] {
            env.put(name, value);
        }
        env
    }

    /// What a program that is a shell begins with: the exported variables, no aliases or functions of its
    /// caller's.
    pub(super) fn for_program(&self) -> Env {
        let mut env = Env::login(self.host.clone(), self.booted);
        env.cwd = self.cwd.clone();
        let exported = self.variables.iter().filter(|(_, variable)| variable.exported);
        Rc::make_mut(&mut env.variables).extend(exported.map(|(name, value)| (name.clone(), value.clone())));
        env.put("PWD", &self.cwd);
        env
    }

    pub(super) fn variable(&self, name: &str) -> Option<&Variable> {
        self.variables.get(name)
    }

    pub(super) fn variables(&self) -> impl Iterator<Item = (&Rc<str>, &Variable)> {
        self.variables.iter()
    }

    /// A variable's text; of an array its first element.
    pub(super) fn get(&self, name: &str) -> Option<Rc<str>> {
        match self.variables.get(name)?.value.as_ref()? {
            Value::Text(text) => Some(text.clone()),
            Value::Array(items) => items.first().cloned().flatten(),
        }
    }

    fn slot(&mut self, name: &str) -> &mut Variable {
        Rc::make_mut(&mut self.variables).entry(name.into()).or_insert_with(Variable::new)
    }

    /// Sets a variable whatever it is; what the shell itself does.
    pub(super) fn put(&mut self, name: &str, value: &str) {
        self.slot(name).value = Some(Value::Text(value.into()));
    }

    fn export(&mut self, name: &str, value: &str) {
        self.put(name, value);
        self.slot(name).exported = true;
    }

    /// Sets a variable as an assignment does.
    ///
    /// # Errors
    ///
    /// In bash's words, when it cannot be changed.
    pub(super) fn assign(&mut self, name: &str, value: Value) -> Result<(), String> {
        if self.variable(name).is_some_and(|variable| variable.readonly) {
            return Err(format!("{name}: readonly variable"));
        }
        self.slot(name).value = Some(value);
        Ok(())
    }

    /// Sets one element of an array.
    ///
    /// # Errors
    ///
    /// In bash's words, when it cannot be changed.
    pub(super) fn assign_element(&mut self, name: &str, index: i64, text: &str) -> Result<(), String> {
        let mut items = match self.variable(name).and_then(|variable| variable.value.clone()) {
            Some(Value::Array(items)) => (*items).clone(),
            Some(Value::Text(text)) => vec![Some(text)],
            None => Vec::new(),
        };
        let index = if index < 0 { items.len() as i64 + index } else { index };
        let Some(index) = usize::try_from(index).ok().filter(|index| *index <= MAX_INDEX) else {
            return Err(format!("{name}[{index}]: bad array subscript"));
        };
        if items.len() <= index {
            items.resize(index + 1, None);
        }
        if let Some(item) = items.get_mut(index) {
            *item = Some(text.into());
        }
        self.assign(name, Value::Array(Rc::new(items)))
    }

    /// Changes a variable's marks, making it if it is not there.
    pub(super) fn mark(&mut self, name: &str, change: impl FnOnce(&mut Variable)) {
        change(self.slot(name));
    }

    /// # Errors
    ///
    /// In bash's words, when it cannot be removed.
    pub(super) fn unset(&mut self, name: &str) -> Result<(), String> {
        if self.variable(name).is_some_and(|variable| variable.readonly) {
            return Err(format!("{name}: cannot unset: readonly variable"));
        }
        Rc::make_mut(&mut self.variables).remove(name);
        Ok(())
    }

    /// Puts a variable back to what it was before.
    pub(super) fn restore(&mut self, name: &str, before: Option<Variable>) {
        let variables = Rc::make_mut(&mut self.variables);
        match before {
            Some(variable) => {
                variables.insert(name.into(), variable);
            }
            None => {
                variables.remove(name);
            }
        }
    }

    /// The variables that a program is given, in order of their names.
    pub(super) fn exported(&self) -> impl Iterator<Item = (&Rc<str>, &Rc<str>)> {
        self.variables.iter().filter(|(_, variable)| variable.exported).filter_map(|(name, variable)| {
            match variable.value.as_ref()? {
                Value::Text(text) => Some((name, text)),
                Value::Array(_) => None,
            }
        })
    }

    /// The whole path of one that may be relative, without `.` and `..`.
    pub(super) fn absolute(&self, path: &str) -> String {
        if path.starts_with('/') { clean_path(path) } else { clean_path(&format!("{}/{path}", self.cwd)) }
    }

    /// The current directory as a prompt shows it: `~` is the home directory.
    pub(super) fn short_directory(&self) -> String {
        match self.cwd.strip_prefix(HOME) {
            Some(rest) if rest.is_empty() || rest.starts_with('/') => format!("~{rest}"),
            _ => self.cwd.to_string(),
        }
    }

    /// The node that it is on, if that node's computer does not run any more or has been started anew since.
    pub(super) fn lost(&self, machines: &dyn Machines) -> Option<&str> {
        self.host.node().filter(|node| machines.booted(node) != self.booted)
    }

    /// The next of `$RANDOM`'s numbers.
    pub(super) fn next_random(&mut self) -> u32 {
        self.random = self.random.wrapping_mul(1_103_515_245).wrapping_add(12_345);
        (self.random >> 16) & 0x7fff
    }
}

/// Whether a word can be a variable's name.
pub(super) fn is_name(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && word.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

//! `window.kubestage`: the page's own interface for embedding, teaching and tests (docs/page-api.md).
//!
//! Each call does what a click would, through the same commands; what takes virtual time and has an answer
//! lets that time pass at once.

mod state;

use std::rc::Rc;

use sim::{Duration, SortedMap};
use stage::{Bytes, Command, Options, Programs, Script};
use view::Board;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, future_to_promise};
use yew::Callback;

use super::app::Msg;
use super::descriptions;
use super::menu::find_pod;
use super::session::{Session, SharedSession};
use super::speed::Speed;

/// How much virtual time a command of `exec` may take before its text so far is returned.
const EXEC_LIMIT: Duration = Duration::from_secs(600);
const QUIET_LIMIT_SECS: f64 = 3600.0;
const KILLED: f64 = 137.0;
const BARE_MOST: f64 = 1e6;

/// Keeps the functions alive that `window.kubestage` consists of.
pub struct PageApi {
    _functions: Vec<JsValue>,
}

type Answer = Result<JsValue, JsValue>;

fn error(text: impl AsRef<str>) -> JsValue {
    js_sys::Error::new(text.as_ref()).into()
}

fn text(value: &JsValue, name: &str) -> Result<String, JsValue> {
    value.as_string().ok_or_else(|| error(format!("{name} must be a string")))
}

/// Seconds as a person writes them; never negative, never endless.
fn span(value: &JsValue, default: f64) -> Duration {
    let seconds = value.as_f64().unwrap_or(default);
    Duration::from_micros((seconds.clamp(0.0, 1e9) * 1e6) as u64)
}

fn to_js(value: &serde_json::Value) -> JsValue {
    js_sys::JSON::parse(&value.to_string()).unwrap_or(JsValue::NULL)
}

/// What the functions work on.
#[derive(Clone)]
struct Door {
    session: SharedSession,
    say: Callback<Msg>,
}

impl Door {
    fn with<T>(&self, work: impl FnOnce(&mut Session) -> T) -> T {
        self.session.borrow_mut().stage.finish_opening();
        let answer = work(&mut self.session.borrow_mut());
        self.say.emit(Msg::World);
        answer
    }

    fn perform(&self, command: Command) -> Answer {
        self.with(|session| {
            let job = session.perform(command);
            session.refresh();
            match session.job(job) {
                Some(job) if job.exit_code.is_some_and(|code| code != 0) => Err(error(job.text.trim())),
                _ => Ok(JsValue::UNDEFINED),
            }
        })
    }

    fn exec(&self, line: &JsValue, files: &JsValue) -> Answer {
        let line = text(line, "line")?;
        let command = Command::Exec { line, files: files_of(files)? };
        if descriptions::are_settled() || !descriptions::are_wanted_by(&command) {
            return Ok(self.run(command));
        }
        // What it prints has not been fetched yet.
        let door = self.clone();
        Ok(future_to_promise(async move {
            JsFuture::from(descriptions::loaded()).await?;
            Ok(door.run(command))
        })
        .into())
    }

    fn run(&self, command: Command) -> JsValue {
        self.with(|session| {
            let job = session.perform(command);
            JsValue::from(session.finish_job(job, EXEC_LIMIT))
        })
    }

    fn write_file(&self, node: &JsValue, path: &JsValue, content: &JsValue) -> Answer {
        let (node, path) = (text(node, "node")?, text(path, "path")?);
        let content = match content.dyn_ref::<js_sys::Uint8Array>() {
            Some(bytes) => Bytes::from(bytes.to_vec()),
            None => Bytes::from(text(content, "text")?),
        };
        self.perform(Command::WriteFile { node, path, text: content })
    }

    fn remove_file(&self, node: &JsValue, path: &JsValue) -> Answer {
        self.perform(Command::RemoveFile { node: text(node, "node")?, path: text(path, "path")? })
    }

    fn crash(&self, pod: &JsValue, container: &JsValue, exit_code: &JsValue) -> Answer {
        let id = text(pod, "pod")?;
        let id = if id.contains('/') { id } else { format!("default/{id}") };
        let board = self.board_with(&id);
        let pod = find_pod(&board, &id).ok_or_else(|| error(format!("pods {id:?} not found")))?;
        let wanted = container.as_string();
        let found = pod.containers.iter().find(|has| wanted.as_deref().is_none_or(|name| *has.name == *name));
        let container = found.ok_or_else(|| error(format!("container not found in pod {id:?}")))?;
        let node = pod.node.as_ref().ok_or_else(|| error(format!("pod {id:?} is on no node")))?;
        let exit_code = exit_code.as_f64().unwrap_or(KILLED).clamp(0.0, 255.0) as i32;
        self.perform(Command::CrashContainer {
            node: node.to_string(),
            namespace: pod.namespace.to_string(),
            pod: pod.name.to_string(),
            container: container.name.to_string(),
            exit_code,
        })
    }

    /// The board on which a pod's node is shown in full.
    fn board_with(&self, id: &str) -> Rc<Board> {
        let mut session = self.session.borrow_mut();
        let (namespace, name) = id.split_once('/').unwrap_or(("", id));
        let node = session.stage.node_of_pod(namespace, name);
        session.gaze.near.extend(node);
        session.refresh();
        session.board()
    }

    fn play(&self, speed: &JsValue) -> Answer {
        self.with(|session| {
            if let Some(factor) = speed.as_f64() {
                (session.playback.auto, session.playback.speed) = (false, Speed::nearest(factor));
            }
            session.playback.auto |= speed.as_string().as_deref() == Some("auto");
            session.playback.playing = true;
        });
        Ok(JsValue::UNDEFINED)
    }

    fn reset(&self, seed: &JsValue, options: &JsValue) -> Answer {
        let mut wanted: Options = match options.is_object() {
            true => {
                let json = js_sys::JSON::stringify(options).map(String::from)?;
                serde_json::from_str(&json).map_err(|why| error(format!("options: {why}")))?
            }
            false => Options::default(),
        };
        if let Some(seed) = seed.as_f64() {
            wanted.seed = seed.max(0.0) as u64;
        }
        let mut fresh = Session::new(wanted.clone(), self.programs()?);
        {
            let mut session = self.session.borrow_mut();
            fresh.playback = session.playback;
            *session = fresh;
        }
        self.say.emit(Msg::Begun(wanted));
        Ok(JsValue::UNDEFINED)
    }

    /// The interface is only offered when there are some.
    fn programs(&self) -> Result<Programs, JsValue> {
        self.session.borrow().stage.programs().ok_or_else(|| error("the page is still loading"))
    }

    fn load(&self, script: &JsValue) -> Answer {
        let script = Script::parse(&text(script, "script")?).map_err(|why| error(why.to_string()))?;
        let mut fresh = Session::from_script(&script, self.programs()?);
        {
            let mut session = self.session.borrow_mut();
            fresh.playback = session.playback;
            *session = fresh;
        }
        self.say.emit(Msg::Begun(script.options));
        Ok(JsValue::UNDEFINED)
    }
}

fn files_of(files: &JsValue) -> Result<SortedMap<String, Bytes>, JsValue> {
    let mut found = SortedMap::new();
    if !files.is_object() {
        return Ok(found);
    }
    let object = files.unchecked_ref::<js_sys::Object>();
    for entry in js_sys::Object::entries(object).iter() {
        let pair: js_sys::Array = entry.unchecked_into();
        found.insert(text(&pair.get(0), "a file's name")?, Bytes::from(text(&pair.get(1), "a file's text")?));
    }
    Ok(found)
}

type Call = dyn FnMut(JsValue, JsValue, JsValue) -> Answer;

impl PageApi {
    /// Puts `window.kubestage` in place.
    pub fn offer(session: SharedSession, say: Callback<Msg>) -> PageApi {
        let door = Rc::new(Door { session, say });
        let object = js_sys::Object::new();
        let mut functions = Vec::new();
        let mut add = |name: &str, call: Box<Call>| {
            let function = Closure::wrap(call).into_js_value();
            let set = js_sys::Reflect::set(&object, &name.into(), &function);
            debug_assert!(set.is_ok(), "a new object takes every key");
            functions.push(function);
        };
        macro_rules! offer {
            ($name:literal, |$door:ident, $a:pat_param, $b:pat_param, $c:pat_param| $body:expr) => {{
                let $door = door.clone();
                add($name, Box::new(move |$a: JsValue, $b: JsValue, $c: JsValue| -> Answer { $body }));
            }};
        }
        offer!("exec", |door, line, files, _| door.exec(&line, &files));
        offer!("writeFile", |door, node, path, content| door.write_file(&node, &path, &content));
        offer!("removeFile", |door, node, path, _| door.remove_file(&node, &path));
        offer!("moveFile", |door, node, from, to| door.perform(Command::MoveFile {
            node: text(&node, "node")?,
            from: text(&from, "from")?,
            to: text(&to, "to")?,
        }));
        offer!("restartKubelet", |door, node, _, _| door
            .perform(Command::RestartKubelet { node: text(&node, "node")? }));
        offer!("crash", |door, pod, container, code| door.crash(&pod, &container, &code));
        offer!("setApiServer", |door, up, _, _| door.perform(Command::SetApiServer { up: up.is_truthy() }));
        offer!("pause", |door, _, _, _| {
            door.with(|session| session.playback.playing = false);
            Ok(JsValue::UNDEFINED)
        });
        offer!("play", |door, speed, _, _| door.play(&speed));
        offer!("advance", |door, seconds, _, _| {
            door.with(|session| session.skip(span(&seconds, 0.0)));
            Ok(JsValue::UNDEFINED)
        });
        offer!("untilQuiet", |door, limit, _, _| Ok(door
            .with(|session| session.until_quiet(span(&limit, QUIET_LIMIT_SECS)))
            .into()));
        offer!("now", |door, _, _, _| Ok((door.session.borrow().elapsed() as f64 / 1e6).into()));
        offer!("state", |door, _, _, _| Ok(to_js(&state::state(&mut door.session.borrow_mut()))));
        offer!("log", |door, _, _, _| Ok(door.session.borrow().stage.log().into()));
        offer!("logHash", |door, _, _, _| Ok(door.session.borrow().stage.log_hash().into()));
        offer!("reset", |door, seed, options, _| door.reset(&seed, &options));
        offer!("script", |door, _, _, _| Ok(door.with(|session| session.stage.script().to_json()).into()));
        offer!("load", |door, script, _, _| door.load(&script));
        offer!("bareQueue", |_door, records, _, _| {
            let records = records.as_f64().unwrap_or(0.0).clamp(0.0, BARE_MOST) as usize;
            Ok(format!("{:x}", sim::bare::bare_queue(records)).into())
        });
        let set = js_sys::Reflect::set(&gloo::utils::window(), &"kubestage".into(), &object);
        debug_assert!(set.is_ok(), "the window takes a property");
        PageApi { _functions: functions }
    }
}

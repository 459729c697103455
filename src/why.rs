//! Why a DaemonSet has a pod on a node or has none, in words; and the change that mends it, shown before it is
//! made.

mod text;

use std::rc::Rc;

use stage::Command;
use view::why::{Mend, told};
use view::{Board, Cause, Fit, NodeView, Why};
use wasm_bindgen::JsCast;
use web_sys::{HtmlElement, KeyboardEvent};
use yew::prelude::*;

use super::desk::model::{Desk, DocId};
use super::glyph::Icon;
use super::menu::{exec, focusable_in, namespace_flag, place_at};
use super::page::{Page, use_desk, use_page, use_world};
use super::pod::place_of;
use super::renders;
use super::state::{Action, FrontAction, OpenMend};
use super::words::{Words, fill};
pub use text::{because_text, cause_text, causes_text};

/// One line about a DaemonSet on a node.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    pub fit: Fit,
    pub causes: Vec<Cause>,
    pub text: Rc<str>,
    pub mend: Option<Mend>,
}

impl Line {
    /// Whether there is no pod, or one that something keeps from running.
    pub fn says_what_is_wrong(&self) -> bool {
        !self.causes.is_empty() || self.fit == Fit::Due
    }
}

/// What there is to say of a DaemonSet on a node; `None` if there is no such DaemonSet, or only what its pod
/// says itself.
pub fn line(page: &Page, board: &Board, node: &NodeView, daemonset: &str) -> Option<Line> {
    let why = node.why.iter().find(|why| *why.daemonset == *daemonset)?;
    let (causes, mend) = told(board, &node.name, why);
    if why.fit == Fit::Waits && causes.is_empty() {
        return None;
    }
    let text = match why.fit {
        Fit::Runs | Fit::Stays => because_text(page.lang, why),
        Fit::Due if causes.is_empty() => page.words().fit.pod_is_coming.to_owned(),
        _ => causes_text(page.lang, &causes),
    };
    Some(Line { fit: why.fit, causes, text: text.into(), mend })
}

/// The state whose colour and glyph a line has.
pub fn fit_state(fit: Fit) -> (&'static str, &'static str) {
    match fit {
        Fit::Runs | Fit::Stays => ("running", "s-running"),
        Fit::Waits | Fit::Due => ("pending", "s-pending"),
        Fit::Unfit => ("unknown", "i-none"),
    }
}

pub fn fit_word(words: &Words, fit: Fit) -> &'static str {
    match fit {
        Fit::Runs => words.fit.fit_runs,
        Fit::Waits => words.fit.fit_waits,
        Fit::Due => words.fit.fit_due,
        Fit::Unfit => words.fit.fit_unfit,
        Fit::Stays => words.fit.fit_stays,
    }
}

#[derive(PartialEq, Properties)]
pub struct MendButtonProps {
    pub mend: Mend,
    /// Within the cluster the arrow keys reach it.
    #[prop_or_default]
    pub in_cluster: bool,
}

/// Opens what would mend it.
#[component]
pub fn MendButton(props: &MendButtonProps) -> Html {
    let page = use_page();
    let words = page.words();
    let open = page.act.reform({
        let mend = props.mend.clone();
        move |event: MouseEvent| {
            let (x, y, above) = place_of(&event);
            FrontAction::OpenMend(Box::new(OpenMend { mend: mend.clone(), x, y, above })).into()
        }
    });
    let title = title(words, &props.mend);
    html! {
        <button
            type="button"
            class="plain-button small mend-button"
            data-control="mend"
            tabindex={props.in_cluster.then_some("-1")}
            aria-haspopup="dialog"
            aria-label={format!("{} {title}", words.fit.mend)}
            {title}
            onclick={open}
        >{ words.fit.mend }</button>
    }
}

/// What a mend does, and how it is shown.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// One of the person's own files gets another text, and is applied.
    Text {
        name: Rc<str>,
        old: Rc<str>,
        new: Rc<str>,
    },
    Command(Command),
}

impl Change {
    /// The open files first: what is written there counts again with the next apply.
    pub fn of(mend: &Mend, desk: &Desk, tolerates: bool) -> Change {
        match mend {
            Mend::Tolerate { daemonset, toleration } => {
                let (namespace, name) = daemonset.split_once('/').unwrap_or(("default", daemonset));
                let open = desk.open_own().into_iter().chain(&desk.own);
                let edited = open.filter_map(|file| {
                    let new = stage::add_toleration(&file.text, namespace, name, toleration)?;
                    Some(Change::Text { name: file.name.clone(), old: file.text.clone(), new: new.into() })
                });
                let by_patch = || {
                    let value = toleration.to_value();
                    let (path, value) = match tolerates {
                        true => ("/-", value),
                        false => ("", serde_json::Value::Array(vec![value])),
                    };
                    let flag = namespace_flag(namespace);
                    Change::Command(exec(format!(
                        "kubectl patch daemonset {name}{flag} --type=json -p '[{{\"op\":\"add\",\"path\":\"/spec/template/spec/tolerations{path}\",\"value\":{value}}}]'"
                    )))
                };
                edited.into_iter().next().unwrap_or_else(by_patch)
            }
            Mend::Label { node, key, value, overwrite } => {
                let overwrite = if *overwrite { " --overwrite" } else { "" };
                Change::Command(exec(format!("kubectl label node {node} {key}={value}{overwrite}")))
            }
            Mend::Create(missing) => {
                let kind = missing.kind.to_lowercase();
                let flag = if missing.namespace.is_empty() {
                    String::new()
                } else {
                    namespace_flag(&missing.namespace)
                };
                Change::Command(exec(format!("kubectl create {kind} {}{flag}", missing.name)))
            }
            Mend::Free { node, holder } => Change::Command(match &holder.file {
                Some(file) => {
                    let name = file.rsplit('/').next().unwrap_or_default();
                    Command::MoveFile {
                        node: node.to_string(),
                        from: file.to_string(),
                        to: format!("/tmp/{name}"),
                    }
                }
                None => {
                    let (namespace, name) = holder.pod.split_once('/').unwrap_or(("default", &holder.pod));
                    exec(format!("kubectl delete pod {name}{}", namespace_flag(namespace)))
                }
            }),
            Mend::StartKubelet { node } => Change::Command(Command::StartKubelet { node: node.to_string() }),
        }
    }

    fn action(&self) -> Action {
        match self {
            Change::Text { name, new, .. } => Action::Submit(DocId::Own(name.clone()), Some(new.clone())),
            Change::Command(command) => Action::Perform(command.clone()),
        }
    }
}

/// What a mend is called.
fn title(words: &Words, mend: &Mend) -> String {
    match mend {
        Mend::Tolerate { toleration, .. } => fill(words.fit.mend_tolerate, &[&toleration.key]),
        Mend::Label { node, key, value, .. } => {
            fill(words.fit.mend_label, &[node, &format!("{key}={value}")])
        }
        Mend::Create(missing) => fill(words.fit.mend_create, &[missing.kind, &missing.name]),
        Mend::Free { holder, .. } => fill(words.fit.mend_free, &[&holder.pod]),
        Mend::StartKubelet { node } => fill(words.fit.mend_kubelet, &[node]),
    }
}

/// A line of a difference: `+`, `-`, or a space for what stays.
type DiffLine<'a> = (char, &'a str);

/// How many lines that stay are shown around those that change.
const CONTEXT: usize = 2;

/// The lines in which two texts differ, with some around them. One place only: what is before and behind it is
/// the same in both.
fn diff<'a>(old: &'a str, new: &'a str) -> Vec<DiffLine<'a>> {
    let (old, new): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    let same = |a: &&(&&str, &&str)| a.0 == a.1;
    let most = old.len().min(new.len());
    let before = old.iter().zip(&new).collect::<Vec<_>>().iter().take_while(same).count();
    let behind = old.iter().rev().zip(new.iter().rev()).collect::<Vec<_>>().iter().take_while(same).count();
    let behind = behind.min(most - before);
    let stays = |lines: &[&'a str]| lines.iter().map(|line| (' ', *line)).collect::<Vec<_>>();
    let mut shown = stays(&old[before.saturating_sub(CONTEXT)..before]);
    shown.extend(old[before..old.len() - behind].iter().map(|line| ('-', *line)));
    shown.extend(new[before..new.len() - behind].iter().map(|line| ('+', *line)));
    let rest = &old[old.len() - behind..];
    shown.extend(stays(&rest[..rest.len().min(CONTEXT)]));
    shown
}

#[derive(PartialEq, Properties)]
pub struct MendBoxProps {
    pub open: OpenMend,
}

/// The change, and the button that makes it.
#[component]
pub fn MendBox(props: &MendBoxProps) -> Html {
    renders::note("MendBox", "");
    let page = use_page();
    let words = page.words();
    let mend = props.open.mend.clone();
    let tolerates = use_world({
        let mend = mend.clone();
        move |world| match &mend {
            Mend::Tolerate { daemonset, .. } => {
                world.board.daemonsets.iter().any(|ds| ds.id == *daemonset && ds.tolerates)
            }
            _ => false,
        }
    });
    let change = use_desk({
        let mend = mend.clone();
        move |desk| Change::of(&mend, desk, tolerates)
    });
    let frame = use_node_ref();
    {
        let frame = frame.clone();
        use_effect_with(props.open.clone(), move |open| {
            let before = gloo::utils::document().active_element();
            if let Some(element) = frame.cast::<HtmlElement>() {
                place_at(&element, open.x, open.y, open.above);
                if let Some(first) = focusable_in(&element, "button").first() {
                    let _ = first.focus();
                }
            }
            move || {
                let still = before.and_then(|element| element.dyn_into::<HtmlElement>().ok());
                let _ = still.filter(|element| element.is_connected()).map(|element| element.focus());
            }
        });
    }
    let keys = {
        let (frame, page) = (frame.clone(), page.clone());
        Callback::from(move |event: KeyboardEvent| {
            event.stop_propagation();
            match event.key().as_str() {
                "Escape" => page.act(FrontAction::CloseMenu),
                // The focus stays among its few buttons.
                "Tab" => {
                    event.prevent_default();
                    let Some(element) = frame.cast::<HtmlElement>() else { return };
                    let all = focusable_in(&element, "button");
                    let active = gloo::utils::document().active_element();
                    let at = all.iter().position(|button| Some(button.as_ref()) == active.as_ref());
                    let next = at.map_or(0, |at| (at + 1) % all.len().max(1));
                    let _ = all.get(next).map(|button| button.focus());
                }
                _ => {}
            }
        })
    };
    let title = title(words, &mend);
    let shown = match &change {
        Change::Text { name, old, new } => html! {
            <>
                <p class="muted">{ fill(words.fit.mend_in_file, &[name]) }</p>
                <pre class="diff">{ for diff(old, new).into_iter().map(|(mark, line)| {
                    let class = match mark { '+' => "added", '-' => "removed", _ => "same" };
                    html! { <span {class}>{ format!("{mark} {line}\n") }</span> }
                }) }</pre>
            </>
        },
        Change::Command(command) => html! {
            <>
                <p class="muted">{ words.fit.mend_command }</p>
                <pre class="diff"><code>{ format!("$ {}", command.shell_line()) }</code></pre>
            </>
        },
    };
    html! {
        <section class="front" aria-label={words.fit.mend}>
            <div class="menu-shade" aria-hidden="true" data-control="close-mend" onclick={page.on(FrontAction::CloseMenu)}></div>
            <div class="menu mend" role="dialog" aria-modal="true" ref={frame} aria-label={title.clone()} data-mend="open" onkeydown={keys}>
                <h2>{ title }</h2>
                { shown }
                <div class="mend-buttons">
                    <button type="button" class="plain-button primary" data-control="do-mend" onclick={page.on(change.action())}>{ words.fit.mend_do }</button>
                    <button type="button" class="plain-button" data-control="cancel-mend" onclick={page.on(FrontAction::CloseMenu)}>{ words.fit.cancel }</button>
                </div>
            </div>
        </section>
    }
}

#[derive(PartialEq, Properties)]
pub struct WhyLineProps {
    pub line: Line,
    /// `namespace/name`.
    pub daemonset: Rc<str>,
}

/// A line of a node's card.
#[component]
pub fn WhyLine(props: &WhyLineProps) -> Html {
    let words = use_page().words();
    let line = &props.line;
    let (state, glyph) = fit_state(line.fit);
    let name = props.daemonset.rsplit('/').next().unwrap_or_default();
    html! {
        <p class="why-not" data-why-not={props.daemonset.clone()} data-fit={line.fit.text()} data-state={state} data-cause={line.causes.first().map(Cause::kind)} title={line.text.clone()}>
            <Icon name={glyph} class="state" />
            <span>
                if matches!(line.fit, Fit::Unfit | Fit::Due) {
                    <b>{ fill(words.scene.no_pod_of, &[name]) }</b>{ " " }
                }
                { &*line.text }
            </span>
            if let Some(mend) = &line.mend {
                <MendButton mend={mend.clone()} in_cluster={true} />
            }
        </p>
    }
}

/// What keeps any DaemonSet's pods away from a node.
pub fn unfit(node: &NodeView) -> impl Iterator<Item = &Why> {
    node.why.iter().filter(|why| why.fit == Fit::Unfit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_lines_around_a_change_are_shown() {
        let (old, new) = ("a\nb\nc\nd\ne\n", "a\nb\nc\nx\ny\nd\ne\n");
        assert_eq!(diff(old, new), [(' ', "b"), (' ', "c"), ('+', "x"), ('+', "y"), (' ', "d"), (' ', "e")]);
        assert_eq!(diff("a\na\n", "a\na\na\n"), [(' ', "a"), (' ', "a"), ('+', "a")]);
        assert_eq!(diff("a", "b"), [('-', "a"), ('+', "b")]);
        assert_eq!(diff("a\nb", "a\nb"), [(' ', "a"), (' ', "b")]);
    }

    #[test]
    fn a_toleration_goes_into_the_file_that_holds_the_daemonset() {
        let desk = Desk::default();
        let daemonset: Rc<str> = "default/agent".into();
        let mend = view::why::mend(
            &Cause::Taint {
                key: "node-role.kubernetes.io/control-plane".into(),
                value: "".into(),
                effect: view::why::Effect::NoSchedule,
            },
            &daemonset,
            &"control-plane".into(),
        );
        let Some(Change::Text { name, old, new }) = mend.as_ref().map(|mend| Change::of(mend, &desk, false))
        else {
            panic!("{mend:?}")
        };
        assert_eq!(&*name, "agent.yaml");
        let added: Vec<&str> = diff(&old, &new)
            .into_iter()
            .filter(|(mark, _)| *mark != ' ')
            .map(|(_, line)| line.trim())
            .collect();
        assert_eq!(
            added,
            [
                "tolerations:",
                "- key: node-role.kubernetes.io/control-plane",
                "operator: Exists",
                "effect: NoSchedule"
            ]
        );
        // Without the file there is a command.
        let Some(mend) = mend else { return };
        let mut none = Desk::default();
        none.own.clear();
        let Change::Command(command) = Change::of(&mend, &none, false) else { panic!() };
        assert!(
            command.shell_line().contains("/spec/template/spec/tolerations\",\"value\":[{"),
            "{}",
            command.shell_line()
        );
    }
}

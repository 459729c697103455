//! `kubestage run`: plays a session.

use serde_json::{Value, json};
use sim::{SortedMap, SortedSet};
use stage::{CLUSTER_LINK_DELAY_MS, Command, Options, Script, Stage, Start};
use view::{Fit, NodeView, PodView};

use crate::args::{Misuse, Output, Run, read};
use crate::disk::{files_of, gather};
use crate::script::{self, lines};
use crate::{say, say_line};

/// Whether every command that was played went well.
pub(crate) fn run(run: &Run) -> Result<bool, Misuse> {
    if let Some(path) = &run.session {
        let text = String::from_utf8_lossy(&read(path)?).into_owned();
        let script = Script::parse(&text).map_err(|why| Misuse(why.to_string()))?;
        print(&mut Stage::from_script(&script), run.output);
        return Ok(true);
    }
    let options = Options {
        seed: run.seed,
        workers: run.workers,
        start: Start::Ready,
        link_delay_ms: CLUSTER_LINK_DELAY_MS,
        ..Options::default()
    };
    let mut stage = Stage::new(options);
    let end = stage.now() + run.until;
    let mut fine = true;
    for path in &run.files {
        let mut files = SortedMap::new();
        gather(path, false, &mut files)?;
        if files.is_empty() {
            files.insert(path.clone(), read(path)?.into());
        }
        let line = format!("kubectl apply -f {path}");
        fine &= play(&mut stage, &line, Command::Exec { line: line.clone(), files });
    }
    if let Some(path) = &run.script {
        let text = String::from_utf8_lossy(&read(path)?).into_owned();
        let mut given = SortedSet::new();
        for line in lines(&text) {
            fine &= play_line(&mut stage, &line, &mut given)?;
        }
    }
    if stage.now() < end {
        stage.run_until(end);
    }
    print(&mut stage, run.output);
    Ok(fine)
}

fn print(stage: &mut Stage, output: Output) {
    match output {
        Output::Table => print_table(stage),
        Output::Json => {
            say_line(format_args!("{}", serde_json::to_string_pretty(&state(stage)).unwrap_or_default()))
        }
        Output::Log => say(format_args!("{}", stage.log())),
    }
}

/// A line of a script, entered in the one terminal. Files of the real disk that it names are brought along
/// the first time that one is named: from then on the simulated home directory has it.
fn play_line(stage: &mut Stage, line: &str, given: &mut SortedSet<String>) -> Result<bool, Misuse> {
    if let Some(span) = script::sleep(line) {
        script::wait(stage, span);
        return Ok(true);
    }
    let mut files = files_of(line)?;
    files.retain(|name, _| given.insert(name.clone()));
    Ok(play(stage, line, script::entered(line, files)))
}

/// Plays a command to its end and prints what it says; whether it went well.
fn play(stage: &mut Stage, line: &str, command: Command) -> bool {
    let Some(job) = script::play(stage, command) else { return false };
    eprintln!("$ {line}");
    match job.text.strip_suffix('\n').unwrap_or(&job.text) {
        "" => {}
        text => eprintln!("{text}"),
    }
    job.exit_code == Some(0)
}

fn print_table(stage: &mut Stage) {
    let board = stage.board();
    let pods = || board.nodes.iter().flat_map(|node| &node.pods);
    let width = pods().map(|pod| pod.id.len()).max().unwrap_or(0);
    say_line(format_args!(
        "T+{}s, API server {:?}",
        board.now.since(stage.started()).as_secs(),
        board.api_server
    ));
    for node in &board.nodes {
        say_line(format_args!("\n{} ({})", node.name, node.status));
        for pod in &node.pods {
            say_line(format_args!(
                "  {:<width$}  {:<10} {:<8} {}",
                pod.id,
                pod.origin.text(),
                pod.ready,
                pod.status
            ));
        }
        for why in node.why.iter().filter(|why| why.fit == Fit::Unfit) {
            say_line(format_args!("  no pod of {}: {}", why.daemonset, view::why::sentence(&why.causes)));
        }
    }
    for pod in &board.pending {
        say_line(format_args!(
            "\nPending: {}: {}",
            pod.id,
            pod.reason.as_deref().unwrap_or("not scheduled yet")
        ));
    }
}

fn pod_json(pod: &PodView) -> Value {
    json!({
        "name": &*pod.name, "namespace": &*pod.namespace, "origin": pod.origin.text(),
        "state": pod.state.text(), "status": &*pod.status, "ready": &*pod.ready, "restarts": pod.restarts,
        "api": pod.api_status.as_deref(), "node": pod.node_status.map(view::OnNode::text),
    })
}

fn node_json(node: &NodeView) -> Value {
    json!({
        "name": &*node.name, "status": &*node.status,
        "pods": node.pods.iter().map(|pod| pod_json(pod)).collect::<Vec<_>>(),
        "whyNot": node.why.iter().filter(|why| why.fit == Fit::Unfit).map(|why| {
            json!({"daemonset": &*why.daemonset, "reasons": why.causes.iter().map(ToString::to_string).collect::<Vec<_>>()})
        }).collect::<Vec<_>>(),
    })
}

/// The whole state as plain JSON.
fn state(stage: &mut Stage) -> Value {
    let board = stage.board();
    json!({
        "now": board.now.since(stage.started()).as_micros(),
        "nodes": board.nodes.iter().map(|node| node_json(node)).collect::<Vec<_>>(),
        "pending": board.pending.iter().map(|pod| pod_json(pod)).collect::<Vec<_>>(),
        "logHash": stage.log_hash(),
    })
}

/// Of `script.rs`, which is also part of a test without a harness.
#[cfg(test)]
mod tests {
    use crate::script::{lines, names};

    #[test]
    fn here_documents_and_continued_lines_stay_together() {
        let text = "# a comment\nkubectl get \\\n  pods\n\ncat <<'EOF' | kubectl apply -f -\n# kept\nEOF\nkubectl get ds <<< x\n";
        assert_eq!(
            lines(text),
            ["kubectl get pods", "cat <<'EOF' | kubectl apply -f -\n# kept\nEOF", "kubectl get ds <<< x"]
        );
    }

    #[test]
    fn whatever_may_be_a_file_is_named() {
        let (found, deep) = names("kubectl apply -R -f a.yaml,b.yaml --filename='c.yaml'; cat <d.yaml");
        assert!(deep);
        for name in ["a.yaml", "b.yaml", "c.yaml", "d.yaml"] {
            assert!(found.contains(&name), "{found:?}");
        }
        assert!(!names("kubectl get pods\n-R").1);
    }
}

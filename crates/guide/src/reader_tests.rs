//! What is wrong with a story is told while building.

use std::collections::BTreeSet;

#[expect(dead_code, reason = "the build script reads every field")]
#[path = "../build/read.rs"]
mod read;

const SOUND: &str = r#"
scenario: demo
steps:
- id: one
  title: {en: "Title", ko: "제목"}
  claim: {en: "Claim", ko: "내용"}
  watch: {en: "Watch", ko: "관찰"}
  light: [nodes]
  parts:
  - id: part
    text: {en: "Text", ko: "글"}
    check: refused
    do:
    - {run: "kubectl apply -f a.yaml", files: [a.yaml]}
"#;

fn read(text: &str) -> Result<(), String> {
    let files = BTreeSet::from(["a.yaml".to_owned()]);
    read::story(text, &files).map(|_| ())
}

#[test]
fn a_sound_story_is_read() {
    assert_eq!(read(SOUND), Ok(()));
}

#[test]
fn what_is_wrong_is_named() {
    let cases = [
        ("scenario: demo", "scenario: demon", "unknown scenario \"demon\""),
        ("light: [nodes]", "light: []", "step one: nothing to light up"),
        ("id: one", "id: One", "\"One\" is no id"),
        ("en: \"Text\"", "en: \"글\"", "step one: part part: not English: \"글\""),
        ("ko: \"글\"", "ko: \"Text\"", "step one: part part: not Korean: \"Text\""),
        ("ko: \"글\"", "ko: \"\"", "step one: part part: a text is empty or has space around it: \"\""),
        ("files: [a.yaml]", "files: [b.yaml]", "step one: part part: no file \"b.yaml\" in static/scenarios"),
        ("-f a.yaml\"", "-f c.yaml\"", "step one: part part: the line does not name Some(\"a.yaml\")"),
        (
            "files: [a.yaml]}",
            "join: worker-4}",
            "step one: part part: a command is exactly one of run, write and join",
        ),
    ];
    for (from, to, error) in cases {
        let text = SOUND.replace(from, to);
        assert_ne!(text, SOUND, "{from}");
        assert_eq!(read(&text), Err(error.to_owned()));
    }
    let unknown = [
        ("watch:", "wach:", "unknown field `wach`"),
        ("light: [nodes]", "light: [node]", "unknown variant `node`"),
        ("check: refused", "check: refuse", "unknown variant `refuse`"),
    ];
    for (from, to, error) in unknown {
        let found = read(&SOUND.replace(from, to)).unwrap_err();
        assert!(found.contains(error), "{found}");
    }
    let twice = SOUND.replace("    do:", "  - {id: two, text: {en: A, ko: 글}, check: refused}\n  - id: three\n    text: {en: A, ko: 글}\n    check: file-gone\n    do:");
    assert_eq!(read(&twice), Err("Refused is checked twice".to_owned()));
}

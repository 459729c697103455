//! The plain sentence below a mistake, in the page's language. The mistake itself is said in the real program's words.

use yaml::Diagnostic;

use crate::words::{Lang, fill};

/// What helps with a mistake; in English where there is no translation.
pub fn hint(lang: Lang, diagnostic: &Diagnostic) -> Option<String> {
    let help = diagnostic.help.as_deref()?;
    match lang {
        Lang::En => Some(help.to_owned()),
        Lang::Ko => Some(korean(help).unwrap_or_else(|| help.to_owned())),
    }
}

const DROPPED: &str = "The kubelet drops it without a word.";
const DROPPED_KO: &str = "kubelet은 이 필드를 아무 말 없이 버립니다.";

fn korean(help: &str) -> Option<String> {
    if let Some(first) = help.strip_suffix(DROPPED) {
        let first = first.trim_end();
        return match first.is_empty() {
            true => Some(DROPPED_KO.to_owned()),
            false => Some(format!("{} {DROPPED_KO}", korean(first)?)),
        };
    }
    let whole = SENTENCES.iter().find(|(english, _)| *english == help);
    whole
        .map(|(_, korean)| (*korean).to_owned())
        .or_else(|| PATTERNS.iter().find_map(|pair| filled(help, *pair)))
}

/// A sentence with one word of the text in it.
fn filled(help: &str, (english, korean): (&str, &str)) -> Option<String> {
    let (before, behind) = english.split_once("{}")?;
    let word = help.strip_prefix(before)?.strip_suffix(behind)?;
    Some(fill(korean, &[word]))
}

const PATTERNS: [(&str, &str); 3] = [
    ("Did you mean {}?", "혹시 {}인가요?"),
    ("Kubernetes serves it as {}", "Kubernetes API에서의 이름: {}"),
    (
        "The last one wins without a word; delete this line or line {}.",
        "아무 경고 없이 마지막 값만 쓰입니다. 이 줄이나 {}번째 줄을 지우세요.",
    ),
];

const SENTENCES: &[(&str, &str)] = &[
    (
        "YAML allows no tab in indentation: use blanks.",
        "YAML에서는 탭으로 들여쓸 수 없습니다. 공백을 쓰세요.",
    ),
    (
        "A value that begins with this character must stand in quotes.",
        "이 문자로 시작하는 값은 따옴표로 묶어야 합니다.",
    ),
    ("A value that begins with ! must stand in quotes.", "!로 시작하는 값은 따옴표로 묶어야 합니다."),
    (
        "A value that begins with * or & must stand in quotes.",
        "*나 &로 시작하는 값은 따옴표로 묶어야 합니다.",
    ),
    ("A value that begins with * must stand in quotes.", "*로 시작하는 값은 따옴표로 묶어야 합니다."),
    (
        "This line lacks a colon, or belongs to the value above it.",
        "이 줄에 콜론이 없거나, 이 줄이 위쪽 값의 일부입니다.",
    ),
    (
        "A second colon in one line: quote the value, or check the indentation.",
        "한 줄에 콜론이 두 번 나옵니다. 값을 따옴표로 묶거나 들여쓰기를 확인하세요.",
    ),
    (
        "The indentation of this line fits nothing above it.",
        "이 줄의 들여쓰기가 위의 어느 줄과도 맞지 않습니다.",
    ),
    ("A list must begin on a line of its own.", "목록은 새 줄에서 시작해야 합니다."),
    ("This list is not closed, or lacks a comma.", "목록이 닫히지 않았거나 쉼표가 빠졌습니다."),
    ("This map is not closed, or lacks a comma.", "맵이 닫히지 않았거나 쉼표가 빠졌습니다."),
    ("This quote is never closed.", "따옴표가 닫히지 않았습니다."),
    (
        "Double quotes give the backslash a meaning: use single quotes, or two backslashes.",
        "큰따옴표 안에서는 백슬래시가 특별한 뜻을 가집니다. 작은따옴표를 쓰거나 백슬래시를 두 번 쓰세요.",
    ),
    ("kubectl reads no %YAML line: delete it.", "kubectl은 %YAML 줄을 읽지 못합니다. 지우세요."),
    ("Delete the invisible character here.", "여기 있는 보이지 않는 문자를 지우세요."),
    ("This looks like a template that has not been rendered.", "아직 렌더링하지 않은 템플릿으로 보입니다."),
    ("A separator is exactly three dashes.", "구분선은 정확히 하이픈 세 개입니다."),
    (
        "Behind the three dashes only a comment may stand; kubectl applies nothing before this line either.",
        "하이픈 세 개 뒤에는 주석만 올 수 있습니다. kubectl은 이 줄 앞의 내용도 적용하지 않습니다.",
    ),
    (
        "Braces begin a map in YAML; a template must be rendered first, and a text with braces quoted.",
        "YAML에서 중괄호는 맵을 시작합니다. 템플릿이면 먼저 렌더링하고, 중괄호가 든 문자열이면 따옴표로 묶으세요.",
    ),
    (
        "The aliases unfold to far more than the file holds: write the values out.",
        "별칭을 펼치면 파일보다 훨씬 커집니다. 값을 직접 쓰세요.",
    ),
    (
        "Create the namespace first; documents of one file are applied in their order.",
        "네임스페이스를 먼저 만드세요. 한 파일의 문서는 순서대로 적용됩니다.",
    ),
    ("Give metadata.name, or use kubectl create.", "metadata.name을 쓰거나 kubectl create를 사용하세요."),
    ("Write an amount like 500m, 2 or 1.5Gi.", "500m, 2, 1.5Gi와 같은 형식으로 쓰세요."),
    (
        "Values under data are base64; plain text belongs under stringData.",
        "data의 값은 base64입니다. 일반 텍스트는 stringData에 쓰세요.",
    ),
    (
        "A DaemonSet goes to the API server with kubectl apply; staticPodPath takes Pods only",
        "DaemonSet은 kubectl apply로 API 서버에 보냅니다. staticPodPath에는 Pod만 둘 수 있습니다",
    ),
    ("staticPodPath takes one Pod for each file", "staticPodPath의 파일 하나에는 Pod 하나만 둘 수 있습니다"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use stage::{Options, Stage};

    #[test]
    fn every_hint_of_a_broken_manifest_is_translated() {
        let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n";
        let texts = [
            "a: b: c\n",
            "\tkind: Pod\n",
            "a: [1\n",
            "a: {b: 1\n",
            "a: \"b\n",
            "a: {{ .Values.b }}\n",
            "a: @b\n",
            "a\nb: c\n",
            "kind: Deployment\napiVersion: extensions/v1beta1\nmetadata: {name: a}\n",
            &format!("{pod}  containers: [{{name: a, imge: b}}]\n"),
            &format!("{pod}  containers: [{{name: a, image: b, resources: {{limits: {{cpu: much}}}}}}]\n"),
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: b}\n",
        ];
        let stage = Stage::new(Options::default());
        let found: Vec<_> = texts.iter().flat_map(|text| stage.check_apply(text)).collect();
        let hints: Vec<_> = found.iter().filter_map(|found| hint(Lang::Ko, found)).collect();
        let is_korean = |hint: &&String| hint.chars().any(|c| ('가'..='힣').contains(&c));
        assert!(hints.len() >= 8, "{hints:?}");
        assert_eq!(hints.iter().find(|hint| !is_korean(hint)), None);
    }
}

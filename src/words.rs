//! The page's own words, in English and Korean. What Kubernetes says stays as it is.
//!
//! `{}` stands for what [`fill`] puts in, in order.

use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Lang {
    #[default]
    En,
    Ko,
}

impl Lang {
    pub fn words(self) -> &'static Words {
        match self {
            Lang::En => &EN,
            Lang::Ko => &KO,
        }
    }

    pub fn code(self) -> &'static str {
        match self {
            Lang::En => "en",
            Lang::Ko => "ko",
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Lang::En => "English",
            Lang::Ko => "한국어",
        }
    }

    pub fn from_code(code: &str) -> Option<Lang> {
        match code.get(..2)? {
            "en" => Some(Lang::En),
            "ko" => Some(Lang::Ko),
            _ => None,
        }
    }
}

/// 150,000 is easier to read than 150000.
pub fn grouped(number: u32) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Puts `parts` where the `{}` of a text stand, in order.
pub fn fill(text: &str, parts: &[&str]) -> String {
    let mut filled = String::with_capacity(text.len());
    let mut parts = parts.iter();
    let mut pieces = text.split("{}");
    filled.push_str(pieces.next().unwrap_or_default());
    for piece in pieces {
        filled.push_str(parts.next().copied().unwrap_or_default());
        filled.push_str(piece);
    }
    filled
}

/// A subject's words: each with its English and its Korean.
macro_rules! words {
    ($($(#[$note:meta])* $name:ident: $en:literal, $ko:literal;)*) => {
        pub struct Words { $($(#[$note])* pub $name: &'static str,)* }
        pub(super) const EN: Words = Words { $($name: $en,)* };
        pub(super) const KO: Words = Words { $($name: $ko,)* };
    };
}

macro_rules! subjects {
    ($($subject:ident)*) => {
        $(mod $subject;)*
        /// The page's words in one language, by subject.
        pub struct Words { $(pub $subject: $subject::Words,)* }
        static EN: Words = Words { $($subject: $subject::EN,)* };
        static KO: Words = Words { $($subject: $subject::KO,)* };
    };
}

subjects! { bar broken captions desk details drawer editor files fit fleet guide help menu panes scene }

impl Words {
    /// The editor's own words and what stands for them here; nothing in English, whose words they are.
    pub fn editor_phrases(&self) -> &'static [(&'static str, &'static str)] {
        if std::ptr::eq(self, &KO) { editor::EDITOR_KO } else { &[] }
    }
}

/// What a part of the control plane is for, in one sentence.
pub fn part_sentence(lang: Lang, part: &str) -> &'static str {
    let (en, ko) = match part {
        "kube-apiserver" => (
            "Every part talks to this one only. While it is down, nothing new is deployed through it; what runs goes on.",
            "모든 구성 요소는 API 서버하고만 통신합니다. 중지된 동안 새로 배포되는 것은 없지만, 실행 중이던 파드는 계속 실행됩니다.",
        ),
        "etcd" => (
            "Keeps the objects. Only the API server talks to it.",
            "오브젝트를 저장합니다. API 서버만 etcd와 통신합니다.",
        ),
        "kube-controller-manager" => (
            "Runs the DaemonSet controller, among others: it makes a pod for every node that should have one.",
            "DaemonSet 컨트롤러 등을 실행합니다. 파드가 있어야 할 노드마다 파드를 만듭니다.",
        ),
        "kube-scheduler" => (
            "Gives pods a node. A DaemonSet's pods too: each is pinned to its node by an affinity.",
            "파드에 노드를 배정합니다. DaemonSet의 파드도 마찬가지로, 어피니티로 노드가 정해져 있습니다.",
        ),
        _ => ("", ""),
    };
    match lang {
        Lang::En => en,
        Lang::Ko => ko,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_put_in_order() {
        assert_eq!(fill("a {} b {}.", &["1", "2"]), "a 1 b 2.");
        assert_eq!(fill("{} {}", &["only"]), "only ");
    }
}

#[cfg(test)]
mod number_tests {
    use super::grouped;

    #[test]
    fn thousands_are_set_apart() {
        assert_eq!(
            [0, 999, 1000, 150_000, 4_294_967_295].map(grouped),
            ["0", "999", "1,000", "150,000", "4,294,967,295"]
        );
    }
}

//! The editor: its hints, keys and mends.

words! {
    vim: "Vim keys in the editor", "편집기에서 Vim 키 사용";
    vim_long: "Escape, then Tab leaves the editor as before; :w applies or saves", "이전처럼 Esc 다음 Tab으로 편집기에서 나가고, :w로 적용하거나 저장합니다";
    required: "required", "필수";
    fix_change: "Change to {}", "변경: {}";
    fix_add: "Add {}", "{} 추가";
    fix_keys: "Ctrl+. in the editor", "편집기에서 Ctrl+.";
    fix_blanks: "Turn tabs into blanks", "탭을 공백으로 변경";
    fix_labels: "Give the template the selector's labels", "템플릿 label을 selector에 맞추기";
    take_theirs: "Take the cluster's", "클러스터 값 가져오기";
    apply_mine: "Apply the file", "이 파일 적용";
    in_file: "file", "파일";
    in_cluster: "cluster", "클러스터";
    nothing_there: "nothing", "없음";
    /// {} is a list of values.
    one_of: "One of: {}", "가능한 값: {}";
    editor_hint: "Press Escape, then Tab to leave the editor", "편집기에서 나가려면 Esc를 누른 뒤 Tab을 누르세요";
}

/// The editor's own words and what stands for them in Korean.
pub(super) static EDITOR_KO: &[(&str, &str)] = &[
    ("Find", "찾기"),
    ("Replace", "바꾸기"),
    ("next", "다음"),
    ("previous", "이전"),
    ("all", "모두"),
    ("match case", "대소문자 구분"),
    ("by word", "단어 단위"),
    ("regexp", "정규식"),
    ("replace", "바꾸기"),
    ("replace all", "모두 바꾸기"),
    ("close", "닫기"),
    ("Diagnostics", "진단"),
    ("No diagnostics", "진단 없음"),
    ("Completions", "자동 완성"),
    ("Control character", "제어 문자"),
    ("current match", "현재 일치"),
    ("on line", "행"),
    ("Fold line", "접기"),
    ("Unfold line", "펼치기"),
    ("folded code", "접힌 부분"),
    ("unfold", "펼치기"),
    ("Go to line", "행으로 이동"),
    ("go", "이동"),
];

//! The desk: what becomes of its texts.

words! {
    desk: "Files", "편집 영역";
    desk_daemonset: "DaemonSet", "DaemonSet";
    desk_files: "Node files", "노드 파일";
    show_desk: "Files", "파일";
    hide_desk: "Hide the files", "파일 숨기기";
    live: "Live", "자동 적용";
    live_long: "On: what you type takes effect as soon as it is sound. Off: with the button or Ctrl+Enter", "켜면 올바른 내용이 입력 즉시 반영됩니다. 끄면 버튼이나 Ctrl+Enter로 반영합니다";
    apply: "Apply", "적용";
    save: "Save", "저장";
    applied: "Applied", "적용됨";
    saved: "Saved on the node", "노드에 저장됨";
    applying: "Under way…", "처리 중…";
    failed: "Failed", "실패";
    failed_refused: "Failed: no API server. Live tries again when it is back", "실패: API 서버 없음. API 서버가 돌아오면 다시 적용합니다";
    /// {} is what has changed.
    drifted: "Applied, and changed in the cluster since: {}", "적용한 뒤 클러스터에서 변경됨: {}";
    /// {} is an object.
    drift_gone: "{} is gone", "{} 삭제됨";
    lag_stopped: "Saved, and not read: the kubelet is stopped", "저장됨. kubelet이 중지되어 아직 읽지 않음";
    lag_unreadable: "Saved, and the kubelet cannot read it: it keeps what it has read before for now", "저장됨. kubelet이 읽지 못해 일단 이전 내용을 유지합니다";
    lag_not_yet: "Saved, and not running yet", "저장됨. 아직 실행에 반영되지 않음";
    /// {} is a pod.
    lag_pod: "What runs still is {} as the file said before", "실행 중인 것은 이전 파일 내용의 {}";
    runs: "runs", "실행 중";
    saved_refused: "Saved on the node, and the kubelet cannot read it", "노드에 저장됨. kubelet이 읽지 못하는 내용입니다";
    save_anyway: "Save all the same", "그래도 저장";
    not_applied_live: "Not applied to this cluster yet. Live applies it with your next change.", "이 클러스터에는 아직 적용되지 않았습니다. 다음에 고칠 때 자동 적용됩니다.";
    not_applied: "Not applied yet", "아직 적용 안 됨";
    not_saved: "Not saved yet", "아직 저장 안 됨";
    refused: "refused", "거부됨";
    refused_own: "Not applied: what ran before goes on", "적용되지 않음: 실행 중이던 파드는 그대로 유지됩니다";
    refused_node: "Not saved by itself: the kubelet could not read this", "자동 저장되지 않음: kubelet이 읽지 못할 내용입니다";
    outcome: "What became of it", "처리 결과";
    problems: "Problems", "문제";
    editor_label: "{}, applied with kubectl", "{}, kubectl로 적용";
    /// {} is a path, then a node's name.
    node_editor_label: "{} on {}", "{}, {} 노드";
}

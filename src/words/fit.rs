//! Why there is a pod on a node, or none, and what mends it.

words! {
    pod_is_coming: "a pod is about to be made", "곧 파드가 생성됩니다";
    fit_runs: "runs", "실행 중";
    fit_waits: "waits", "대기 중";
    fit_due: "to come", "생성 예정";
    fit_unfit: "none", "없음";
    fit_stays: "stays", "유지";
    on_the_nodes: "On the nodes", "노드별 상태";
    mend: "Fix…", "해결…";
    mend_do: "Do it", "실행";
    cancel: "Cancel", "취소";
    /// {} is a taint's key.
    mend_tolerate: "Tolerate the taint {}", "테인트 {} 허용";
    /// {} is a node, then key=value.
    mend_label: "Give {} the label {}", "{} 노드에 레이블 {} 추가";
    /// {} is a kind, then a name.
    mend_create: "Create {} {}", "{} {} 생성";
    /// {} is a pod.
    mend_free: "Free the port: take {} away", "포트 비우기: {} 파드 제거";
    /// {} is a node.
    mend_kubelet: "Start the kubelet of {}", "{} 노드의 kubelet 시작";
    /// {} is a file.
    mend_in_file: "Changes {}, and applies it:", "{} 파일을 고치고 적용합니다:";
    mend_command: "Runs the command:", "다음 명령을 실행합니다:";
}

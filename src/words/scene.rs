//! The cluster: parts, nodes and pods, what a text would change, the filter, the trail.

words! {
    stage: "Cluster", "클러스터 화면";
    control_plane: "Control plane", "컨트롤 플레인";
    nodes: "Nodes", "노드";
    you: "you", "사용자";
    legend: "What the outlines mean", "테두리 모양의 뜻";
    none: "none", "없음";
    under_way: "Messages under way", "전달 중인 메시지";
    part_running: "running", "실행 중";
    part_starting: "starting", "시작 중";
    part_down: "down", "중지됨";
    part_standby: "waits for its lease", "Lease 대기 중";
    stopped: "stopped", "중지됨";
    power_off: "powered off", "전원 꺼짐";
    origin: "Kind of pod", "종류";
    origin_daemonset: "DaemonSet pod", "DaemonSet 파드";
    origin_static: "static pod", "스태틱 파드";
    origin_api: "other pod", "일반 파드";
    /// {} is a node's name.
    pods_on: "Pods on {}", "{}의 파드";
    no_pods: "no pods", "파드 없음";
    /// {} is a number.
    system_pods_hidden: "{} of kube-system hidden", "kube-system 파드 {}개 숨김";
    restarts: "restarts", "재시작 횟수";
    waits_for_node: "waits for its node", "노드 배정 대기 중";
    /// {} is a clock.
    as_of: "as last known at T+{}", "T+{} 기준";
    truth_api: "API server", "API 서버";
    truth_api_short: "API", "API";
    truth_node: "node", "노드";
    truth_node_long: "on the node", "노드에서는";
    two_truths: "What the API server believes, and what runs on the node", "API 서버가 아는 상태와 노드의 실제 상태";
    not_listed: "not listed", "목록에 없음";
    nothing_runs: "nothing runs", "실행 중인 것 없음";
    /// {} is a DaemonSet's name; the reasons follow.
    no_pod_of: "No pod of {}:", "{} 파드 없음:";
    pending_tray: "Pending pods", "대기 중인 파드";
    /// {} is a number of pods.
    waits_for_any_node: "{} without a node", "노드가 없는 파드 {}개";
    open_directory: "Open this node's files", "이 노드의 파일 열기";
    /// {} is a number.
    files_count: "{} files", "파일 {}개";
    no_static_path: "no staticPodPath", "staticPodPath 없음";
    restart_needed: "restart needed", "재시작 필요";
    restart_needed_long: "The config file names another staticPodPath than the running kubelet uses. Restart the kubelet to make it count.", "설정 파일의 staticPodPath가 실행 중인 kubelet이 쓰는 값과 다릅니다. kubelet을 재시작해야 반영됩니다.";
    foreseen: "Not in effect yet:", "아직 반영 전:";
    would_come: "would come", "생성될 예정";
    would_wait: "would wait", "대기할 예정";
    would_go: "would go", "사라질 예정";
    would_restart: "would restart", "다시 시작될 예정";
    filter: "Filter the pods", "파드 거르기";
    filter_long: "Filter the pods: part of a name, node=worker-1, status=CrashLoopBackOff, kind=static, or labels", "파드 거르기: 이름의 일부, node=worker-1, status=CrashLoopBackOff, kind=static, 레이블";
    filter_hint: "filter…", "필터…";
    /// {} is how many match, then of how many.
    filtered: "{} of {}", "{} / {}개";
    trail: "What the last command has brought about", "마지막 명령의 결과";
    way_api: "through the API server", "API 서버를 거침";
    way_file: "from a file", "파일에서 시작";
}

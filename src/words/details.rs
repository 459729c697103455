//! What is picked, in detail.

words! {
    inspector: "Details", "상세";
    /// {} is a name.
    gone: "{} is gone", "{}: 삭제되었습니다";
    replaced_by: "Its place has", "그 자리를 대신하는 파드:";
    /// {} is a node.
    successor_comes: "Another one comes on {}", "{} 노드에 새 파드가 곧 생성됩니다";
    /// {} is a clock.
    static_since: "Its container has been running since T+{}, and no mirror stands for it.", "컨테이너는 T+{}부터 계속 실행 중이며, 미러 파드는 없습니다.";
    /// {} is a clock, then another one.
    static_since_mirror: "Its container has been running since T+{}. The mirror that stands for it is from T+{}.", "컨테이너는 T+{}부터 계속 실행 중입니다. 지금의 미러 파드는 T+{}에 만들어졌습니다.";
    // The names of fields: all of them in the page's language.
    f_status: "Status", "상태";
    f_namespace: "Namespace", "네임스페이스";
    f_controlled_by: "Controlled By", "관리 주체";
    f_ip: "IP", "IP";
    f_internal_ip: "Internal IP", "내부 IP";
    f_roles: "Roles", "역할";
    f_memory: "Memory", "메모리";
    f_taints: "Taints", "테인트";
    f_labels: "Labels", "레이블";
    f_desired: "Desired", "필요";
    f_current: "Current", "현재";
    f_ready: "Ready", "준비됨";
    f_up_to_date: "Up-to-date", "최신";
    f_available: "Available", "사용 가능";
    f_misscheduled: "Misscheduled", "잘못 배치됨";
    f_node_selector: "Node-Selector", "노드 셀렉터";
    file: "File", "파일";
    created: "Created", "생성";
    why: "Why", "이유";
    containers: "Containers", "컨테이너";
    killed_in: "killed in", "강제 종료까지";
    step_volumes: "waits for volumes", "볼륨 대기 중";
    step_sandbox: "making its sandbox", "샌드박스 생성 중";
    step_image: "pulling its image", "이미지 받는 중";
    step_container: "starting", "시작 중";
    next_start_in: "next start in", "다음 시작까지";
    events: "Events", "이벤트";
    latest: "Latest events", "최근 이벤트";
    nodes_without: "Nodes without a pod", "파드가 없는 노드";
    /// {} is a node's name.
    plain_static: "The kubelet of {} runs this from a file. What the API server lists is only its mirror: deleting that changes nothing on the node.", "{}의 kubelet이 파일을 보고 직접 실행하는 파드입니다. API 서버에 보이는 것은 미러일 뿐이라, 지워도 노드에서는 아무 일도 일어나지 않습니다.";
    plain_static_hidden: "The kubelet of {} runs this from a file, and the API server knows nothing of it.", "{}의 kubelet이 파일을 보고 실행하지만, API 서버는 이 파드를 모릅니다.";
    /// {} is a DaemonSet's name, then a node's.
    plain_daemonset: "DaemonSet {} wants one pod on every matching node; this is the one for {}. Delete it and a new one with another name takes its place.", "{} DaemonSet은 조건에 맞는 노드마다 파드를 하나씩 둡니다. 이 파드는 {} 노드에 배정된 것이며, 지우면 다른 이름의 새 파드가 만들어집니다.";
    plain_api: "Created through the API server by something other than a DaemonSet.", "DaemonSet이 아닌 다른 주체(사용자 등)가 API 서버를 통해 만든 파드입니다.";
    part_is_static: "It is itself a static pod: its file lies in the manifest directory of the control-plane node.", "이 구성 요소도 스태틱 파드입니다. 매니페스트 파일이 control-plane 노드의 디렉터리에 있습니다.";
    welcome: "A whole small Kubernetes runs in this page. Change the YAML on the left, or click anything, and watch what each part does.", "이 페이지 안에서 작은 쿠버네티스가 통째로 실행됩니다. 왼쪽 YAML을 고치거나 무엇이든 눌러 보면서 각 구성 요소가 하는 일을 지켜보세요.";
}

//! Captions. Names of pods and nodes are put in.

words! {
    /// Between two names.
    cap_and: " and ", ", ";
    /// {} is a number.
    cap_pods: "{} pods", "파드 {}개";
    cap_nodes: "{} nodes", "노드 {}개";
    /// {} is a kind and a name.
    cap_asked: "kubectl asks the API server for {}", "kubectl이 API 서버에 {} 조회를 요청합니다";
    cap_answered: "The API server answers kubectl", "API 서버가 kubectl에 응답합니다";
    cap_refused: "kubectl is refused: no API server listens", "API 서버가 없어 kubectl 연결이 거부됩니다";
    cap_sent: "kubectl sends {} to the API server", "kubectl이 API 서버에 {} 적용을 요청합니다";
    cap_deletion: "kubectl asks the API server to delete {}", "kubectl이 API 서버에 {} 삭제를 요청합니다";
    cap_noticed: "The controller-manager hears of {}", "컨트롤러 매니저에 {} 생성이 통지됩니다";
    cap_missed: "The controller-manager hears that {} is gone", "컨트롤러 매니저에 {} 삭제가 통지됩니다";
    /// How many of how many nodes, a DaemonSet, how many pods.
    cap_creates_more: "{} of {} nodes have a pod of {}: the controller-manager creates {}", "{} / {} 노드에 {} 파드가 있어, 컨트롤러 매니저가 {}개를 더 만듭니다";
    /// A DaemonSet, how many pods.
    cap_creates: "The controller-manager creates pods for {} (+{})", "컨트롤러 매니저가 {} 파드를 만듭니다 (+{})";
    cap_removed: "The controller-manager deletes {}", "컨트롤러 매니저가 {} 삭제를 요청합니다";
    cap_marked: "The controller-manager marks {}", "컨트롤러 매니저가 {} 노드에 표시를 남깁니다";
    cap_queued: "The scheduler hears of {}: no node yet", "스케줄러에 {} 생성이 통지됩니다. 아직 노드가 없습니다";
    /// Pods, then nodes.
    cap_bound: "The scheduler binds {} to {}", "스케줄러가 {}에 노드를 배정합니다: {}";
    /// A node, then a pod.
    cap_handed: "On {} the kubelet hears of {}", "{}의 kubelet에 {} 배정이 통지됩니다";
    cap_end_asked: "On {} the kubelet hears that {} is to end", "{}의 kubelet에 {} 종료가 통지됩니다";
    cap_ended: "On {} the kubelet has ended {}, and deletes its object", "{}의 kubelet이 {} 종료를 마치고 오브젝트를 삭제합니다";
    cap_ended_more: "On {} the kubelets have ended {}, and delete their objects", "{}의 kubelet이 {} 종료를 마치고 오브젝트를 삭제합니다";
    cap_read: "On {} a file has changed: the kubelet reads {}", "{}의 kubelet이 바뀐 {} 파일을 읽습니다";
    cap_set_up: "On {} the kubelet sets up {}", "{}의 kubelet이 {} 실행을 준비합니다";
    cap_from_file: "On {} the kubelet sets up {} from its file: nobody else is asked", "{}의 kubelet이 파일만 보고 {} 실행을 준비합니다";
    cap_started: "On {} the kubelet starts the containers of {}", "{}의 kubelet이 {}의 컨테이너를 시작합니다";
    cap_mirrored: "On {} the kubelet tells the API server of {}: its mirror pod", "{}의 kubelet이 API 서버에 {} 미러 파드를 만듭니다";
    /// The last is a phase.
    cap_reported: "On {} the kubelet reports {}: {}", "{}의 kubelet이 {} 상태를 보고합니다: {}";
    /// A pod, a node, a number of seconds.
    cap_report_again: "The kubelet on {} reports again in {} s", "{}의 kubelet이 {}초 뒤에 다시 보고합니다";
    cap_file_check: "The kubelet on {} looks through its directory again in {} s", "{}의 kubelet이 {}초 뒤에 디렉터리를 다시 훑어봅니다";
    cap_back_off: "{} on {} starts again in {} s", "{}({}) 다시 시작까지 {}초";
}

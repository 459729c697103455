//! Keys and help.

words! {
    key_play: "Play or pause", "재생 또는 일시 정지";
    key_step_ten: "Next ten changes", "변화 10개 진행";
    key_slower: "Slower", "느리게";
    key_faster: "Faster", "빠르게";
    key_console: "To the command line", "명령줄로 이동";
    key_crash: "Crash the container of the focused or selected pod", "포커스를 둔 파드의 컨테이너 비정상 종료(crash)";
    key_delete: "Delete the focused or selected pod", "포커스를 둔 파드 삭제";
    key_escape: "Close what is open", "열린 창 닫기";
    key_apply: "Apply or save", "적용 또는 저장";
    key_leave: "Leave the editor", "편집기에서 나가기";
    keys_stage: "In the cluster", "클러스터 화면에서";
    keys_editor: "In the editor", "편집기에서";
    keys_anywhere: "Anywhere", "어디서나";
    letters: "Single keys in the cluster", "클러스터 화면에서 단일 키 사용";
    about: "What this is", "소개";
    about_text: "kubestage simulates Kubernetes 1.36: an API server with its store, the DaemonSet controller, the scheduler and a kubelet per node, in virtual time. Containers do not really run; how long things take is a setting. It is not affiliated with the Kubernetes project.", "kubestage는 Kubernetes 1.36을 시뮬레이션합니다. etcd를 저장소로 쓰는 API 서버, DaemonSet 컨트롤러, 스케줄러, 노드별 kubelet이 가상 시간 속에서 움직입니다. 컨테이너가 실제로 실행되지는 않으며, 소요 시간은 설정으로 정한 값입니다. Kubernetes 프로젝트와는 관계가 없습니다.";
    privacy: "Everything happens in this tab. Nothing is sent anywhere, and there are no cookies.", "모든 동작은 이 탭 안에서만 이루어집니다. 어디로도 전송하지 않으며 쿠키도 쓰지 않습니다.";
}

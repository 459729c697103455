//! Menus of pods, nodes and parts.

words! {
    actions: "Actions", "동작";
    show: "Details", "자세히 보기";
    /// {} is a container's name.
    crash_container: "Crash container {}", "{} 컨테이너 비정상 종료(crash)";
    delete: "Delete the pod", "파드 삭제";
    force_delete: "Force-delete the pod", "파드 강제 삭제";
    open_file: "Open its file", "파일 열기";
    move_away: "Move its file away", "파일을 디렉터리 밖으로 옮기기";
    stop_kubelet: "Stop the kubelet", "kubelet 중지";
    start_kubelet: "Start the kubelet", "kubelet 시작";
    restart_kubelet: "Restart the kubelet", "kubelet 재시작";
    cordon: "Cordon: no new pods", "cordon: 새 파드 받지 않기";
    uncordon: "Uncordon", "uncordon: 다시 파드 받기";
    drain: "Drain", "drain: 파드 비우기";
    delete_node: "Delete the Node object", "Node 오브젝트 삭제";
    switch_off: "Switch the computer off", "서버 전원 끄기";
    switch_on: "Switch the computer on", "서버 전원 켜기";
    cut_network: "Pull the network cable", "네트워크 케이블 뽑기";
    restore_network: "Plug the network cable in", "네트워크 케이블 꽂기";
    /// {} is a part of the control plane.
    stop_part: "Stop {}", "{} 중지";
    start_part: "Start {}", "{} 시작";
    describe: "Describe", "describe 출력";
    rollout_restart: "Restart its pods", "파드 롤링 재시작";
    delete_daemonset: "Delete the DaemonSet", "DaemonSet 삭제";
}

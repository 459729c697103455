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

macro_rules! words {
    ($($(#[$note:meta])* $name:ident: $en:literal, $ko:literal;)*) => {
        pub struct Words { $($(#[$note])* pub $name: &'static str,)* }
        pub static EN: Words = Words { $($name: $en,)* };
        pub static KO: Words = Words { $($name: $ko,)* };
    };
}

words! {
    // The bar above.
    scenario: "Scenario", "시나리오";
    start_demo: "DaemonSet and static pod", "DaemonSet과 스태틱 파드";
    start_demo_long: "A calm cluster with one DaemonSet applied and one static pod's file on worker-1", "DaemonSet 하나가 적용되어 있고 worker-1에 스태틱 파드 파일이 하나 있는 안정된 클러스터";
    start_ready: "Empty cluster", "빈 클러스터";
    start_ready_long: "The control plane is up, and nothing of yours runs yet", "컨트롤 플레인은 떠 있고, 아직 아무것도 배포하지 않은 상태";
    start_bare: "Watch the boot", "부팅 과정 보기";
    start_bare_long: "The nodes are switched on at T+0: see the static pods of the control plane come up first", "T+0에 노드의 전원이 켜집니다. 컨트롤 플레인의 스태틱 파드가 먼저 뜨는 모습을 볼 수 있습니다";
    start_note: "Starting anew discards the present cluster. Your files in the editor stay.", "새로 시작하면 지금 클러스터는 사라집니다. 편집기의 파일은 그대로 남습니다.";
    time: "Time", "시간";
    play: "Play", "재생";
    pause: "Pause", "일시 정지";
    step: "Next change", "다음 변화로";
    speed: "Speed", "속도";
    clock: "Virtual time since the start", "시작 후 가상 시간";
    api_server: "API server", "API 서버";
    api_up: "up", "정상";
    api_stopping: "stopping", "종료 중";
    stop: "Stop", "중지";
    start: "Start", "시작";
    open_its_file: "Its file…", "파일 보기…";
    open_its_file_long: "Its manifest is in place, and its container does not run: look at the file", "매니페스트는 제자리에 있지만 컨테이너가 실행되지 않습니다. 파일을 확인하세요";
    stop_api: "Stop the API server: moves its manifest out of the directory", "API 서버 중지: 매니페스트를 디렉터리 밖으로 옮깁니다";
    start_api: "Start the API server: moves its manifest back", "API 서버 시작: 매니페스트를 제자리로 되돌립니다";
    share: "Share", "공유";
    share_long: "Copy a link that replays this session", "이 세션을 그대로 재현하는 링크 복사";
    shared: "Link copied: it replays this session up to now", "링크를 복사했습니다. 지금까지의 세션을 그대로 재현합니다";
    share_too_long: "This session is too long for a link; a file was saved instead", "세션이 길어 링크에 담을 수 없어 파일로 저장했습니다";
    link_damaged: "This link is damaged or cut off, so the session in it cannot be played", "링크가 손상되었거나 중간에 잘려 세션을 재생할 수 없습니다";
    /// {} is a number.
    link_version: "This link has format {}, which this version of the page does not know", "이 링크의 형식({})은 이 버전의 페이지에서 읽을 수 없습니다";
    /// A reason follows.
    link_session: "This link's session cannot be played", "링크의 세션을 재생할 수 없습니다";
    bad_file: "This file's session cannot be played", "파일의 세션을 재생할 수 없습니다";
    not_saved_blocked: "This browser lets the page save nothing: a reload begins anew", "브라우저가 저장을 막고 있어, 새로 고침하면 처음부터 시작합니다";
    not_saved_full: "The browser's storage for this page is full: what you do from now on is lost with a reload", "브라우저 저장 공간이 가득 찼습니다. 지금부터 하는 작업은 새로 고침하면 사라집니다";
    not_fetched: "This part of the page could not be loaded: look at the connection and try again", "페이지의 이 부분을 불러오지 못했습니다. 연결을 확인하고 다시 시도하세요";
    no_programs: "kubectl and the shell could not be loaded yet: commands wait until they are. The page tries again", "kubectl과 셸을 아직 불러오지 못했습니다. 명령은 불러온 뒤에 실행되며, 페이지가 다시 시도합니다";
    nothing_changes: "Nothing is under way: nothing will change until you do something", "진행 중인 작업이 없습니다. 무언가를 하기 전에는 변화가 없습니다";
    /// {} is a file's name.
    too_large: "{} is too large", "{} 파일이 너무 큽니다";
    no_manifest: "{} is neither a manifest (.yaml) nor a session (.json)", "{} 파일은 매니페스트(.yaml)도 세션(.json)도 아닙니다";
    guest: "Somebody else's session. Yours is kept.", "다른 사람의 세션입니다. 내 세션은 그대로 보관되어 있습니다.";
    guest_back: "Back to mine", "내 세션으로 돌아가기";
    guest_keep: "Keep this one instead", "이 세션으로 바꾸기";
    language: "Language", "언어";
    theme: "Theme", "테마";
    theme_auto: "Theme: as the system", "테마: 시스템 설정";
    theme_light: "Theme: light", "테마: 밝게";
    theme_dark: "Theme: dark", "테마: 어둡게";
    scale: "Size of everything, for a projector", "전체 크기 (발표용)";
    help: "Keys and help", "단축키와 도움말";
    palette: "All commands", "전체 명령";
    palette_hint: "What do you want to do? For example: crash worker-1", "무엇을 할까요? 예: worker-1 crash";
    palette_none: "Nothing that can be done now has these words in it", "지금 할 수 있는 일 중에 일치하는 것이 없습니다";
    close: "Close", "닫기";

    start_fleet: "5,000 nodes", "노드 5,000개";
    start_fleet_long: "The largest cluster that Kubernetes supports, in three zones: apply a DaemonSet and watch it spread", "쿠버네티스가 지원하는 가장 큰 클러스터를 존(zone) 3개에 나눠 띄웁니다. DaemonSet을 적용해 퍼져 나가는 모습을 보세요";
    nodes_number: "Number of nodes", "노드 수";
    nodes_number_long: "1 to 5,000, the control plane's included", "컨트롤 플레인을 포함해 1~5,000개";
    /// {} is a number of nodes, then how many of them are Ready.
    opening: "Starting {} nodes: {} Ready", "노드 {}개를 시작하는 중: {}개 Ready";
    /// {} is a clock, then the clock at the end.
    replaying: "Replaying the session: {} of {}", "세션을 다시 재생하는 중: {} / {}";

    // Many nodes.
    distance: "View", "보기";
    distance_cards: "Cards", "카드";
    distance_map: "Map", "지도";
    distance_list: "List", "목록";
    worst_first: "Worst first", "문제 많은 순";
    /// {} is how many there are, then of how many.
    band_create: "Pods are made in batches that double, 1, 2, 4 …, and 250 in one sync at most: {} of {}", "파드를 1, 2, 4…개씩 두 배로 늘려 생성하며, 한 번의 sync에 최대 250개입니다: {} / {}";
    /// {} is how many may be unavailable, then how many are new, then of how many.
    band_update: "Rolling update: at most {} unavailable at a time; {} of {} are new", "롤링 업데이트: 한 번에 최대 {}개까지 중단, 새 파드 {} / {}";
    group_by: "Group by", "그룹 기준";
    group_none: "not grouped", "그룹 없음";
    zoom_in: "Zoom in", "확대";
    zoom_out: "Zoom out", "축소";
    zoom_fit: "Show all nodes", "전체 보기";
    /// {} is a number.
    map_of: "Map of {} nodes", "노드 {}개의 지도";
    map_keys: "Arrow keys go from node to node, Enter opens the menu, plus, minus and 0 zoom. The list shows the same as text.", "화살표 키로 노드 사이를 옮겨 다니고 Enter로 메뉴를 엽니다. +, -, 0 키로 확대, 축소, 전체 보기를 합니다. 목록에서는 같은 내용을 글로 볼 수 있습니다.";
    show_on_map: "Show {} on the map", "지도에서 {} 보기";
    filter_nodes: "Find nodes by name", "이름으로 노드 찾기";
    only_troubled: "Only those in trouble", "문제가 있는 것만";
    no_match: "No node matches", "일치하는 노드가 없습니다";
    /// {} is how many are shown, then of how many.
    listed_of: "{} of {} nodes", "노드 {} / {}개";
    pods: "Pods", "파드";
    waiting: "Waiting", "대기";
    trouble: "Trouble", "문제";
    differing: "API server and node differ", "API 서버와 노드 상태 불일치";
    differing_short: "differ", "불일치";
    /// {} is a number.
    and_more: "and {} more", "외 {}개";

    // The stage.
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

    // Why there is a pod on a node, or none.
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

    // What a text would change that has not taken effect.
    foreseen: "Not in effect yet:", "아직 반영 전:";
    would_come: "would come", "생성될 예정";
    would_wait: "would wait", "대기할 예정";
    would_go: "would go", "사라질 예정";
    would_restart: "would restart", "다시 시작될 예정";

    // What is not greyed.
    filter: "Filter the pods", "파드 거르기";
    filter_long: "Filter the pods: part of a name, node=worker-1, status=CrashLoopBackOff, kind=static, or labels", "파드 거르기: 이름의 일부, node=worker-1, status=CrashLoopBackOff, kind=static, 레이블";
    filter_hint: "filter…", "필터…";
    /// {} is how many match, then of how many.
    filtered: "{} of {}", "{} / {}개";

    // The trail.
    trail: "What the last command has brought about", "마지막 명령의 결과";
    way_api: "through the API server", "API 서버를 거침";
    way_file: "from a file", "파일에서 시작";

    // Menus.
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

    // The inspector.
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
    desk_width: "Width of the files", "파일 영역 너비";
    skip_to_cluster: "Skip to the cluster", "클러스터 화면으로 건너뛰기";
    skip_to_editor: "Skip to the editor", "편집기로 건너뛰기";
    drawer_height: "Height of the console", "콘솔 높이";
    panes: "Panel below", "아래쪽 패널";
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
    broken: "Something in the simulation went wrong", "시뮬레이션에 문제가 생겼습니다";
    broken_long: "This is a mistake of the page, not yours. Your session and files are saved: reload to go on, or start afresh if it happens again.", "사용자의 잘못이 아니라 페이지의 오류입니다. 세션과 파일은 저장되어 있습니다. 새로 고침해서 이어 가고, 다시 발생하면 처음부터 시작하세요.";
    broken_reload: "Reload and go on", "새로 고침해서 계속";
    broken_fresh: "Start afresh", "처음부터 시작";
    broken_save: "Save the session for a report", "오류 신고용 세션 저장";
    privacy: "Everything happens in this tab. Nothing is sent anywhere, and there are no cookies.", "모든 동작은 이 탭 안에서만 이루어집니다. 어디로도 전송하지 않으며 쿠키도 쓰지 않습니다.";

    // The panel below.
    drawer: "Console and logs", "콘솔과 로그";
    console: "Console", "콘솔";
    messages: "Messages", "메시지";
    compare: "Compare", "비교";
    hide_drawer: "Hide", "숨기기";
    larger_drawer: "Give this panel all the room", "이 패널을 전체 화면으로";
    smaller_drawer: "Back to its usual size", "원래 크기로";
    show_drawer: "Console and logs", "콘솔과 로그";
    console_empty: "Whatever you click appears here as the command you could have typed", "화면에서 한 동작이 그에 해당하는 명령으로 여기에 표시됩니다";
    console_input: "Command line", "명령 입력";
    console_keys: "Tab completes a word and leaves an empty line, Escape and Tab always leave. Control-R searches the history, Control-C interrupts.", "Tab 키는 단어를 완성하고, 빈 줄에서는 다음으로 이동합니다. Esc 키 다음 Tab 키로 언제든지 나갈 수 있습니다. Ctrl-R은 기록 검색, Ctrl-C는 중단입니다.";
    edit_save: "Save and close", "저장하고 닫기";
    edit_leave: "Close without saving", "저장하지 않고 닫기";
    no_events: "No events", "이벤트 없음";
    no_messages: "No messages yet", "아직 메시지 없음";
    /// {} is how many of how many.
    seen_count: "{} of {} seen", "{} / {} 확인";
    seen: "seen", "확인함";
    not_seen: "not yet", "미확인";
    play_this: "Play this", "실행해 보기";
    guide: "Guide", "가이드";
    guide_steps: "Steps", "단계";
    guide_where: "Where?", "어디?";
    guide_do: "Do it for me", "대신 실행";
    guide_wait: "Under way…", "진행 중…";
    guide_next: "Next step", "다음 단계";
    guide_all: "All seen. Compare has them side by side", "모두 확인했습니다. 비교에서 나란히 볼 수 있습니다";
    guide_more: "More about this step", "이 단계 자세히";
    guide_less: "Less about this step", "이 단계 간단히";
    // Captions. Names of pods and nodes are put in.
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
    auto: "Auto", "자동";
    auto_long: "Slow while something is under way, quick while all waits", "진행 중인 일이 있으면 느리게, 기다리는 동안은 빠르게";
    seen_column: "Seen", "확인";
    guide_watch: "Watch", "지켜볼 점";
    /// {} is how many of how many.
    guide_parts: "{} of {}", "{} / {}";
    forget_seen: "Start over", "확인 기록 초기화";
    question: "Question", "항목";
    sent: "Sent", "보낸 시각";
    from: "From", "보낸 곳";
    to: "To", "받는 곳";
    verb: "Verb", "동작";
    object: "Object", "대상";

    // The desk.
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
    node: "Node", "노드";
    watched: "watched by the kubelet", "kubelet이 감시하는 디렉터리";
    read_at_start: "read when the kubelet starts", "kubelet이 시작되면 읽음";
    kubelet_config: "the kubelet's configuration", "kubelet 설정";
    elsewhere: "elsewhere: the kubelet does not read these", "그 밖의 위치: kubelet이 읽지 않음";
    new_file: "New file", "새 파일";
    new_file_name: "new file, e.g. cache.yaml", "새 파일 이름 (예: cache.yaml)";
    /// {} is a file's name.
    file_actions: "More for {}", "{} 파일 작업";
    desk_actions: "More for the files", "파일 작업";
    download: "Download", "다운로드";
    download_all: "Download all as a zip", "전체를 zip으로 다운로드";
    download_all_long: "For a real cluster: kubectl apply -k for your own files, and the nodes' directories", "실제 클러스터용. 직접 작성한 파일은 kubectl apply -k로, 노드의 파일은 디렉터리 그대로";
    vim: "Vim keys in the editor", "편집기에서 Vim 키 사용";
    vim_long: "Escape, then Tab leaves the editor as before; :w applies or saves", "이전처럼 Esc 다음 Tab으로 편집기에서 나가고, :w로 적용하거나 저장합니다";
    rename: "Rename…", "이름 바꾸기…";
    /// {} is a file's name.
    rename_label: "New name of {}", "{} 파일의 새 이름";
    duplicate: "Duplicate", "복제";
    delete_file: "Delete", "삭제";
    name_taken: "There is a file of this name", "같은 이름의 파일이 있습니다";
    name_bad: "A name without / that does not begin with a dot", "/가 없고 점으로 시작하지 않는 이름이어야 합니다";
    path_bad: "A name, or a whole path that begins with /", "파일 이름이나 /로 시작하는 전체 경로를 입력하세요";
    /// {} are two names.
    did_rename: "{} is now {}", "이름 변경: {} → {}";
    did_duplicate: "{} was copied to {}", "복제: {} → {}";
    did_delete: "{} was deleted", "{} 삭제됨";
    undo: "Undo", "실행 취소";
    new_from_template: "New from a template", "템플릿으로 새 파일";
    name_first: "Type a name for the new file first", "먼저 새 파일의 이름을 입력하세요";
    pick_file: "Choose a file above, or name a new one", "위에서 파일을 고르거나 새 파일 이름을 입력하세요";
    /// {} is a file's name.
    move_away_named: "Move {} to /tmp", "{} 파일을 /tmp로 옮기기";
    move_back_named: "Move {} into the manifest directory", "{} 파일을 매니페스트 디렉터리로 옮기기";
    delete_named: "Delete {}", "{} 삭제";
    discard: "Discard {}", "{} 버리기";
    drop_own: "Close {}: what it made stays in the cluster", "{} 닫기: 이 파일로 만든 리소스는 남습니다";
    editor_label: "{}, applied with kubectl", "{}, kubectl로 적용";
    /// {} is a path, then a node's name.
    node_editor_label: "{} on {}", "{}, {} 노드";
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

impl Words {
    /// The editor's own words and what stands for them here; nothing in English, whose words they are.
    pub fn editor_phrases(&self) -> &'static [(&'static str, &'static str)] {
        if std::ptr::eq(self, &KO) { EDITOR_KO } else { &[] }
    }
}

static EDITOR_KO: &[(&str, &str)] = &[
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

//! The bar above: scenarios, time, sharing, and what it has to tell.

words! {
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
    auto: "Auto", "자동";
    auto_long: "Slow while something is under way, quick while all waits", "진행 중인 일이 있으면 느리게, 기다리는 동안은 빠르게";
}

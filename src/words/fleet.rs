//! Many nodes: the map, the list, and their numbers.

words! {
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
}

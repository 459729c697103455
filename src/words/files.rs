//! Files of the desk and of the nodes, and what is done with them.

words! {
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
}

//! How the page is laid out, and how one gets around in it.

words! {
    desk_width: "Width of the files", "파일 영역 너비";
    skip_to_cluster: "Skip to the cluster", "클러스터 화면으로 건너뛰기";
    skip_to_editor: "Skip to the editor", "편집기로 건너뛰기";
    drawer_height: "Height of the console", "콘솔 높이";
    panes: "Panel below", "아래쪽 패널";
}

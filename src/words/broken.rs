//! Something in the simulation went wrong.

words! {
    broken: "Something in the simulation went wrong", "시뮬레이션에 문제가 생겼습니다";
    broken_long: "This is a mistake of the page, not yours. Your session and files are saved: reload to go on, or start afresh if it happens again.", "사용자의 잘못이 아니라 페이지의 오류입니다. 세션과 파일은 저장되어 있습니다. 새로 고침해서 이어 가고, 다시 발생하면 처음부터 시작하세요.";
    broken_reload: "Reload and go on", "새로 고침해서 계속";
    broken_fresh: "Start afresh", "처음부터 시작";
    broken_save: "Save the session for a report", "오류 신고용 세션 저장";
}

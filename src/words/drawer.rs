//! The panel below: console, events, messages.

words! {
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
    sent: "Sent", "보낸 시각";
    from: "From", "보낸 곳";
    to: "To", "받는 곳";
    verb: "Verb", "동작";
    object: "Object", "대상";
}

//! The guide, and the comparison.

words! {
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
    seen_column: "Seen", "확인";
    guide_watch: "Watch", "지켜볼 점";
    /// {} is how many of how many.
    guide_parts: "{} of {}", "{} / {}";
    forget_seen: "Start over", "확인 기록 초기화";
    question: "Question", "항목";
}

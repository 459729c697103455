//! The comparison's sentences, in English and Korean.

use crate::words::Lang;

/// A row of the table: a question and its two answers.
pub struct Row {
    en: [&'static str; 3],
    ko: [&'static str; 3],
}

impl Row {
    pub fn of(&self, lang: Lang) -> [&'static str; 3] {
        match lang {
            Lang::En => self.en,
            Lang::Ko => self.ko,
        }
    }
}

/// CMP-001 … CMP-030, as far as the stage can show them.
pub static ROWS: &[Row] = &[
    Row {
        en: ["Defined by", "a DaemonSet object in the API server", "a file on one node's disk"],
        ko: ["정의하는 곳", "API 서버의 DaemonSet 오브젝트", "노드 한 대의 디스크에 있는 파일"],
    },
    Row {
        en: ["Created by", "the DaemonSet controller", "the kubelet of that node"],
        ko: ["만드는 주체", "DaemonSet 컨트롤러", "그 노드의 kubelet"],
    },
    Row {
        en: [
            "Placed by",
            "kube-scheduler, through a node affinity",
            "nobody: it belongs to the node with the file",
        ],
        ko: ["배치하는 주체", "노드 어피니티를 따르는 kube-scheduler", "없음: 파일이 있는 노드에 속함"],
    },
    Row {
        en: ["Controlled By", "DaemonSet/<name>", "Node/<node>, on the mirror pod"],
        ko: ["Controlled By", "DaemonSet/<이름>", "Node/<노드> (미러 파드에 표시)"],
    },
    Row {
        en: ["Container crashes", "same pod, restarted by the kubelet with back-off", "the same"],
        ko: ["컨테이너 크래시", "같은 파드 안에서 kubelet이 백오프를 두고 재시작", "동일"],
    },
    Row {
        en: [
            "API server down",
            "goes on, is restarted on a crash; no new ones",
            "can be added, changed and removed all the same; its mirror waits",
        ],
        ko: [
            "API 서버 중지",
            "계속 실행되고 크래시 시 재시작되지만 새로 생기지는 않음",
            "추가, 변경, 제거 모두 가능. 미러만 갱신되지 않음",
        ],
    },
    Row {
        en: ["Scheduler down", "new pods stay Pending", "no effect"],
        ko: ["스케줄러 중지", "새 파드는 Pending 상태로 남음", "영향 없음"],
    },
    Row {
        en: ["Controller-manager down", "no new pods, no replacements, no rollout", "no effect"],
        ko: ["컨트롤러 매니저 중지", "새 파드도, 교체도, 롤아웃도 없음", "영향 없음"],
    },
    Row {
        en: ["Kubelet down", "containers run on, unsupervised", "the same; file changes wait"],
        ko: [
            "kubelet 중지",
            "컨테이너는 kubelet의 관리 없이 계속 실행",
            "동일. 파일 변경은 kubelet이 다시 시작된 뒤 반영",
        ],
    },
    Row {
        en: ["NoSchedule taint", "keeps new pods away unless tolerated", "ignored"],
        ko: ["NoSchedule 테인트", "톨러레이션이 없으면 새 파드를 막음", "무시"],
    },
    Row {
        en: ["nodeSelector", "decides the nodes", "a mismatch makes the kubelet reject the pod"],
        ko: ["nodeSelector", "노드를 결정", "맞지 않으면 kubelet이 파드를 거부"],
    },
    Row {
        en: ["Unknown field", "refused: strict decoding", "silently ignored"],
        ko: ["알 수 없는 필드", "strict 검증에서 거부", "조용히 무시"],
    },
    Row {
        en: [
            "A mistake in it",
            "refused at once, and said so",
            "only in the kubelet's log; the pod is missing",
        ],
        ko: ["정의가 잘못되면", "즉시 거부하고 이유를 알려 줌", "kubelet 로그에만 남고 파드가 없음"],
    },
    Row {
        en: [
            "Update",
            "rolling update, with history and undo",
            "edit each node's file; killed and started anew",
        ],
        ko: [
            "업데이트",
            "롤링 업데이트, 이력과 되돌리기 지원",
            "노드마다 파일을 수정. 수정 즉시 종료 후 재시작",
        ],
    },
    Row {
        en: ["Typical use", "log and metrics agents, networking, kube-proxy", "the control plane itself"],
        ko: ["주된 용도", "로그/메트릭 에이전트, 네트워크, kube-proxy", "컨트롤 플레인 자체"],
    },
];

//! The comparison's sentences, in English and Korean.

use crate::witness::Claim;
use crate::words::Lang;

/// A claim, and how to see it.
pub fn claim_texts(lang: Lang, claim: Claim) -> (&'static str, &'static str) {
    let (en, ko) = match claim {
        Claim::ThroughApi => (
            (
                "An ordinary pod, a DaemonSet's too, goes through the API server: while that is down, nothing new is deployed.",
                "Stop the API server, then apply a DaemonSet: kubectl is refused.",
            ),
            (
                "DaemonSet의 파드를 비롯한 보통의 파드는 API 서버를 거칩니다. API 서버가 중지되면 새로 배포되는 것은 없습니다.",
                "API 서버를 중지한 뒤 DaemonSet을 적용해 보세요. kubectl 연결이 거부됩니다.",
            ),
        ),
        Claim::WithoutApi => (
            (
                "A static pod is run by its node's kubelet straight from a file; neither the API server nor another node matters to it.",
                "With the API server down, put a new file on worker-2: its pod starts, and shows in kubectl only when the API server is back.",
            ),
            (
                "스태틱 파드는 그 노드의 kubelet이 파일을 보고 바로 실행합니다. API 서버도 다른 노드도 상관없습니다.",
                "API 서버를 중지한 상태에서 worker-2에 새 파일을 넣어 보세요. 파드는 실행되고, kubectl에는 API 서버가 돌아온 뒤에야 보입니다.",
            ),
        ),
        Claim::Path => (
            (
                "The file lies in the node's staticPodPath, as its kubelet's config says; the path can be changed, node by node.",
                "Change staticPodPath in /var/lib/kubelet/config.yaml and restart the kubelet.",
            ),
            (
                "파일은 노드의 staticPodPath에 둡니다. 경로는 kubelet 설정에 있고 노드마다 바꿀 수 있습니다.",
                "/var/lib/kubelet/config.yaml의 staticPodPath를 바꾸고 kubelet을 재시작해 보세요.",
            ),
        ),
        Claim::ControlPlane => (
            (
                "etcd, kube-apiserver, kube-controller-manager and kube-scheduler are static pods of the control-plane node.",
                "Look at control-plane: four files, four pods. Move one of the files away.",
            ),
            (
                "etcd, kube-apiserver, kube-controller-manager, kube-scheduler는 control-plane 노드의 스태틱 파드입니다.",
                "control-plane 노드를 보세요. 파일이 4개, 파드도 4개입니다. 파일 하나를 밖으로 옮겨 보세요.",
            ),
        ),
        Claim::Names => (
            (
                "A static pod is called <name>-<node>. A DaemonSet's pod is <daemonset>-<5 characters>, not the node's name: both are one per node, so the two are easily confused.",
                "Compare web-worker-1 with agent-…: only one of them says where it runs.",
            ),
            (
                "스태틱 파드의 이름은 <이름>-<노드>입니다. DaemonSet의 파드는 노드 이름이 아니라 <DaemonSet 이름>-<임의의 5글자>입니다. 둘 다 노드마다 하나씩이라 헷갈리기 쉽습니다.",
                "web-worker-1과 agent-…를 비교해 보세요. 실행되는 노드가 이름에 적힌 것은 하나뿐입니다.",
            ),
        ),
        Claim::Where => (
            (
                "A DaemonSet puts one pod on every matching node; a static pod exists only where its file lies.",
                "Count agent's pods and web's. The control plane has none of agent: its taint is not tolerated.",
            ),
            (
                "DaemonSet은 조건에 맞는 모든 노드에 파드를 하나씩 둡니다. 스태틱 파드는 파일이 있는 노드에만 있습니다.",
                "agent의 파드와 web의 파드를 세어 보세요. control-plane에는 테인트 때문에 agent가 없습니다.",
            ),
        ),
        Claim::ComeBack => (
            (
                "Delete the pod of either kind and it comes back at once: a DaemonSet's as a new pod with a new name, a static one's mirror with the same name while its container never stops.",
                "Click a pod and delete it; then one of the other kind.",
            ),
            (
                "어느 쪽이든 파드를 지우면 곧 되돌아옵니다. DaemonSet은 새 이름의 새 파드로, 스태틱 파드는 같은 이름의 미러로 돌아오며 컨테이너는 중지되지 않습니다.",
                "파드를 눌러 삭제해 보고, 다른 종류도 삭제해 보세요.",
            ),
        ),
        Claim::Gone => (
            (
                "To be rid of them: delete the DaemonSet; remove the file from the directory.",
                "kubectl delete ds agent; move web.yaml away.",
            ),
            (
                "정말 없애려면 DaemonSet은 오브젝트를 삭제하고, 스태틱 파드는 디렉터리에서 파일을 치웁니다.",
                "kubectl delete ds agent를 실행하고, web.yaml을 밖으로 옮겨 보세요.",
            ),
        ),
    };
    match lang {
        Lang::En => en,
        Lang::Ko => ko,
    }
}

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

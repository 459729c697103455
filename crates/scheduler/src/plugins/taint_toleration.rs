//! TaintToleration: a node's taints against a pod's tolerations.
//!
//! Kubernetes: pkg/scheduler/framework/plugins/tainttoleration/taint_toleration.go. Rules: SCH-013, SCH-014.

use crate::framework::{Code, Plugin, Status, Verdict};
use api::node::Node;
use api::pod::Pod;
use api::toleration::{Taint, TaintEffect, Toleration, TolerationOperator};

pub(crate) const REASON: &str = "node(s) had untolerated taint(s)";

/// `comparison` stands for the feature gate TaintTolerationComparisonOperators, which is off by default.
pub fn filter(pod: &Pod, node: &Node, comparison: bool) -> Verdict {
    for taint in node.taints.iter().filter(|taint| counts(taint)) {
        let mut tolerated = false;
        for toleration in &pod.spec.tolerations {
            if comparison && let Some(error) = not_a_number(toleration, taint) {
                let code = Code::UnschedulableAndUnresolvable;
                return Err(Status::with_error(Plugin::TaintToleration, code, error.into()));
            }
            if toleration.tolerates_taint(taint, comparison) {
                tolerated = true;
                break;
            }
        }
        if !tolerated {
            return Err(Status::unresolvable(Plugin::TaintToleration, REASON));
        }
    }
    Ok(())
}

/// PreferNoSchedule only lowers the score.
fn counts(taint: &Taint) -> bool {
    matches!(taint.effect, TaintEffect::NoSchedule | TaintEffect::NoExecute)
}

/// What is wrong with the numbers that Gt and Lt would compare, if this toleration applies to the taint.
fn not_a_number(toleration: &Toleration, taint: &Taint) -> Option<String> {
    let compares = matches!(toleration.operator, Some(TolerationOperator::Gt | TolerationOperator::Lt));
    let applies = toleration.effect.is_none_or(|effect| effect == taint.effect)
        && (toleration.key.is_empty() || toleration.key == taint.key);
    if !compares || !applies {
        return None;
    }
    let check = |what: &str, text: &str| {
        (!is_canonical_int64(text)).then(|| {
            let form = "must be a valid decimal integer in canonical form";
            format!("failed to parse {what} value {} as int64: {form}", api::field::go_quote(text))
        })
    };
    check("toleration", &toleration.value).or_else(|| check("taint", &taint.value))
}

fn is_canonical_int64(text: &str) -> bool {
    text.parse::<i64>().is_ok_and(|number| number.to_string() == text)
}

/// How many PreferNoSchedule taints a pod does not tolerate: few make a high score.
pub(crate) fn score(pod: &Pod, node: &Node, comparison: bool) -> i64 {
    let soft = |toleration: &&Toleration| {
        toleration.effect.is_none_or(|effect| effect == TaintEffect::PreferNoSchedule)
    };
    let intolerable = |taint: &&Taint| {
        taint.effect == TaintEffect::PreferNoSchedule
            && !pod.spec.tolerations.iter().filter(soft).any(|t| t.tolerates_taint(taint, comparison))
    };
    node.taints.iter().filter(intolerable).count() as i64
}

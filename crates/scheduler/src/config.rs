//! How the scheduler is configured.

use super::plugins::node_resources_fit::FitArgs;

/// What an administrator may set; the defaults are Kubernetes'.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// Arguments of the plugin NodeResourcesFit.
    pub fit: FitArgs,
    /// Feature gate TaintTolerationComparisonOperators.
    pub comparison_operators: bool,
}

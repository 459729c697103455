//! Amounts of resources: what containers ask for and nodes offer.

use std::str::FromStr;

use serde_json::{Map, Value, json};
use sim::SortedMap;

use super::meta::Name;
use super::quantity::{Format, Quantity};

/// Amounts in the units the scheduler counts in: CPU in thousandths, everything else in whole units
/// (bytes for memory and storage). An amount of 0 and a missing one are the same.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resources {
    /// Thousandths of a core.
    pub cpu_milli: i64,
    /// Bytes.
    pub memory: i64,
    /// Bytes.
    pub ephemeral_storage: i64,
    /// Places for pods.
    pub pods: i64,
    /// Extended resources and huge pages.
    pub scalars: SortedMap<Name, i64>,
}

impl Resources {
    /// Reads a resource list; what is no quantity counts as absent.
    pub fn from_value(value: &Value) -> Resources {
        let mut resources = Resources::default();
        for (name, value) in value.as_object().into_iter().flatten() {
            let quantity = match value {
                Value::String(text) => Quantity::from_str(text),
                other => Quantity::from_str(&other.to_string()),
            };
            let Ok(quantity) = quantity else { continue };
            match name.as_str() {
                "cpu" => resources.cpu_milli = quantity.milli_value(),
                "memory" => resources.memory = quantity.value(),
                "ephemeral-storage" => resources.ephemeral_storage = quantity.value(),
                "pods" => resources.pods = quantity.value(),
                name => {
                    resources.scalars.insert(name.into(), quantity.value());
                }
            }
        }
        resources
    }

    /// The resource list in API form; amounts of 0 are left out.
    pub fn to_value(&self) -> Value {
        let mut map = Map::new();
        let mut put = |name: &str, quantity: Quantity| {
            if !quantity.is_zero() {
                map.insert(name.to_owned(), json!(quantity.to_string()));
            }
        };
        put("cpu", Quantity::from_milli(self.cpu_milli, Format::DecimalSi));
        put("memory", Quantity::from_value(self.memory, Format::BinarySi));
        put("ephemeral-storage", Quantity::from_value(self.ephemeral_storage, Format::BinarySi));
        put("pods", Quantity::from_value(self.pods, Format::DecimalSi));
        for (name, amount) in &self.scalars {
            put(name, Quantity::from_value(*amount, Format::DecimalSi));
        }
        Value::Object(map)
    }

    #[cfg(test)]
    pub(crate) fn is_zero(&self) -> bool {
        let scalars = self.scalars.values().all(|amount| *amount == 0);
        self.cpu_milli == 0 && self.memory == 0 && self.ephemeral_storage == 0 && self.pods == 0 && scalars
    }

    fn combine(&mut self, other: &Resources, with: impl Fn(i64, i64) -> i64) {
        self.cpu_milli = with(self.cpu_milli, other.cpu_milli);
        self.memory = with(self.memory, other.memory);
        self.ephemeral_storage = with(self.ephemeral_storage, other.ephemeral_storage);
        self.pods = with(self.pods, other.pods);
        for (name, amount) in &other.scalars {
            let mine = self.scalars.entry(name.clone()).or_default();
            *mine = with(*mine, *amount);
        }
    }

    /// Adds all amounts of the other.
    pub fn add(&mut self, other: &Resources) {
        self.combine(other, i64::saturating_add);
    }

    /// Takes all amounts of the other away; may go below zero.
    pub fn sub(&mut self, other: &Resources) {
        self.combine(other, i64::saturating_sub);
    }

    /// The larger amount of each.
    pub(crate) fn max_with(&mut self, other: &Resources) {
        self.combine(other, i64::max);
    }

    /// The other's amount where it has one.
    pub(crate) fn override_with(&mut self, other: &Resources) {
        self.combine(other, |mine, theirs| if theirs == 0 { mine } else { theirs });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resource_lists_are_counted_in_the_schedulers_units() {
        let list = json!({"cpu": "1500m", "memory": "1Gi", "pods": 110, "nvidia.com/gpu": "2", "x": "?"});
        let resources = Resources::from_value(&list);
        assert_eq!((resources.cpu_milli, resources.memory, resources.pods), (1500, 1 << 30, 110));
        let printed = json!({"cpu": "1500m", "memory": "1Gi", "pods": "110", "nvidia.com/gpu": "2"});
        assert_eq!(resources.to_value(), printed);
    }

    #[test]
    fn amounts_combine() {
        let of = |cpu: &str, gpu: i64| Resources::from_value(&json!({"cpu": cpu, "gpu": gpu}));
        let mut sum = of("1", 0);
        sum.add(&of("250m", 3));
        assert_eq!(sum, of("1250m", 3));
        sum.max_with(&of("1", 4));
        assert_eq!(sum, of("1250m", 4));
        sum.sub(&of("1250m", 4));
        assert!(sum.is_zero());
        sum.override_with(&of("2", 0));
        assert_eq!(sum.cpu_milli, 2000);
    }
}

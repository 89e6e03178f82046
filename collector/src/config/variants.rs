//! The tables `[[variants]]`: the plans of tests of recommendations.

use super::faults::Faults;
use crate::whole::Whole;
use recobeacon_engine::rules;
use recobeacon_engine::value::Value;
use serde::Deserialize;
use std::collections::BTreeMap;

/// The plan of a test, if the variants have different shares, or others appear.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// The line and the key of the scenario in the configuration, and the file.
    pub place: String,
    /// The variant that the others are compared with.
    pub reference: Option<String>,
    /// The variants, each with its weight. Other variants are left out.
    pub weights: BTreeMap<String, f64>,
}

impl Plan {
    /// The sentence about a scenario that no event has, with its place.
    pub fn unseen(&self, scenario: &str) -> String {
        format!(
            "{}: no stored event with a variant has the scenario {scenario:?}, but events have other \
             ones; GET /v1/variants lists them",
            self.place
        )
    }
}

/// The plans by scenario.
pub type Plans = BTreeMap<String, Plan>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FilePlan {
    scenario: Option<String>,
    reference: Option<String>,
    weights: Option<BTreeMap<String, Whole>>,
}

/// The largest weight of a variant.
const WEIGHT_MAX: u64 = 1_000_000;

/// Checks the tables.
pub(super) fn check(tables: Vec<FilePlan>, faults: &mut Faults<'_>) -> Plans {
    let mut plans = Plans::new();
    for (place, FilePlan { scenario, reference, weights }) in tables.into_iter().enumerate() {
        let table = format!("variants[{place}]");
        let scenario = faults.required(&table, "scenario", scenario);
        let given = faults.required(&table, "weights", weights);
        let mut weights = BTreeMap::new();
        for (name, weight) in given.into_iter().flatten() {
            let key = format!("{table}.weights.{name}");
            check_name(key.clone(), &name, faults);
            let weight = faults.whole(key, weight, &(1..=WEIGHT_MAX));
            weights.insert(name, weight.unwrap_or(1) as f64);
        }
        let key = format!("{table}.weights");
        if weights.len() < 2 && faults.has_key(&key) && faults.is_right(&key) {
            faults.add(key, "must name two variants or more");
        }
        if reference.as_ref().is_some_and(|name| !weights.contains_key(name)) {
            faults.add(format!("{table}.reference"), "must be one of the weights");
        }
        let Some(scenario) = scenario else { continue };
        if plans.contains_key(&scenario) {
            faults.add(format!("{table}.scenario"), format!("{scenario:?} appears twice"));
        }
        let key = format!("{table}.scenario");
        check_name(key.clone(), &scenario, faults);
        let place = faults.place(&key);
        plans.insert(scenario, Plan { place, reference, weights });
    }
    plans
}

/// Adds a fault if no event can have this name. The rule is that of the events.
fn check_name(key: String, name: &str, faults: &mut Faults<'_>) {
    if let Err(problem) = rules::identifier(&Value::Text(name.to_owned())) {
        faults.add(key, format!("{name:?} {}", problem.detail));
    }
}

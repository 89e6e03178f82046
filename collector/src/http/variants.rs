//! `GET /v1/variants` on the admin listener: the comparison of variants, as JSON or CSV.

use super::{App, read, typed};
use crate::answers::csv;
use crate::answers::variants::{Comparison, Comparisons, Outcome, comparisons};
use crate::clock::now_ms;
use crate::error::Refusal;
use crate::iso;
use crate::store::{Period, db};
use axum::extract::{Query, State};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The query parameters.
pub const PARAMETERS: [&str; 3] = ["from", "to", "format"];

/// The query of a request.
#[derive(Debug, Deserialize)]
pub struct Wanted {
    from: Option<String>,
    to: Option<String>,
    format: Option<String>,
}

#[derive(Serialize)]
struct Answer {
    from: u64,
    to: u64,
    #[serde(flatten)]
    all: Comparisons,
}

/// The comparison of each scenario's variants.
pub async fn list(
    State(app): State<Arc<App>>,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Refusal> {
    let is_csv = match wanted.format.as_deref() {
        None | Some("json") => false,
        Some("csv") => true,
        Some(_) => return Err(Refusal::invalid("format: must be json or csv")),
    };
    let now = now_ms();
    let from = time("from", wanted.from)?.unwrap_or_default();
    let to = time("to", wanted.to)?.unwrap_or(now).min(now);
    if from > to {
        return Err(Refusal::invalid("from: must not be after to, and not in the future"));
    }
    let (period, plans) = (Period { from, to }, app.config.variants.clone());
    let query = move |connection: &db::Connection| comparisons(connection, &period, &plans);
    let all = app.store()?.answer(query).await?;
    let unwritten = Refusal::Unavailable("the answer could not be written");
    let response = if is_csv {
        typed("text/csv; charset=utf-8", table(&all.comparisons).ok_or(unwritten)?)
    } else {
        let answer = serde_json::to_string(&Answer { from, to, all });
        typed("application/json", answer.map_err(|_| unwritten)?)
    };
    Ok(read::private(response))
}

fn time(name: &str, text: Option<String>) -> Result<Option<u64>, Refusal> {
    let Some(text) = text else { return Ok(None) };
    let time = iso::parse_from_date(&text);
    time.map(Some).ok_or_else(|| Refusal::invalid(format!("{name}: {}", iso::FORM)))
}

/// The columns before those of clicks and purchases.
const COLUMNS: [&str; 9] = [
    "customer",
    "scenario",
    "splitWrong",
    "others",
    "variant",
    "visitors",
    "changed",
    "expectedShare",
    "counted",
];

/// One line for each variant.
fn table(comparisons: &[Comparison]) -> Option<String> {
    let mut header = COLUMNS.map(str::to_owned).to_vec();
    for outcome in ["clicked", "bought"] {
        let names = ["", "Rate", "Difference", "Low", "High", "Verdict"];
        header.extend(names.map(|name| format!("{outcome}{name}")));
    }
    let mut lines = vec![header];
    for comparison in comparisons {
        for variant in &comparison.variants {
            let mut line = vec![
                csv::cell(comparison.customer.as_deref().unwrap_or_default()),
                csv::cell(&comparison.scenario),
                comparison.split_wrong.to_string(),
                comparison.others.to_string(),
                csv::cell(&variant.variant),
                variant.visitors.to_string(),
                variant.changed.to_string(),
                variant.expected_share.to_string(),
                variant.counted.to_string(),
            ];
            line.extend(cells(&variant.clicked));
            line.extend(cells(&variant.bought));
            lines.push(line);
        }
    }
    csv::table(&lines)
}

fn cells(outcome: &Outcome) -> [String; 6] {
    let some = |number: Option<f64>| number.map(|number| number.to_string()).unwrap_or_default();
    [
        outcome.visitors.to_string(),
        some(outcome.rate),
        some(outcome.difference),
        some(outcome.low),
        some(outcome.high),
        outcome.verdict.name().to_owned(),
    ]
}

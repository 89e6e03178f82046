//! Counts refused requests by route, status and reason, and logs each kind at most once a minute.
//!
//! A route is a pattern, because the path itself may hold a user id.

use crate::minutely::Minutely;
use axum::http::{Method, StatusCode};
use recobeacon_engine::json::{Object, push_list};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// The text of a refusal, attached to its response.
#[derive(Clone, Debug)]
pub struct Sentence {
    /// It names fields and repeats no value of the request.
    pub text: String,
    /// The reason's name in the counters.
    pub reason: &'static str,
    /// Whether another log line already reports it.
    pub logged: bool,
}

/// All refusals since the start.
#[derive(Debug, Default)]
pub struct Refusals(Mutex<BTreeMap<(String, u16, &'static str), Refused>>);

#[derive(Debug, Default)]
struct Refused {
    count: u64,
    lines: Minutely,
}

impl Refusals {
    /// Counts a refusal. Returns the name of its reason.
    pub fn note(
        &self,
        method: &Method,
        route: &str,
        status: StatusCode,
        sentence: Option<&Sentence>,
    ) -> &'static str {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let method = method_name(method);
        // hyper and axum refuse without a sentence: input that is no request, or an unknown method.
        let reason = sentence.map_or("malformed", |sentence| sentence.reason);
        let key = (format!("{method} {route}"), status.as_u16(), reason);
        let refused = all.entry(key).or_default();
        refused.count += 1;
        if sentence.is_some_and(|sentence| sentence.logged) {
            return reason;
        }
        let Some(times) = refused.lines.due() else { return reason };
        let sentence = sentence.map_or("", |sentence| &sentence.text);
        let code = status.as_u16();
        if times > 1 {
            tracing::info!(
                reason,
                times,
                "refused: {code} {method} {route}: {sentence} ({times} since the last line)"
            );
        } else {
            tracing::info!(reason, "refused: {code} {method} {route}: {sentence}");
        }
        reason
    }

    /// Writes the counts as a JSON array.
    pub fn write(&self, json: &mut String) {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let rows: Vec<_> = all.iter().collect();
        push_list(json, &rows, |json, ((route, status, reason), refused)| {
            let mut object = Object::new(json);
            object.text("request", route);
            object.some_whole("status", Some(u64::from(*status)));
            object.text("reason", reason);
            object.some_whole("count", Some(refused.count));
            object.end();
        });
    }
}

/// The method's name. All methods unknown to HTTP have one name.
pub fn method_name(method: &Method) -> &str {
    if is_known(method) { method.as_str() } else { "another method" }
}

fn is_known(method: &Method) -> bool {
    [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::DELETE, Method::OPTIONS]
        .iter()
        .chain(&[Method::PATCH, Method::TRACE, Method::CONNECT])
        .any(|known| known == method)
}

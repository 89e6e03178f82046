//! Raw batches, and the rows stored for them.

use super::{Answer, Server};
use serde_json::{Value, json};

/// The time of the calls.
pub const AT: u64 = 1_763_683_199_000;
/// The visitor of the calls.
pub const VISITOR: &str = "4fGk29sLQe7RzT0bXcVwAa";
/// The cookies of a visitor who is logged in as `Jörg D`.
pub const COOKIES: &str =
    "Cookie: a=1; reco_id=4fGk29sLQe7RzT0bXcVwAa; reco_user=J%C3%B6rg%20D\r\n";

/// A batch of these calls, as the stub writes it.
pub fn raw(calls: Value) -> Value {
    json!({ "v": 1, "raw": calls, "stream": "s1", "seq": 0, "sentAt": AT + 1000 })
}

pub async fn post(server: &Server, headers: &str, body: &Value) -> Answer {
    server.send("POST", "/v1/events?b=s1.0", headers, body.to_string().as_bytes()).await
}

/// Sends a batch to a new server and returns the stored rows.
pub async fn stored(headers: &str, body: Value) -> Vec<Value> {
    let server = Server::start().await;
    let answer = post(&server, headers, &body).await;
    assert_eq!((answer.status, answer.body.len()), (204, 0), "{}", answer.text());
    server.events().await
}

/// Each row as type and item: `click 123`.
pub fn kinds(rows: &[Value]) -> Vec<String> {
    let name = |row: &Value| {
        let item = row.get("itemId").and_then(Value::as_str).unwrap_or_default();
        format!("{} {item}", row["type"].as_str().unwrap()).trim().to_owned()
    };
    rows.iter().map(name).collect()
}

/// The account and the visitor of each row.
pub fn who(rows: &[Value]) -> Vec<(Option<&str>, Option<&str>)> {
    rows.iter().map(|row| (row["user"].as_str(), row["anonymous"].as_str())).collect()
}

//! A JSON body in which an object has a key twice is refused, with the path to the key.

use crate::common::{Server, batch, click};
use serde_json::Value;

const BATCH: &str = "/v1/events";
const FF: &str = "/rest/v5/track/de/click";
const INTEMPT: &str = "/v1/o/projects/p/sources/1/track";

/// The address, a body, and the path to the key.
const TWICE: [(&str, &str, &str); 13] = [
    (BATCH, r#"{"v":1,"v":1,"stream":"s","seq":0,"events":[]}"#, "v"),
    (BATCH, r#"{"v":1,"stream":"s","\u0073eq":0,"seq":0,"events":[]}"#, "seq"),
    (
        BATCH,
        r#"{"v":1,"stream":"s","seq":0,"events":[{"type":"click","type":"buy"}]}"#,
        "events[0].type",
    ),
    (
        BATCH,
        r#"{"v":1,"stream":"s","seq":0,"events":[{"type":"click"},{"search":{"query":"a","query":"b"}}]}"#,
        "events[1].search.query",
    ),
    // In a field that no rule knows, below the deepest value that is read.
    (
        BATCH,
        r#"{"v":1,"new":[[[[[[[[[[[[[[[[[[[[[[{"a":1,"a":2}]]]]]]]]]]]]]]]]]]]]]]}"#,
        "new[0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0].a",
    ),
    // The calls and the configuration of the stub.
    (
        BATCH,
        r#"{"v":1,"stream":"s","seq":0,"raw":[["click",[{"itemId":"1","itemId":"2"}],1]]}"#,
        "raw[0][1][0].itemId",
    ),
    (
        BATCH,
        r#"{"v":1,"stream":"s","seq":0,"config":{"itemType":1,"itemType":2},"raw":[["click",[{"itemId":"1"}],1]]}"#,
        "config.itemType",
    ),
    (FF, r#"[{"id":"1","sid":"s","sid":"t"}]"#, "[0].sid"),
    (FF, r#"[{"id":"1"},{"id":"1","x y":{},"x y":{}}]"#, r#"[1]["x y"]"#),
    (INTEMPT, r#"{"track":[],"track":[]}"#, "track"),
    (
        INTEMPT,
        r#"{"track":[{"name":"Product viewed","payload":[{"eventId":"1","userId":"a","userId":"b"}]}]}"#,
        "track[0].payload[0].userId",
    ),
    (
        INTEMPT,
        r#"{"track":[{"name":"Product viewed","payload":[{"eventId":"1","userId":"a","data":{"a":1,"a":2}}]}]}"#,
        "track[0].payload[0].data.a",
    ),
    // An event of an unknown name, which would be left out.
    (INTEMPT, r#"{"track":[{"name":"View","payload":[{"a":1,"a":2}]}]}"#, "track[0].payload[0].a"),
];

#[tokio::test]
async fn every_json_interface_refuses_a_repeated_key_and_names_its_path() {
    let server = Server::start().await;
    for (target, body, path) in TWICE {
        let answer = server.send("POST", target, "", body.as_bytes()).await;
        let text = answer.text();
        assert_eq!(answer.status, 400, "{target} {body}: {text}");
        let sentence = format!("{path}: this key appears twice in its object");
        let found = match serde_json::from_str::<Value>(&text) {
            Ok(json) => {
                let either = [&json["message"], &json["errorDescription"]];
                either.iter().find_map(|text| text.as_str()).unwrap().to_owned()
            }
            Err(_) => text.trim_end().to_owned(),
        };
        assert_eq!(found, sentence, "{target} {body}");
    }
    assert_eq!(server.events().await.len(), 0);
    let status: Value = serde_json::from_slice(&server.read("/v1/status", "").await.body).unwrap();
    let refused = status["refused"].as_array().unwrap();
    assert!(refused.iter().all(|row| row["reason"] == "duplicate_key"), "{status}");
}

#[tokio::test]
async fn equal_keys_of_different_objects_are_accepted() {
    let server = Server::start().await;
    assert_eq!(server.post(batch("s1", 0, &[click(1), click(2)])).await.status, 204);
    let body =
        r#"[{"id":"1","query":"a","pos":1,"sid":"s"},{"id":"1","query":"a","pos":1,"sid":"s"}]"#;
    assert_eq!(server.send("POST", FF, "", body.as_bytes()).await.status, 200);
    // A title that was cut within an emoji is no reason to look at its text as keys.
    let raw = r#"{"v":1,"stream":"r","seq":0,"raw":[["click",[{"itemId":"1","title":"a\ud83d\",\"itemId\":"}],1763683199000]]}"#;
    assert_eq!(server.send("POST", BATCH, "", raw.as_bytes()).await.status, 204);
    assert_eq!(server.events().await.len(), 5);
}

/// A test of the sources: no reader of bodies passes the check by.
#[test]
fn bodies_are_read_by_one_function() {
    let sources = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut folders = vec![sources];
    let mut seen = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.file_name().unwrap() != "json.rs" {
                seen += 1;
                let text = std::fs::read_to_string(&path).unwrap();
                for reader in ["serde_json::from_slice", "serde_json::from_reader", "Json<"] {
                    assert!(!text.contains(reader), "{}: use json::read", path.display());
                }
            }
        }
    }
    assert!(seen > 50);
}

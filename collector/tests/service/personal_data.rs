//! Personal data in free text: every interface stores `[removed]` in its place, and refuses
//! nothing. The engine's own tests have the cases.

use crate::common::raw::{self, AT};
use crate::common::{Server, batch, changed, click};
use serde_json::{Value, json};

const VENDORS: &str = "[[factfinder.channels]]\nname = \"de\"\ncurrency = \"EUR\"\n";
const SECRETS: [&str; 3] =
    ["jane@shop.example", "4111 1111 1111 1111", "DE89 3704 0044 0532 0130 00"];

/// Sends one event with this text by each interface, and returns what is stored of it.
async fn stored(text: &str) -> Vec<Value> {
    let server = Server::with(VENDORS).await;
    let encoded: String = text.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let event =
        changed(click(1), json!({ "title": text, "search": { "query": text, "position": 1 } }));
    assert_eq!(server.post(batch("s", 0, &[event])).await.status, 204);
    let call = json!([["click", [{ "itemId": 2, "title": text }], AT]]);
    assert_eq!(raw::post(&server, "", &raw::raw(call)).await.status, 204);
    let ibexa = format!("/api/00000/click/u/1/3?categorypath=%2FA%2F{encoded}");
    assert_eq!(server.get(&ibexa).await.status, 204);
    let body =
        json!([{ "id": "4", "query": text, "pos": 1, "sid": "s", "title": text }]).to_string();
    let json = "Content-Type: application/json\r\n";
    let answer = server.send("POST", "/rest/v5/track/de/click", json, body.as_bytes()).await;
    assert_eq!((answer.status, answer.text().as_str()), (200, ""));
    let rows = server.events().await;
    let fields = ["title", "categoryPath", "search"];
    rows.iter().map(|row| fields.iter().map(|name| row[*name].clone()).collect()).collect()
}

#[tokio::test]
async fn every_interface_stores_no_personal_data() {
    for secret in SECRETS {
        let rows = stored(&format!("to {secret}, please")).await;
        let clean = "to [removed], please";
        let search = json!({ "query": clean, "position": 1 });
        assert_eq!(
            rows,
            [
                json!([clean, null, search]),
                json!([clean, null, null]),
                json!([null, format!("A/{clean}"), null]),
                json!([clean, null, search]),
            ],
            "{secret}"
        );
    }
}

#[tokio::test]
async fn every_interface_stores_other_text_as_it_is() {
    let text = "4006381333931 – Größe 36 37 38 39, @home";
    for row in stored(text).await {
        assert!(row.to_string().contains(text), "{row}");
    }
}

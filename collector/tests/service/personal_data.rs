//! Personal data in free text: every interface stores `[removed]` in its place, and refuses
//! nothing. The engine's own tests have the cases. In batches, an id that is an e-mail address is
//! left out.

use crate::common::raw::{self, AT};
use crate::common::{JOHNDOE, Server, VISITOR, batch, changed, click, id};
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

#[tokio::test]
async fn a_batch_loses_ids_that_are_e_mail_addresses_and_no_event_but_logins() {
    let server = Server::start().await;
    let address = SECRETS[0];
    let mut events = Vec::new();
    for (n, name) in (1..).zip(["user", "anonymous", "session", "account", "purchaser"]) {
        events.push(changed(click(n), json!({ name: address })));
    }
    events.push(changed(click(6), json!({ "user": address, "anonymous": "Js79009234YU7" })));
    events.push(json!({ "id": id(7), "type": "login", "at": 1, "user": address }));
    events.push(json!({ "id": id(8), "type": "login", "at": 1, "user": "johndoe" }));
    assert_eq!(server.post(batch("s", 0, &events)).await.status, 204);
    let rows = server.events().await;
    let ids: Vec<_> = rows.iter().map(|row| [&row["user"], &row["anonymous"]]).collect();
    let none = &Value::Null;
    let mut expected = vec![[none, none]; 5];
    let (visitor, john) = (json!(VISITOR), json!(JOHNDOE));
    expected.extend([[none, &visitor], [&john, none]]);
    assert_eq!(ids, expected);
    // The type of a login is known.
    assert_eq!(server.unknown_events().await, 0);
}

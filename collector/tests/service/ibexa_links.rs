//! Ibexa's ready-made links without the part before the event, and its import of past purchases.

use crate::common::{Answer, JOHNDOE, Server, hash};
use serde_json::{Value, json};

const LINKS: [(&str, &str); 4] = [
    ("/clickrecommended/johndoe/1/100175717?scenario=also_clicked&modelId=37", "clickRecommended"),
    ("/rendered/johndoe/1/100175717?scenario=also_clicked&modelid=37", "rendered"),
    (
        "/clicktriggered/johndoe/46/959?triggername=t&scenario=also_clicked&modelid=37",
        "clickTriggered",
    ),
    ("/triggeropened/johndoe?triggername=t&scenario=also_clicked&modelid=37", "triggerOpened"),
];

#[tokio::test]
async fn links_without_a_customer_are_accepted() {
    for (toml, customer) in
        [("", Value::Null), ("[ibexa]\ncustomers = [\"00000\"]\n", json!("00000"))]
    {
        let server = Server::with(toml).await;
        for (link, kind) in LINKS {
            for method in ["GET", "POST"] {
                let answer = server.send(method, link, "", b"").await;
                assert_eq!(answer.status, 204, "{method} {link}: {}", answer.text());
                let row = server.events().await.pop().unwrap();
                assert_eq!((&row["type"], &row["user"]), (&json!(kind), &json!(JOHNDOE)));
                assert_eq!((&row["source"], &row["customer"]), (&json!("ibexa"), &customer));
                let origin = (&row["scenario"], &row["modelId"]);
                assert_eq!(origin, (&json!("also_clicked"), &json!("37")), "{link}");
            }
        }
        for other in ["/click/johndoe/1/7", "/buy/johndoe/1/7", "/rendered", "/rendered/johndoe"] {
            assert_ne!(server.get(other).await.status, 204, "{other}");
        }
    }
    let server = Server::with("[ibexa]\ncustomers = [\"00000\", \"00001\"]\n").await;
    for (link, _) in LINKS {
        assert_eq!(server.get(link).await.status, 404, "{link}: the customer is not known");
    }
}

/// The vendor's example: item, signed parameters and signature.
const IMPORT: &str = "/api/00000/buy/johndoe/1/11?fullprice=19.99EUR&overridetimestamp=2012-01-01T11%3A00%3A00&quantity=1";
const SIGNATURE: &str = "d0026f017ae823f19530d93318c5a2f6";
const KEYS: &str = "admin_token = \"0123456789abcdef\"\n\
     [ibexa]\nlicense_keys = { \"00000\" = \"8695-1828-92810-5535-4239\" }\n";

async fn refused(server: &Server, target: &str, sentence: &str) {
    let answer: Answer = server.get(target).await;
    assert_eq!(answer.status, 400, "{target}");
    assert!(answer.text().starts_with(sentence), "{target}: {}", answer.text());
    assert!(!answer.text().contains("8695"));
}

/// The last row, read with the configured token.
async fn last(server: &Server) -> Option<Value> {
    let token = "Authorization: Bearer 0123456789abcdef\r\n";
    let answer = server.read("/v1/events", token).await;
    let body: Value = serde_json::from_slice(&answer.body).unwrap();
    body["events"].as_array().unwrap().last().cloned()
}

#[tokio::test]
async fn a_signed_purchase_has_its_own_time() {
    let server = Server::with(KEYS).await;
    for path in [IMPORT.to_owned(), IMPORT.replace("/api/", "/ebl/")] {
        let answer = server.get(&format!("{path}&signature={SIGNATURE}")).await;
        assert_eq!(answer.status, 204, "{}", answer.text());
        let row = last(&server).await.unwrap();
        assert_eq!((&row["at"], &row["price"]), (&json!(1_325_415_600_000u64), &json!("19.99EUR")));
        assert!(row["receivedAt"].as_u64().unwrap() > 1_700_000_000_000);
        assert_eq!(row["user"], hash("johndoe"));
    }
    // In another order, with an empty parameter and upper-case letters.
    let other = format!(
        "/api/00000/buy/johndoe/1/11?quantity=1&signature={}&lang=&overridetimestamp=2012-01-01T11:00:00&fullprice=19.99EUR",
        SIGNATURE.to_uppercase()
    );
    assert_eq!(server.get(&other).await.status, 204);
}

#[tokio::test]
async fn a_time_without_valid_signature_is_refused() {
    let server = Server::with(KEYS).await;
    let signed = format!("{IMPORT}&signature={SIGNATURE}");
    let unsigned = "overridetimestamp must have the signature";
    for (target, sentence) in [
        (IMPORT.to_owned(), unsigned),
        (format!("{IMPORT}&signature="), unsigned),
        (format!("{IMPORT}&signature=0{}", &SIGNATURE[1..]), unsigned),
        (signed.replace("quantity=1", "quantity=2"), unsigned),
        (signed.replace("19.99", "9.99"), unsigned),
        (signed.replace("/1/11?", "/1/12?"), unsigned),
        (signed.replace("2012", "2013"), unsigned),
        (format!("{signed}&lang=de"), unsigned),
        (signed.replace("/00000/", "/00001/"), "overridetimestamp needs a license key"),
        (
            "/api/00000/rendered/johndoe/1/1,2?overridetimestamp=2012-01-01T11:00:00".to_owned(),
            "overridetimestamp is for events of one item",
        ),
    ] {
        refused(&server, &target, sentence).await;
    }
    let token = "Authorization: Bearer 0123456789abcdef\r\n";
    for (time, status) in [("2012-01-01T11:00:00Z", 204), ("2012-01-32T11:00:00Z", 400), ("x", 400)]
    {
        let target = format!("/api/00000/buy/johndoe/1/11?overridetimestamp={time}");
        assert_eq!(server.send("GET", &target, token, b"").await.status, status, "{time}");
        let wrong = "Authorization: Bearer 0123456789abcdeg\r\n";
        assert_eq!(server.send("GET", &target, wrong, b"").await.status, 400, "{time}");
    }
    assert_eq!(last(&server).await.unwrap()["at"], 1_325_415_600_000u64);
    // The same without any key, and for every event.
    let server = Server::start().await;
    for event in ["buy", "click"] {
        let target = format!(
            "/api/00000/{event}/johndoe/1/11?overridetimestamp=2012-01-01T11:00:00&signature={SIGNATURE}"
        );
        refused(&server, &target, "overridetimestamp needs a license key").await;
    }
    assert!(server.events().await.is_empty());
    let empty = "/api/00000/buy/johndoe/1/11?overridetimestamp=&signature=";
    assert_eq!(server.get(empty).await.status, 204, "an empty parameter counts as absent");
}

//! Personal data in free text: it is replaced, with one warning, and all other text stays as it is.

use crate::common::test;
use crate::common::{Page, batch, json, value};
use recobeacon_engine::event::{Event, Kind};
use recobeacon_engine::limits::Limits;
use recobeacon_engine::personal_data::without;
use serde_json::Value as Json;

/// The text without personal data.
fn cleaned(text: &str) -> String {
    without(text).unwrap_or_else(|| text.to_owned())
}

#[test]
fn e_mail_addresses_are_replaced() {
    for (text, clean) in [
        ("jane@shop.example", "[removed]"),
        ("JANE.DOE+x@mail.shop.co.uk", "[removed]"),
        ("jürgen@müller.de", "[removed]"),
        ("用户@例子.公司", "[removed]"),
        ("jane@xn--mller-kva.de", "[removed]"),
        ("jane@shop.xn--p1ai", "[removed]"),
        ("a@b.de", "[removed]"),
        ("o'brien_99@mail-1.shop.ie", "[removed]"),
        ("order for jane@shop.example, thanks", "order for [removed], thanks"),
        ("Write to jane@shop.example.", "Write to [removed]."),
        ("<jane@shop.example>", "<[removed]>"),
        ("[jane@shop.example]", "[removed]]"),
        ("'jane@shop.example'", "'[removed]'"),
        ("„jane@shop.example“", "„[removed]“"),
        ("mailto:jane@shop.example?subject=x", "mailto:[removed]?subject=x"),
        ("https://shop.example/?m=jane@shop.example&x=1", "https://shop.example/?m=[removed]&x=1"),
        ("a@b.de b@c.de", "[removed] [removed]"),
        ("a@b.de,b@c.de;c@d.de", "[removed],[removed];[removed]"),
        ("jane@shop.example\u{a0}Berlin", "[removed]\u{a0}Berlin"),
        ("Größe\u{a0}jane@shop.example…", "Größe\u{a0}[removed]…"),
        ("Shoes/jane@shop.example/Red", "Shoes/[removed]/Red"),
        ("@jane@social.example", "@[removed]"),
        ("4111111111111111@shop.example", "[removed]"),
        ("jane@shop.example.2024", "[removed].2024"),
        ("jane@shop.example.4111111111111111", "[removed].[removed]"),
        ("jane@mail.shop.example.x", "[removed].x"),
        ("jane@shop.example.-", "[removed].-"),
        ("jane%40shop.example", "[removed]"),
        (
            "https://shop.example/?m=jane%40shop.example&x=1",
            "https://shop.example/?m=[removed]&x=1",
        ),
        ("jane\u{ff20}shop.example", "[removed]"),
        ("4111111111111111.4111111111111111", "[removed].[removed]"),
        ("a%40b a@b.de%40c.de", "a%40b [removed]%40c.de"),
    ] {
        assert_eq!(cleaned(text), clean, "{text}");
    }
}

#[test]
fn card_numbers_are_replaced() {
    // Numbers that payment providers publish for tests.
    for number in [
        "4111111111111111",
        "4012888888881881",
        "4222222222222",
        "4917610000000000003",
        "5555555555554444",
        "2223003122003222",
        "378282246310005",
        "371449635398431",
        "30569309025904",
        "38520000023237",
        "36227206271667",
        "6011111111111117",
        "6011000990139424",
        "3530111333300000",
        "6304000000000000",
        "6212345678901265",
        "6759649826438453",
        "5019717010103742",
        "4111 1111 1111 1111",
        "4111-1111-1111-1111",
        "4111\u{a0}1111\u{a0}1111\u{a0}1111",
        "4111 - 1111 - 1111 - 1111",
        "3782 822463 10005",
        "3056 930902 5904",
        "4917 6100 0000 0000 003",
        "4222 2222 2222 2",
    ] {
        let clean = if number.contains(" - ") { number } else { "[removed]" };
        assert_eq!(cleaned(number), clean, "{number}");
        for (before, after) in
            [("card ", " 12/27"), ("2 ", " 123"), ("(", ")"), ("Nr.", "."), ("ü", "ü"), ("_", ":")]
        {
            let text = format!("{before}{number}{after}");
            assert_eq!(cleaned(&text), format!("{before}{clean}{after}"), "{text}");
        }
        // It is a part of a longer number or code.
        if !number.contains([' ', '-', '\u{a0}']) {
            for text in [
                format!("1{number}"),
                format!("{number}12345"),
                format!("0.{number}"),
                format!("SN{number}"),
                format!("{number}A"),
            ] {
                assert_eq!(cleaned(&text), text);
            }
        }
    }
}

#[test]
fn ibans_are_replaced() {
    // The examples of the SWIFT registry.
    for iban in [
        "DE89370400440532013000",
        "GB29NWBK60161331926819",
        "FR1420041010050500013M02606",
        "NL91ABNA0417164300",
        "CH9300762011623852957",
        "AT611904300234573201",
        "BE68539007547034",
        "NO9386011117947",
        "MT84MALT011000012345MTLCAST001S",
        "ES9121000418450200051332",
        "IT60X0542811101000000123456",
        "PL61109010140000071219812874",
        "BR1800360305000010009795493C1",
        "QA58DOHB00001234567890ABCDEFG",
        "LC55HEMM000100010012001200023015",
        "SC18SSCB11010000000000001497USD",
    ] {
        let groups: Vec<String> =
            iban.as_bytes().chunks(4).map(|group| String::from_utf8_lossy(group).into()).collect();
        for text in [iban.to_owned(), iban.to_lowercase(), groups.join(" "), groups.join("-")] {
            assert_eq!(cleaned(&text), "[removed]", "{text}");
            let within = format!("Konto: {text} BIC COBADEFF");
            assert_eq!(cleaned(&within), "Konto: [removed] BIC COBADEFF", "{within}");
        }
        for other in [format!("X{iban}"), format!("{iban}0"), iban[4..].to_owned()] {
            assert_eq!(cleaned(&other), other);
        }
        // The check digits are wrong.
        let digit = if iban.ends_with('7') { "8" } else { "7" };
        let wrong = format!("{}{digit}", &iban[..iban.len() - 1]);
        assert_eq!(cleaned(&wrong), wrong);
    }
}

#[test]
fn other_text_stays() {
    for text in [
        "",
        "Kinderschuhe rot 36-38",
        "icons @ 2x",
        "@jane.doe",
        "jane@",
        "jane@home",
        "jane@localhost",
        "react@18.2.0",
        "50mm@f1.8",
        "3@9.99",
        "Menge 5€@12.99€",
        // German articles: GTIN-13, alone and in lists, and a GTIN-14.
        "4006381333931",
        "4006381333931 4006381333948",
        "4 006381 333931",
        "34006381333932",
        // Numbers with a valid GTIN-13 that also pass the checksum of a card.
        "4000000000006 4000417025005",
        // ISBN, IMEI, UUID, phone numbers, sizes, prices.
        "9783161484100",
        "978-3-16-148410-0",
        "490154203237518",
        "6ba7b810-9dad-11d1-80b4-00c04fd430c8",
        "+49 30 1234 5678 9012",
        "36 37 38 39 40 41 42 43 44 45 46 47 48",
        "0.4111111111111111",
        "1.234.567,89 EUR",
        "2025-11-21 2025-11-22",
        // Without a valid checksum, or with an unknown beginning.
        "4111111111111112",
        "9111111111111110",
        "DE89370400440532013001",
        "XX89370400440532013000",
        "DE 89 more words in a text that is as long as an account's number",
        "[removed]",
    ] {
        assert_eq!(cleaned(text), text);
    }
}

#[test]
fn lists_are_searched_at_any_depth_but_not_their_numbers() {
    let number = 4_111_111_111_111_111_u64;
    let list = |text: &str, card: &str| json!([{ "name": text, "a@b.de": [[card], number] }, null]);
    let mut page = Page::open(batch());
    let given = list("\"\\\na@b.de\\", "4111111111111111");
    page.call("basket", json!({ "itemId": 1, "filters": given }));
    page.call("basket", json!({ "itemId": 1, "filters": vec!["a@b.de"; 222] }));
    page.advance(2_000);
    let events = page.events();
    assert_eq!(events[0]["filters"], list("\"\\\n[removed]\\", "[removed]"));
    assert_eq!(events[1]["filters"], json!(["[removed]"]), "the list would be too long");
    assert_eq!(page.told(), [("personal-data", "basket.filters")]);
}

/// The longest text that is searched gives no longer one than an event may have, even of the
/// shortest addresses.
#[test]
fn a_text_does_not_become_too_long() {
    let many = "a@b.de ".repeat(Limits::TEXT_BYTES / 7);
    assert_eq!(cleaned(&many), "[removed]");
    let few = "a@b.de ".repeat(30);
    assert_eq!(cleaned(&few), "[removed] ".repeat(30));
    let (mut page, path) = (Page::open(batch()), "a@b.de/".repeat(70));
    page.call("click", json!({ "itemId": 1, "categoryPath": path, "title": many }));
    page.advance(2_000);
    let [event] = page.events().try_into().unwrap();
    assert_eq!(
        (&event["title"], &event["categoryPath"]),
        (&json!("[removed]"), &json!("[removed]"))
    );
}

/// The kinds, and fields of theirs: with personal data, and without.
fn calls() -> Vec<(&'static str, Json, Json)> {
    let secret = "from jane@shop.example";
    let clean = "from [removed]";
    let with = |fields: &dyn Fn(&str) -> Json| (fields(secret), fields(clean));
    let named = |name, (secret, clean)| (name, secret, clean);
    vec![
        named("click", with(&|text| json!({ "itemId": "1", "title": text }))),
        named("click", with(&|text| json!({ "itemId": "1", "categoryPath": text }))),
        named(
            "click",
            with(&|text| json!({ "itemId": "1", "search": { "query": text, "position": 1 } })),
        ),
        named(
            "click",
            with(
                &|text| json!({ "itemId": "1", "search": { "query": "", "position": 1, "campaign": text } }),
            ),
        ),
        named("basket", with(&|text| json!({ "itemId": "1", "campaign": text }))),
        named("basket", with(&|text| json!({ "itemId": "1", "query": text }))),
        named("basket", with(&|text| json!({ "itemId": "1", "filters": [{ "a": [text] }] }))),
        named("feedback", with(&|text| json!({ "query": text, "positive": true }))),
        named("feedback", with(&|text| json!({ "query": "", "positive": true, "message": text }))),
        named(
            "landingPageClick",
            with(&|text| json!({ "itemId": "1", "campaign": text, "pageId": "p" })),
        ),
        named(
            "cacheHit",
            with(&|text| {
                json!({ "query": "", "page": 1, "pageSize": 1, "hitCount": 1, "searchTimeMs": 1,
                    "minScore": 0, "maxScore": 1, "searchField": text })
            }),
        ),
        named(
            "cacheHit",
            with(&|text| {
                json!({ "query": "", "page": 1, "pageSize": 1, "hitCount": 1, "searchTimeMs": 1,
                    "minScore": 0, "maxScore": 1, "additionalInfo": text })
            }),
        ),
    ]
}

#[test]
fn each_free_text_is_cleaned_with_one_warning() {
    for (name, secret, clean) in calls() {
        let kind = Kind::from_name(name).unwrap();
        let mut warnings = Vec::new();
        let parsed = Event::parse(kind, &value(secret.clone()), "1", &mut warnings);
        let told: Vec<_> = warnings.iter().map(|warning| warning.code.name()).collect();
        assert_eq!(told, ["personal-data"], "{secret}");
        assert!(warnings[0].field.starts_with(&format!("{name}.")), "{secret}");
        assert_eq!(parsed, Event::parse(kind, &value(clean), "1", &mut warnings), "{secret}");
        assert_eq!(warnings.len(), 1);

        // What leaves the page has neither the address nor a part of it.
        let mut page = Page::open(batch());
        page.call(name, secret.clone());
        page.call(name, secret);
        page.advance(2_000);
        assert_eq!(page.warnings.len(), 1, "once for each field");
        assert_eq!(page.count("accepted"), 2);
        assert!(!format!("{:?}{:?}", page.sends, page.kept).contains("jane"));
    }
}

#[test]
fn identifiers_are_not_judged() {
    let card = "4111111111111111";
    for (name, fields) in [
        ("click", json!({ "itemId": card, "itemType": card, "masterId": card })),
        ("click", json!({ "itemId": 4_111_111_111_111_111_u64 })),
        ("buy", json!({ "itemId": card, "orderId": card })),
        ("rendered", json!({ "items": [card], "scenario": card })),
        (
            "clickRecommended",
            json!({ "itemId": card, "scenario": card, "modelId": card, "mainId": card }),
        ),
        ("clickTriggered", json!({ "itemId": card, "triggerName": card })),
        ("landingPageClick", json!({ "itemId": card, "campaign": "c", "pageId": card })),
    ] {
        let mut page = Page::open(batch());
        page.call(name, fields.clone());
        page.call("login", json!(card));
        page.advance(2_000);
        assert_eq!(page.warnings, [], "{fields}");
        let sent = format!("{:?}", page.sends);
        assert!(sent.contains(card) && !sent.contains("[removed]"), "{fields}");
    }
}

#[cfg(feature = "sources")]
#[test]
fn the_data_layer_is_cleaned_with_its_own_paths() {
    let mut page = Page::open(batch());
    let item = json!({ "item_id": "1", "item_name": "for jane@shop.example", "item_category": "4111111111111111" });
    page.call("dataLayer", json!([{ "event": "view_item", "ecommerce": { "items": [item] } }]));
    page.advance(2_000);
    assert_eq!(
        page.told(),
        [
            ("personal-data", "dataLayer.view_item.items[0].item_name"),
            ("personal-data", "dataLayer.view_item.items[0].item_category"),
        ]
    );
    let [event] = page.events().try_into().unwrap();
    assert_eq!(
        (&event["title"], &event["categoryPath"]),
        (&json!("for [removed]"), &json!("[removed]"))
    );
}

/// A quadratic search would need hours.
#[test]
fn the_search_is_bounded() {
    for part in [
        "a", "a.", "a@", "@", "a@b.", "%40", "\u{ff20}", "a%40b", "4", "4111 ", "DE89 ", "é",
        "a@b.de", "-", "1.4",
    ] {
        cleaned(&part.repeat(1_000_000));
    }
}

#[cfg(not(target_arch = "wasm32"))]
mod properties {
    use super::cleaned;
    use proptest::prelude::*;

    /// Parts of texts: any characters, those of addresses and numbers, and whole addresses and
    /// numbers.
    fn text() -> impl Strategy<Value = String> {
        let part = prop_oneof![
            2 => "\\PC{0,6}",
            4 => "([a-z0-9@. -]|%40|\u{ff20}){0,12}",
            3 => "[0-9]{1,6}",
            1 => prop::sample::select(vec![
                "a@b.de", "4111111111111111", "4111 1111 1111 1111", "DE89370400440532013000",
                "[removed]", "%40", "[", "\u{a0}", "é", "“", "4006381333931",
            ])
            .prop_map(str::to_owned),
        ];
        prop::collection::vec(part, 0..12).prop_map(|parts| parts.concat())
    }

    fn cases() -> ProptestConfig {
        ProptestConfig { cases: 3_000, failure_persistence: None, ..ProptestConfig::default() }
    }

    proptest! {
        #![proptest_config(cases())]

        #[test]
        fn removal_is_idempotent_and_bounded(text in text()) {
            let clean = cleaned(&text);
            prop_assert_eq!(cleaned(&clean), clean.as_str());
            prop_assert!(clean.len() <= text.len().max(512), "{}", clean);
        }

        #[test]
        fn text_without_addresses_and_numbers_stays(text in "[^@0-9]{0,60}", short in "[^@]{0,12}") {
            prop_assert_eq!(cleaned(&text), text.as_str());
            prop_assert_eq!(cleaned(&short), short.as_str());
        }

        #[test]
        fn an_address_is_found_in_any_text(
            before in "[^@]{0,20}[ ,;(<]|", after in "[ ,;)>?][^@]{0,20}|",
            name in "[a-z0-9][a-z0-9.+_-]{0,10}", host in "[a-z0-9-]{1,10}", top in "[a-z]{2,6}",
        ) {
            let clean = cleaned(&format!("{before}{name}@{host}.{top}{after}"));
            prop_assert!(!clean.contains('@'), "{}", clean);
            prop_assert!(clean.starts_with(before.trim_end_matches('[')) , "{}", clean);
            prop_assert!(clean.ends_with(&after), "{}", clean);
        }

        #[test]
        fn an_article_number_is_never_a_card(digits in prop::collection::vec(0..10u8, 12..=13)) {
            let weights = [3, 1].into_iter().cycle();
            let sum: u8 = digits.iter().rev().zip(weights).map(|(digit, weight)| digit * weight).sum();
            let mut number: String = digits.iter().map(u8::to_string).collect();
            number += &((10 - sum % 10) % 10).to_string();
            prop_assert_eq!(cleaned(&number), number.as_str());
        }
    }
}

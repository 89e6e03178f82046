//! The vendors' own examples (`tests/vectors`): calls, and the requests that they give.
//!
//! A vector's config is the page's. `expected` are its requests in order. The test compares method
//! and path exactly, the query as a set of decoded pairs, a body as a JSON value, and all headers.
//! `{uuidv7}` stands for an id made by the engine, a different one each time.

use crate::common::test;
use crate::common::{Page, json, split_url};
use recobeacon_engine::request::{Method, Request};
use serde_json::Value as Json;
use std::collections::BTreeSet;

fn method(method: Method) -> &'static str {
    match method {
        Method::Get => "GET",
        Method::Post => "POST",
    }
}

/// The headers as the shell sends them (`send` in fetch.js): JSON with a key, otherwise text.
fn headers(request: &Request) -> Json {
    match (&request.key, &request.body) {
        (Some((name, key)), _) => json!({ "Content-Type": "application/json", *name: key }),
        (None, Some(_)) => json!({ "Content-Type": "text/plain" }),
        (None, None) => Json::Null,
    }
}

fn is_uuid_v7(id: &str) -> bool {
    let digits = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
    let lengths: Vec<usize> = id.split('-').map(str::len).collect();
    lengths == [8, 4, 4, 4, 12]
        && id.chars().all(|c| c == '-' || digits(c))
        && id.as_bytes()[14] == b'7'
        && b"89ab".contains(&id.as_bytes()[19])
}

/// Replaces every event id by `{uuidv7}`. Each id must be new.
fn without_ids(value: &mut Json, seen: &mut BTreeSet<String>) {
    match value {
        Json::Object(fields) => {
            for (name, value) in fields {
                if name == "eventId" {
                    let id = value.as_str().unwrap().to_owned();
                    assert!(is_uuid_v7(&id), "{id}");
                    assert!(seen.insert(id), "the same id twice");
                    *value = json!("{uuidv7}");
                } else {
                    without_ids(value, seen);
                }
            }
        }
        Json::Array(list) => list.iter_mut().for_each(|value| without_ids(value, seen)),
        _ => {}
    }
}

fn check(vectors: &str, least: usize) {
    let vectors: Vec<Json> = serde_json::from_str(vectors).unwrap();
    assert!(vectors.len() >= least, "{} vectors", vectors.len());
    for vector in vectors {
        let mut page = Page::open(vector["config"].clone());
        for call in vector["calls"].as_array().unwrap() {
            let (verb, args) = call.as_array().unwrap().split_first().unwrap();
            page.call(verb.as_str().unwrap(), Json::Array(args.to_vec()));
        }
        page.advance(60_000);
        let expected = vector["expected"].as_array().unwrap();
        assert_eq!(page.sends.len(), expected.len(), "{vector} became {:#?}", page.sends);
        let mut seen = BTreeSet::new();
        for (sent, expected) in page.sends.iter().zip(expected) {
            let request = &sent.send.request;
            assert_eq!(method(request.method), expected["method"], "{vector}");
            assert_eq!(split_url(&request.url), split_url(expected["url"].as_str().unwrap()));
            assert_eq!(headers(request), expected["headers"], "{vector}");
            let mut body = request.body.as_deref().map_or(Json::Null, |body| {
                serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {body}"))
            });
            without_ids(&mut body, &mut seen);
            assert_eq!(body, expected["body"], "{vector}");
        }
    }
}

#[test]
fn ibexa() {
    check(include_str!("../vectors/ibexa.json"), 27);
}

#[cfg(feature = "vendors")]
#[test]
fn yoochoose() {
    check(include_str!("../vectors/yoochoose.json"), 18);
}

#[cfg(feature = "vendors")]
#[test]
fn factfinder() {
    check(include_str!("../vectors/factfinder.json"), 23);
}

#[cfg(feature = "vendors")]
#[test]
fn intempt() {
    check(include_str!("../vectors/intempt.json"), 9);
}

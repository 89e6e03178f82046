//! Cookies: those that a page finds, and the `Cookie` header of the collector. Only valid values are written again.
#![no_main]

use arbitrary::Arbitrary;
use axum::http::HeaderMap;
use axum::http::header::{COOKIE, HOST, HeaderValue, ORIGIN};
use libfuzzer_sys::fuzz_target;
use recobeacon_collector::config::CookieConfig;
use recobeacon_collector::fuzzing::cookies;
use recobeacon_engine::identity::Stored;
use recobeacon_engine::limits::Limits;
use recobeacon_engine::rules;
use recobeacon_engine::value::Value;
use recobeacon_fuzz::tracker::{Page, START, batch, calm, json};

#[derive(Arbitrary, Debug)]
struct Case {
    id: Option<String>,
    id_at: Option<String>,
    user: Option<String>,
    off: bool,
    /// Parts of the header.
    sent: Vec<(Name, Vec<u8>)>,
    origin: Option<Vec<u8>>,
    has_domain: bool,
}

#[derive(Arbitrary, Clone, Copy, Debug)]
enum Name {
    Id,
    At,
    User,
    Other,
}

fuzz_target!(|case: Case| {
    let Case { id, id_at, user, off, .. } = case.clone_stored();
    let stored = Stored { id, id_at, user, off, ..Stored::default() };
    let mut page = Page::start(&batch(), &stored, calm());
    page.click("1");
    page.shown();
    page.advance(1_000);
    check_jar(&page);
    if !off {
        let known = stored.user.filter(|user| rules::user_id(&Value::Text(user.clone())).is_ok());
        assert_eq!(page.engine.user_id(), known.as_deref());
    } else {
        assert_eq!((page.engine.user_id(), page.sends.len()), (None, 0));
    }
    page.call("consent", json!("granted"));
    page.advance(1_000);
    check_jar(&page);
    check_header(&case);
});

impl Case {
    fn clone_stored(&self) -> Self {
        Self {
            id: self.id.clone(),
            id_at: self.id_at.clone(),
            user: self.user.clone(),
            off: self.off,
            sent: Vec::new(),
            origin: None,
            has_domain: false,
        }
    }
}

/// What the page writes is valid.
fn check_jar(page: &Page) {
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    for name in &page.cookies_written {
        let Some((value, days)) = page.jar.get(name) else { continue };
        assert!((1..=Limits::COOKIE_DAYS_MAX).contains(days), "{name}: {days} days");
        match name.as_str() {
            "reco_id" => {
                let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
                assert!(
                    (8..=Limits::IDENTIFIER_BYTES).contains(&value.len())
                        && value.bytes().all(plain),
                    "{value}"
                );
            }
            "reco_id_at" => assert!(value.strip_suffix(".c").is_some_and(is_digits), "{value}"),
            "reco_user" => assert!(rules::user_id(&Value::Text(value.clone())).is_ok(), "{value}"),
            "reco_off" => assert_eq!(value, "1"),
            other => panic!("{other} is no cookie of the tracker"),
        }
    }
}

fn check_header(case: &Case) {
    let mut line: Vec<u8> = Vec::new();
    for (name, value) in &case.sent {
        let name: &[u8] = match name {
            Name::Id => b"reco_id",
            Name::At => b"reco_id_at",
            Name::User => b"reco_user",
            Name::Other => b"x",
        };
        line.extend([name, b"=", value, b"; "].concat());
    }
    let mut headers = HeaderMap::new();
    headers.insert(HOST, HeaderValue::from_static("collector.example"));
    let (Ok(sent), Ok(origin)) = (
        HeaderValue::from_bytes(&line),
        HeaderValue::from_bytes(case.origin.as_deref().unwrap_or(b"https://shop.example")),
    ) else {
        return;
    };
    headers.insert(COOKIE, sent);
    headers.insert(ORIGIN, origin);
    let domain = case.has_domain.then(|| "shop.example".to_owned());
    let cookie = CookieConfig { name: "reco_id".to_owned(), domain, days: 90 };
    let set = cookies::set("s.0", Some(&cookie), &headers, START);
    assert!(matches!(set.len(), 1 | 3), "{set:?}");
    for (place, value) in set.iter().enumerate() {
        let value = value.to_str().expect("ASCII");
        let (pair, attributes) = value.split_once("; ").expect("attributes");
        let (name, value) = pair.split_once('=').expect("a pair");
        assert_eq!(name, ["reco_ack_s.0", "reco_id", "reco_id_at"][place]);
        let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
        assert!(!value.is_empty() && value.bytes().all(plain), "{pair}");
        // Browsers drop a cookie of more than 4096 bytes, and the tracker uses no longer id.
        assert!(value.len() <= Limits::IDENTIFIER_BYTES, "{} bytes", value.len());
        let known = [
            "Path=/",
            "Max-Age=600",
            "Max-Age=7776000",
            "SameSite=Lax",
            "Secure",
            "Domain=shop.example",
        ];
        assert!(attributes.split("; ").all(|one| known.contains(&one)), "{attributes}");
    }
}

//! Generates arguments of every method, with and without each optional field, and with any Unicode.
#![allow(clippy::unwrap_used)]

use proptest::option;
use proptest::prelude::*;
use recobeacon_engine::event::Kind;
use serde_json::{Map, Number, Value as Json, json};

type Fields = Vec<(&'static str, BoxedStrategy<Json>)>;

/// A text id with any character that vendors' URLs can carry.
pub fn user_id() -> impl Strategy<Value = String> {
    let fine = |c: &char| *c != '\\' && !c.is_control();
    prop::collection::vec(any::<char>().prop_filter("a character of an id", fine), 1..20)
        .prop_map(|chars| chars.into_iter().collect::<String>())
        .prop_filter("no id", |id| id != "." && id != ".." && !id.contains('@') && !is_template(id))
}

/// Whether the text is a template's output: a placeholder, or a word for no user.
fn is_template(id: &str) -> bool {
    ["{{", "{%", "${", "#{", "<%", "[["].iter().any(|start| id.contains(start)) || id == "0"
}

/// An id: text or a whole number.
pub fn any_id() -> BoxedStrategy<Json> {
    let number = (0..=9_007_199_254_740_991_u64).prop_map(Json::from);
    prop_oneof![user_id().prop_map(Json::from), number, (0..100u8).prop_map(Json::from)].boxed()
}

fn text() -> BoxedStrategy<Json> {
    prop::collection::vec(any::<char>(), 1..30)
        .prop_map(|chars| Json::from(chars.into_iter().collect::<String>()))
        .boxed()
}

fn category() -> BoxedStrategy<Json> {
    let name = user_id().prop_map(|name| name.replace('/', "-"));
    let list = prop::collection::vec(prop_oneof![9 => name, 1 => Just(String::new())], 0..4);
    let list = list.prop_filter("no path", |names| {
        let path = names.concat();
        path != "." && path != ".."
    });
    let text =
        user_id().prop_filter("no path", |text| !matches!(text.trim_matches('/'), "." | ".."));
    prop_oneof![list.prop_map(|names| json!(names)), text.prop_map(Json::from)].boxed()
}

fn price() -> BoxedStrategy<Json> {
    let large = (0..9_000_000_000_u64).prop_map(|whole| whole.to_string());
    // A page may write leading zeros.
    let whole = prop_oneof![3 => large, 1 => "0{0,3}[0-9]"];
    let amount = (whole, option::of("[0-9]{1,6}")).prop_map(|(whole, decimals)| {
        decimals.map_or_else(|| whole.clone(), |decimals| format!("{whole}.{decimals}"))
    });
    let currency = "[A-Z]{3}";
    (amount, currency, 0..3)
        .prop_map(|(amount, currency, form)| match form {
            0 => json!(format!("{amount}{currency}")),
            1 => json!({ "amount": amount, "currency": currency }),
            // Two decimals, so that the number is printed with at most six.
            _ => {
                let number = (amount.parse::<f64>().unwrap() * 100.0).trunc() / 100.0;
                json!({ "amount": number, "currency": currency })
            }
        })
        .boxed()
}

fn whole(least: u64, most: u64) -> BoxedStrategy<Json> {
    or_text((least..=most).prop_map(Json::from).boxed())
}

fn real(most: f64) -> BoxedStrategy<Json> {
    let number = |number| Number::from_f64(number).map_or(Json::Null, Json::from);
    or_text((0.0..=most).prop_map(number).boxed())
}

/// The number, or its text with leading zeros, as in attributes.
fn or_text(numbers: BoxedStrategy<Json>) -> BoxedStrategy<Json> {
    (numbers, 0..8_usize)
        .prop_map(|(number, zeros)| match number.as_f64() {
            Some(value) if zeros < 3 && value < 9e9 => {
                let whole = number.is_u64();
                let text = if whole { number.to_string() } else { format!("{value:.6}") };
                json!("0".repeat(zeros) + &text)
            }
            _ => number,
        })
        .boxed()
}

fn boolean() -> BoxedStrategy<Json> {
    any::<bool>().prop_map(Json::from).boxed()
}

/// Any JSON value of limited size.
pub fn anything() -> BoxedStrategy<Json> {
    let name = prop_oneof![
        prop::sample::select(vec![
            "itemId",
            "itemType",
            "categoryPath",
            "price",
            "quantity",
            "rating",
            "percentage",
            "items",
            "scenario",
            "variant",
            "search",
            "query",
            "position",
            "filters",
            "amount",
            "currency",
            "__proto__",
            "forget",
            ""
        ])
        .prop_map(str::to_owned),
        "\\PC{0,8}",
    ];
    let leaf = prop_oneof![
        Just(Json::Null),
        boolean(),
        any::<f64>().prop_map(|n| Number::from_f64(n).map_or(Json::Null, Json::from)),
        any::<i64>().prop_map(Json::from),
        any::<u64>().prop_map(Json::from),
        text(),
        prop::sample::select(vec!["", ".", "..", "\\", "1EUR", "EUR", "-1EUR"])
            .prop_map(Json::from),
    ];
    leaf.prop_recursive(8, 64, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Json::from),
            prop::collection::vec((name.clone(), inner), 0..6)
                .prop_map(|fields| Json::Object(fields.into_iter().collect())),
        ]
    })
    .boxed()
}

fn object(required: Fields, optional: Fields) -> BoxedStrategy<Json> {
    let required = required.into_iter().map(|(name, value)| (name, value.prop_map(Some).boxed()));
    let optional = optional.into_iter().map(|(name, value)| (name, option::of(value).boxed()));
    let fields: Vec<BoxedStrategy<Option<(String, Json)>>> = required
        .chain(optional)
        .map(|(name, value)| {
            value.prop_map(move |value| value.map(|value| (name.to_owned(), value))).boxed()
        })
        .collect();
    fields
        .prop_map(|fields| Json::Object(fields.into_iter().flatten().collect::<Map<_, _>>()))
        .boxed()
}

fn item(required: Fields, optional: Fields) -> BoxedStrategy<Json> {
    let mut all: Fields = vec![("itemId", any_id())];
    all.extend(required);
    let mut more: Fields = vec![
        ("itemType", any_id()),
        ("categoryPath", category()),
        ("masterId", user_id().prop_map(Json::from).boxed()),
        ("title", text()),
    ];
    more.extend(optional);
    object(all, more)
}

fn search() -> BoxedStrategy<Json> {
    let place = || whole(1, (1 << 53) - 1);
    object(
        vec![("query", query()), ("position", place())],
        vec![
            ("originalPosition", place()),
            ("page", whole(0, 1_000)),
            ("pageSize", whole(0, 1_000)),
            ("originalPageSize", whole(0, 1_000)),
            ("score", real(1e6)),
            ("campaign", text()),
        ],
    )
}

fn buy() -> BoxedStrategy<Json> {
    let line = || {
        let line = vec![("price", price()), ("quantity", pieces()), ("orderId", any_id())];
        item(vec![], [line, search_of()].concat())
    };
    prop_oneof![line(), prop::collection::vec(line(), 1..5).prop_map(Json::from)].boxed()
}

fn rendered() -> BoxedStrategy<Json> {
    let items = prop::collection::vec(prop_oneof![any_id(), item(vec![], vec![])], 1..12);
    object(
        vec![("items", items.prop_map(Json::from).boxed())],
        vec![("itemType", any_id()), ("scenario", any_id()), ("variant", any_id())],
    )
}

/// A whole or fractional quantity.
fn pieces() -> BoxedStrategy<Json> {
    let parts = (1u64..1_000_000_000).prop_map(|n| json!(n as f64 / 1_000.0)).boxed();
    prop_oneof![whole(1, 1_000_000), or_text(parts)].boxed()
}

/// The search behind a basket or a purchase.
fn search_of() -> Fields {
    vec![("campaign", text()), ("query", query()), ("filters", filters())]
}

fn query() -> BoxedStrategy<Json> {
    prop_oneof![9 => text(), 1 => Just(json!(""))].boxed()
}

/// A list of any values that can be written without loss.
fn filters() -> BoxedStrategy<Json> {
    prop::collection::vec(anything(), 0..3)
        .prop_map(|mut filters| {
            filters.iter_mut().for_each(keep_exact);
            Json::from(filters)
        })
        .prop_filter("too long", |filters| filters.to_string().len() < 1_000)
        .boxed()
}

/// Rounds numbers to six decimals and limits them to exact values.
fn keep_exact(value: &mut Json) {
    match value {
        Json::Number(number) => {
            let number = number.as_f64().unwrap_or_default() % 9e9;
            *value = json!((number * 1e3).trunc() / 1e3);
        }
        Json::Array(list) => list.iter_mut().for_each(keep_exact),
        Json::Object(fields) => fields.values_mut().for_each(keep_exact),
        Json::Null | Json::Bool(_) | Json::String(_) => {}
    }
}

fn cache_hit() -> BoxedStrategy<Json> {
    let counts = ["page", "pageSize", "hitCount"].map(|name| (name, whole(0, 1 << 50)));
    let scores = ["searchTimeMs", "minScore", "maxScore"].map(|name| (name, real(1e6)));
    let mut required: Fields = vec![("query", query())];
    required.extend(counts.into_iter().chain(scores));
    object(
        required,
        vec![
            ("filters", filters()),
            ("itemId", any_id()),
            ("masterId", any_id()),
            ("title", text()),
            ("searchField", text()),
            ("customSorting", boolean()),
            ("additionalInfo", text()),
        ],
    )
}

/// A valid argument of a method.
pub fn argument(kind: Kind) -> BoxedStrategy<Json> {
    let name = any_id;
    let quantity = || ("quantity", pieces());
    match kind {
        Kind::Click => item(vec![], vec![("search", search())]),
        Kind::Consume => item(vec![], vec![("percentage", real(100.0))]),
        Kind::Basket => item(vec![], [vec![quantity(), ("price", price())], search_of()].concat()),
        Kind::DeleteFromBasket => item(vec![], vec![quantity()]),
        Kind::Wishlist => item(vec![], vec![("price", price())]),
        Kind::DeleteFromWishlist | Kind::Owns | Kind::Blacklist | Kind::PredictiveBasketClick => {
            item(vec![], vec![])
        }
        Kind::Buy => buy(),
        Kind::Rate => item(vec![("rating", whole(0, 100))], vec![]),
        Kind::Rendered => rendered(),
        Kind::ClickRecommended => {
            let names = ["scenario", "variant", "modelId", "mainId"];
            item(vec![], names.map(|field| (field, name())).into())
        }
        Kind::TriggerOpened => object(vec![("triggerName", name())], vec![]),
        Kind::ClickTriggered => item(vec![("triggerName", name())], vec![]),
        Kind::Feedback => {
            object(vec![("query", query()), ("positive", boolean())], vec![("message", text())])
        }
        Kind::CacheHit => cache_hit(),
        Kind::LandingPageClick => item(vec![("campaign", text()), ("pageId", name())], vec![]),
        Kind::Login => Just(json!({})).boxed(),
    }
}

/// A valid call.
pub fn call() -> BoxedStrategy<(Kind, Json)> {
    prop::sample::select(Kind::ALL.to_vec())
        .prop_flat_map(|kind| argument(kind).prop_map(move |argument| (kind, argument)))
        .boxed()
}

//! The part of a neutral event that a vendor's interface can carry, by the table in docs/reference/events.md.

use recobeacon_collector::ibexa::Dialect;
use serde_json::{Map, Value as Json, json};

/// An event as the collector reads it.
#[derive(Clone, Debug, PartialEq)]
pub struct Form {
    pub kind: String,
    pub user: Option<String>,
    pub anonymous: Option<String>,
    pub fields: Json,
}

const ITEM: [&str; 2] = ["itemType", "itemId"];

fn text(event: &Json, name: &str) -> Option<String> {
    event[name].as_str().map(str::to_owned)
}

fn kind(event: &Json) -> &str {
    event["type"].as_str().unwrap_or_default()
}

/// Those of the event's fields that have these names.
fn only(event: &Json, names: &[&[&str]]) -> Map<String, Json> {
    let all = names.iter().copied().flatten();
    all.filter_map(|name| Some(((*name).to_owned(), event.get(*name)?.clone()))).collect()
}

/// Ibexa and YOOCHOOSE do not distinguish accounts from visitors, except in a login.
pub fn ibexa(dialect: Dialect, event: &Json) -> Option<Form> {
    let older = dialect == Dialect::Yoochoose;
    let names: &[&[&str]] = match kind(event) {
        "click" => &[&ITEM, &["categoryPath"]],
        "consume" => &[&ITEM, &["percentage"]],
        "basket" if older => &[&ITEM, &["categoryPath"]],
        "basket" | "blacklist" => &[&ITEM],
        "deleteFromBasket" | "owns" if !older => &[&ITEM],
        "buy" if older && event.get("price").is_none() => return None,
        "buy" => &[&ITEM, &["price", "quantity"]],
        "rate" => &[&ITEM, &["rating"]],
        "rendered" => &[&["itemType", "items"]],
        "clickRecommended" if event.get("scenario").is_none() => return None,
        "clickRecommended" => &[&ITEM, &["scenario", "modelId"]],
        "login" => &[],
        "deleteFromWishlist" if !older => &[&ITEM],
        "wishlist" if !older => &[&ITEM, &["price"]],
        "triggerOpened" if !older => &[&["triggerName"]],
        "clickTriggered" if !older => &[&ITEM, &["triggerName"]],
        _ => return None,
    };
    let (user, anonymous) = (text(event, "user"), text(event, "anonymous"));
    let (user, anonymous) = match kind(event) {
        "login" => (user, anonymous),
        _ => (user.or(anonymous), None),
    };
    let mut fields = only(event, names);
    whole_pieces(&mut fields);
    let fields = Json::Object(fields);
    Some(Form { kind: kind(event).to_owned(), user, anonymous, fields })
}

/// A fractional quantity is rounded up for vendors that count whole pieces.
fn whole_pieces(fields: &mut Map<String, Json>) {
    if let Some(quantity) = fields.get_mut("quantity") {
        *quantity = json!(quantity.as_f64().unwrap_or_default().ceil() as u64);
    }
}

/// FACT-Finder has no item types and no categories. A visitor is a session.
pub fn factfinder(version: &str, event: &Json, sid: &str, own_currency: bool) -> Option<Form> {
    const PRODUCT: &[&str] = &["itemId", "masterId", "title"];
    let seven = version == "7";
    let names: &[&[&str]] = match kind(event) {
        "click" if event.get("search").is_none() => return None,
        "click" => &[PRODUCT, &["search"]],
        "basket" | "buy" if seven => &[PRODUCT, &["quantity", "price", "campaign", "query"]],
        "basket" | "buy" => &[PRODUCT, &["quantity", "price", "campaign"]],
        "login" => &[],
        "clickRecommended" if event.get("mainId").is_none() => return None,
        "clickRecommended" => &[PRODUCT, &["mainId"]],
        "feedback" => &[&["query", "positive", "message"]],
        "cacheHit" => &[
            &["query", "page", "pageSize", "hitCount", "searchTimeMs", "minScore", "maxScore"],
            &["filters", "searchField", "customSorting", "additionalInfo"],
            PRODUCT,
        ],
        "landingPageClick" if matches!(version, "v4" | "v5") => &[PRODUCT, &["campaign", "pageId"]],
        "predictiveBasketClick" if !seven && event.get("user").is_some() => &[PRODUCT],
        _ => return None,
    };
    let mut fields = only(event, names);
    match kind(event) {
        "login" | "feedback" => {}
        "cacheHit" => {
            if seven || fields.get("filters") == Some(&json!([])) {
                fields.remove("filters");
            }
        }
        _ => {
            fields.insert("itemType".to_owned(), json!("1"));
        }
    }
    if let Some(Json::Object(search)) = fields.get_mut("search") {
        search.retain(|name, _| seven || !name.starts_with("original"));
    }
    if matches!(kind(event), "basket" | "buy") {
        fields.entry("quantity").or_insert(json!(1));
        if let Some(price) = text(event, "price") {
            let (amount, currency) = price.split_at(price.len() - 3);
            let bare = amount.trim_start_matches('0');
            let zero = if bare.is_empty() || bare.starts_with('.') { "0" } else { "" };
            if own_currency && currency != crate::round_trip::CURRENCY {
                fields.remove("price");
            } else {
                let price = format!("{zero}{bare}{}", crate::round_trip::CURRENCY);
                fields.insert("price".to_owned(), json!(price));
            }
        }
    }
    Some(Form {
        kind: kind(event).to_owned(),
        user: text(event, "user"),
        anonymous: Some(sid.to_owned()),
        fields: Json::Object(fields),
    })
}

/// Intempt has only the product and the quantity.
pub fn intempt(event: &Json) -> Option<Form> {
    let mut fields = match kind(event) {
        "click" => only(event, &[&["itemId"]]),
        "basket" | "deleteFromBasket" | "buy" => only(event, &[&["itemId", "quantity"]]),
        "login" => Map::new(),
        _ => return None,
    };
    whole_pieces(&mut fields);
    if kind(event) != "login" {
        fields.insert("itemType".to_owned(), json!("1"));
    }
    Some(Form {
        kind: kind(event).to_owned(),
        user: text(event, "user"),
        anonymous: text(event, "anonymous"),
        fields: Json::Object(fields),
    })
}

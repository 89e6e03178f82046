//! `ibexa`: Ibexa Personalization's tracking API, one request an event.
//!
//! <https://doc.ibexa.co/en/latest/personalization/api_reference/tracking_api/>

use super::{Encoded, Method, Request, address, unsupported};
use crate::engine::error::{Error, ErrorCode, Problem};
use crate::engine::event::{Event, Field, Kind};
use crate::engine::field::identifier;
use crate::engine::limits::Limits;
use crate::engine::percent::push_encoded;
use crate::engine::read::Fields;
use crate::engine::record::Record;
use crate::engine::text::{concat, parse_whole, trim_end};

/// The user id by which the vendor stores an event without a link to anybody.
const NOBODY: &str = "not_defined";

static NO_SCENARIO: Problem = Problem::new(ErrorCode::MissingField, "is required by Ibexa");
static NO_CATEGORY: Problem =
    Problem::new(ErrorCode::MissingField, "is expected by Ibexa unless items are imported");
static STRING_ID: Problem = Problem::new(
    ErrorCode::OutOfRange,
    "is not a number from 1 to 2147483647: Ibexa has to switch such ids on",
);
static ITEM_TYPE: Problem =
    Problem::new(ErrorCode::OutOfRange, "must be a number from 1 to 2147483647 for Ibexa");
static NO_IDENTITY: Problem = Problem::new(ErrorCode::MissingField, "has no anonymous id to join");

/// Ibexa Personalization.
#[derive(Clone, Debug)]
pub struct Ibexa {
    /// `{endpoint}/{path}/{customerId}/`
    base: String,
    customer_id: String,
    method: Method,
}

/// An event's word in the path, what follows it there, and its query parameters.
struct Word(&'static str, Shape, &'static [(Field, &'static str)]);

/// What follows the word in the path.
#[derive(PartialEq)]
enum Shape {
    /// `{user}/{itemType}/{itemId}[,{itemId}]`
    Items,
    /// `{user}`
    User,
    /// `{sourceUser}/{targetUser}`
    Login,
}

fn word(kind: Kind) -> Option<&'static Word> {
    use Shape::{Items, Login, User};
    const TRIGGER: &[(Field, &str)] = &[(Field::TriggerName, "triggername")];
    Some(match kind {
        Kind::Click => &Word("click", Items, &[(Field::CategoryPath, "categorypath")]),
        Kind::Consume => &Word("consume", Items, &[(Field::Percentage, "percentage")]),
        Kind::Basket => &Word("basket", Items, &[]),
        Kind::DeleteFromBasket => &Word("deletefrombasket", Items, &[]),
        Kind::Wishlist => &Word("wishlist", Items, &[(Field::Price, "price")]),
        Kind::DeleteFromWishlist => &Word("deletefromwishlist", Items, &[]),
        Kind::Buy => {
            &Word("buy", Items, &[(Field::Quantity, "quantity"), (Field::Price, "fullprice")])
        }
        Kind::Rate => &Word("rate", Items, &[(Field::Rating, "rating")]),
        Kind::Blacklist => &Word("blacklist", Items, &[]),
        Kind::Rendered => &Word("rendered", Items, &[]),
        Kind::ClickRecommended => &Word(
            "clickrecommended",
            Items,
            &[(Field::Scenario, "scenario"), (Field::ModelId, "modelid")],
        ),
        Kind::TriggerOpened => &Word("triggeropened", User, TRIGGER),
        Kind::ClickTriggered => &Word("clicktriggered", Items, TRIGGER),
        Kind::Login => &Word("login", Login, &[]),
        Kind::Feedback | Kind::CacheHit | Kind::LandingPageClick | Kind::PredictiveBasketClick => {
            return None;
        }
    })
}

impl Ibexa {
    /// Reads the destination's fields.
    pub fn read(f: &mut Fields<'_, '_>) -> Self {
        let customer_id = f.require("customerId", identifier);
        let endpoint = f.read("endpoint", address);
        let endpoint = endpoint.as_deref().unwrap_or("https://event.perso.ibexa.co");
        let path = f.read("path", identifier);
        let path = path.as_deref().unwrap_or("api");
        let method = f.choice("method", &["POST", "GET"], "must be \"POST\" or \"GET\"");
        let mut base = trim_end(endpoint, b'/').to_owned();
        push_segment(&mut base, path);
        push_segment(&mut base, &customer_id);
        base.push('/');
        let method = if method == Some(1) { Method::Get } else { Method::Post };
        Self { base, customer_id, method }
    }

    /// The customer.
    pub fn customer_id(&self) -> &str {
        &self.customer_id
    }

    /// The method of its requests.
    pub fn method(&self) -> Method {
        self.method
    }

    /// The event's address.
    pub fn encode(&self, record: &Record, advice: &mut Vec<Error>) -> Encoded {
        let kind = record.event.kind();
        let Word(name, shape, parameters) = word(kind).ok_or_else(|| unsupported(kind))?;
        let user = record.user.as_ref().or(record.anonymous.as_ref());
        let user = user.map_or(NOBODY, |id| id.as_str());
        let mut url = self.base.clone();
        url.push_str(name);
        match shape {
            Shape::Items => {
                push_segment(&mut url, user);
                push_items(&mut url, &record.event, advice)?;
            }
            Shape::User => push_segment(&mut url, user),
            Shape::Login => match (&record.anonymous, &record.user) {
                (Some(source), Some(target)) => {
                    push_segment(&mut url, source);
                    push_segment(&mut url, target);
                }
                (_, _) => return Err(NO_IDENTITY.at(kind.name())),
            },
        }
        let mut separator = '?';
        for (field, key) in *parameters {
            match record.event.get(*field) {
                Some(value) => {
                    url.push(separator);
                    separator = '&';
                    url.push_str(key);
                    url.push('=');
                    if *field == Field::CategoryPath {
                        push_encoded(&mut url, "/");
                    }
                    push_encoded(&mut url, value);
                }
                None if *field == Field::Scenario => return Err(NO_SCENARIO.at(path(kind, *field))),
                None if *field == Field::CategoryPath => {
                    advice.push(NO_CATEGORY.at(path(kind, *field)));
                }
                None => {}
            }
        }
        Ok(url)
    }

    /// One request an event.
    pub fn request(&self, encoded: &[&str]) -> Request {
        Request { method: self.method, url: concat(encoded), body: None, no_cors: true }
    }
}

/// Whether the address is one that every proxy passes.
pub fn fits(url: &str) -> bool {
    url.len() <= Limits::REQUEST_URL
}

fn push_segment(url: &mut String, segment: &str) {
    url.push('/');
    push_encoded(url, segment);
}

/// `/{type}/{id}[,{id}]`: the commas between ids are raw.
fn push_items(url: &mut String, event: &Event, advice: &mut Vec<Error>) -> Result<(), Error> {
    let item_type = event.get(Field::ItemType).unwrap_or_default();
    if !numeric(item_type) {
        return Err(ITEM_TYPE.at(path(event.kind(), Field::ItemType)));
    }
    push_segment(url, item_type);
    let mut separator = '/';
    for id in event.items() {
        if !numeric(id) {
            advice.push(STRING_ID.at(Field::ItemId.name()));
        }
        url.push(separator);
        separator = ',';
        push_encoded(url, id);
    }
    Ok(())
}

fn path(kind: Kind, field: Field) -> String {
    concat(&[kind.name(), ".", field.name()])
}

/// Whether the vendor takes it for a number of its own.
fn numeric(id: &str) -> bool {
    id.as_bytes().first() != Some(&b'0') && parse_whole(id).is_some_and(|n| n <= Limits::IBEXA_ID)
}

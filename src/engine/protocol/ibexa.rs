//! `ibexa`: Ibexa Personalization's tracking API, one request an event.
//!
//! <https://doc.ibexa.co/en/latest/personalization/api_reference/tracking_api/>

use super::{Encoded, Method, Request, endpoint, unsupported};
use crate::engine::error::{Error, ErrorCode, Problem};
use crate::engine::event::{Event, Kind};
use crate::engine::field::{Price, identifier};
use crate::engine::item::Item;
use crate::engine::limits::Limits;
use crate::engine::number::push_whole;
use crate::engine::percent::push_encoded;
use crate::engine::read::Fields;
use crate::engine::record::Record;

/// The user id by which the vendor stores an event without a link to anybody.
const NOBODY: &str = "not_defined";

const NO_SCENARIO: Problem =
    Problem::new(ErrorCode::MissingField, "is required by Ibexa: the event was not sent there");
const NO_CATEGORY: Problem = Problem::new(
    ErrorCode::MissingField,
    "is expected by Ibexa unless items are imported; the event is sent without it",
);
const STRING_ID: Problem = Problem::new(
    ErrorCode::OutOfRange,
    "is not a number from 1 to 2147483647: Ibexa has to switch such ids on; the event is sent",
);
const ITEM_TYPE: Problem = Problem::new(
    ErrorCode::OutOfRange,
    "must be a number from 1 to 2147483647 for Ibexa: the event was not sent there",
);
const NO_IDENTITY: Problem =
    Problem::new(ErrorCode::MissingField, "has no anonymous id to join: the event was not sent");

/// Ibexa Personalization.
#[derive(Clone, Debug)]
pub struct Ibexa {
    /// `{endpoint}/{path}/{customerId}/`
    base: String,
    customer_id: String,
    method: Method,
}

impl Ibexa {
    /// Reads the destination's fields.
    pub fn read(f: &mut Fields<'_>) -> Result<Self, Error> {
        let customer_id = f.required("customerId", identifier)?;
        let endpoint = endpoint(f)?.unwrap_or_else(|| "https://event.perso.ibexa.co".to_owned());
        let path = f.optional("path", identifier)?.unwrap_or_else(|| "api".to_owned());
        let method = f.optional("method", |value| match value.as_text() {
            Some("POST") => Ok(Method::Post),
            Some("GET") => Ok(Method::Get),
            Some(_) | None => {
                Err(Problem::new(ErrorCode::OutOfRange, "must be \"POST\" or \"GET\""))
            }
        })?;
        let mut base = [endpoint.trim_end_matches('/'), "/", &path, "/"].concat();
        push_encoded(&mut base, &customer_id);
        base.push('/');
        Ok(Self { base, customer_id, method: method.unwrap_or(Method::Post) })
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
        let user = record.user.as_deref().or(record.anonymous.as_deref()).unwrap_or(NOBODY);
        let mut url = Url::new(&self.base);
        let kind = record.event.kind();
        match &record.event {
            Event::Click { item, search: _ } => {
                url.item("click", user, item, kind, advice)?;
                match &item.category_path {
                    Some(path) => url.query("categorypath", &["/", path].concat()),
                    None => advice.push(NO_CATEGORY.at(field(kind, "categoryPath"))),
                }
            }
            Event::Consume { item, percentage } => {
                url.item("consume", user, item, kind, advice)?;
                url.some_whole("percentage", percentage.map(u64::from));
            }
            Event::Basket { item, quantity: _, price: _, campaign: _ } => {
                url.item("basket", user, item, kind, advice)?;
            }
            Event::DeleteFromBasket { item, quantity: _ } => {
                url.item("deletefrombasket", user, item, kind, advice)?;
            }
            Event::Wishlist { item, price } => {
                url.item("wishlist", user, item, kind, advice)?;
                url.some("price", price.as_ref().map(Price::as_str));
            }
            Event::DeleteFromWishlist { item } => {
                url.item("deletefromwishlist", user, item, kind, advice)?;
            }
            Event::Buy { item, price, quantity, order_id: _, campaign: _ } => {
                url.item("buy", user, item, kind, advice)?;
                url.some_whole("quantity", quantity.map(u64::from));
                url.some("fullprice", price.as_ref().map(Price::as_str));
            }
            Event::Rate { item, rating } => {
                url.item("rate", user, item, kind, advice)?;
                url.some_whole("rating", Some(u64::from(*rating)));
            }
            Event::Blacklist { item } => url.item("blacklist", user, item, kind, advice)?,
            Event::Rendered { item_type, items, scenario: _ } => {
                url.items("rendered", user, item_type, items, kind, advice)?;
            }
            Event::ClickRecommended { item, scenario, model_id, main_id: _ } => {
                let scenario =
                    scenario.as_deref().ok_or_else(|| NO_SCENARIO.at(field(kind, "scenario")))?;
                url.item("clickrecommended", user, item, kind, advice)?;
                url.query("scenario", scenario);
                url.some("modelid", model_id.as_deref());
            }
            Event::TriggerOpened { trigger_name } => {
                url.segments(&["triggeropened", user]);
                url.query("triggername", trigger_name);
            }
            Event::ClickTriggered { item, trigger_name } => {
                url.item("clicktriggered", user, item, kind, advice)?;
                url.query("triggername", trigger_name);
            }
            Event::Login => match (&record.anonymous, &record.user) {
                (Some(source), Some(target)) => url.segments(&["login", source, target]),
                (_, _) => return Err(NO_IDENTITY.at(kind.name())),
            },
            Event::Feedback { .. }
            | Event::CacheHit(_)
            | Event::LandingPageClick { .. }
            | Event::PredictiveBasketClick { .. } => return Err(unsupported(kind)),
        }
        Ok(url.text)
    }

    /// One request an event.
    pub fn request<'a>(&self, mut encoded: impl Iterator<Item = &'a str>) -> Request {
        Request {
            method: self.method,
            url: encoded.next().unwrap_or_default().to_owned(),
            body: None,
            no_cors: true,
        }
    }
}

/// Whether the address is one that every proxy passes.
pub fn fits(url: &str) -> bool {
    url.len() <= Limits::REQUEST_URL
}

fn field(kind: Kind, name: &str) -> String {
    [kind.name(), ".", name].concat()
}

/// Whether the vendor takes it for a number of its own.
fn numeric(id: &str) -> bool {
    !id.starts_with('0') && id.parse::<u64>().is_ok_and(|n| (1..=Limits::IBEXA_ID).contains(&n))
}

/// An address that is being written.
struct Url {
    text: String,
    queried: bool,
}

impl Url {
    fn new(base: &str) -> Self {
        Self { text: base.to_owned(), queried: false }
    }

    fn segments(&mut self, segments: &[&str]) {
        for (place, segment) in segments.iter().enumerate() {
            if place > 0 {
                self.text.push('/');
            }
            push_encoded(&mut self.text, segment);
        }
    }

    fn item(
        &mut self,
        event: &str,
        user: &str,
        item: &Item,
        kind: Kind,
        advice: &mut Vec<Error>,
    ) -> Result<(), Error> {
        self.items(event, user, &item.item_type, std::slice::from_ref(&item.id), kind, advice)
    }

    /// `{event}/{user}/{type}/{id}[,{id}]`: the commas between ids are raw.
    fn items(
        &mut self,
        event: &str,
        user: &str,
        item_type: &str,
        ids: &[String],
        kind: Kind,
        advice: &mut Vec<Error>,
    ) -> Result<(), Error> {
        if !numeric(item_type) {
            return Err(ITEM_TYPE.at(field(kind, "itemType")));
        }
        if !ids.iter().all(|id| numeric(id)) {
            advice.push(STRING_ID.at("itemId"));
        }
        self.segments(&[event, user, item_type]);
        for (place, id) in ids.iter().enumerate() {
            self.text.push(if place == 0 { '/' } else { ',' });
            push_encoded(&mut self.text, id);
        }
        Ok(())
    }

    fn key(&mut self, key: &str) {
        self.text.push(if self.queried { '&' } else { '?' });
        self.queried = true;
        self.text.push_str(key);
        self.text.push('=');
    }

    fn query(&mut self, key: &str, value: &str) {
        self.key(key);
        push_encoded(&mut self.text, value);
    }

    fn some(&mut self, key: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.query(key, value);
        }
    }

    fn some_whole(&mut self, key: &str, value: Option<u64>) {
        if let Some(value) = value {
            self.key(key);
            push_whole(&mut self.text, value);
        }
    }
}

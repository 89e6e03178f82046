//! `factfinder`: FACT-Finder's tracking. Next Generation (`v2` to `v5`) takes lists of JSON
//! objects, version `7` one URL for each event.
//!
//! <https://docs.fact-finder.com/api-reference/tracking>

use super::json_post::{key, post};
use super::{BatchShape, Encoded, address, path, push_segment, unsupported};
use crate::error::{Error, ErrorCode, Problem};
use crate::event::{Data, Field, Kind};
use crate::fields::Fields;
use crate::json::{Object, push_list};
use crate::percent::push_encoded;
use crate::record::Record;
use crate::request::{Key, Method, Request};
use crate::rules::{currency, identifier, split_price};
use crate::text::{concat, trim_end};

static REQUIRED: Problem = Problem::new(ErrorCode::MissingField, "is required by FACT-Finder");
static NO_ACCOUNT: Problem =
    Problem::new(ErrorCode::MissingField, "is sent to FACT-Finder only for logged-in users");
static CURRENCY: Problem =
    Problem::new(ErrorCode::OutOfRange, "is not in the currency of FACT-Finder and is left out");

/// FACT-Finder.
#[derive(Clone, Debug)]
pub struct FactFinder {
    endpoint: String,
    channel: String,
    version: Version,
    key: Option<Key>,
    currency: Option<String>,
}

/// The interface's version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Version {
    V2,
    V3,
    V4,
    V5,
    /// 7.x and older: `Tracking.ff`.
    Seven,
}

impl Version {
    const NAMES: [&str; 5] = ["v2", "v3", "v4", "v5", "7"];

    /// The name of the purchaser's id.
    fn purchaser(self) -> &'static str {
        if self == Self::Seven { "purchaserid" } else { "purchaserId" }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::V2 => "v2",
            Self::V3 => "v3",
            Self::V4 => "v4",
            Self::V5 => "v5",
            Self::Seven => "7",
        }
    }
}

impl FactFinder {
    /// Reads the destination's fields.
    pub fn read(f: &mut Fields<'_, '_>) -> Self {
        let known = "must be \"v2\", \"v3\", \"v4\", \"v5\" or \"7\"";
        let version = match f.choice("version", &Version::NAMES, known) {
            Some(0) => Version::V2,
            Some(1) => Version::V3,
            Some(2) => Version::V4,
            Some(4) => Version::Seven,
            Some(_) | None => Version::V5,
        };
        Self {
            endpoint: trim_end(&f.require("endpoint", address), b'/').to_owned(),
            channel: f.require("channel", identifier),
            version,
            key: f.read("apiKey", key).map(|key| ("X-FF-API-Key", key)),
            currency: f.read("currency", currency),
        }
    }

    /// The event's name in the interface.
    fn word(&self, kind: Kind) -> Option<&'static str> {
        let next_generation = self.version != Version::Seven;
        Some(match kind {
            Kind::Click => "click",
            Kind::Basket => "cart",
            Kind::Buy => "checkout",
            Kind::Login => "login",
            Kind::ClickRecommended => "recommendationClick",
            Kind::Feedback => "feedback",
            Kind::CacheHit => "log",
            Kind::PredictiveBasketClick if next_generation => "predbasketClick",
            Kind::LandingPageClick if matches!(self.version, Version::V4 | Version::V5) => {
                "landingPageClick"
            }
            Kind::LandingPageClick
            | Kind::PredictiveBasketClick
            | Kind::Consume
            | Kind::DeleteFromBasket
            | Kind::Wishlist
            | Kind::DeleteFromWishlist
            | Kind::Rate
            | Kind::Owns
            | Kind::Blacklist
            | Kind::Rendered
            | Kind::TriggerOpened
            | Kind::ClickTriggered => return None,
        })
    }

    fn push_address(&self, url: &mut String, word: &str, pairs: &[(&'static str, Data)]) {
        url.push_str(&concat(&[&self.endpoint, "/Tracking.ff?channel="]));
        push_encoded(url, &self.channel);
        url.push_str("&event=");
        url.push_str(word);
        for (name, data) in pairs {
            if let Data::Text(value) | Data::Literal(value) = data {
                url.push('&');
                url.push_str(name);
                url.push('=');
                push_encoded(url, value);
            }
        }
    }

    /// Its name in `stats()`.
    pub fn name(&self) -> String {
        concat(&["factfinder ", &self.channel])
    }

    /// Whether its requests can be beacons.
    pub fn bears_beacons(&self) -> bool {
        self.version != Version::Seven && self.key.is_none()
    }

    /// The events that one request may hold.
    pub fn batch_shape(&self) -> BatchShape {
        if self.version == Version::Seven { BatchShape::Single } else { BatchShape::SameKind }
    }

    /// The event as an object of the list, or as its whole URL.
    pub fn encode(&self, record: &Record, advice: &mut Vec<Error>) -> Encoded {
        let (kind, event) = (record.event.kind(), &record.event);
        let word =
            self.word(kind).ok_or_else(|| unsupported(kind, "is not known to FACT-Finder"))?;
        let user = record.user.as_deref();
        let required = match kind {
            // A product page opened from outside a result list is no click here.
            Kind::Click => Some(Field::Search),
            Kind::ClickRecommended => Some(Field::MainId),
            _ => None,
        };
        if let Some(field) = required.filter(|field| event.data(*field).is_none()) {
            return Err(REQUIRED.at(path(kind, field)));
        }
        if kind == Kind::PredictiveBasketClick && user.is_none() {
            return Err(NO_ACCOUNT.at(kind.name()));
        }
        let session = record.session.as_deref().map_or("", String::as_str);
        let mut pairs = Pairs { version: self.version, kind, list: vec![("sid", text(session))] };
        pairs.list.extend(user.map(|user| ("userId", text(user))));
        // Its schema has no purchaser in `feedback`.
        let purchaser = record.purchaser.as_deref().filter(|_| kind != Kind::Feedback);
        pairs.list.extend(purchaser.map(|id| (self.version.purchaser(), text(id))));
        pairs.add(event.fields());
        if matches!(kind, Kind::Basket | Kind::Buy) {
            pairs.default("count", Data::Literal("1".to_owned()));
        }
        if let Some(price) = event.get(Field::Price) {
            let (amount, currency) = split_price(price);
            if self.currency.as_deref().is_none_or(|own| own == currency) {
                pairs.list.push(("price", Data::Literal(amount)));
            } else {
                advice.push(CURRENCY.at(path(kind, Field::Price)));
            }
        }
        if kind == Kind::CacheHit && self.version != Version::Seven {
            // Its schema requires both.
            pairs.default("id", text(""));
            pairs.default("filters", Data::Literal("[]".to_owned()));
        }
        let mut out = String::new();
        if self.version == Version::Seven {
            self.push_address(&mut out, word, &pairs.list);
        } else {
            let mut object = Object::new(&mut out);
            for (name, data) in &pairs.list {
                match data {
                    Data::Text(text) => object.text(name, text),
                    Data::Literal(json) => object.raw(name, json),
                    Data::List(_) | Data::Object(_) => continue,
                };
            }
            object.end();
        }
        Ok(out)
    }

    /// A POST of a list. For version 7 the URL that is the event.
    pub fn request(&self, kind: Kind, encoded: &[&str]) -> Request {
        if self.version == Version::Seven {
            let (method, url) = (Method::Get, concat(encoded));
            return Request {
                method,
                url,
                body: None,
                key: self.key.clone(),
                to_vendor: true,
                no_cors: self.key.is_none(),
            };
        }
        let mut url = concat(&[&self.endpoint, "/rest/", self.version.name(), "/track"]);
        push_segment(&mut url, &self.channel);
        push_segment(&mut url, self.word(kind).unwrap_or_default());
        let mut body = String::new();
        push_list(&mut body, encoded, |out, event| out.push_str(event));
        post(url, body, &self.key)
    }
}

fn text(text: &str) -> Data {
    Data::Text(text.to_owned())
}

/// An event's fields with the vendor's names.
struct Pairs {
    version: Version,
    kind: Kind,
    list: Vec<(&'static str, Data)>,
}

impl Pairs {
    fn add(&mut self, fields: &[(Field, Data)]) {
        for (field, data) in fields {
            if let Data::Object(fields) = data {
                self.add(fields);
            } else if let Some(name) = self.name(*field) {
                self.list.push((name, data.clone()));
            }
        }
    }

    fn default(&mut self, name: &'static str, data: Data) {
        if !self.list.iter().any(|(known, _)| *known == name) {
            self.list.push((name, data));
        }
    }

    /// The vendor's name of a field. `None`: it has none, or `encode` writes it.
    pub fn name(&self, field: Field) -> Option<&'static str> {
        let seven = self.version == Version::Seven;
        Some(match field {
            Field::ItemId => "id",
            Field::Position => "pos",
            Field::Quantity => "count",
            Field::SearchTimeMs => "searchTime",
            Field::OriginalPosition if seven => "origPos",
            Field::OriginalPageSize if seven => "origPageSize",
            Field::Score if seven => "simi",
            Field::MinScore if seven => "minSimi",
            Field::MaxScore if seven => "bestSimi",
            // Version 7 has a parameter for each filter, in a format that is not fully documented.
            Field::Filters if seven => return None,
            // In version 7 a basket or purchase has the query of its search.
            Field::Query if !seven && matches!(self.kind, Kind::Basket | Kind::Buy) => return None,
            Field::Filters if self.kind != Kind::CacheHit => return None,
            Field::OriginalPosition | Field::OriginalPageSize => return None,
            Field::AdditionalInfo
            | Field::Campaign
            | Field::CustomSorting
            | Field::Filters
            | Field::HitCount
            | Field::MainId
            | Field::MasterId
            | Field::MaxScore
            | Field::Message
            | Field::MinScore
            | Field::Page
            | Field::PageId
            | Field::PageSize
            | Field::Positive
            | Field::Query
            | Field::Score
            | Field::SearchField
            | Field::Title => field.name(),
            Field::CategoryPath
            | Field::ItemType
            | Field::Items
            | Field::ModelId
            | Field::OrderId
            | Field::Percentage
            | Field::Price
            | Field::Rating
            | Field::Scenario
            | Field::Search
            | Field::TriggerName
            | Field::Variant => return None,
        })
    }
}

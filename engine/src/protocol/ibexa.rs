//! `ibexa`: Ibexa Personalization's tracking API, one request for each event. `yoochoose` is its
//! older form, with the solution in the path, fewer events and stricter rules.
//!
//! <https://doc.ibexa.co/en/latest/personalization/api_reference/tracking_api/>

use super::{Encoded, address, path, push_segment, unsupported};
use crate::amount::rounded_up;
use crate::error::{Error, ErrorCode, Problem};
use crate::event::{Event, Field, Kind};
use crate::fields::Fields;
use crate::limits::Limits;
use crate::percent::push_encoded;
use crate::record::Record;
use crate::request::{Method, Request};
use crate::rules::{customer, identifier};
use crate::text::{concat, parse_whole, split_once, trim_end};

/// The vendor's user id for events that are linked to no visitor.
const NOT_DEFINED: &str = "not_defined";

static REQUIRED: Problem = Problem::new(ErrorCode::MissingField, "is required by Ibexa");
static NO_CATEGORY: Problem =
    Problem::new(ErrorCode::MissingField, "is expected by Ibexa unless items are imported");
static STRING_ID: Problem = Problem::new(
    ErrorCode::OutOfRange,
    "is not a number from 1 to 2147483647: Ibexa must enable such ids",
);
static ITEM_TYPE: Problem =
    Problem::new(ErrorCode::OutOfRange, "must be a number from 1 to 2147483647 for Ibexa");
#[cfg(feature = "vendors")]
static YOOCHOOSE_ITEM_TYPE: Problem =
    Problem::new(ErrorCode::OutOfRange, "must be a number from 1 to 5 for YOOCHOOSE");
static NO_IDENTITY: Problem = Problem::new(ErrorCode::MissingField, "has no anonymous id to join");

/// The events of ready-made links. Some links begin with the event.
const LINKS: [&str; 4] = ["rendered", "clickrecommended", "clicktriggered", "triggeropened"];

/// The form of the interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// The current form.
    Ibexa,
    /// The older form: item types 1 to 5, a price with every purchase.
    #[cfg(feature = "vendors")]
    Yoochoose,
}

impl Dialect {
    /// The text of the warning about an event that it does not have.
    fn unknown(self) -> &'static str {
        match self {
            Self::Ibexa => "is not known to Ibexa",
            #[cfg(feature = "vendors")]
            Self::Yoochoose => "is not known to YOOCHOOSE",
        }
    }
}

/// Ibexa Personalization.
#[derive(Clone, Debug)]
pub struct Ibexa {
    dialect: Dialect,
    /// `{endpoint}/{path}/{customerId}/`
    base: String,
    customer_id: String,
    method: Method,
}

/// An event's name in the path, the form of the path after it, and its query parameters.
struct Word(&'static str, Shape, &'static [(Field, &'static str)]);

/// The path after the name.
#[derive(PartialEq)]
enum Shape {
    /// `{user}/{itemType}/{itemId}[,{itemId}]`
    Items,
    /// `{user}`
    User,
    /// `{sourceUser}/{targetUser}`
    Login,
}

fn word(kind: Kind, dialect: Dialect) -> Option<&'static Word> {
    use Shape::{Items, Login, User};
    const CATEGORY: &[(Field, &str)] = &[(Field::CategoryPath, "categorypath")];
    const TRIGGER: &[(Field, &str)] = &[(Field::TriggerName, "triggername")];
    let newer = dialect == Dialect::Ibexa;
    Some(match kind {
        Kind::Click => &Word("click", Items, CATEGORY),
        Kind::Consume => &Word("consume", Items, &[(Field::Percentage, "percentage")]),
        Kind::Basket if newer => &Word("basket", Items, &[]),
        Kind::Basket => &Word("basket", Items, CATEGORY),
        Kind::DeleteFromBasket if newer => &Word("deletefrombasket", Items, &[]),
        Kind::Wishlist if newer => &Word("wishlist", Items, &[(Field::Price, "price")]),
        Kind::DeleteFromWishlist if newer => &Word("deletefromwishlist", Items, &[]),
        Kind::Buy => {
            &Word("buy", Items, &[(Field::Quantity, "quantity"), (Field::Price, "fullprice")])
        }
        Kind::Rate => &Word("rate", Items, &[(Field::Rating, "rating")]),
        Kind::Owns if newer => &Word("owns", Items, &[]),
        Kind::Blacklist => &Word("blacklist", Items, &[]),
        Kind::Rendered => &Word("rendered", Items, &[]),
        Kind::ClickRecommended => &Word(
            "clickrecommended",
            Items,
            &[(Field::Scenario, "scenario"), (Field::ModelId, "modelid")],
        ),
        Kind::TriggerOpened if newer => &Word("triggeropened", User, TRIGGER),
        Kind::ClickTriggered if newer => &Word("clicktriggered", Items, TRIGGER),
        Kind::Login => &Word("login", Login, &[]),
        Kind::DeleteFromBasket
        | Kind::Wishlist
        | Kind::DeleteFromWishlist
        | Kind::Owns
        | Kind::TriggerOpened
        | Kind::ClickTriggered
        | Kind::Feedback
        | Kind::CacheHit
        | Kind::LandingPageClick
        | Kind::PredictiveBasketClick => return None,
    })
}

impl Ibexa {
    /// Reads the destination's fields.
    pub fn read(f: &mut Fields<'_, '_>, dialect: Dialect) -> Self {
        let (host, path_field, path) = match dialect {
            Dialect::Ibexa => ("https://event.perso.ibexa.co", "path", "api"),
            #[cfg(feature = "vendors")]
            Dialect::Yoochoose => ("https://event.yoochoose.net", "solutionId", "ebl"),
        };
        let customer_id = f.require("customerId", customer);
        let endpoint = f.read("endpoint", address);
        let given_path = f.read(path_field, identifier);
        let method = f.choice("method", &["POST", "GET"], "must be \"POST\" or \"GET\"");
        let mut base = trim_end(endpoint.as_deref().unwrap_or(host), b'/').to_owned();
        push_segment(&mut base, given_path.as_deref().unwrap_or(path));
        push_segment(&mut base, &customer_id);
        base.push('/');
        let method = if method == Some(1) { Method::Get } else { Method::Post };
        Self { dialect, base, customer_id, method }
    }

    /// `/{type}/{id}[,{id}]`. The commas between ids are not encoded.
    fn push_items(
        &self,
        url: &mut String,
        event: &Event,
        advice: &mut Vec<Error>,
    ) -> Result<(), Error> {
        let (most, problem) = match self.dialect {
            Dialect::Ibexa => (Limits::IBEXA_ID, &ITEM_TYPE),
            #[cfg(feature = "vendors")]
            Dialect::Yoochoose => (Limits::YOOCHOOSE_ITEM_TYPE, &YOOCHOOSE_ITEM_TYPE),
        };
        let item_type = event.get(Field::ItemType).unwrap_or_default();
        if !numeric(item_type, most) {
            return Err(problem.at(path(event.kind(), Field::ItemType)));
        }
        push_segment(url, item_type);
        let mut separator = '/';
        for id in event.items() {
            if !numeric(id, Limits::IBEXA_ID) {
                advice.push(STRING_ID.at(Field::ItemId.name()));
            }
            url.push(separator);
            separator = ',';
            push_encoded(url, id);
        }
        Ok(())
    }

    /// Its name in `stats()`.
    pub fn name(&self) -> String {
        let dialect = match self.dialect {
            Dialect::Ibexa => "ibexa ",
            #[cfg(feature = "vendors")]
            Dialect::Yoochoose => "yoochoose ",
        };
        concat(&[dialect, &self.customer_id])
    }

    /// Whether its requests can be beacons.
    pub fn bears_beacons(&self) -> bool {
        self.method == Method::Post
    }

    /// The event's URL.
    pub fn encode(&self, record: &Record, advice: &mut Vec<Error>) -> Encoded {
        let kind = record.event.kind();
        let word =
            word(kind, self.dialect).ok_or_else(|| unsupported(kind, self.dialect.unknown()))?;
        let Word(name, shape, parameters) = word;
        let user = record.user.as_ref().or(record.anonymous.as_ref());
        let user = user.map_or(NOT_DEFINED, |id| id.as_str());
        let mut url = self.base.clone();
        url.push_str(name);
        match shape {
            Shape::Items => {
                push_segment(&mut url, user);
                self.push_items(&mut url, &record.event, advice)?;
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
                    // Ibexa counts whole pieces.
                    let pieces = (*field == Field::Quantity).then(|| rounded_up(value));
                    push_encoded(&mut url, pieces.as_deref().unwrap_or(value));
                }
                None => match field {
                    Field::Scenario => return Err(REQUIRED.at(path(kind, *field))),
                    Field::Price if self.dialect != Dialect::Ibexa => {
                        return Err(REQUIRED.at(path(kind, *field)));
                    }
                    Field::CategoryPath if kind == Kind::Click => {
                        advice.push(NO_CATEGORY.at(path(kind, *field)));
                    }
                    _ => {}
                },
            }
        }
        Ok(url)
    }

    /// The URL for a link in a recommendation response or a trigger message, if it belongs to this
    /// destination: its host is the vendor's or the endpoint's. Such links have no scheme, and some
    /// have neither path nor customer. Links to the vendor's host go to the configured endpoint
    /// instead.
    pub fn own_link(&self, url: &str) -> Option<String> {
        let (scheme, host, _) = parts(&self.base).unwrap_or_default();
        let (_, theirs, path) = parts(url)?;
        let is_vendors = |host: &str| match self.dialect {
            // Older trigger messages have the second host.
            Dialect::Ibexa => host == "event.perso.ibexa.co" || host == "tracker.ibexa.co",
            #[cfg(feature = "vendors")]
            Dialect::Yoochoose => host == "event.yoochoose.net",
        };
        // If the page sends to the vendor, each of the vendor's links is used unchanged. The
        // endpoint's host may serve several customers.
        let as_it_is = theirs == host || is_vendors(host) && is_vendors(theirs);
        if !as_it_is && !is_vendors(theirs) {
            return None;
        }
        let (first, rest) = split_once(path, b'/')?;
        let event = if LINKS.contains(&first) {
            path
        } else if as_it_is {
            return Some(concat(&[scheme, "//", theirs, "/", path]));
        } else {
            let (customer, event) = split_once(rest, b'/')?;
            (customer == self.customer_id).then_some(event)?
        };
        Some(concat(&[&self.base, event]))
    }

    /// The beginning of every address.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// One request for each event.
    pub fn request(&self, encoded: &[&str]) -> Request {
        let url = concat(encoded);
        let method = self.method;
        Request { method, url, body: None, key: None, to_vendor: true, no_cors: true }
    }
}

/// Whether the vendor treats the id as a number.
fn numeric(id: &str, most: u64) -> bool {
    id.as_bytes().first() != Some(&b'0') && parse_whole(id).is_some_and(|n| n <= most)
}

/// Splits an absolute address into `https:` (or nothing, if the page's scheme applies), host with
/// port, and path. Browsers skip further slashes and take the text after them as the host.
/// <https://url.spec.whatwg.org/#special-authority-ignore-slashes-state>
fn parts(url: &str) -> Option<(&str, &str, &str)> {
    let (scheme, rest) = split_once(url, b'/')?;
    let rest = rest.strip_prefix('/')?;
    let (host, path) = split_once(rest, b'/').unwrap_or((rest, ""));
    let right = !host.is_empty() && matches!(scheme, "" | "http:" | "https:");
    right.then_some((scheme, host, path))
}

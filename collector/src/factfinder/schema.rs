//! The vendor's events and fields, and their neutral names.

use recobeacon_engine::event::Kind;

/// A version of the interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum Version {
    V2,
    V3,
    V4,
    V5,
}

impl Version {
    /// The version with this name in the path.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "v2" => Some(Self::V2),
            "v3" => Some(Self::V3),
            "v4" => Some(Self::V4),
            "v5" => Some(Self::V5),
            _ => None,
        }
    }
}

/// The name under which the parameters `filter<FIELD>` are collected. No parameter has this name.
pub(super) const FILTERS: &str = "filter<FIELD>";

/// Parameters of `Tracking.ff` that apply to all events of the request.
pub(super) const SHARED: [&str; 6] =
    ["channel", "event", "sid", "userId", "purchaserid", "cookieId"];

/// The type that a field's value is converted to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Text or a whole number.
    Id,
    /// Text.
    Text,
    /// A number.
    Number,
    /// A boolean.
    Truth,
    /// A list.
    List,
    /// The amount of a price.
    Amount,
}

/// Whether a field is required.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// Required, with a value.
    Value,
    /// Required, but may be empty.
    Name,
    /// Optional.
    None,
}

/// A field of an event.
#[derive(Clone, Copy, Debug)]
pub struct Named {
    pub theirs: &'static str,
    /// The neutral field. Fields of the object `search` have the prefix `search.`.
    pub ours: &'static str,
    pub form: Form,
    pub need: Need,
}

/// An event.
#[derive(Clone, Copy, Debug)]
pub struct Word {
    pub kind: Kind,
    pub fields: &'static [Named],
    /// Whether the event needs an account.
    pub needs_user: bool,
}

const fn must(theirs: &'static str, ours: &'static str, form: Form) -> Named {
    Named { theirs, ours, form, need: Need::Value }
}

const fn name(theirs: &'static str, ours: &'static str, form: Form) -> Named {
    Named { theirs, ours, form, need: Need::Name }
}

const fn may(theirs: &'static str, ours: &'static str, form: Form) -> Named {
    Named { theirs, ours, form, need: Need::None }
}

use Form::{Amount, Id, List, Number, Text, Truth};

const ID: Named = must("id", "itemId", Id);
const MASTER: Named = may("masterId", "masterId", Id);
const TITLE: Named = may("title", "title", Text);
const MAIN: Named = must("mainId", "mainId", Id);
const PRICE: Named = may("price", "price", Amount);
const SEARCH_FIELD: Named = may("searchField", "searchField", Text);
const SORTING: Named = may("customSorting", "customSorting", Truth);
const MORE: Named = may("additionalInfo", "additionalInfo", Text);

const RECOMMENDATION: &[Named] = &[ID, MAIN, MASTER, TITLE];
const FEEDBACK: &[Named] = &[
    name("query", "query", Text),
    must("positive", "positive", Truth),
    may("message", "message", Text),
];

/// The REST interface's event of this name and version.
pub fn rest(version: Version, event: &str) -> Option<Word> {
    const CLICK: &[Named] = &[
        ID,
        name("query", "search.query", Text),
        must("pos", "search.position", Number),
        may("page", "search.page", Number),
        may("pageSize", "search.pageSize", Number),
        may("score", "search.score", Number),
        may("campaign", "search.campaign", Text),
        MASTER,
        TITLE,
    ];
    const CART: &[Named] = &[
        ID,
        must("count", "quantity", Number),
        PRICE,
        may("campaign", "campaign", Text),
        MASTER,
        TITLE,
    ];
    const LOG: &[Named] = &[
        name("query", "query", Text),
        must("page", "page", Number),
        must("pageSize", "pageSize", Number),
        must("hitCount", "hitCount", Number),
        must("searchTime", "searchTimeMs", Number),
        must("minScore", "minScore", Number),
        must("maxScore", "maxScore", Number),
        name("filters", "filters", List),
        // The schema requires it, though a search is about no product.
        name("id", "itemId", Id),
        MASTER,
        TITLE,
        SEARCH_FIELD,
        SORTING,
        MORE,
    ];
    const LANDING_PAGE: &[Named] =
        &[ID, must("campaign", "campaign", Text), must("pageId", "pageId", Id), MASTER, TITLE];
    let (kind, fields, needs_user) = match event {
        "click" => (Kind::Click, CLICK, false),
        "cart" => (Kind::Basket, CART, false),
        "checkout" => (Kind::Buy, CART, false),
        "login" => (Kind::Login, &[] as &[Named], true),
        "recommendationClick" => (Kind::ClickRecommended, RECOMMENDATION, false),
        "feedback" => (Kind::Feedback, FEEDBACK, false),
        "log" => (Kind::CacheHit, LOG, false),
        "landingPageClick" if version >= Version::V4 => {
            (Kind::LandingPageClick, LANDING_PAGE, false)
        }
        "predbasketClick" => (Kind::PredictiveBasketClick, &[ID, MASTER, TITLE] as &[Named], true),
        _ => return None,
    };
    Some(Word { kind, fields, needs_user })
}

/// The event of this name in `Tracking.ff`.
pub fn tracking_ff(event: &str) -> Option<Word> {
    const CLICK: &[Named] = &[
        ID,
        may("query", "search.query", Text),
        may("pos", "search.position", Number),
        may("origPos", "search.originalPosition", Number),
        may("page", "search.page", Number),
        may("pageSize", "search.pageSize", Number),
        may("origPageSize", "search.originalPageSize", Number),
        may("simi", "search.score", Number),
        may("campaign", "search.campaign", Text),
        MASTER,
        TITLE,
    ];
    const CART: &[Named] = &[
        ID,
        may("count", "quantity", Number),
        PRICE,
        may("campaign", "campaign", Text),
        may("query", "query", Text),
        may(FILTERS, "filters", List),
        MASTER,
        TITLE,
    ];
    const LOG: &[Named] = &[
        name("query", "query", Text),
        must("page", "page", Number),
        must("pageSize", "pageSize", Number),
        must("hitCount", "hitCount", Number),
        must("searchTime", "searchTimeMs", Number),
        must("minSimi", "minScore", Number),
        must("bestSimi", "maxScore", Number),
        may(FILTERS, "filters", List),
        may("id", "itemId", Id),
        MASTER,
        TITLE,
        SEARCH_FIELD,
        SORTING,
        MORE,
    ];
    let (kind, fields, needs_user) = match event {
        "click" => (Kind::Click, CLICK, false),
        "cart" => (Kind::Basket, CART, false),
        "checkout" => (Kind::Buy, CART, false),
        "login" => (Kind::Login, &[] as &[Named], true),
        "recommendationClick" => (Kind::ClickRecommended, RECOMMENDATION, false),
        "feedback" => (Kind::Feedback, FEEDBACK, false),
        "log" => (Kind::CacheHit, LOG, false),
        _ => return None,
    };
    Some(Word { kind, fields, needs_user })
}

/// The events of `Tracking.ff`.
const TRACKING_FF: [&str; 7] =
    ["click", "cart", "checkout", "login", "recommendationClick", "feedback", "log"];

/// Whether an event of `Tracking.ff` has a parameter of this name. Other names are texts of the
/// client, which may be ids of people, so no message repeats them.
pub fn is_parameter(name: &str) -> bool {
    let is_field = |word: Word| word.fields.iter().any(|field| field.theirs == name);
    SHARED.contains(&name) || TRACKING_FF.into_iter().filter_map(tracking_ff).any(is_field)
}

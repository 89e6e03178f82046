//! Which events there are, which fields each has, and the rule that each field is held to.

use super::Data;
use crate::engine::error::Problem;
use crate::engine::field::{self, boolean, count, identifier, list, score, text};
use crate::engine::value::Value;

/// The kinds of events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An item's own page was opened.
    Click,
    /// An item was read, watched or listened to, in whole or in part.
    Consume,
    /// An item was put into the basket.
    Basket,
    /// An item was taken out of the basket.
    DeleteFromBasket,
    /// An item was put on the wish list.
    Wishlist,
    /// An item was taken off the wish list.
    DeleteFromWishlist,
    /// An item was bought.
    Buy,
    /// An item was rated.
    Rate,
    /// The visitor wants no more recommendations of an item.
    Blacklist,
    /// Recommendations of one item type were seen.
    Rendered,
    /// A recommendation was clicked.
    ClickRecommended,
    /// A trigger message was opened.
    TriggerOpened,
    /// An item in a trigger message was clicked.
    ClickTriggered,
    /// The visitor judged a search result.
    Feedback,
    /// A search was answered from the shop's own cache.
    CacheHit,
    /// An item on a landing page was clicked.
    LandingPageClick,
    /// An item of a predicted basket was clicked.
    PredictiveBasketClick,
    /// The anonymous visitor turned out to be an account.
    Login,
}

/// The fields that an event of some kind has, beside those of the item that it is about.
pub(super) struct Schema {
    /// Whether it is about one item.
    pub item: bool,
    pub required: &'static [Field],
    pub optional: &'static [Field],
}

const fn about_item(required: &'static [Field], optional: &'static [Field]) -> Schema {
    Schema { item: true, required, optional }
}

const fn about_no_item(required: &'static [Field], optional: &'static [Field]) -> Schema {
    Schema { item: false, required, optional }
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 18] = [
        Self::Click,
        Self::Consume,
        Self::Basket,
        Self::DeleteFromBasket,
        Self::Wishlist,
        Self::DeleteFromWishlist,
        Self::Buy,
        Self::Rate,
        Self::Blacklist,
        Self::Rendered,
        Self::ClickRecommended,
        Self::TriggerOpened,
        Self::ClickTriggered,
        Self::Feedback,
        Self::CacheHit,
        Self::LandingPageClick,
        Self::PredictiveBasketClick,
        Self::Login,
    ];

    /// The method's name in index.d.ts, which is also the batch form's `type`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Click => "click",
            Self::Consume => "consume",
            Self::Basket => "basket",
            Self::DeleteFromBasket => "deleteFromBasket",
            Self::Wishlist => "wishlist",
            Self::DeleteFromWishlist => "deleteFromWishlist",
            Self::Buy => "buy",
            Self::Rate => "rate",
            Self::Blacklist => "blacklist",
            Self::Rendered => "rendered",
            Self::ClickRecommended => "clickRecommended",
            Self::TriggerOpened => "triggerOpened",
            Self::ClickTriggered => "clickTriggered",
            Self::Feedback => "feedback",
            Self::CacheHit => "cacheHit",
            Self::LandingPageClick => "landingPageClick",
            Self::PredictiveBasketClick => "predictiveBasketClick",
            Self::Login => "login",
        }
    }

    /// The kind of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    pub(super) fn schema(self) -> Schema {
        use Field::*;
        match self {
            Self::Click => about_item(&[], &[Search]),
            Self::Consume => about_item(&[], &[Percentage]),
            Self::Basket => about_item(&[], &[Quantity, Price, Campaign]),
            Self::DeleteFromBasket => about_item(&[], &[Quantity]),
            Self::Wishlist => about_item(&[], &[Price]),
            Self::DeleteFromWishlist | Self::Blacklist | Self::PredictiveBasketClick => {
                about_item(&[], &[])
            }
            Self::Buy => about_item(&[], &[Price, Quantity, OrderId, Campaign]),
            Self::Rate => about_item(&[Rating], &[]),
            Self::Rendered => about_no_item(&[], &[Scenario]),
            Self::ClickRecommended => about_item(&[], &[Scenario, ModelId, MainId]),
            Self::TriggerOpened => about_no_item(&[TriggerName], &[]),
            Self::ClickTriggered => about_item(&[TriggerName], &[]),
            Self::Feedback => about_no_item(&[Query, Positive], &[Message]),
            Self::CacheHit => about_no_item(
                &[Query, Page, PageSize, HitCount, SearchTimeMs, MinScore, MaxScore],
                &[Filters, ItemId, SearchField, CustomSorting, AdditionalInfo],
            ),
            Self::LandingPageClick => about_item(&[Campaign, PageId], &[]),
            Self::Login => about_no_item(&[], &[]),
        }
    }
}

/// The fields of the object `search`.
pub(super) const SEARCH: Schema = about_no_item(
    &[Field::Query, Field::Position],
    &[
        Field::OriginalPosition,
        Field::Page,
        Field::PageSize,
        Field::OriginalPageSize,
        Field::Score,
        Field::Campaign,
    ],
);

/// What every event about an item may have.
pub(super) const ITEM: &[Field] = &[Field::CategoryPath, Field::MasterId, Field::Title];

/// The fields of all events. Index.d.ts says what they mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Field {
    AdditionalInfo,
    Campaign,
    CategoryPath,
    CustomSorting,
    Filters,
    HitCount,
    ItemId,
    ItemType,
    Items,
    MainId,
    MasterId,
    MaxScore,
    Message,
    MinScore,
    ModelId,
    OrderId,
    OriginalPageSize,
    OriginalPosition,
    Page,
    PageId,
    PageSize,
    Percentage,
    Position,
    Positive,
    Price,
    Quantity,
    Query,
    Rating,
    Scenario,
    Score,
    Search,
    SearchField,
    SearchTimeMs,
    Title,
    TriggerName,
}

/// What makes a field's value right, and what it is then.
pub(super) type Rule = fn(&Value) -> Result<Data, Problem>;

impl Field {
    /// Its name in index.d.ts.
    pub fn name(self) -> &'static str {
        self.spec().0
    }

    pub(super) fn rule(self) -> Rule {
        self.spec().1
    }

    fn spec(self) -> (&'static str, Rule) {
        match self {
            Self::AdditionalInfo => ("additionalInfo", free_text),
            Self::Campaign => ("campaign", free_text),
            Self::CategoryPath => ("categoryPath", |v| field::category_path(v).map(Data::Text)),
            Self::CustomSorting => ("customSorting", literal_boolean),
            Self::Filters => ("filters", |v| list(v).map(Data::Literal)),
            Self::HitCount => ("hitCount", literal_count),
            Self::ItemId => ("itemId", name),
            Self::ItemType => ("itemType", name),
            // Both are objects with rules of their own, which their readers apply.
            Self::Items => ("items", |_| Ok(Data::List(Vec::new()))),
            Self::Search => ("search", |_| Ok(Data::Object(Vec::new()))),
            Self::MainId => ("mainId", name),
            Self::MasterId => ("masterId", name),
            Self::MaxScore => ("maxScore", literal_score),
            Self::Message => ("message", free_text),
            Self::MinScore => ("minScore", literal_score),
            Self::ModelId => ("modelId", name),
            Self::OrderId => ("orderId", name),
            Self::OriginalPageSize => ("originalPageSize", literal_count),
            Self::OriginalPosition => ("originalPosition", literal_position),
            Self::Page => ("page", literal_count),
            Self::PageId => ("pageId", name),
            Self::PageSize => ("pageSize", literal_count),
            Self::Percentage => ("percentage", |v| field::percentage(v).map(Data::Literal)),
            Self::Position => ("position", literal_position),
            Self::Positive => ("positive", literal_boolean),
            Self::Price => ("price", |v| field::price(v).map(Data::Text)),
            Self::Quantity => ("quantity", |v| field::quantity(v).map(Data::Literal)),
            Self::Query => ("query", free_text),
            Self::Rating => ("rating", |v| field::rating(v).map(Data::Literal)),
            Self::Scenario => ("scenario", name),
            Self::Score => ("score", literal_score),
            Self::SearchField => ("searchField", free_text),
            Self::SearchTimeMs => ("searchTimeMs", literal_score),
            Self::Title => ("title", free_text),
            Self::TriggerName => ("triggerName", name),
        }
    }
}

fn name(value: &Value) -> Result<Data, Problem> {
    identifier(value).map(Data::Text)
}

fn free_text(value: &Value) -> Result<Data, Problem> {
    text(value).map(Data::Text)
}

fn literal_boolean(value: &Value) -> Result<Data, Problem> {
    boolean(value).map(|yes| Data::Literal(if yes { "true" } else { "false" }.to_owned()))
}

fn literal_count(value: &Value) -> Result<Data, Problem> {
    count(value).map(Data::Literal)
}

fn literal_position(value: &Value) -> Result<Data, Problem> {
    field::position(value).map(Data::Literal)
}

fn literal_score(value: &Value) -> Result<Data, Problem> {
    score(value).map(Data::Literal)
}

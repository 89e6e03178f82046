//! The kinds of events, their fields, and the rule of each field.

use super::Data;
use crate::error::Problem;
use crate::rules::{
    boolean, category_path, count, identifier, list, percentage, position, price, quantity, query,
    rating, score, text,
};
use crate::value::Value;

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
    /// The visitor has the item, in whatever way they got it.
    Owns,
    /// The visitor wants no more recommendations of the item.
    Blacklist,
    /// Recommendations of one item type were seen.
    Rendered,
    /// A recommendation was clicked.
    ClickRecommended,
    /// A trigger message was opened.
    TriggerOpened,
    /// An item in a trigger message was clicked.
    ClickTriggered,
    /// The visitor rated a search result.
    Feedback,
    /// A search was answered from the shop's own cache.
    CacheHit,
    /// An item on a landing page was clicked.
    LandingPageClick,
    /// An item of a predicted basket was clicked.
    PredictiveBasketClick,
    /// The anonymous visitor logged in to an account.
    Login,
}

/// The fields of a kind of event, in addition to those of its item.
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
    /// All kinds.
    pub const ALL: [Self; 19] = [
        Self::Click,
        Self::Consume,
        Self::Basket,
        Self::DeleteFromBasket,
        Self::Wishlist,
        Self::DeleteFromWishlist,
        Self::Buy,
        Self::Rate,
        Self::Owns,
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

    /// The method's name in index.d.ts, which is also the `type` in the batch format.
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
            Self::Owns => "owns",
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

    /// The kind of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.name() == name)
    }

    /// Whether an event of this kind may have this field.
    #[cfg(feature = "sources")]
    pub fn has(self, field: Field) -> bool {
        let Schema { item, required, optional } = self.schema();
        let about_item = field == Field::ItemId || ITEM.contains(&field);
        *item && about_item || required.contains(&field) || optional.contains(&field)
    }

    /// The names of the fields that an event of this kind can have, except the list of items.
    pub fn field_names(self) -> Vec<&'static str> {
        let Schema { item, required, optional } = self.schema();
        let mut names = Vec::new();
        if *item {
            names.extend(["itemId", "itemType"]);
            names.extend(ITEM.iter().map(|field| field.name()));
        }
        if self == Self::Rendered {
            names.push("itemType");
        }
        names.extend(required.iter().chain(*optional).map(|field| field.name()));
        names
    }

    pub(super) fn schema(self) -> &'static Schema {
        use Field::*;
        match self {
            Self::Click => &const { about_item(&[], &[Search]) },
            Self::Consume => &const { about_item(&[], &[Percentage]) },
            Self::Basket => {
                &const { about_item(&[], &[Quantity, Price, Campaign, Query, Filters]) }
            }
            Self::DeleteFromBasket => &const { about_item(&[], &[Quantity]) },
            Self::Wishlist => &const { about_item(&[], &[Price]) },
            Self::DeleteFromWishlist
            | Self::Owns
            | Self::Blacklist
            | Self::PredictiveBasketClick => &const { about_item(&[], &[]) },
            Self::Buy => {
                &const { about_item(&[], &[Price, Quantity, OrderId, Campaign, Query, Filters]) }
            }
            Self::Rate => &const { about_item(&[Rating], &[]) },
            Self::Rendered => &const { about_no_item(&[], &[Scenario, Variant]) },
            Self::ClickRecommended => {
                &const { about_item(&[], &[Scenario, Variant, ModelId, MainId]) }
            }
            Self::TriggerOpened => &const { about_no_item(&[TriggerName], &[]) },
            Self::ClickTriggered => &const { about_item(&[TriggerName], &[]) },
            Self::Feedback => &const { about_no_item(&[Query, Positive], &[Message]) },
            Self::CacheHit => {
                &const {
                    about_no_item(
                        &[Query, Page, PageSize, HitCount, SearchTimeMs, MinScore, MaxScore],
                        &[
                            Filters,
                            ItemId,
                            MasterId,
                            Title,
                            SearchField,
                            CustomSorting,
                            AdditionalInfo,
                        ],
                    )
                }
            }
            Self::LandingPageClick => &const { about_item(&[Campaign, PageId], &[]) },
            Self::Login => &const { about_no_item(&[], &[]) },
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

/// The names of the fields of `search`.
pub fn search_field_names() -> Vec<&'static str> {
    SEARCH.required.iter().chain(SEARCH.optional).map(|field| field.name()).collect()
}

/// The optional fields of every event about an item.
pub(super) const ITEM: &[Field] = &[Field::CategoryPath, Field::MasterId, Field::Title];

/// The fields of an observed list of recommendations.
pub(super) const LIST: Schema = about_no_item(&[Field::Scenario], &[Field::Variant]);

/// The fields of all events. index.d.ts explains them.
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
    Variant,
}

/// A rule checks a field's value and returns its text.
pub(super) type Rule = fn(&Value) -> Result<String, &'static Problem>;

/// The form in which the text is kept: [`Data::Text`] or [`Data::Literal`].
pub(super) type Form = fn(String) -> Data;

impl Field {
    /// Its name in index.d.ts.
    pub fn name(self) -> &'static str {
        self.spec().0
    }

    /// Whether people write its texts, so that personal data is removed from them. All other
    /// texts are identifiers, which are never judged by their digits.
    pub fn is_free_text(self) -> bool {
        match self {
            Self::AdditionalInfo
            | Self::Campaign
            | Self::CategoryPath
            | Self::Filters
            | Self::Message
            | Self::Query
            | Self::SearchField
            | Self::Title => true,
            Self::CustomSorting
            | Self::HitCount
            | Self::ItemId
            | Self::ItemType
            | Self::Items
            | Self::MainId
            | Self::MasterId
            | Self::MaxScore
            | Self::MinScore
            | Self::ModelId
            | Self::OrderId
            | Self::OriginalPageSize
            | Self::OriginalPosition
            | Self::Page
            | Self::PageId
            | Self::PageSize
            | Self::Percentage
            | Self::Position
            | Self::Positive
            | Self::Price
            | Self::Quantity
            | Self::Rating
            | Self::Scenario
            | Self::Score
            | Self::Search
            | Self::SearchTimeMs
            | Self::TriggerName
            | Self::Variant => false,
        }
    }

    /// Checks a value by the field's rule.
    #[cfg(feature = "sources")]
    ///
    /// # Errors
    /// The rule that the value breaks.
    pub fn check(self, value: &Value) -> Result<(), &'static Problem> {
        let (rule, _) = self.rule();
        rule(value).map(drop)
    }

    pub(super) fn rule(self) -> (Rule, Form) {
        let (_, rule, form) = self.spec();
        (rule, form)
    }

    fn spec(self) -> (&'static str, Rule, Form) {
        use Data::{Literal, Text};
        match self {
            Self::AdditionalInfo => ("additionalInfo", text, Text),
            Self::Campaign => ("campaign", text, Text),
            Self::CategoryPath => ("categoryPath", category_path, Text),
            Self::CustomSorting => ("customSorting", truth, Literal),
            Self::Filters => ("filters", list, Literal),
            Self::HitCount => ("hitCount", count, Literal),
            Self::ItemId => ("itemId", identifier, Text),
            Self::ItemType => ("itemType", identifier, Text),
            // These objects have rules of their own in their readers.
            Self::Items => ("items", list, Literal),
            Self::Search => ("search", list, Literal),
            Self::MainId => ("mainId", identifier, Text),
            Self::MasterId => ("masterId", identifier, Text),
            Self::MaxScore => ("maxScore", score, Literal),
            Self::Message => ("message", text, Text),
            Self::MinScore => ("minScore", score, Literal),
            Self::ModelId => ("modelId", identifier, Text),
            Self::OrderId => ("orderId", identifier, Text),
            Self::OriginalPageSize => ("originalPageSize", count, Literal),
            Self::OriginalPosition => ("originalPosition", position, Literal),
            Self::Page => ("page", count, Literal),
            Self::PageId => ("pageId", identifier, Text),
            Self::PageSize => ("pageSize", count, Literal),
            Self::Percentage => ("percentage", percentage, Literal),
            Self::Position => ("position", position, Literal),
            Self::Positive => ("positive", truth, Literal),
            Self::Price => ("price", price, Text),
            Self::Quantity => ("quantity", quantity, Literal),
            Self::Query => ("query", query, Text),
            Self::Rating => ("rating", rating, Literal),
            Self::Scenario => ("scenario", identifier, Text),
            Self::Score => ("score", score, Literal),
            Self::SearchField => ("searchField", text, Text),
            Self::SearchTimeMs => ("searchTimeMs", score, Literal),
            Self::Title => ("title", text, Text),
            Self::TriggerName => ("triggerName", identifier, Text),
            Self::Variant => ("variant", identifier, Text),
        }
    }
}

fn truth(value: &Value) -> Result<String, &'static Problem> {
    boolean(value).map(|yes| if yes { "true" } else { "false" }.to_owned())
}

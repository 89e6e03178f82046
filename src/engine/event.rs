//! The events of index.d.ts. Parsing is validating: once there is an [`Event`], it cannot be wrong.
//!
//! What [`Event::write`] writes, [`Event::parse`] reads: the batch form has the fields of the
//! JavaScript methods, so the collector holds an incoming event to the same rules as the page.

mod parse;

use super::field::Price;
use super::item::Item;
use super::json::{Object, push_list};
use super::search::{CacheHit, Search};

/// The kinds of events. Names are the methods' names in index.d.ts.
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
    /// Recommendations were seen.
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

    /// The method's name, which is also the batch form's `type`.
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
}

/// Something that a visitor did.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)] // The fields are those of index.d.ts, which documents them.
pub enum Event {
    Click {
        item: Item,
        search: Option<Search>,
    },
    Consume {
        item: Item,
        percentage: Option<u8>,
    },
    Basket {
        item: Item,
        quantity: Option<u32>,
        price: Option<Price>,
        campaign: Option<String>,
    },
    DeleteFromBasket {
        item: Item,
        quantity: Option<u32>,
    },
    Wishlist {
        item: Item,
        price: Option<Price>,
    },
    DeleteFromWishlist {
        item: Item,
    },
    Buy {
        item: Item,
        price: Option<Price>,
        quantity: Option<u32>,
        order_id: Option<String>,
        campaign: Option<String>,
    },
    Rate {
        item: Item,
        rating: u8,
    },
    Blacklist {
        item: Item,
    },
    /// All of one item type: a call that mixes them becomes one event for each.
    Rendered {
        item_type: String,
        items: Vec<String>,
        scenario: Option<String>,
    },
    ClickRecommended {
        item: Item,
        scenario: Option<String>,
        model_id: Option<String>,
        main_id: Option<String>,
    },
    TriggerOpened {
        trigger_name: String,
    },
    ClickTriggered {
        item: Item,
        trigger_name: String,
    },
    Feedback {
        query: String,
        positive: bool,
        message: Option<String>,
    },
    CacheHit(Box<CacheHit>),
    LandingPageClick {
        item: Item,
        campaign: String,
        page_id: String,
    },
    PredictiveBasketClick {
        item: Item,
    },
    /// Both ids stand beside the event, not in it.
    Login,
}

impl Event {
    /// Its kind.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Click { .. } => Kind::Click,
            Self::Consume { .. } => Kind::Consume,
            Self::Basket { .. } => Kind::Basket,
            Self::DeleteFromBasket { .. } => Kind::DeleteFromBasket,
            Self::Wishlist { .. } => Kind::Wishlist,
            Self::DeleteFromWishlist { .. } => Kind::DeleteFromWishlist,
            Self::Buy { .. } => Kind::Buy,
            Self::Rate { .. } => Kind::Rate,
            Self::Blacklist { .. } => Kind::Blacklist,
            Self::Rendered { .. } => Kind::Rendered,
            Self::ClickRecommended { .. } => Kind::ClickRecommended,
            Self::TriggerOpened { .. } => Kind::TriggerOpened,
            Self::ClickTriggered { .. } => Kind::ClickTriggered,
            Self::Feedback { .. } => Kind::Feedback,
            Self::CacheHit(_) => Kind::CacheHit,
            Self::LandingPageClick { .. } => Kind::LandingPageClick,
            Self::PredictiveBasketClick { .. } => Kind::PredictiveBasketClick,
            Self::Login => Kind::Login,
        }
    }

    /// Writes the event's own fields, named as in index.d.ts; what is absent is not written.
    pub fn write(&self, out: &mut Object<'_>) {
        match self {
            Self::Click { item, search } => {
                item.write(out);
                if let Some(search) = search {
                    search.write(out.key("search"));
                }
            }
            Self::Consume { item, percentage } => {
                item.write(out);
                out.some_whole("percentage", percentage.map(u64::from));
            }
            Self::Basket { item, quantity, price, campaign } => {
                item.write(out);
                out.some_whole("quantity", quantity.map(u64::from))
                    .some_text("price", price.as_ref().map(Price::as_str))
                    .some_text("campaign", campaign.as_deref());
            }
            Self::DeleteFromBasket { item, quantity } => {
                item.write(out);
                out.some_whole("quantity", quantity.map(u64::from));
            }
            Self::Wishlist { item, price } => {
                item.write(out);
                out.some_text("price", price.as_ref().map(Price::as_str));
            }
            Self::DeleteFromWishlist { item }
            | Self::Blacklist { item }
            | Self::PredictiveBasketClick { item } => {
                item.write(out);
            }
            Self::Buy { item, price, quantity, order_id, campaign } => {
                item.write(out);
                out.some_text("price", price.as_ref().map(Price::as_str))
                    .some_whole("quantity", quantity.map(u64::from))
                    .some_text("orderId", order_id.as_deref())
                    .some_text("campaign", campaign.as_deref());
            }
            Self::Rate { item, rating } => {
                item.write(out);
                out.whole("rating", u64::from(*rating));
            }
            Self::Rendered { item_type, items, scenario } => {
                out.text("itemType", item_type);
                push_list(out.key("items"), items, |out, id| {
                    let mut object = Object::new(out);
                    object.text("itemId", id).text("itemType", item_type);
                    object.end();
                });
                out.some_text("scenario", scenario.as_deref());
            }
            Self::ClickRecommended { item, scenario, model_id, main_id } => {
                item.write(out);
                out.some_text("scenario", scenario.as_deref())
                    .some_text("modelId", model_id.as_deref())
                    .some_text("mainId", main_id.as_deref());
            }
            Self::TriggerOpened { trigger_name } => {
                out.text("triggerName", trigger_name);
            }
            Self::ClickTriggered { item, trigger_name } => {
                item.write(out);
                out.text("triggerName", trigger_name);
            }
            Self::Feedback { query, positive, message } => {
                out.text("query", query)
                    .boolean("positive", *positive)
                    .some_text("message", message.as_deref());
            }
            Self::CacheHit(hit) => hit.write(out),
            Self::LandingPageClick { item, campaign, page_id } => {
                item.write(out);
                out.text("campaign", campaign).text("pageId", page_id);
            }
            Self::Login => {}
        }
    }
}

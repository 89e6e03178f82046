//! From a value of any kind to events that cannot be wrong.

use super::{Event, Kind};
use crate::engine::error::{Error, ErrorCode, Problem};
use crate::engine::field::{self, Price, boolean, identifier, percentage, text};
use crate::engine::item::{Item, item_type};
use crate::engine::limits::Limits;
use crate::engine::read::{Fields, element};
use crate::engine::search::{CacheHit, Search};
use crate::engine::value::Value;

impl Event {
    /// Reads the argument of the method of that name.
    ///
    /// A `buy` of n lines becomes n events, a `rendered` of several item types one for each.
    /// Fields that nobody knows are ignored and told to `unknown`.
    pub fn parse(
        kind: Kind,
        value: &Value,
        default_item_type: &str,
        unknown: &mut Vec<Error>,
    ) -> Result<Vec<Self>, Error> {
        let name = kind.name();
        let Value::List(lines) = value else {
            return one(kind, name.to_owned(), value, default_item_type, unknown);
        };
        if kind != Kind::Buy {
            return Err(Problem::new(ErrorCode::BadType, "must be an object").at(name));
        }
        bounded(name, lines.len())?;
        let mut events = Vec::new();
        for (place, line) in lines.iter().enumerate() {
            events.append(&mut one(kind, element(name, place), line, default_item_type, unknown)?);
        }
        Ok(events)
    }
}

/// Reads one argument: for all kinds but `rendered` that is one event.
fn one(
    kind: Kind,
    path: String,
    value: &Value,
    default_item_type: &str,
    unknown: &mut Vec<Error>,
) -> Result<Vec<Event>, Error> {
    let mut fields = Fields::new(path, value)?;
    let f = &mut fields;
    let item = |f: &mut Fields<'_>| Item::read(f, default_item_type);
    let event = match kind {
        Kind::Click => Event::Click {
            item: item(f)?,
            search: f.nested("search")?.map(|inner| Search::read(inner, unknown)).transpose()?,
        },
        Kind::Consume => {
            Event::Consume { item: item(f)?, percentage: f.optional("percentage", percentage)? }
        }
        Kind::Basket => Event::Basket {
            item: item(f)?,
            quantity: f.optional("quantity", quantity)?,
            price: f.optional("price", Price::read)?,
            campaign: f.optional("campaign", text)?,
        },
        Kind::DeleteFromBasket => {
            Event::DeleteFromBasket { item: item(f)?, quantity: f.optional("quantity", quantity)? }
        }
        Kind::Wishlist => {
            Event::Wishlist { item: item(f)?, price: f.optional("price", Price::read)? }
        }
        Kind::DeleteFromWishlist => Event::DeleteFromWishlist { item: item(f)? },
        Kind::Buy => Event::Buy {
            item: item(f)?,
            price: f.optional("price", Price::read)?,
            quantity: f.optional("quantity", quantity)?,
            order_id: f.optional("orderId", identifier)?,
            campaign: f.optional("campaign", text)?,
        },
        Kind::Rate => Event::Rate {
            item: item(f)?,
            rating: f.required("rating", |value| field::whole(value, 0, 100).map(|n| n as u8))?,
        },
        Kind::Blacklist => Event::Blacklist { item: item(f)? },
        Kind::Rendered => return rendered(fields, default_item_type, unknown),
        Kind::ClickRecommended => Event::ClickRecommended {
            item: item(f)?,
            scenario: f.optional("scenario", identifier)?,
            model_id: f.optional("modelId", identifier)?,
            main_id: f.optional("mainId", identifier)?,
        },
        Kind::TriggerOpened => {
            Event::TriggerOpened { trigger_name: f.required("triggerName", identifier)? }
        }
        Kind::ClickTriggered => Event::ClickTriggered {
            item: item(f)?,
            trigger_name: f.required("triggerName", identifier)?,
        },
        Kind::Feedback => Event::Feedback {
            query: f.required("query", text)?,
            positive: f.required("positive", boolean)?,
            message: f.optional("message", text)?,
        },
        Kind::CacheHit => Event::CacheHit(Box::new(CacheHit::read(f)?)),
        Kind::LandingPageClick => Event::LandingPageClick {
            item: item(f)?,
            campaign: f.required("campaign", text)?,
            page_id: f.required("pageId", identifier)?,
        },
        Kind::PredictiveBasketClick => Event::PredictiveBasketClick { item: item(f)? },
        Kind::Login => Event::Login,
    };
    fields.end(unknown);
    Ok(vec![event])
}

/// Reads a `rendered`: its items, each with the type that it names, else the call's, else the default.
fn rendered(
    mut fields: Fields<'_>,
    default_item_type: &str,
    unknown: &mut Vec<Error>,
) -> Result<Vec<Event>, Error> {
    let common_type = item_type(&mut fields, default_item_type)?;
    let scenario = fields.optional("scenario", identifier)?;
    let path = fields.path("items");
    let Some(Value::List(list)) = fields.get("items") else {
        return Err(match fields.get("items") {
            Some(_) => Problem::new(ErrorCode::BadType, "must be a list of item ids").at(path),
            None => fields.missing("items"),
        });
    };
    bounded(&path, list.len())?;
    fields.end(unknown);

    let mut events: Vec<(String, Vec<String>)> = Vec::new();
    for (place, entry) in list.iter().enumerate() {
        let at = element(&path, place);
        let (id, of_type) = if let Value::Map(_) = entry {
            let mut inner = Fields::new(at, entry)?;
            let item = Item::read(&mut inner, &common_type)?;
            inner.end(unknown);
            (item.id, item.item_type)
        } else {
            (identifier(entry).map_err(|problem| problem.at(at))?, common_type.clone())
        };
        match events.iter_mut().find(|(item_type, _)| *item_type == of_type) {
            Some((_, items)) if items.contains(&id) => {}
            Some((_, items)) => items.push(id),
            None => events.push((of_type, vec![id])),
        }
    }
    Ok(events
        .into_iter()
        .map(|(item_type, items)| Event::Rendered { item_type, items, scenario: scenario.clone() })
        .collect())
}

fn quantity(value: &Value) -> Result<u32, Problem> {
    field::whole(value, 1, u64::from(Limits::QUANTITY)).map(|n| n as u32)
}

/// A list of something has at least one element, and not more than anybody looks at.
fn bounded(path: &str, elements: usize) -> Result<(), Error> {
    if elements == 0 || elements > Limits::VALUE_WIDTH {
        return Err(Problem::new(ErrorCode::OutOfRange, "must have 1 to 1000 elements").at(path));
    }
    Ok(())
}

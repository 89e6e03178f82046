//! `GET /v1/recommendations/{scenario}`: recommendations made of the stored events.
//!
//! A personal scenario answers only for the id that the request itself has: in the parameter `userid`,
//! or in the identity cookie of a page of this host.

use super::{App, cookies, cors, customers, read, site, typed};
use crate::customer;
use crate::error::Refusal;
use crate::feeds::Feeds;
use crate::feeds::answer::{Answer, Links};
use crate::feeds::model::{Pick, Question};
use crate::feeds::personal::{self, Own};
use crate::feeds::request::{self, Learnt, Personal, Request, Scenario};
use crate::limits::Limits;
use crate::percent;
use crate::store::feeds as rows;
use crate::user::UserId;
use axum::extract::{Path, State};
use axum::http::header::{CACHE_CONTROL, HOST, HeaderValue, ORIGIN};
use axum::http::{HeaderMap, Method, Uri};
use axum::response::Response;
use recobeacon_engine::identity::OFF_COOKIE;
use recobeacon_engine::value::Value;
use std::sync::Arc;

/// The route.
pub const PATH: &str = "/v1/recommendations/{scenario}";

const METHODS: &str = "GET, HEAD, OPTIONS";

/// Answers a request, a preflight, or another method.
pub async fn answer(
    State(app): State<Arc<App>>,
    Path(scenario): Path<String>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    if method == Method::OPTIONS {
        return cors::preflight(&app, &headers, METHODS, "content-type");
    }
    let answer = async {
        if !matches!(method, Method::GET | Method::HEAD) {
            return Err(Refusal::Method(METHODS));
        }
        recommend(&app, &scenario, uri.query().unwrap_or_default(), &headers).await
    };
    let mut response = answer.await.unwrap_or_else(|refusal| refusal.in_text());
    cors::allow_origin(&app, &headers, &mut response);
    response
}

const UNKNOWN: &str = "the scenario is not known; the scenarios are recently_viewed, \
                       recently_added_to_cart, also_viewed, bought_together and bestsellers";

async fn recommend(
    app: &App,
    scenario: &str,
    query: &str,
    headers: &HeaderMap,
) -> Result<Response, Refusal> {
    let unknown = Refusal::NotFound(UNKNOWN);
    let feeds = app.feeds.as_ref().ok_or(unknown.clone())?;
    let (name, scenario) = Scenario::named(scenario).ok_or(unknown)?;
    let request = request::read(scenario, query)?;
    let customer = customers::of_feed(app, headers, request.customer.as_deref())?;
    let is_personal = matches!(scenario, Scenario::Personal(_));
    let user = request.user.clone();
    // An answer for all visitors depends on nothing but its address.
    let shown = if is_personal { user.or_else(|| visitor(app, headers)) } else { user };
    let (picks, source) = match scenario {
        Scenario::Learnt(learnt) => {
            let source = (learnt != Learnt::Bestsellers).then_some("REQUEST");
            (learnt_picks(feeds, learnt, &request, &customer), source)
        }
        Scenario::Personal(personal) => {
            let source = match personal {
                Personal::RecentlyViewed => "CLICK",
                Personal::RecentlyAddedToCart => "BASKET",
            };
            let picks = match shown.as_ref().filter(|id| may_be_asked_for(feeds, id)) {
                Some(visitor) => {
                    let hashes = app.hasher.all(visitor.as_str());
                    own_picks(feeds, personal, &request, &customer, hashes).await?
                }
                None => Vec::new(),
            };
            (picks, Some(source))
        }
    };
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let host = feeds.settings().host.as_deref().unwrap_or(host);
    // The tracking interface takes no other customers.
    let is_linked = customer.is_empty() || customer::is_id(&customer);
    let links = shown.as_ref().filter(|_| is_linked);
    let answer = Answer {
        scenario: name,
        source,
        context: if is_personal { &[] } else { &request.context },
        picks: &picks,
        links: links.map(|user| Links { host, customer: &customer, user }),
    };
    let mut response = typed("application/json", answer.write());
    if is_personal {
        return Ok(read::private(response));
    }
    let names_customer = request.customer.is_some() || !app.config.customers.has_batches();
    let is_for_all = request.user.is_none() && names_customer;
    let scope = if is_for_all { "public" } else { "private" };
    let cached = HeaderValue::try_from(format!("{scope}, max-age={}", Limits::FEED_CACHED));
    if let Ok(cached) = cached {
        response.headers_mut().insert(CACHE_CONTROL, cached);
    }
    Ok(response)
}

fn learnt_picks(feeds: &Feeds, learnt: Learnt, request: &Request, customer: &str) -> Vec<Pick> {
    let Request { most, context, item_type, .. } = request;
    let question = Question { customer, context, item_type: item_type.as_deref(), most: *most };
    feeds.ask(learnt, &question)
}

/// The picks of the visitor's own events, which are read now, so that erased ones are not used.
async fn own_picks(
    feeds: &Feeds,
    personal: Personal,
    request: &Request,
    customer: &str,
    hashes: Vec<(u32, String)>,
) -> Result<Vec<Pick>, Refusal> {
    let of = customer.to_owned();
    let mut events: Vec<Own> = feeds
        .reading()
        .query(move |connection| {
            let mut all = Vec::new();
            for (_, hash) in &hashes {
                all.extend(rows::own(connection, hash, &of)?);
            }
            Ok(all)
        })
        .await?;
    let mut picks = match personal {
        Personal::RecentlyViewed => personal::recently_viewed(&mut events),
        Personal::RecentlyAddedToCart => personal::recently_added(&mut events),
    };
    picks.retain(|pick| {
        let mut context = request.context.iter();
        let is_context = context.any(|(of, id)| **of == *pick.item_type && **id == *pick.item_id);
        let wanted = request.item_type.as_ref().is_none_or(|wanted| **wanted == *pick.item_type);
        wanted && !is_context
    });
    picks.truncate(request.most);
    Ok(picks)
}

/// Everybody who knows an id gets its items, so ids that can be guessed need a setting.
fn may_be_asked_for(feeds: &Feeds, id: &UserId) -> bool {
    feeds.settings().any_id || request::is_random(id.as_str())
}

/// The visitor of the identity cookie, if a page of this host sent the request. A page of another
/// host could otherwise read what the visitor did here.
fn visitor(app: &App, headers: &HeaderMap) -> Option<UserId> {
    let host = headers.get(HOST)?.as_bytes();
    let is_own_origin = headers.get(ORIGIN).is_none_or(|origin| {
        let behind = |scheme: &[u8]| origin.as_bytes().strip_prefix(scheme) == Some(host);
        behind(b"https://") || behind(b"http://")
    });
    if !site::is_own_page(headers) || !is_own_origin || cookies::sent(headers, OFF_COOKIE).is_some()
    {
        return None;
    }
    let name = cookies::name(app.config.cookie.as_ref());
    let id = percent::decode(cookies::sent(headers, name)?)?;
    UserId::read(&Value::Text(id)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sentence_about_an_unknown_scenario_names_all() {
        assert!(Scenario::ALL.iter().all(|(name, _)| UNKNOWN.contains(name)), "{UNKNOWN}");
    }
}

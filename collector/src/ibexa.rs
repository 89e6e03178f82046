//! Ibexa's (YOOCHOOSE's) interface: a path and a query, from the vendor's words to neutral ones.
//!
//! <https://doc.ibexa.co/en/latest/personalization/api_reference/tracking_api/>
//!
//! How the address is read:
//! * The path is split at its raw slashes, then each part is percent-decoded: `%2F` is a slash in
//!   an id, and any Unicode may follow. `rendered` is split at its raw commas in the same way.
//! * `+` is a plus in the path and a space in the query, as in the vendor's servlet container and
//!   in what PHP and `URLSearchParams` write. (The tracker writes neither.)
//! * A backslash is refused in every form, as the vendor says.
//! * Query parameters that nobody knows are ignored: the vendor's plugins send some
//!   (`lang`, `storeViewId`, ...). Of a repeated one the first counts; an empty one is absent.

use crate::batch;
use crate::error::Refusal;
use crate::event::NewEvent;
use crate::hashing::Hasher;
use crate::limits::Limits;
use crate::percent;
use recobeacon::engine::event::Kind;
use recobeacon::engine::field;
use recobeacon::engine::value::Value;

/// An event before it has an id and a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tracked {
    /// The customer in the path.
    pub customer: String,
    /// The neutral event's name.
    pub kind: &'static str,
    /// The user, hashed; of a login the target.
    pub user: Option<String>,
    /// Of a login the source, hashed.
    pub anonymous: Option<String>,
    /// The neutral event's fields, as JSON.
    pub fields: String,
}

/// This user is nobody: the documented word for visitors who are not to be tracked.
const NOBODY: &str = "not_defined";

const UNKNOWN_CUSTOMER: Refusal = Refusal::NotFound("the customer is not known");
const UNKNOWN_EVENT: Refusal = Refusal::NotFound("the event is not known");

/// What follows the event's name in the path.
#[derive(Clone, Copy)]
enum Shape {
    /// `{userid}/{itemtypeid}/{itemid}`
    Item,
    /// The same, with item ids joined by commas.
    Items,
    /// `{userid}`
    User,
    /// `{sourceuserid}/{targetuserid}`
    Login,
}

/// An event in the vendor's words.
struct Word {
    /// The neutral event.
    kind: Kind,
    /// Its name in the rows.
    name: &'static str,
    shape: Shape,
    /// Parameters in the vendor's words, and the neutral fields that they are.
    parameters: &'static [(&'static str, &'static str)],
    /// One of the fields without which the vendor refuses the event.
    required: Option<&'static str>,
}

fn word(event: &str) -> Option<Word> {
    use Shape::{Item, Items, Login, User};
    const TRIGGER: &[(&str, &str)] = &[("triggername", "triggerName")];
    const CATEGORY: &[(&str, &str)] = &[("categorypath", "categoryPath")];
    const RECOMMENDATION: &[(&str, &str)] =
        &[("scenario", "scenario"), ("modelid", "modelId"), ("modelId", "modelId")];
    let (kind, shape, parameters): (_, _, &[(&str, &str)]) = match event {
        "click" => (Kind::Click, Item, CATEGORY),
        "consume" => (Kind::Consume, Item, &[("percentage", "percentage")]),
        "buy" => (Kind::Buy, Item, &[("fullprice", "price"), ("quantity", "quantity")]),
        "basket" => (Kind::Basket, Item, CATEGORY),
        "deletefrombasket" => (Kind::DeleteFromBasket, Item, &[]),
        "wishlist" => (Kind::Wishlist, Item, &[("price", "price")]),
        "deletefromwishlist" => (Kind::DeleteFromWishlist, Item, &[]),
        "rate" => (Kind::Rate, Item, &[("rating", "rating")]),
        // `owns` has the fields of `blacklist`, an item, and no method of its own.
        "blacklist" | "owns" => (Kind::Blacklist, Item, &[]),
        "rendered" => (Kind::Rendered, Items, &[("scenario", "scenario")]),
        "clickrecommended" => (Kind::ClickRecommended, Item, RECOMMENDATION),
        "triggeropened" => (Kind::TriggerOpened, User, TRIGGER),
        "clicktriggered" => (Kind::ClickTriggered, Item, TRIGGER),
        // `transfer` is the older name, which the vendor still takes.
        "login" | "transfer" => (Kind::Login, Login, &[]),
        _ => return None,
    };
    let name = if event == "owns" { "owns" } else { kind.name() };
    let required = (kind == Kind::ClickRecommended).then_some("scenario");
    Some(Word { kind, name, shape, parameters, required })
}

/// Whether this can be a customer's id.
pub fn is_customer(id: &str) -> bool {
    (1..=Limits::CUSTOMER_BYTES).contains(&id.len())
        && id.bytes().all(|b| b.is_ascii_alphanumeric())
}

/// Reads the address of a request: `path` is what stands behind `/api/`, undecoded.
///
/// # Errors
/// 404 where the customer or the event is not known, else 400.
pub fn read(
    path: &str,
    query: Option<&str>,
    customers: Option<&[String]>,
    hasher: &Hasher,
) -> Result<Tracked, Refusal> {
    let mut parts = path.split('/');
    let customer = parts.next().unwrap_or_default();
    let known = match customers {
        None => is_customer(customer),
        Some(known) => known.iter().any(|one| one == customer),
    };
    if !known {
        return Err(UNKNOWN_CUSTOMER);
    }
    let event = parts.next().unwrap_or_default();
    let word = word(event).ok_or(UNKNOWN_EVENT)?;
    let parts: Vec<&str> = parts.collect();
    let user = |raw| user(raw, hasher);
    let mut fields = Vec::new();
    let (user, anonymous) = match (word.shape, parts.as_slice()) {
        (Shape::User, [id]) => (user(id)?, None),
        (Shape::Item, [id, item_type, item]) => {
            fields.push(("itemType".to_owned(), Value::Text(decode(item_type)?)));
            fields.push(("itemId".to_owned(), Value::Text(decode(item)?)));
            (user(id)?, None)
        }
        (Shape::Items, [id, item_type, items]) => {
            fields.push(("itemType".to_owned(), Value::Text(decode(item_type)?)));
            let items: Result<_, _> =
                items.split(',').map(|id| decode(id).map(Value::Text)).collect();
            fields.push(("items".to_owned(), Value::List(items?)));
            (user(id)?, None)
        }
        (Shape::Login, [source, target]) => {
            let target = user(target)?;
            if target.is_none() {
                return Err(Refusal::invalid("the target of a login must be an account"));
            }
            (target, user(source)?)
        }
        (shape, _) => {
            let form = shape.form();
            return Err(Refusal::invalid(format!(
                "the path must be /api/{{customerid}}/{event}/{form}"
            )));
        }
    };
    for (name, value) in parameters(query.unwrap_or_default())? {
        let meant = word.parameters.iter().find(|(theirs, _)| *theirs == name);
        // Of several the engine takes the first.
        if let Some((_, ours)) = meant
            && !value.is_empty()
        {
            fields.push(((*ours).to_owned(), number_or_text(ours, value)));
        }
    }
    if let Some(required) = word.required
        && !fields.iter().any(|(name, _)| name == required)
    {
        return Err(Refusal::invalid(format!("{required} is required")));
    }
    let fields = batch::parse(word.kind, &Value::Map(fields))
        .map_err(|error| Refusal::invalid(error.to_string()))?
        .ok_or(Refusal::invalid("the items must be of one item type"))?;
    let customer = customer.to_owned();
    Ok(Tracked { customer, kind: word.name, user, anonymous, fields })
}

impl Tracked {
    /// With its id and its time, and the customer apart.
    pub fn stamped(self, id: String, at: u64) -> (String, NewEvent) {
        let Self { customer, kind, user, anonymous, fields } = self;
        (customer, NewEvent { id, kind, at, user, anonymous, fields })
    }
}

impl Shape {
    fn form(self) -> &'static str {
        match self {
            Self::Item => "{userid}/{itemtypeid}/{itemid}",
            Self::Items => "{userid}/{itemtypeid}/{itemid},{itemid},...",
            Self::User => "{userid}",
            Self::Login => "{sourceuserid}/{targetuserid}",
        }
    }
}

fn user(raw: &str, hasher: &Hasher) -> Result<Option<String>, Refusal> {
    let id = decode(raw)?;
    if id == NOBODY {
        return Ok(None);
    }
    // Not `user_id`: shops that send e-mail addresses to Ibexa today must not lose events here,
    // and only their keyed hashes are kept.
    field::identifier(&Value::Text(id))
        .map(|id| Some(hasher.hash(&id)))
        .map_err(|problem| Refusal::invalid(format!("the user id {}", problem.detail)))
}

fn decode(raw: &str) -> Result<String, Refusal> {
    let decoded = percent::decode(raw)
        .ok_or(Refusal::invalid("the address must be percent-encoded UTF-8"))?;
    if decoded.contains('\\') {
        return Err(Refusal::invalid("the address must have no backslash, also not as %5C"));
    }
    Ok(decoded)
}

fn parameters(query: &str) -> Result<Vec<(String, String)>, Refusal> {
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    let read = |pair: &str| {
        let spaced = pair.replace('+', " ");
        let (name, value) = spaced.split_once('=').unwrap_or((&spaced, ""));
        Ok((decode(name)?, decode(value)?))
    };
    pairs.map(read).collect()
}

/// In an address everything is text; the engine's rules are about numbers.
fn number_or_text(field: &str, text: String) -> Value {
    let numeric = matches!(field, "percentage" | "rating" | "quantity");
    // Plain decimals alone: `parse` would also take `1e2`, `inf` and `+5`.
    let plain = text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    match text.parse() {
        Ok(number) if numeric && plain => Value::Number(number),
        Ok(_) | Err(_) => Value::Text(text),
    }
}

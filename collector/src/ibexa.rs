//! Ibexa's interface and its older form, YOOCHOOSE's. It maps a path and a query to neutral events.
//!
//! <https://doc.ibexa.co/en/latest/personalization/api_reference/tracking_api/>
//!
//! How the address is read:
//! * The path is split at its raw slashes, then each part is percent-decoded. `%2F` is a slash in
//!   an id, and any Unicode may follow. `rendered` is split at raw commas in the same way, and at
//!   encoded commas between numbers.
//! * `+` is a plus in the path and a space in the query, as in the vendor's servlet container and
//!   in the output of PHP and `URLSearchParams`. (The tracker writes neither.)
//! * A backslash is refused in every form, as the vendor's documentation says.
//! * Unknown query parameters are ignored, because the vendor's plugins send some (`lang`,
//!   `storeViewId`, ...). The first of repeated parameters counts. An empty one counts as absent.

use crate::customer;
use crate::error::Refusal;
use crate::import::{self, Sender};
use crate::query;
use crate::user::UserId;
use crate::vendor_event::VendorEvent;
use recobeacon_engine::event::Kind;
use recobeacon_engine::json::push_text;
use recobeacon_engine::rules;
use recobeacon_engine::value::Value;

/// The form of the interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// Ibexa's, `/api/{customerid}/...`.
    Ibexa,
    /// YOOCHOOSE's, `/{solutionid}/{customerid}/...`: item types 1 to 5, a price for every buy, no
    /// wish lists and no triggers.
    Yoochoose,
}

/// The documented user id of visitors who must not be tracked.
const NOT_DEFINED: &str = "not_defined";

const UNKNOWN_CUSTOMER: Refusal = Refusal::NotFound("the customer is not known");
const UNKNOWN_EVENT: Refusal = Refusal::NotFound("the event is not known");

/// The path after the event's name.
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

/// An event of the vendor.
struct Word {
    /// The neutral event.
    kind: Kind,
    shape: Shape,
    /// The vendor's parameters, and their neutral fields.
    parameters: &'static [(&'static str, &'static str)],
    /// A field that the vendor requires, and the vendor's name for it.
    required: Option<(&'static str, &'static str)>,
}

/// The parameters that identify the recommendation behind an event.
const RECOMMENDATION: &[(&str, &str)] =
    &[("scenario", "scenario"), VARIANT, ("modelid", "modelId"), ("modelId", "modelId")];
/// Not the vendor's: pages with the drop-in can send it to a collector.
const VARIANT: (&str, &str) = ("variant", "variant");

fn word(dialect: Dialect, event: &str) -> Option<Word> {
    use Shape::{Item, Items, Login, User};
    const TRIGGER: &[(&str, &str)] = &[("triggername", "triggerName")];
    const CATEGORY: &[(&str, &str)] = &[("categorypath", "categoryPath")];
    let (kind, shape, parameters): (_, _, &[(&str, &str)]) = match event {
        "click" => (Kind::Click, Item, CATEGORY),
        "consume" => (Kind::Consume, Item, &[("percentage", "percentage")]),
        "buy" => (Kind::Buy, Item, &[("fullprice", "price"), ("quantity", "quantity")]),
        "basket" => (Kind::Basket, Item, CATEGORY),
        "deletefrombasket" => (Kind::DeleteFromBasket, Item, &[]),
        "rate" => (Kind::Rate, Item, &[("rating", "rating")]),
        "blacklist" => (Kind::Blacklist, Item, &[]),
        "rendered" => (Kind::Rendered, Items, &[("scenario", "scenario"), VARIANT]),
        "clickrecommended" => (Kind::ClickRecommended, Item, RECOMMENDATION),
        // `transfer` is the older name. The vendor still accepts it.
        "login" | "transfer" => (Kind::Login, Login, &[]),
        // The older form has none of the following events.
        _ if dialect == Dialect::Yoochoose => return None,
        "wishlist" => (Kind::Wishlist, Item, &[("price", "price")]),
        "deletefromwishlist" => (Kind::DeleteFromWishlist, Item, &[]),
        "owns" => (Kind::Owns, Item, &[]),
        "triggeropened" => (Kind::TriggerOpened, User, TRIGGER),
        "clicktriggered" => (Kind::ClickTriggered, Item, TRIGGER),
        _ => return None,
    };
    let required = match (kind, dialect) {
        (Kind::ClickRecommended, _) => Some(("scenario", "scenario")),
        (Kind::Buy, Dialect::Yoochoose) => Some(("price", "fullprice")),
        _ => None,
    };
    Some(Word { kind, shape, parameters, required })
}

/// Whether a path (as in [`read`]) names an event of this form.
pub fn knows(dialect: Dialect, path: &str) -> bool {
    path.split('/').nth(1).is_some_and(|event| word(dialect, event).is_some())
}

/// The events of ready-made links in the vendor's responses. These links may lack the customer.
pub const LINKS: [&str; 4] = ["rendered", "clickrecommended", "triggeropened", "clicktriggered"];

/// Whether messages have links to this event, as the vendor makes them.
pub fn is_link(event: &VendorEvent) -> bool {
    [Kind::Rendered, Kind::ClickRecommended, Kind::TriggerOpened, Kind::ClickTriggered]
        .iter()
        .any(|kind| kind.name() == event.kind)
}

/// The known customers, and the sender of the request.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
    /// The customers. `None`: every alphanumeric id is known.
    pub customers: Option<&'a [String]>,
    /// The sender of the request.
    pub sender: Sender<'a>,
}

/// Reads the address of a request: `path` begins with the customer, not decoded. Returns the
/// customer and the event.
///
/// # Errors
/// 404 if the customer or the event is not known, else 400.
pub fn read(
    dialect: Dialect,
    path: &str,
    query: Option<&str>,
    known: Known<'_>,
) -> Result<(String, VendorEvent), Refusal> {
    let (customer, rest) = path.split_once('/').unwrap_or((path, ""));
    let is_known = match known.customers {
        None => customer::is_id(customer),
        Some(known) => known.iter().any(|one| one == customer),
    };
    if !is_known {
        return Err(UNKNOWN_CUSTOMER);
    }
    let event = event(dialect, customer, rest, query, known.sender)?;
    Ok((customer.to_owned(), event))
}

/// Reads a link without a customer: `path` begins with the event. The customer is the only known
/// one, or empty if every customer is accepted.
///
/// # Errors
/// 404 if several customers are known, else as in [`read`].
pub fn read_link(
    path: &str,
    query: Option<&str>,
    known: Known<'_>,
) -> Result<(String, VendorEvent), Refusal> {
    let customer = match known.customers {
        None => "",
        Some([only]) => only,
        Some(_) => return Err(UNKNOWN_CUSTOMER),
    };
    let event = event(Dialect::Ibexa, customer, path, query, known.sender)?;
    Ok((customer.to_owned(), event))
}

/// Reads the event of a path that begins with its name.
fn event(
    dialect: Dialect,
    customer: &str,
    path: &str,
    query: Option<&str>,
    sender: Sender<'_>,
) -> Result<VendorEvent, Refusal> {
    let mut parts = path.split('/');
    let event_name = parts.next().unwrap_or_default();
    let word = word(dialect, event_name).ok_or(UNKNOWN_EVENT)?;
    let parts: Vec<&str> = parts.collect();
    let mut fields = Vec::new();
    let (user, anonymous) = match (word.shape, parts.as_slice()) {
        (Shape::User, [id]) => (user(id)?, None),
        (Shape::Item, [id, of_type, item]) => {
            fields.push(("itemType".to_owned(), item_type(dialect, of_type)?));
            fields.push(("itemId".to_owned(), Value::Text(decode(item)?)));
            (user(id)?, None)
        }
        (Shape::Items, [id, of_type, items]) => {
            fields.push(("itemType".to_owned(), item_type(dialect, of_type)?));
            fields.push(("items".to_owned(), Value::List(item_ids(items)?)));
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
            let (before, form) = (dialect.form(), shape.form());
            return Err(Refusal::invalid(format!("the path must be {before}/{event_name}/{form}")));
        }
    };
    let parameters = parameters(query.unwrap_or_default())?;
    for (name, value) in &parameters {
        let meant = word.parameters.iter().find(|(theirs, _)| theirs == name);
        // The engine uses the first of repeated fields.
        if let Some((_, ours)) = meant
            && !value.is_empty()
        {
            fields.push(((*ours).to_owned(), number_or_text(ours, value)));
        }
    }
    if dialect == Dialect::Yoochoose && word.kind == Kind::Buy {
        fields.extend(price_in_cents(&parameters)?.map(|price| ("price".to_owned(), price)));
    }
    if let Some((ours, theirs)) = word.required
        && !fields.iter().any(|(name, _)| name == ours)
    {
        return Err(Refusal::invalid(format!("{theirs} is required")));
    }
    let text = |name| {
        fields.iter().find(|(known, _)| known == name).and_then(|(_, value)| value.as_text())
    };
    let item = text("itemType").zip(text("itemId")).map(|(of_type, id)| [of_type, id]);
    let at = import::time(sender, customer, item, &parameters)?;
    let mut event = VendorEvent::parse(word.kind, fields)
        .map_err(|error| Refusal::invalid(error.to_string()))?
        .ok_or(Refusal::invalid("the items must be of one item type"))?;
    if LINKS.contains(&event_name) {
        add_origin(&mut event, &parameters);
    }
    Ok(VendorEvent { at, user, anonymous, ..event })
}

/// Adds the origin of a link's recommendation, if the neutral event has no field for it.
fn add_origin(event: &mut VendorEvent, parameters: &[(String, String)]) {
    for (theirs, ours) in RECOMMENDATION {
        let given = parameters.iter().find(|(name, value)| name == theirs && !value.is_empty());
        let id = given.and_then(|(_, id)| rules::identifier(&Value::Text(id.clone())).ok());
        if let Some(id) = id.filter(|_| !event.has(ours)) {
            let mut json = String::new();
            push_text(&mut json, &id);
            event.add(ours, &json);
        }
    }
}

impl Dialect {
    fn form(self) -> &'static str {
        match self {
            Self::Ibexa => "/api/{customerid}",
            Self::Yoochoose => "/{solutionid}/{customerid}",
        }
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

fn user(raw: &str) -> Result<Option<UserId>, Refusal> {
    let id = decode(raw)?;
    if id == NOT_DEFINED {
        return Ok(None);
    }
    UserId::read(&Value::Text(id))
        .map(Some)
        .map_err(|problem| Refusal::invalid(format!("the user id {}", problem.detail)))
}

fn item_type(dialect: Dialect, raw: &str) -> Result<Value, Refusal> {
    let of_type = decode(raw)?;
    let known = dialect == Dialect::Ibexa || matches!(&*of_type, "1" | "2" | "3" | "4" | "5");
    if known {
        Ok(Value::Text(of_type))
    } else {
        Err(Refusal::invalid("the item type must be 1 to 5"))
    }
}

/// The ids between raw commas. The vendor's own script encodes its commas as well. Encoded commas
/// separate ids only if all parts are numbers, because an id with letters may contain a comma.
fn item_ids(raw: &str) -> Result<Vec<Value>, Refusal> {
    let is_number = |id: &str| !id.is_empty() && id.bytes().all(|b| b.is_ascii_digit());
    let mut ids = Vec::new();
    for part in raw.split(',') {
        let id = decode(part)?;
        if id.split(',').all(is_number) {
            ids.extend(id.split(',').map(|id| Value::Text(id.to_owned())));
        } else {
            ids.push(Value::Text(id));
        }
    }
    Ok(ids)
}

fn decode(raw: &str) -> Result<String, Refusal> {
    query::decode(raw).and_then(without_backslash)
}

fn without_backslash(text: String) -> Result<String, Refusal> {
    if text.contains('\\') {
        return Err(Refusal::invalid("the address must have no backslash, also not as %5C"));
    }
    Ok(text)
}

fn parameters(query: &str) -> Result<Vec<(String, String)>, Refusal> {
    let pairs = query::pairs(query)?.into_iter();
    pairs.map(|(name, value)| Ok((without_backslash(name)?, without_backslash(value)?))).collect()
}

/// The price in the deprecated form: whole cents and a currency, by default EUR. `None` if there is
/// no such price, or if `fullprice` is present.
fn price_in_cents(parameters: &[(String, String)]) -> Result<Option<Value>, Refusal> {
    let given = |wanted| {
        let found = parameters.iter().find(|(name, value)| name == wanted && !value.is_empty());
        found.map(|(_, value)| value.as_str())
    };
    let (Some(cents), None) = (given("price"), given("fullprice")) else { return Ok(None) };
    let digits = cents.bytes().all(|b| b.is_ascii_digit());
    let cents = cents.parse().ok().filter(|_: &u64| digits);
    let cents = cents.ok_or(Refusal::invalid("price must be whole cents"))?;
    let currency = given("currency").unwrap_or("EUR");
    Ok(Some(Value::Text(format!("{}.{:02}{currency}", cents / 100, cents % 100))))
}

/// Values in an address are text, but the engine's rules expect numbers.
fn number_or_text(field: &str, text: &str) -> Value {
    if field == "quantity" && !text.bytes().all(|b| b.is_ascii_digit()) {
        // A quantity is whole here. The engine would accept `0.5`.
        return Value::Opaque;
    }
    let numeric = matches!(field, "percentage" | "rating" | "quantity");
    // Only plain decimals: `parse` would also accept `1e2`, `inf` and `+5`.
    let plain = text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    match text.parse() {
        Ok(number) if numeric && plain => Value::Number(number),
        Ok(_) | Err(_) => Value::Text(text.to_owned()),
    }
}

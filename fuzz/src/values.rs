//! Values of a page as the shell passes them: within the limits of `flatten.js`, with any number.

use arbitrary::{Arbitrary, Result, Unstructured};
use recobeacon_engine::event::{Kind, search_field_names};
use recobeacon_engine::limits::Limits;
use recobeacon_engine::value::Value;

/// Texts at the borders of the rules.
const TEXTS: [&str; 28] = [
    "//event.perso.ibexa.co/api/1/click/u/1/2",
    "//event.perso.ibexa.co/rendered/u/1/2",
    "///evil.example/api/1/click",
    "https://evil.example/a/b",
    "",
    "1",
    "a",
    "0",
    ".",
    "..",
    "/",
    "a/b",
    "\\",
    "12.45EUR",
    "0.0000001EUR",
    "-1EUR",
    "8999999999.999999EUR",
    "EUR",
    "1e5",
    "\u{0}",
    "\u{85}",
    "\u{fffd}",
    "jane@shop.example",
    "{{ user.id }}",
    "undefined",
    "null",
    "denied",
    "漢字",
];
const NUMBERS: [f64; 14] = [
    0.0,
    -0.0,
    1.0,
    -1.0,
    0.5,
    100.0,
    1e-7,
    1e21,
    9e9,
    f64::MAX,
    f64::MIN_POSITIVE,
    f64::NAN,
    f64::INFINITY,
    f64::NEG_INFINITY,
];

/// Any value.
#[derive(Debug)]
pub struct Any(pub Value);

impl<'a> Arbitrary<'a> for Any {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        value(u, Limits::VALUE_DEPTH).map(Self)
    }
}

fn text(u: &mut Unstructured<'_>) -> Result<String> {
    Ok(match u.int_in_range(0..=3)? {
        0 | 1 => (*u.choose(&TEXTS)?).to_owned(),
        2 => u.arbitrary()?,
        // A long text.
        _ => u.choose(&TEXTS)?.repeat(u.int_in_range(0..=700)?),
    })
}

fn number(u: &mut Unstructured<'_>) -> Result<f64> {
    Ok(match u.int_in_range(0..=3)? {
        0 => *u.choose(&NUMBERS)?,
        1 => f64::from(u.arbitrary::<u8>()?),
        2 => u.arbitrary::<u64>()? as f64,
        _ => u.arbitrary()?,
    })
}

/// The name of a field, usually one of the schema.
pub fn name(u: &mut Unstructured<'_>) -> Result<String> {
    if u.ratio(1, 16)? {
        return text(u);
    }
    let kind = u.choose(&Kind::ALL)?;
    let mut names = kind.field_names();
    names.extend(["itemId", "itemId", "items", "amount", "currency", "forget", "by", "scenario"]);
    names.extend(search_field_names());
    u.choose(&names).map(|name| (*name).to_owned())
}

fn value(u: &mut Unstructured<'_>, depth: u8) -> Result<Value> {
    Ok(match u.int_in_range(0..=9)? {
        0 => Value::Null,
        1 => Value::Bool(u.arbitrary()?),
        2 | 3 => Value::Number(number(u)?),
        4 | 5 => Value::Text(text(u)?),
        6 | 7 if depth > 0 => {
            let mut list = Vec::new();
            for _ in 0..u.int_in_range(0..=6)? {
                list.push(value(u, depth - 1)?);
            }
            let is_flat = list.iter().all(|one| one.as_list().is_none() && one.as_map().is_none());
            if is_flat && u.ratio(1, 16)? {
                // The shell reads one element more than the limit.
                let copies = u.int_in_range(0..=Limits::VALUE_WIDTH + 1)?;
                list = list.into_iter().cycle().take(copies).collect();
            }
            Value::List(list)
        }
        8 | 9 if depth > 0 => object(u, depth - 1)?,
        _ => Value::Opaque,
    })
}

/// An object with fields of the schema.
pub fn object(u: &mut Unstructured<'_>, depth: u8) -> Result<Value> {
    let mut fields = Vec::new();
    if u.ratio(7, 8)? {
        fields.push(("itemId".to_owned(), Value::Text(u.int_in_range(0..=9)?.to_string())));
    }
    for _ in 0..u.int_in_range(0..=8)? {
        let name = name(u)?;
        // A JavaScript object has each field once.
        if fields.iter().all(|(known, _)| *known != name) {
            fields.push((name, value(u, depth)?));
        }
    }
    Ok(Value::Map(fields))
}

//! JavaScript generated from Rust: the codes of the module's boundary, and the engine's rules that
//! the page needs before the module has loaded. `npm run generate` writes the files, and this test
//! compares them.

use crate::common::{Page, START, batch};
use recobeacon::browser::LARGER_PROTOCOLS;
use recobeacon::browser::codes::{Message, News, Signal, Status, Tag};
use recobeacon_engine::config::Consent;
use recobeacon_engine::event::{Kind, search_field_names};
use recobeacon_engine::identity::Stored;
use recobeacon_engine::input::Input;
use recobeacon_engine::limits::Limits;
use recobeacon_engine::template::{GUESTS, PLACEHOLDERS};
use recobeacon_engine::value::Value;
use std::fs;
use std::path::Path;

/// The text as a part of a regular expression.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for character in text.chars() {
        if "{[()]$".contains(character) {
            out.push('\\');
        }
        out.push(character);
    }
    out
}

/// Compares a file with the generated text, or writes it if the environment variable is set.
fn compare(name: &str, wanted: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    if std::env::var_os("RECOBEACON_GENERATE").is_some() {
        fs::write(&path, wanted).unwrap_or_else(|error| panic!("{name}: {error}"));
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(found, wanted, "{name} is out of date: run `npm run generate`");
}

/// A constant with its comment.
fn constant(out: &mut String, about: &str, name: &str, value: &str) {
    *out += &format!("\n/** {} */\nexport const {name} = {value};\n", about.trim());
}

/// A table of codes.
fn table(out: &mut String, about: &str, codes: &[(i32, &str, &str)]) {
    *out += &format!("\n// {}\n", about.trim());
    for (code, name, meaning) in codes {
        constant(out, meaning, name, &code.to_string());
    }
}

#[test]
fn the_generated_codes_are_up_to_date() {
    let mut out = String::from(
        "// The codes of the module's boundary, from src/browser/codes.rs. Written by `npm run generate`.\n",
    );
    table(&mut out, Message::ABOUT, Message::TABLE);
    table(&mut out, Status::ABOUT, Status::TABLE);
    table(&mut out, Tag::ABOUT, Tag::TABLE);
    table(&mut out, Signal::ABOUT, Signal::TABLE);
    out += "\n// Messages from the module to the façade. Except `settled`, a tracker's listeners use the same names.\n";
    for news in News::ALL {
        out += &format!("export const NEWS_{} = {:?};\n", news.name().to_uppercase(), news.name());
    }
    constant(
        &mut out,
        "A call's arguments may have as many characters and values as this many of the longest texts.",
        "MOST_TEXTS",
        &Limits::VALUE_TEXTS.to_string(),
    );
    compare("src/browser/host/codes.gen.js", &out);
}

#[test]
fn an_unknown_code_has_no_meaning() {
    for code in [i32::MIN, -1, 11, 255, 256, i32::MAX] {
        assert_eq!(Message::from_code(code), None, "{code}");
    }
    for code in [i32::MIN, -4, 0, 200, i32::MAX] {
        assert_eq!(Status::from_code(code), None, "{code}");
    }
    for &(code, name, _) in Message::TABLE {
        let message = Message::from_code(code).unwrap_or_else(|| panic!("{name}"));
        assert_eq!(message.code(), code, "{name}");
    }
}

/// The methods whose calls the next page executes: all events, and those about the visitor.
fn visitor_calls() -> Vec<&'static str> {
    Kind::ALL.iter().map(|kind| kind.name()).chain(["followLink", "logout"]).collect()
}

/// Whether the engine uses this id from a cookie.
fn is_used(id: &str) -> bool {
    let at = Some(format!("{}.c", START / 1000));
    let stored = Stored { id: Some(id.to_owned()), id_at: at, ..Stored::default() };
    Page::open_with(batch(), &stored).engine.anonymous_id() == Some(id)
}

#[test]
fn the_generated_rules_are_up_to_date() {
    let mut out = String::from(
        "// Rules of the engine that the page needs without it. tests/engine/generated.rs names the source of each. Written by `npm run generate`.\n",
    );
    // esbuild inlines these constants into other files only if no other code precedes them.
    let numbers = [
        ("MOST_EARLY", Limits::STORED_EVENTS, "Most calls that are kept while the module loads."),
        (
            "MOST_AGE_MS",
            Limits::QUEUE_AGE_MS,
            "Age in milliseconds at which kept calls are dropped.",
        ),
        (
            "MOST_ACKNOWLEDGEMENTS",
            Limits::ACKNOWLEDGEMENTS as u64,
            "Most acknowledgement cookies that are left for other pages.",
        ),
        ("OFF_DAYS", Limits::OFF_DAYS, "Lifetime of the cookie for denied consent, in days."),
        ("COOKIE_DAYS", Limits::COOKIE_DAYS, "Default lifetime of the identity cookie, in days."),
        (
            "SEEN_SHARE",
            Limits::SEEN_SHARE as u64,
            "Share of an item, in thousandths, that must be in view.",
        ),
        (
            "MOST_VALUES",
            Limits::VALUE_WIDTH as u64,
            "Most elements of a list that the engine reads.",
        ),
    ];
    for (name, value, about) in numbers {
        constant(&mut out, about, name, &value.to_string());
    }
    let calls = visitor_calls().join(" ");
    constant(
        &mut out,
        "Calls about the visitor, which the next page executes. All other calls concern the page that made them.",
        "VISITOR_CALLS",
        // Lets a bundler remove it if it is unused.
        &format!("/* @__PURE__ */ \"{calls}\".split(\" \")"),
    );
    let guests = GUESTS.map(|word| escaped(&word.to_ascii_lowercase())).join("|");
    let unfilled = PLACEHOLDERS.map(escaped).join("|");
    constant(
        &mut out,
        "A text in lower case that a template prints in the place of an account's id.",
        "NO_ACCOUNT",
        &format!("/^({guests})$|{unfilled}/"),
    );
    let larger = LARGER_PROTOCOLS.map(|name| format!("{name:?}")).join(", ");
    constant(
        &mut out,
        "Protocols that only the larger module supports.",
        "LARGER",
        &format!("[{larger}]"),
    );
    let most = Limits::IDENTIFIER_BYTES;
    constant(&mut out, "A valid visitor id in a cookie.", "ID", &format!("/^[\\w-]{{8,{most}}}$/"));
    let states = Consent::NAMES.map(|name| {
        assert!(Consent::read(&Value::Text(name.to_owned())).is_ok(), "{name}");
        format!("{name:?}")
    });
    let states = states.join(", ");
    constant(
        &mut out,
        "States of consent. The engine ignores all others.",
        "CONSENTS",
        &format!("[{states}]"),
    );
    compare("www/rules.gen.js", &out);
}

/// The fields of an event that attributes can have, as JavaScript. `ITEM` stands for the fields of every item. No attribute can hold `filters`,
/// which is an object, and `search` has a list of its own.
fn fields_of(kind: Kind) -> String {
    let item = Kind::Owns.field_names().join(" ");
    let names = kind.field_names().into_iter().filter(|name| !["filters", "search"].contains(name));
    let names: Vec<_> = names.collect();
    let names = names.join(" ");
    match names.strip_prefix(&item) {
        Some("") => "ITEM".to_owned(),
        Some(rest) => format!("`${{ITEM}}{rest}`"),
        None => format!("{names:?}"),
    }
}

#[test]
fn the_fields_of_attributes_are_those_of_the_engine() {
    let mut out = String::from(
        "// The fields of events that data-reco-* attributes can have. Written by `npm run generate`.\n",
    );
    let item = Kind::Owns.field_names().join(" ");
    out += &format!("\nconst ITEM = {item:?};\n");
    let search = search_field_names().join(" ");
    constant(&mut out, "The fields of `search`.", "SEARCH", &format!("{search:?}"));
    let mut objects = String::from("{\n  __proto__: null,\n");
    for kind in Kind::ALL.into_iter().filter(|kind| *kind != Kind::Login) {
        objects += &format!("  {}: {},\n", kind.name(), fields_of(kind));
    }
    objects += "}";
    constant(&mut out, "The fields of each method's object.", "OBJECTS", &objects);
    let about = "The beginnings of a template's placeholder.";
    constant(&mut out, about, "PLACEHOLDER", &format!("/{}/", PLACEHOLDERS.map(escaped).join("|")));
    compare("www/measure/fields.gen.js", &out);
}

#[test]
fn the_generated_call_names_are_known_to_the_engine() {
    for call in visitor_calls() {
        let input = Input::from_call(call, vec![Value::Null], START);
        assert!(!matches!(input, Input::Reject(_)), "{call}");
    }
}

#[test]
fn the_generated_id_pattern_matches_the_engine() {
    let most = Limits::IDENTIFIER_BYTES;
    let (long, longer) = ("x".repeat(most), "x".repeat(most + 1));
    for (id, used) in [
        ("abcdefg", false),
        ("abcdefgh", true),
        ("abc-_XYZ09", true),
        ("abcdefg.h", false),
        ("abcdefgé", false),
        ("abcdef gh", false),
        (&long, true),
        (&longer, false),
    ] {
        assert_eq!(is_used(id), used, "{id}");
    }
}

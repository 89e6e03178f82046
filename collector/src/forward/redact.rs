//! Removes ids and keys from a vendor's message, because it may repeat the request.

use crate::limits::Limits;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use recobeacon_engine::json::push_text;
use recobeacon_engine::percent::push_encoded;

/// The replacement of an id or a key.
const REMOVED: &str = "***";

/// Shorter texts are masked only as they are: their encoded forms are parts of ordinary words.
const ENCODED_CHARS: usize = 6;

/// The beginning of the message as one line without control characters, without these ids, and
/// without the key and its parts, also in their encoded forms. `key` is the value of the key's
/// header.
pub fn message<'a>(text: &str, ids: impl Iterator<Item = &'a str>, key: Option<&str>) -> String {
    let mut secrets: Vec<String> = ids.map(str::to_owned).collect();
    if let Some(key) = key {
        add_key(&mut secrets, key);
    }
    let mut forms: Vec<String> = Vec::new();
    for secret in secrets.iter().filter(|secret| !secret.is_empty()) {
        add_forms(&mut forms, secret);
    }
    // The longest first: a short id may be a part of a longer one.
    forms.sort_by_key(|form| std::cmp::Reverse(form.len()));
    let mut text = text.to_owned();
    for form in forms {
        text = text.replace(&form, REMOVED);
    }
    let mut line = String::new();
    for word in text.split(|c: char| c.is_whitespace() || c.is_control()) {
        if word.is_empty() {
            continue;
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    let end = line.floor_char_boundary(Limits::FORWARD_MESSAGE_BYTES);
    line.truncate(end);
    line
}

/// Adds the key, and its parts: a vendor may quote one of them alone.
fn add_key(secrets: &mut Vec<String>, header: &str) {
    let key = header.trim_start_matches("Basic ");
    secrets.push(key.to_owned());
    let pair = STANDARD.decode(key).ok().filter(|_| key.len() < header.len());
    let pair = pair.and_then(|pair| String::from_utf8(pair).ok());
    if let Some((identifier, secret)) = pair.as_deref().and_then(|pair| pair.split_once(':')) {
        // The configured form, and that of the header.
        secrets.push(format!("{identifier}.{secret}"));
        secrets.push(format!("{identifier}:{secret}"));
        secrets.extend([identifier, secret].into_iter().filter(is_long).map(str::to_owned));
    }
    let plain = pair.as_deref().unwrap_or(key);
    secrets.extend(plain.split(['.', ':']).filter(is_long).map(str::to_owned));
}

fn is_long(text: &&str) -> bool {
    text.len() >= ENCODED_CHARS
}

/// Adds the forms in which a message may quote the text: as it is and in base64, each of them also
/// percent-encoded and as a JSON text.
fn add_forms(forms: &mut Vec<String>, secret: &str) {
    let mut plain = vec![secret.to_owned()];
    if is_long(&secret) {
        let engines = [&STANDARD, &STANDARD_NO_PAD, &URL_SAFE, &URL_SAFE_NO_PAD];
        plain.extend(engines.into_iter().map(|engine| engine.encode(secret)));
    }
    for form in plain {
        let mut encoded = String::new();
        push_encoded(&mut encoded, &form);
        forms.push(lower_escapes(&encoded));
        forms.push(encoded);
        let mut json = String::new();
        push_text(&mut json, &form);
        let json = json.get(1..json.len() - 1).unwrap_or_default().to_owned();
        // Some writers also escape the slash.
        forms.push(json.replace('/', "\\/"));
        forms.push(json);
        forms.push(form);
    }
}

/// The percent-encoded text with lower-case digits, which some servers write.
fn lower_escapes(encoded: &str) -> String {
    let mut parts = encoded.split('%');
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (digits, rest) = part.split_at_checked(2).unwrap_or((part, ""));
        out.push('%');
        out.push_str(&digits.to_ascii_lowercase());
        out.push_str(rest);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_and_keys_are_removed_in_both_forms() {
        let secrets = ["jo", "john/doe", "a-key"];
        let told =
            message("user john/doe,\n\t john%2Fdoe with a-key\0 and jo", secrets.into_iter(), None);
        assert_eq!(told, "user ***, *** with *** and ***");
    }

    #[test]
    fn a_message_is_short() {
        let told = message(&"ä".repeat(10_000), std::iter::empty(), None);
        assert_eq!(told.len(), Limits::FORWARD_MESSAGE_BYTES);
    }

    #[test]
    fn a_key_is_removed_in_all_forms_and_parts() {
        let header = format!("Basic {}", STANDARD.encode("identifier:SECRET/KEY123"));
        for quoted in [
            "identifier.SECRET/KEY123",
            "identifier:SECRET/KEY123",
            "SECRET/KEY123",
            "SECRET%2FKEY123",
            "SECRET%2fKEY123",
            r"SECRET\/KEY123",
            "identifier%3ASECRET%2FKEY123",
            &header,
            &STANDARD_NO_PAD.encode("SECRET/KEY123"),
            &STANDARD.encode("identifier.SECRET/KEY123"),
        ] {
            let told = message(&format!("bad {quoted}!"), std::iter::empty(), Some(&header));
            assert_eq!(told.replace("Basic ", ""), "bad ***!", "{quoted}");
        }
        let told = message("bad a.longer-part", std::iter::empty(), Some("x.longer-part"));
        assert_eq!(told, "bad a.***");
    }

    #[test]
    fn ids_are_removed_in_base64_and_as_json() {
        let ids = ["a\"quoted\"id"];
        let told = message(r#"a\"quoted\"id YSJxdW90ZWQiaWQ="#, ids.into_iter(), None);
        assert_eq!(told, "*** ***");
    }
}

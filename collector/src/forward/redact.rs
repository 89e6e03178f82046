//! Removes ids and keys from a vendor's message, because it may repeat the request.

use crate::limits::Limits;
use recobeacon_engine::percent::push_encoded;

/// The replacement of an id or a key.
const REMOVED: &str = "***";

/// The beginning of the message as one line without control characters and without these texts,
/// also in their encoded form.
pub fn message<'a>(text: &str, secrets: impl Iterator<Item = &'a str>) -> String {
    let mut forms: Vec<String> = Vec::new();
    for secret in secrets.filter(|secret| !secret.is_empty()) {
        let mut encoded = String::new();
        push_encoded(&mut encoded, secret);
        forms.push(encoded);
        forms.push(secret.to_owned());
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_and_keys_are_removed_in_both_forms() {
        let secrets = ["jo", "john/doe", "a-key"];
        let told =
            message("user john/doe,\n\t john%2Fdoe with a-key\0 and jo", secrets.into_iter());
        assert_eq!(told, "user ***, *** with *** and ***");
    }

    #[test]
    fn a_message_is_short() {
        let told = message(&"ä".repeat(10_000), std::iter::empty());
        assert_eq!(told.len(), Limits::FORWARD_MESSAGE_BYTES);
    }
}

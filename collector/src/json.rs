//! Reads JSON bodies: refuses an object with the same key twice, then deserializes.
//!
//! JSON leaves the meaning of a repeated key open (<https://www.rfc-editor.org/rfc/rfc8259#section-4>).
//! serde takes the last one in some types and fails in others, and other programs take the first.
//! So two programs could read two different events from one body.
//!
//! The check is a scan of our own, because it has to reach every depth, also below values that no
//! reader deserializes. serde_json skips these without looking at their keys, and recursion would
//! limit the depth. The scan tolerates text that is not JSON: serde_json refuses that afterwards.

use crate::error::Refusal;
use serde::Deserialize;
use std::borrow::Cow;
use std::collections::HashSet;

/// Longest key in a refusal. A longer one is cut.
const SHOWN: usize = 64;

/// The most keys of an object that are compared with each other.
const FEW: usize = 16;

/// Reads a body.
///
/// # Errors
/// 400 if an object has a key twice. The inner result is serde's own error, whose text may repeat a
/// value.
pub fn read<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<serde_json::Result<T>, Refusal> {
    match repeated_key(body) {
        Some(path) => Err(Refusal::Twice(path)),
        None => Ok(serde_json::from_slice(body)),
    }
}

/// An open object or list.
enum Open<'a> {
    Object { keys: Keys<'a>, key: Cow<'a, [u8]> },
    List { place: usize },
}

/// Keys of an object. Comparing a few is faster than hashing them.
#[derive(Default)]
struct Keys<'a> {
    few: Vec<Cow<'a, [u8]>>,
    /// All of them, once there are more than [`FEW`].
    many: HashSet<Cow<'a, [u8]>>,
}

impl<'a> Keys<'a> {
    /// Returns whether the key is new.
    fn insert(&mut self, key: Cow<'a, [u8]>) -> bool {
        if self.few.len() < FEW {
            let is_new = !self.few.contains(&key);
            self.few.push(key);
            return is_new;
        }
        if self.many.is_empty() {
            self.many.extend(self.few.iter().cloned());
        }
        self.many.insert(key)
    }
}

/// The path of the first key that its object has twice.
fn repeated_key(body: &[u8]) -> Option<String> {
    let mut open: Vec<Open<'_>> = Vec::new();
    let mut rest = body;
    while let Some((first, behind)) = rest.split_first() {
        rest = behind;
        match first {
            b'{' => open.push(Open::Object { keys: Keys::default(), key: Cow::Borrowed(b"") }),
            b'[' => open.push(Open::List { place: 0 }),
            b'}' | b']' => {
                open.pop();
            }
            b',' => {
                if let Some(Open::List { place }) = open.last_mut() {
                    *place += 1;
                }
            }
            b'"' => {
                let (text, behind) = split_text(behind)?;
                rest = behind;
                let Some(Open::Object { keys, key }) = open.last_mut() else { continue };
                // Other texts in an object are values.
                if behind.trim_ascii_start().first() != Some(&b':') {
                    continue;
                }
                *key = unescaped(text);
                if !keys.insert(key.clone()) {
                    return Some(path(&open));
                }
            }
            _ => {}
        }
    }
    None
}

/// Splits behind the quote that ends the text. `None` if there is no such quote.
fn split_text(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut escaped = false;
    let end = text.iter().position(|b| {
        let ends = *b == b'"' && !escaped;
        escaped = *b == b'\\' && !escaped;
        ends
    })?;
    Some((text.get(..end)?, text.get(end + 1..)?))
}

/// The text that the escapes stand for: `\u0061` is `a`. An unpaired surrogate has three bytes, as
/// in WTF-8.
fn unescaped(text: &[u8]) -> Cow<'_, [u8]> {
    if !text.contains(&b'\\') {
        return Cow::Borrowed(text);
    }
    let quoted = [b"\"", text, b"\""].concat();
    let read = serde_json::from_slice::<Bytes>(&quoted);
    // An invalid escape: serde_json refuses the body.
    read.map_or(Cow::Borrowed(text), |Bytes(bytes)| Cow::Owned(bytes))
}

/// A text as bytes. serde_json accepts unpaired surrogates here only.
struct Bytes(Vec<u8>);

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl serde::de::Visitor<'_> for Text {
            type Value = Bytes;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a text")
            }

            fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Bytes, E> {
                Ok(Bytes(bytes.to_vec()))
            }
        }
        deserializer.deserialize_bytes(Text)
    }
}

/// The path: `events[3].itemId`. A key of other characters is quoted, and
/// escaped as in a Rust text: `events[3]["item id"]`.
fn path(open: &[Open<'_>]) -> String {
    let mut path = String::new();
    // A deep path would be longer than its body.
    let shown = open.len().saturating_sub(SHOWN);
    if shown > 0 {
        path.push_str("...");
    }
    for part in open.iter().skip(shown) {
        match part {
            Open::List { place } => path.push_str(&format!("[{place}]")),
            Open::Object { key, .. } => push_key(&mut path, key),
        }
    }
    path
}

fn push_key(path: &mut String, key: &[u8]) {
    let text: String = String::from_utf8_lossy(key).chars().take(SHOWN).collect();
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '$');
    if !text.is_empty() && text.chars().all(plain) {
        if !path.is_empty() {
            path.push('.');
        }
        path.push_str(&text);
    } else {
        // ASCII only, because no letter of a request belongs into a log or a terminal.
        path.push_str(&format!("[\"{}\"]", text.escape_default()));
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::Value;

    fn found(body: &str) -> Option<String> {
        repeated_key(body.as_bytes())
    }

    #[test]
    fn a_repeated_key_is_found_at_every_depth_with_its_path() {
        for (body, path) in [
            (r#"{"a":1,"a":2}"#, Some("a")),
            (r#"{"a":1,"b":{"a":2}}"#, None),
            (r#"[{"a":1},{"a":2}]"#, None),
            (
                r#"{"v":1,"events":[{"id":"x"},{"id":"x","price":1,"price":2}]}"#,
                Some("events[1].price"),
            ),
            (r#"{"a":[[],[{"b":{},"b":1}]]}"#, Some("a[1][0].b")),
            (r#"{"a" : "a" , "a" : 1}"#, Some("a")),
            (r#"{"a":"b","b":"a"}"#, None),
            (r#"["a","a","a:"]"#, None),
            (r#"{"x":"\"a\":1,\"a\":2"}"#, None),
            (r#"{"a\\":1,"a\\":2}"#, Some(r#"["a\\"]"#)),
            (r#"{"ä\u0007":1,"ä\u0007":2}"#, Some(r#"["\u{e4}\u{7}"]"#)),
            (r#"{"a":1,"\u0061":2}"#, Some("a")),
            (r#"{"\u0041":1,"A":2}"#, Some("A")),
            (r#"{"/":1,"\/":2}"#, Some(r#"["/"]"#)),
            (r#"{"\ud83d\ude00":1,"😀":2}"#, Some(r#"["\u{1f600}"]"#)),
            (r#"{"\ud83d":1,"\ud83e":2}"#, None),
            (r#"{"\ud83d":1,"\ud83d":2}"#, Some(r#"["\u{fffd}\u{fffd}\u{fffd}"]"#)),
            (r#"{"":1,"":2}"#, Some(r#"[""]"#)),
            (r#"{"a\nb":1,"a\nb":2}"#, Some(r#"["a\nb"]"#)),
            ("{\"a\"\n\t:1,\"a\":2}", Some("a")),
            (r#"{"A":1,"a":2}"#, None),
            ("", None),
            ("{", None),
            (r#"{"a"#, None),
            ("]]}}{", None),
        ] {
            assert_eq!(found(body).as_deref(), path, "{body}");
        }
        for depth in [1, 200, 50_000] {
            let (open, close) = (r#"{"a":["#.repeat(depth), "]}".repeat(depth));
            assert_eq!(found(&format!("{open}1{close}")), None);
            let twice = found(&format!(r#"{open}{{"b":1,"b":2}}{close}"#)).unwrap();
            assert!(twice.ends_with("a[0].b") && twice.len() < 300, "{twice}");
        }
        let many: Vec<String> = (0..FEW * 3).map(|n| format!(r#""k{n}":1"#)).collect();
        assert_eq!(found(&format!("{{{}}}", many.join(","))), None);
        for n in [0, FEW - 1, FEW, FEW + 1, FEW * 3 - 1] {
            let body = format!(r#"{{{},"k{n}":2}}"#, many.join(","));
            assert_eq!(found(&body), Some(format!("k{n}")));
        }
        let long = "k".repeat(1000);
        let path = found(&format!(r#"{{"{long}":1,"{long}":2}}"#)).unwrap();
        assert_eq!(path, "k".repeat(SHOWN));
    }

    fn json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i32>().prop_map(Value::from),
            ".{0,8}".prop_map(Value::from),
            r#"[\\"{}:,a\[\]]{0,8}"#.prop_map(Value::from),
        ];
        leaf.prop_recursive(5, 40, 5, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                prop::collection::btree_map(r#"[a-c\\":é]{0,3}"#, inner, 0..5)
                    .prop_map(Value::from_iter),
            ]
        })
    }

    proptest! {
        #[test]
        fn values_without_a_repeated_key_pass_and_a_repeated_one_is_found(
            value in json(), key in r#"[a-c\\":é]{0,3}"#,
        ) {
            let text = value.to_string();
            prop_assert_eq!(found(&text), None);
            prop_assert_eq!(found(&serde_json::to_string_pretty(&value).unwrap()), None);
            let key = Value::from(key).to_string();
            let twice = format!("[{text},{{{key}:{text},{key}:{text}}}]");
            prop_assert!(found(&twice).unwrap().starts_with("[1]"));
        }
    }
}

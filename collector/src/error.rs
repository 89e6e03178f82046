//! The reasons for refusing a request, with their HTTP status and sentence.

use crate::limits::Limits;
use axum::http::StatusCode;
use std::borrow::Cow;
use std::fmt;
use std::path::Path;

/// A refusal. The sentence is for people and may change; clients rely on the status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// 400: the request is invalid. Repeating it does not help.
    Invalid(Cow<'static, str>),
    /// 400: an object of the JSON text has a key twice. This is the path to it.
    Twice(String),
    /// 400: the address has no parameter of this name. The second part is about the known ones.
    Parameter {
        /// The unknown name.
        name: String,
        /// A part of the sentence.
        known: String,
    },
    /// 401: the admin token is missing or wrong.
    Unauthorized,
    /// 401: the vendor's interface needs a key, which is missing or wrong.
    Key(&'static str),
    /// 403: the sender may not do this.
    Forbidden(&'static str),
    /// 403: pages of this origin may not send to this customer.
    Origin(String),
    /// 404: the path or the name is not known.
    NotFound(&'static str),
    /// 405: only these methods are allowed.
    Method(&'static str),
    /// 408: the body took too long.
    TooSlow,
    /// 413: the body is too large, or has too many events.
    TooLarge(String),
    /// 414: the address is too long.
    LongUrl(usize),
    /// 415: the body's media type or encoding is not accepted.
    MediaType(&'static str),
    /// 429: this address sends too many requests.
    TooMany,
    /// 429: the customer sends too many events. They may come again after these seconds.
    CustomerRate(u32),
    /// 429: the customer has its most stored rows.
    CustomerRows,
    /// 503: the server is overloaded. The client may try again.
    Unavailable(&'static str),
    /// 503: the database does not work. The client may try again.
    NotStored(&'static str),
}

impl Refusal {
    /// A 400 with this sentence.
    pub fn invalid(sentence: impl Into<Cow<'static, str>>) -> Self {
        Self::Invalid(sentence.into())
    }

    /// The status.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Invalid(_) | Self::Twice(_) | Self::Parameter { .. } => StatusCode::BAD_REQUEST,
            Self::Unauthorized | Self::Key(_) => StatusCode::UNAUTHORIZED,
            Self::Forbidden(_) | Self::Origin(_) => StatusCode::FORBIDDEN,
            Self::NotFound(_) => StatusCode::NOT_FOUND,
            Self::Method(_) => StatusCode::METHOD_NOT_ALLOWED,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::LongUrl(_) => StatusCode::URI_TOO_LONG,
            Self::MediaType(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TooMany | Self::CustomerRate(_) | Self::CustomerRows => {
                StatusCode::TOO_MANY_REQUESTS
            }
            Self::Unavailable(_) | Self::NotStored(_) => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// The sentence for the log. It repeats nothing of a request that could name a person.
    pub fn logged(&self) -> Cow<'_, str> {
        match self {
            // The keys of a body and of a query can be any text.
            Self::Parameter { known, .. } => Cow::Owned(format!("unknown parameter; {known}")),
            Self::Twice(_) => Cow::Borrowed("a key appears twice in an object of the body"),
            Self::Invalid(_)
            | Self::Unauthorized
            | Self::Key(_)
            | Self::Forbidden(_)
            | Self::Origin(_)
            | Self::NotFound(_)
            | Self::Method(_)
            | Self::TooSlow
            | Self::TooLarge(_)
            | Self::LongUrl(_)
            | Self::MediaType(_)
            | Self::TooMany
            | Self::CustomerRate(_)
            | Self::CustomerRows
            | Self::Unavailable(_)
            | Self::NotStored(_) => self.sentence(),
        }
    }

    /// The reason's name in the counters. It is part of the versioned interface.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Invalid(_) => "invalid",
            Self::Twice(_) => "duplicate_key",
            Self::Parameter { .. } => "unknown_parameter",
            Self::Unauthorized => "admin_token",
            Self::Key(_) => "api_key",
            Self::Forbidden(_) => "forbidden",
            Self::Origin(_) => "origin",
            Self::NotFound(_) => "not_found",
            Self::Method(_) => "method",
            Self::TooSlow => "too_slow",
            Self::TooLarge(_) => "too_large",
            Self::LongUrl(_) => "long_url",
            Self::MediaType(_) => "media_type",
            Self::TooMany => "address_rate",
            Self::CustomerRate(_) => "customer_rate",
            Self::CustomerRows => "customer_rows",
            Self::Unavailable(_) => "overload",
            Self::NotStored(_) => "not_stored",
        }
    }

    /// The sentence. It may repeat keys and parameters of the request, so it is shortened, and has
    /// no control characters.
    pub fn sentence(&self) -> Cow<'_, str> {
        let sentence = self.whole_sentence();
        if sentence.len() <= Limits::SENTENCE_BYTES && !sentence.contains(char::is_control) {
            return sentence;
        }
        let end = sentence.floor_char_boundary(Limits::SENTENCE_BYTES);
        let shown = sentence.get(..end).unwrap_or_default();
        Cow::Owned(shown.replace(char::is_control, " "))
    }

    fn whole_sentence(&self) -> Cow<'_, str> {
        match self {
            Self::Invalid(sentence) => Cow::Borrowed(sentence),
            Self::Parameter { name, known } => {
                Cow::Owned(format!("{name:?} is no parameter; {known}"))
            }
            Self::Twice(path) => {
                Cow::Owned(format!("{path}: this key appears twice in its object"))
            }
            Self::Origin(origin) => Cow::Owned(format!(
                "pages of {origin} may not send here (origins in the collector's configuration)"
            )),
            Self::Unauthorized => Cow::Borrowed(
                "the header `Authorization: Bearer <admin_token>` must be there, with the right token",
            ),
            Self::Key(sentence)
            | Self::Forbidden(sentence)
            | Self::NotFound(sentence)
            | Self::MediaType(sentence)
            | Self::Unavailable(sentence)
            | Self::NotStored(sentence) => Cow::Borrowed(sentence),
            Self::TooMany => Cow::Borrowed("too many requests come from this address"),
            Self::CustomerRate(_) => Cow::Borrowed(
                "too many events of this customer (customers.events or limits.customer_events)",
            ),
            Self::CustomerRows => Cow::Borrowed(
                "the customer has its most stored rows (customers.rows or limits.customer_rows)",
            ),
            Self::Method(allowed) => Cow::Owned(format!("the methods here are {allowed}")),
            Self::TooSlow => Cow::Borrowed("the body took too long to arrive"),
            Self::TooLarge(sentence) => Cow::Borrowed(sentence),
            Self::LongUrl(most) => {
                Cow::Owned(format!("the address has more than {most} characters"))
            }
        }
    }
}

/// The faults of a configuration, each in one sentence. There is at least one.
#[derive(Debug)]
pub struct ConfigError(Vec<String>);

impl ConfigError {
    /// One fault. The sentence begins with the setting's key and a colon, if it has one.
    pub(crate) fn new(sentence: impl Into<String>) -> Self {
        Self(vec![sentence.into()])
    }

    /// Several faults.
    pub(crate) fn all(sentences: impl IntoIterator<Item = String>) -> Self {
        Self(sentences.into_iter().collect())
    }

    /// Adds the file's name to each fault.
    pub(crate) fn within(self, file: &Path) -> Self {
        Self::all(self.0.iter().map(|sentence| format!("{}: {sentence}", file.display())))
    }

    /// The sentences.
    pub fn sentences(&self) -> &[String] {
        &self.0
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("\n"))
    }
}

impl std::error::Error for ConfigError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_is_short_and_readable_whatever_the_request_contains() {
        for text in
            ["\u{11}".repeat(400), "ä".repeat(400), "\n".to_owned(), "\0\u{7f}\u{85}".to_owned()]
        {
            for refusal in [
                Refusal::invalid(text.clone()),
                Refusal::Twice(text.clone()),
                Refusal::Origin(text.clone()),
                Refusal::Parameter { name: text.clone(), known: String::new() },
            ] {
                let sentence = refusal.sentence();
                assert!(sentence.len() <= Limits::SENTENCE_BYTES, "{} bytes", sentence.len());
                assert!(!sentence.contains(char::is_control), "{sentence:?}");
            }
        }
        let short = Refusal::invalid("track[0].payload: must be a list");
        assert_eq!(short.sentence(), "track[0].payload: must be a list");
    }
}

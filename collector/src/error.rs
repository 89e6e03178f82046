//! The reasons for refusing a request, with their HTTP status and sentence.

use axum::http::StatusCode;
use std::borrow::Cow;
use std::fmt;

/// A refusal. The sentence is for people and may change; clients rely on the status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// 400: the request is invalid. Repeating it does not help.
    Invalid(Cow<'static, str>),
    /// 401: the admin token is missing or wrong.
    Unauthorized,
    /// 401: the vendor's interface needs a key, which is missing or wrong.
    Key(&'static str),
    /// 403: the sender may not do this.
    Forbidden(&'static str),
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
            Self::Invalid(_) => StatusCode::BAD_REQUEST,
            Self::Unauthorized | Self::Key(_) => StatusCode::UNAUTHORIZED,
            Self::Forbidden(_) => StatusCode::FORBIDDEN,
            Self::NotFound(_) => StatusCode::NOT_FOUND,
            Self::Method(_) => StatusCode::METHOD_NOT_ALLOWED,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::LongUrl(_) => StatusCode::URI_TOO_LONG,
            Self::MediaType(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TooMany => StatusCode::TOO_MANY_REQUESTS,
            Self::Unavailable(_) | Self::NotStored(_) => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// The sentence.
    pub fn sentence(&self) -> Cow<'_, str> {
        match self {
            Self::Invalid(sentence) => Cow::Borrowed(sentence),
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
            Self::Method(allowed) => Cow::Owned(format!("the methods here are {allowed}")),
            Self::TooSlow => Cow::Borrowed("the body took too long to arrive"),
            Self::TooLarge(sentence) => Cow::Borrowed(sentence),
            Self::LongUrl(most) => {
                Cow::Owned(format!("the address has more than {most} characters"))
            }
        }
    }
}

/// A fault in the configuration, in one sentence.
#[derive(Debug)]
pub struct ConfigError(String);

impl ConfigError {
    pub(crate) fn new(sentence: impl Into<String>) -> Self {
        Self(sentence.into())
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ConfigError {}

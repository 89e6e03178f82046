//! An HTTP request, as the shell sends it.

/// An HTTP method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// `GET`
    Get,
    /// `POST`
    Post,
}

/// One HTTP request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// The address: absolute, or relative to the page.
    pub url: String,
    /// The body: JSON. Without a key it is sent as `text/plain`, so that no preflight is needed.
    pub body: Option<String>,
    /// The header that has the destination's key. A beacon cannot have one.
    pub key: Option<Key>,
    /// Ask in `no-cors` mode: the answer cannot be read, and a vendor that sends no CORS headers
    /// is not taken for one that refused.
    pub no_cors: bool,
}

/// A key of a vendor that is meant to be seen in the page: a header's name and its value.
pub type Key = (&'static str, String);

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
    /// The body: JSON. Without a key it is sent as `text/plain`, which needs no preflight.
    pub body: Option<String>,
    /// The header with the destination's key. A beacon cannot have one.
    pub key: Option<Key>,
    /// It goes to a vendor, whose cookies are not wanted. A collector's are.
    pub to_vendor: bool,
    /// Use `no-cors` mode. The response cannot be read, so that a vendor without CORS headers does
    /// not appear to refuse the request.
    pub no_cors: bool,
}

/// A vendor's key that is public in the page: header name and value.
pub type Key = (&'static str, String);

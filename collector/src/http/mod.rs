//! The HTTP interface: the routes of both listeners. The handlers are in their own files.

mod body;
mod compress;
mod connections;
mod cookies;
mod cors;
mod events;
mod factfinder;
mod files;
mod host;
mod ibexa;
mod inspector;
mod intempt;
mod patient;
mod range;
mod rates;
mod read;
mod read_access;
mod refusals;
pub mod serve;
mod status;
mod stream;
mod vendor_events;
mod vendors;

use crate::blocking::Bounded;
use crate::clock::Ids;
use crate::config::Config;
use crate::error::ConfigError;
use crate::error::Refusal;
use crate::forward::Forwarding;
use crate::limits::Limits;
use crate::pseudonym::Hasher;
use crate::store::{Store, StoreError};
use axum::Extension;
use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::http::header::{
    ALLOW, CACHE_CONTROL, CONNECTION, CONTENT_TYPE, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use files::Files;
use rates::Rates;
use refusals::Sentence;
use status::Status;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

/// The event listener's answer to requests for stored events.
const READ_ELSEWHERE: &str = "stored events are read on the admin listener (admin_listen)";

/// The log's name for paths without a route.
const FILES: &str = "/...";

/// The state that the handlers share.
#[derive(Debug)]
pub struct App {
    config: Config,
    hasher: Hasher,
    /// Where events go.
    pub store: Arc<Store>,
    /// The vendors that get them.
    pub forwarding: Forwarding,
    ids: Ids,
    streams: Arc<Semaphore>,
    raw: Bounded,
    rates: Rates,
    /// Counters.
    status: Status,
    stop: CancellationToken,
    dist: Option<Files>,
    site: Option<Files>,
    /// The admin listener's address, if pages may read from it.
    inspector: Option<SocketAddr>,
}

/// The client's address.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub SocketAddr);

impl App {
    /// Makes the state. The servers run until `stop`.
    ///
    /// # Errors
    /// A folder to be served cannot be read.
    pub fn new(
        config: Config,
        hasher: Hasher,
        store: Store,
        forwarding: Forwarding,
        stop: CancellationToken,
        inspector: Option<SocketAddr>,
    ) -> Result<Self, ConfigError> {
        let folder = |path: &Option<PathBuf>, shared| {
            path.as_ref().map(|path| Files::new(path, shared)).transpose()
        };
        Ok(Self {
            dist: folder(&config.dist, true)?,
            site: folder(&config.site, false)?,
            streams: Arc::new(Semaphore::new(config.limits.streams)),
            raw: Bounded::new(Limits::RAW),
            rates: Rates::new(config.limits.address_requests, config.trusted_proxies.clone()),
            status: Status::default(),
            config,
            hasher,
            store: Arc::new(store),
            forwarding,
            ids: Ids::default(),
            stop,
            inspector,
        })
    }
}

/// Answers methods that a route does not have.
fn only(methods: &'static str) -> impl Fn() -> std::future::Ready<Refusal> + Clone {
    move || std::future::ready(Refusal::Method(methods))
}

/// The routes of the event listener. It takes events and serves files. It reads out no stored
/// event.
pub fn events_router(app: Arc<App>) -> Router {
    let elsewhere = || std::future::ready(Refusal::Forbidden(READ_ELSEWHERE));
    let mut router = Router::new()
        .route(
            "/v1/events",
            get(elsewhere)
                .post(events::take)
                .options(events::preflight)
                .fallback(only("POST, OPTIONS")),
        )
        .route("/v1/events/stream", any(elsewhere))
        .route("/v1/batches", any(elsewhere))
        .route("/healthz", get(status::health).fallback(only("GET, HEAD")))
        .route("/dist/{*rest}", get(files::dist).fallback(files::other));
    if app.inspector.is_some() {
        router = router.route(inspector::PATH, get(inspector::address));
    }
    router
        .merge(vendors::routes(&app.config.vendors))
        .fallback_service(get(files::site).fallback(files::other).with_state(Arc::clone(&app)))
        .layer(from_fn_with_state(Arc::clone(&app), bounded))
        .layer(from_fn_with_state(Arc::clone(&app), every))
        .with_state(app)
}

/// The routes of the admin listener. The guard runs before all of them.
pub fn admin_router(app: Arc<App>) -> Router {
    let nothing = || std::future::ready(Refusal::NotFound("there is nothing here"));
    Router::new()
        .route("/v1/events", get(read::events).fallback(only("GET, HEAD")))
        .route("/v1/events/stream", get(stream::open).fallback(only("GET, HEAD")))
        .route("/v1/batches", get(read::batches).fallback(only("GET, HEAD")))
        .route("/healthz", get(status::health).fallback(only("GET, HEAD")))
        .route("/v1/status", get(status::status).fallback(only("GET, HEAD")))
        .fallback(nothing)
        .layer(from_fn_with_state(Arc::clone(&app), read_access::guard))
        .layer(from_fn_with_state(Arc::clone(&app), every))
        .with_state(app)
}

/// Middleware for every request and response of both listeners.
async fn every(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let mut response = match check(&app, &request) {
        Ok(()) => next.run(request).await,
        Err(refusal) => {
            let mut refused = refusal.in_text();
            cors::allow_origin(request.headers(), &mut refused);
            refused
        }
    };
    let nosniff = HeaderValue::from_static("nosniff");
    response.headers_mut().insert(X_CONTENT_TYPE_OPTIONS, nosniff);
    let status = response.status();
    if status.is_client_error() || status.is_server_error() {
        let route = route.as_ref().map_or(FILES, MatchedPath::as_str);
        app.status.refusals.note(&method, route, status, response.extensions().get());
    }
    response
}

/// Refuses requests from an address that sends too many. The admin listener does not use it:
/// reading must be possible while events arrive.
async fn bounded(
    State(app): State<Arc<App>>,
    Extension(Peer(peer)): Extension<Peer>,
    request: Request,
    next: Next,
) -> Response {
    if app.rates.take(peer.ip(), Instant::now()) {
        return next.run(request).await;
    }
    let mut refused = Refusal::TooMany.in_text();
    cors::allow_origin(request.headers(), &mut refused);
    refused
}

fn check(app: &App, request: &Request) -> Result<(), Refusal> {
    host::check(request)?;
    let most = app.config.limits.url_bytes;
    match request.uri().path_and_query() {
        Some(url) if url.as_str().len() > most => Err(Refusal::LongUrl(most)),
        Some(_) | None => Ok(()),
    }
}

/// A text response that is never cached.
fn plain(text: String) -> Response {
    typed("text/plain; charset=utf-8", text)
}

fn typed(content_type: &'static str, body: String) -> Response {
    let mut response = body.into_response();
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

impl Refusal {
    /// The refusal as a sentence of plain text.
    fn in_text(&self) -> Response {
        self.in_form("text/plain; charset=utf-8", format!("{}\n", self.sentence()))
    }

    /// The refusal with this body.
    fn in_form(&self, content_type: &'static str, body: String) -> Response {
        let mut response = typed(content_type, body);
        *response.status_mut() = self.status();
        // The store's own log line says more.
        let logged = matches!(self, Self::NotStored(_));
        response.extensions_mut().insert(Sentence { text: self.sentence().into_owned(), logged });
        let header = match self {
            Self::Unauthorized => Some((WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))),
            // Not `Basic`: a browser would ask the visitor for a password.
            Self::Key(_) => Some((WWW_AUTHENTICATE, HeaderValue::from_static("ApiKey"))),
            Self::Method(allowed) => Some((ALLOW, HeaderValue::from_static(allowed))),
            Self::TooSlow => Some((CONNECTION, HeaderValue::from_static("close"))),
            Self::TooMany | Self::Unavailable(_) | Self::NotStored(_) => {
                Some((RETRY_AFTER, HeaderValue::from(Limits::RETRY_SECONDS)))
            }
            Self::Invalid(_)
            | Self::Forbidden(_)
            | Self::NotFound(_)
            | Self::TooLarge(_)
            | Self::LongUrl(_)
            | Self::MediaType(_) => None,
        };
        if let Some((name, value)) = header {
            response.headers_mut().insert(name, value);
        }
        response
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        self.in_text()
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Full => Self::Unavailable("too many requests wait for the disk"),
            StoreError::NotStored => Self::NotStored("the events could not be stored"),
            StoreError::Open(_) | StoreError::NotRead(_) => {
                Self::NotStored("the database does not answer")
            }
        }
    }
}

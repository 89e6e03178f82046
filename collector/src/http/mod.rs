//! The HTTP interface: which address leads where. What each answers stands in its own file.

mod body;
mod compress;
mod cookies;
mod cors;
mod events;
mod factfinder;
mod files;
mod guard;
mod ibexa;
mod intempt;
mod range;
mod read;
pub mod serve;
mod stream;
mod vendors;

use crate::clock::Ids;
use crate::config::{Config, ConfigError};
use crate::counters::Counters;
use crate::error::Refusal;
use crate::hashing::Hasher;
use crate::limits::Limits;
use crate::store::{Store, StoreError};
use axum::Router;
use axum::extract::{Request, State};
use axum::http::header::{
    ALLOW, CACHE_CONTROL, CONNECTION, CONTENT_TYPE, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use files::Files;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

/// What the handlers share.
#[derive(Debug)]
pub struct App {
    config: Config,
    hasher: Hasher,
    /// Where events go.
    pub store: Store,
    ids: Ids,
    counters: Counters,
    streams: Arc<Semaphore>,
    raw: Semaphore,
    stop: CancellationToken,
    dist: Option<Files>,
    site: Option<Files>,
}

/// The other end of the connection.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub SocketAddr);

impl App {
    /// Ready to be served until `stop`.
    ///
    /// # Errors
    /// A folder that is to be served cannot be read.
    pub fn new(
        config: Config,
        hasher: Hasher,
        store: Store,
        stop: CancellationToken,
    ) -> Result<Self, ConfigError> {
        let folder = |path: &Option<PathBuf>, shared| {
            path.as_ref().map(|path| Files::new(path, shared)).transpose()
        };
        Ok(Self {
            dist: folder(&config.dist, true)?,
            site: folder(&config.site, false)?,
            streams: Arc::new(Semaphore::new(config.limits.streams)),
            raw: Semaphore::new(Limits::RAW),
            config,
            hasher,
            store,
            ids: Ids::default(),
            counters: Counters::default(),
            stop,
        })
    }
}

/// All addresses.
pub fn router(app: Arc<App>) -> Router {
    let only = |methods| move || async move { Refusal::Method(methods) };
    Router::new()
        .route(
            "/v1/events",
            get(read::events)
                .post(events::take)
                .options(events::preflight)
                .fallback(only("GET, HEAD, POST, OPTIONS")),
        )
        .route("/v1/events/stream", get(stream::open).fallback(only("GET, HEAD")))
        .route("/v1/batches", get(read::batches).fallback(only("GET, HEAD")))
        .route("/v1/counters", get(read::counters).fallback(only("GET, HEAD")))
        .route("/healthz", get(health).fallback(only("GET, HEAD")))
        .route("/dist/{*rest}", get(files::dist).fallback(only("GET, HEAD")))
        .merge(vendors::routes(&app.config.vendors))
        .fallback_service(get(files::site).fallback(only("GET, HEAD")).with_state(Arc::clone(&app)))
        .layer(from_fn_with_state(Arc::clone(&app), every))
        .with_state(app)
}

/// What holds for every request and every answer.
async fn every(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let url = request.uri().path_and_query().map_or(0, |url| url.as_str().len());
    let most = app.config.limits.url_bytes;
    let mut response = if url > most {
        let mut refused = Refusal::LongUrl(most).in_text();
        cors::allow_origin(request.headers(), &mut refused);
        refused
    } else {
        next.run(request).await
    };
    let nosniff = HeaderValue::from_static("nosniff");
    response.headers_mut().insert(X_CONTENT_TYPE_OPTIONS, nosniff);
    response
}

async fn health(State(app): State<Arc<App>>) -> Response {
    if app.store.is_well().await {
        plain("ok\n".to_owned())
    } else {
        Refusal::Unavailable("the database does not answer").into_response()
    }
}

/// Text that is never kept by a cache.
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
    /// As a sentence of plain text.
    fn in_text(&self) -> Response {
        self.in_form("text/plain; charset=utf-8", format!("{}\n", self.sentence()))
    }

    /// With this body.
    fn in_form(&self, content_type: &'static str, body: String) -> Response {
        let mut response = typed(content_type, body);
        *response.status_mut() = self.status();
        let header = match self {
            Self::Unauthorized => Some((WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))),
            // Not `Basic`, at which a browser would ask the visitor for a password.
            Self::Key(_) => Some((WWW_AUTHENTICATE, HeaderValue::from_static("ApiKey"))),
            Self::Method(allowed) => Some((ALLOW, HeaderValue::from_static(allowed))),
            Self::TooSlow => Some((CONNECTION, HeaderValue::from_static("close"))),
            Self::Unavailable(_) => Some((RETRY_AFTER, HeaderValue::from(Limits::RETRY_SECONDS))),
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
            StoreError::NotStored => Self::Unavailable("the events could not be stored"),
            StoreError::Open(_) | StoreError::NotRead(_) => {
                tracing::error!("{error}");
                Self::Unavailable("the database does not answer")
            }
        }
    }
}

//! The HTTP interface: the routes of both listeners. The handlers are in their own files.

mod access;
mod body;
mod compress;
mod connections;
pub mod cookies;
mod cors;
mod customers;
mod events;
mod factfinder;
mod feeds;
mod files;
mod header;
mod host;
mod ibexa;
mod inspector;
mod intempt;
mod metrics;
mod orders;
mod parameters;
mod patient;
mod range;
mod rates;
mod read;
mod read_access;
mod refusals;
mod report;
pub mod serve;
mod session;
mod site;
mod slash;
mod status;
mod stream;
mod variants;
mod vendor_events;
mod vendors;
pub mod waiting;

use crate::blocking::Bounded;
use crate::clock::{Ids, now_ms};
use crate::cluster::consumer::Consumer;
use crate::config::Config;
use crate::config::variants::Plans;
use crate::error::ConfigError;
use crate::error::Refusal;
use crate::event::INTERFACES;
use crate::feeds::Feeds;
use crate::forward::Forwarding;
use crate::limits::Limits;
use crate::metrics::{Fed, Metrics, Refused};
use crate::pseudonym::Hasher;
use crate::sink::Sink;
use crate::store::{Store, StoreError};
use axum::Extension;
use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::http::header::{
    ALLOW, CACHE_CONTROL, CONNECTION, CONTENT_TYPE, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{Method, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, any, get};
use files::Files;
use prometheus_client::registry::Registry;
use rates::{Buckets, Rates};
use refusals::Sentence;
use session::Sessions;
use status::Status;
use std::collections::BTreeMap;
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
/// The figures' name for requests to no interface: files, health, and input that is no request.
const OTHER: &str = "other";

/// The state that the handlers share.
#[derive(Debug)]
pub struct App {
    config: Config,
    hasher: Hasher,
    /// Where events go.
    pub sink: Sink,
    /// Reads the stream of a cluster into the database.
    pub consumer: Option<Arc<Consumer>>,
    /// The vendors that get them.
    pub forwarding: Forwarding,
    /// The recommendations, if the configuration has them.
    pub feeds: Option<Arc<Feeds>>,
    /// Their figures.
    fed: Option<Fed>,
    ids: Ids,
    streams: Arc<Semaphore>,
    raw: Bounded,
    rates: Rates,
    /// The rates of the customers' events, by interface and customer.
    customers: Buckets<(&'static str, String)>,
    /// Counters.
    status: Status,
    metrics: Metrics,
    registry: Registry,
    counted: metrics::Counted,
    sessions: Sessions,
    /// The interface of each route.
    interfaces: BTreeMap<String, &'static str>,
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
        (sink, consumer): (Sink, Option<Arc<Consumer>>),
        (mut registry, metrics): (Registry, Metrics),
        forwarding: Forwarding,
        stop: CancellationToken,
        inspector: Option<SocketAddr>,
    ) -> Result<Self, ConfigError> {
        let folder = |path: &Option<PathBuf>, shared| {
            path.as_ref().map(|path| Files::new(path, shared)).transpose()
        };
        // The writer of a cluster has no event listener.
        let answered = config.feeds.as_ref().filter(|_| consumer.is_none());
        let feeds = answered.map(|settings| {
            let reading = sink.reading(&config.database);
            Arc::new(Feeds::new(settings, now_ms(), reading))
        });
        Ok(Self {
            dist: folder(&config.dist, true)?,
            site: folder(&config.site, false)?,
            streams: Arc::new(Semaphore::new(config.limits.streams)),
            raw: Bounded::new(Limits::RAW),
            rates: Rates::new(config.limits.address_requests, config.trusted_proxies.clone()),
            customers: Buckets::default(),
            status: Status::new(metrics.clone()),
            metrics,
            fed: feeds.as_ref().map(|_| Fed::new(&mut registry)),
            registry,
            counted: metrics::Counted::default(),
            sessions: Sessions::default(),
            interfaces: vendors::interfaces(&config.vendors),
            feeds,
            config,
            hasher,
            sink,
            consumer,
            forwarding,
            ids: Ids::default(),
            stop,
            inspector,
        })
    }
}

impl App {
    /// The database.
    ///
    /// # Errors
    /// 404: this is a collector of a cluster.
    pub fn store(&self) -> Result<&Arc<Store>, Refusal> {
        self.sink.store().ok_or(Refusal::NotFound(
            "this collector has no database; ask the admin listener of the writer",
        ))
    }

    /// The plans of tests of recommendations.
    pub fn plans(&self) -> &Plans {
        &self.config.variants
    }

    /// Counts and logs a refused request.
    fn refused(
        &self,
        on: Side,
        method: &Method,
        route: &str,
        status: StatusCode,
        why: Option<&Sentence>,
    ) {
        let reason = self.status.refusals.note(method, route, status, why);
        let interface = match on {
            Side::Admin => "admin",
            Side::Events => self.interfaces.get(route).copied().unwrap_or(OTHER),
        };
        self.metrics.refused_requests.get_or_create(&Refused { interface, reason }).inc();
        if let Some(store) = self.sink.store().filter(|_| INTERFACES.contains(&interface)) {
            store.note_refused(interface, reason);
        }
    }
}

/// The two listeners.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The event listener.
    Events,
    /// The admin listener.
    Admin,
}

impl Side {
    /// The listener's name in the figures.
    pub fn name(self) -> &'static str {
        match self {
            Self::Events => "events",
            Self::Admin => "admin",
        }
    }
}

/// Answers methods that a route does not have.
fn only(methods: &'static str) -> impl Fn() -> std::future::Ready<Refusal> + Clone {
    move || std::future::ready(Refusal::Method(methods))
}

/// The routes of the event listener. It takes events, serves files, and answers with recommendations
/// if they are configured. It reads out no stored event.
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
    if app.feeds.is_some() {
        router = router.route(feeds::PATH, any(feeds::answer));
    }
    if app.inspector.is_some() {
        router = router.route(inspector::PATH, get(inspector::address));
    }
    router
        .merge(vendors::routes(&app.config.vendors))
        .fallback_service(get(files::site).fallback(files::other).with_state(Arc::clone(&app)))
        .layer(from_fn_with_state(Arc::clone(&app), bounded))
        .layer(from_fn_with_state((Arc::clone(&app), Side::Events), every))
        .with_state(app)
}

/// The routes of the admin listener. The guard runs before all of them.
pub fn admin_router(app: Arc<App>) -> Router {
    let nothing = || std::future::ready(Refusal::NotFound("there is nothing here"));
    // Each route names its query parameters.
    let read = |parameters, route: MethodRouter<Arc<App>>| {
        parameters::only(parameters, route.fallback(only("GET, HEAD")))
    };
    let orders = get(orders::list).post(orders::take).fallback(only("GET, HEAD, POST"));
    let report = get(report::show).post(report::form).fallback(only("GET, HEAD, POST"));
    let routes = [
        (session::PATH, parameters::only(&report::PARAMETERS, report)),
        ("/report/{file}", read(&report::PARAMETERS, get(report::file))),
        ("/v1/events", read(&read::PARAMETERS, get(read::events))),
        ("/v1/events/stream", read(&stream::PARAMETERS, get(stream::open))),
        ("/v1/batches", read(&read::PARAMETERS, get(read::batches))),
        ("/v1/orders", parameters::only(&orders::PARAMETERS, orders)),
        ("/v1/variants", read(&variants::PARAMETERS, get(variants::list))),
        ("/healthz", read(&[], get(status::health))),
        ("/readyz", read(&[], get(status::ready))),
        ("/metrics", read(&[], get(metrics::metrics))),
        ("/v1/status", read(&[], get(status::status))),
    ];
    let add = |router, (path, route)| slash::also(router, path, route);
    routes
        .into_iter()
        .fold(Router::new(), add)
        .fallback(nothing)
        .layer(from_fn_with_state(Arc::clone(&app), read_access::guard))
        .layer(from_fn_with_state((Arc::clone(&app), Side::Admin), every))
        .with_state(app)
}

/// Middleware for every request and response of both listeners.
async fn every(
    State((app, side)): State<(Arc<App>, Side)>,
    request: Request,
    next: Next,
) -> Response {
    let begin = Instant::now();
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let path = app.config.log.access.then(|| request.uri().path().to_owned());
    let mut response = match check(&app, &request) {
        Ok(()) => next.run(request).await,
        Err(refusal) => {
            let mut refused = refusal.in_text();
            cors::allow_origin(&app, request.headers(), &mut refused);
            refused
        }
    };
    nosniff(&mut response);
    let status = response.status();
    let route = route.as_ref().map_or(FILES, MatchedPath::as_str);
    if status.is_client_error() || status.is_server_error() {
        app.refused(side, &method, route, status, response.extensions().get());
    }
    if let Some(path) = path {
        // The path of a file that is there names no person. Other paths can have ids of users.
        let is_file = response.extensions().get::<files::Served>().is_some();
        let path = if is_file { path } else { route.to_owned() };
        let line = access::Line { side, method, path, status, begin };
        response.extensions_mut().insert(line);
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
    cors::allow_origin(&app, request.headers(), &mut refused);
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

fn nosniff(response: &mut Response) {
    response.headers_mut().insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
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
        let (text, reason) = (self.logged().into_owned(), self.reason());
        response.extensions_mut().insert(Sentence { text, reason, logged });
        if matches!(self, Self::Origin(_)) {
            response.extensions_mut().insert(cors::Unreadable);
        }
        let header = match self {
            Self::Unauthorized => Some((WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))),
            // Not `Basic`: a browser would ask the visitor for a password.
            Self::Key(_) => Some((WWW_AUTHENTICATE, HeaderValue::from_static("ApiKey"))),
            Self::Method(allowed) => Some((ALLOW, HeaderValue::from_static(allowed))),
            Self::TooSlow => Some((CONNECTION, HeaderValue::from_static("close"))),
            Self::TooMany | Self::Unavailable(_) | Self::NotStored(_) => {
                Some((RETRY_AFTER, HeaderValue::from(Limits::RETRY_SECONDS)))
            }
            Self::CustomerRate(seconds) => Some((RETRY_AFTER, HeaderValue::from(*seconds))),
            Self::CustomerRows => {
                Some((RETRY_AFTER, HeaderValue::from(Limits::ROWS_RETRY_SECONDS)))
            }
            Self::Invalid(_)
            | Self::Twice(_)
            | Self::Parameter { .. }
            | Self::Forbidden(_)
            | Self::Origin(_)
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
            StoreError::Large => Self::NotStored(
                "the database has reached its limit (limits.database_mib); nothing was stored",
            ),
            StoreError::LargeMessage(_) => Self::TooLarge(
                "the events need more bytes than the stream takes in one message".to_owned(),
            ),
            StoreError::NotStored => Self::NotStored("the events could not be stored"),
            StoreError::Slow => Self::Unavailable(
                "the report takes too long, or another one is being made: choose a shorter period, or \
                 try again later",
            ),
            StoreError::Open(_) | StoreError::NotRead(_) => {
                Self::NotStored("the database does not answer")
            }
        }
    }
}

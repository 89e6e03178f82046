//! Accepts connections, limits them, and closes them in order.
//!
//! `axum::serve` limits neither the time for headers nor the number of connections.

use super::connections::{Busy, Connections, Place};
use super::patient::Patient;
use super::status::Status;
use super::{App, Peer, Side, access};
use crate::config::Config;
use crate::metrics::{Metrics, On};
use axum::Router;
use axum::body::{Body, Bytes, HttpBody};
use axum::extract::Request;
use axum::http::{Method, StatusCode};
use axum::response::Response;
use hyper::body::{Frame, Incoming, SizeHint};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use prometheus_client::metrics::gauge::Gauge;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

/// The pause after `accept` failed, usually for lack of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// The largest request header in bytes. hyper answers 431 above it.
const HEADER_BYTES: usize = 128 * 1024;
/// The log's name for input that is not a valid request.
const NO_REQUEST: &str = "(malformed)";

/// A listener.
#[derive(Debug)]
pub struct Listener {
    /// Which of the two it is.
    pub side: Side,
    /// The socket.
    pub listener: TcpListener,
    /// The most connections at the same time.
    pub most: usize,
}

/// The parts of a server that its connections need.
#[derive(Debug)]
pub struct Parts<'a> {
    /// The limits of connections, and the trusted proxies.
    pub config: &'a Config,
    /// The figures of connections.
    pub metrics: &'a Metrics,
    /// Logs connections that were not accepted.
    pub status: &'a Status,
}

/// The state of a listener's router.
pub trait Server: Send + Sync + 'static {
    /// Its parts.
    fn parts(&self) -> Parts<'_>;

    /// Logs input that is no valid request.
    fn refused(&self, _: Side, method: &Method, route: &str, status: StatusCode) {
        self.parts().status.refusals.note(method, route, status, None);
    }
}

impl Server for App {
    fn parts(&self) -> Parts<'_> {
        Parts { config: &self.config, metrics: &self.metrics, status: &self.status }
    }

    fn refused(&self, side: Side, method: &Method, route: &str, status: StatusCode) {
        Self::refused(self, side, method, route, status, None);
    }
}

/// Serves until `stop`, then gives open requests some time and ends.
pub async fn serve<S: Server>(
    listener: Listener,
    app: Arc<S>,
    router: Router,
    stop: CancellationToken,
) {
    let Listener { side, listener, most } = listener;
    let Parts { config, metrics, status } = app.parts();
    let limits = &config.limits;
    let trusted = config.trusted_proxies.clone();
    let connections = Connections::new(most, limits.address_connections, trusted);
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(Duration::from_secs(limits.header_seconds))
        .max_buf_size(HEADER_BYTES);
    let open = GracefulShutdown::new();
    let mut tasks = JoinSet::new();
    loop {
        let (place, stream, peer) = tokio::select! {
            () = stop.cancelled() => break,
            accepted = accept(&listener, &connections, status) => accepted,
        };
        while tasks.try_join_next().is_some() {}
        let open_connections = metrics.connections.get_or_create(&On { listener: side.name() });
        let counted = Counted::new(open_connections.clone());
        let (app, router) = (Arc::clone(&app), router.clone());
        let client = Client { app, side, router, place, peer, _counted: counted };
        tasks.spawn(client.talk(stream, http.clone(), open.watcher(), stop.clone()));
    }
    drop(listener);
    let patience = Duration::from_secs(limits.stop_seconds);
    if tokio::time::timeout(patience, open.shutdown()).await.is_err() {
        tracing::warn!("{} connections were cut off", tasks.len());
    }
    tasks.shutdown().await;
}

async fn accept(
    listener: &TcpListener,
    connections: &Arc<Connections>,
    status: &Status,
) -> (Arc<Place>, TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                // Responses are small: collecting them would only delay them.
                let _ = stream.set_nodelay(true);
                if let Some(place) = connections.place(peer.ip()).await {
                    return (Arc::new(place), stream, peer);
                }
                status.no_place();
            }
            Err(error) => {
                status.no_connection(&error);
                // Closing an idle connection frees a file descriptor.
                connections.make_room();
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// The client's end of a connection.
struct Client<S> {
    app: Arc<S>,
    side: Side,
    router: Router,
    place: Arc<Place>,
    peer: SocketAddr,
    _counted: Counted,
}

/// Counts an open connection until it is dropped.
struct Counted(Gauge);

impl Counted {
    fn new(gauge: Gauge) -> Self {
        gauge.inc();
        Self(gauge)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.dec();
    }
}

impl<S: Server> Client<S> {
    async fn talk(
        self,
        stream: TcpStream,
        http: http1::Builder,
        open: Watcher,
        stop: CancellationToken,
    ) {
        let limits = &self.app.parts().config.limits;
        let first = Duration::from_secs(limits.first_byte_seconds);
        let patience = Duration::from_secs(limits.write_seconds);
        let end = self.place.end.clone();
        let mut byte = [0];
        tokio::select! {
            () = end.cancelled() => return,
            () = stop.cancelled() => return,
            begun = tokio::time::timeout(first, stream.peek(&mut byte)) => match begun {
                Ok(Ok(_)) => {}
                Ok(Err(_)) | Err(_) => return,
            },
        }
        let service = service_fn(|request: hyper::Request<Incoming>| {
            let busy = self.place.busy();
            let mut request: Request = request.map(Body::new);
            request.extensions_mut().insert(Peer(self.peer));
            let answer = self.router.clone().oneshot(request);
            async move { answer.await.map(|response| kept_busy(response, busy)) }
        });
        let stream = TokioIo::new(Patient::new(stream, patience));
        let connection = open.watch(http.serve_connection(stream, service));
        let ended = tokio::select! {
            () = end.cancelled() => return,
            ended = connection => ended,
        };
        // Clients disconnect at any time. hyper itself has answered unparsable input.
        if let Err(error) = ended {
            tracing::debug!("connection: {error}");
            if error.is_parse() {
                let status = if error.is_parse_too_large() {
                    StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE
                } else {
                    StatusCode::BAD_REQUEST
                };
                self.app.refused(self.side, &Method::GET, NO_REQUEST, status);
            }
        }
    }
}

/// The response with a body that keeps the connection marked as busy until it is sent.
fn kept_busy(mut response: Response, busy: Busy) -> hyper::Response<BusyBody> {
    let counting = access::Counting::new(response.extensions_mut().remove());
    response.map(|body| BusyBody { body, counting, _busy: busy })
}

struct BusyBody {
    body: Body,
    counting: access::Counting,
    _busy: Busy,
}

impl HttpBody for BusyBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let frame = Pin::new(&mut self.body).poll_frame(context);
        if let Poll::Ready(Some(Ok(frame))) = &frame
            && let Some(data) = frame.data_ref()
        {
            self.counting.add(data.len());
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

//! Connections: taken, bounded, and ended in order.
//!
//! Not `axum::serve`, which has no bound for slow headers and none for the number of connections.

use super::Peer;
use crate::limits::Limits;
use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

/// Pause after the system could not give a connection, most often for want of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// Most bytes of a request's header; hyper answers 431 above.
const HEADER_BYTES: usize = 128 * 1024;

/// Serves until `stop`, then gives open requests their time and ends.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    limits: &Limits,
    stop: CancellationToken,
) {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(Duration::from_secs(limits.header_seconds))
        .max_buf_size(HEADER_BYTES);
    let places = Arc::new(Semaphore::new(limits.connections));
    let open = GracefulShutdown::new();
    let mut tasks = JoinSet::new();
    loop {
        let (place, stream, peer) = tokio::select! {
            () = stop.cancelled() => break,
            accepted = accept(&listener, &places) => accepted,
        };
        while tasks.try_join_next().is_some() {}
        let router = router.clone();
        let service = service_fn(move |request: hyper::Request<Incoming>| {
            let mut request: Request = request.map(Body::new);
            request.extensions_mut().insert(Peer(peer));
            router.clone().oneshot(request)
        });
        let connection = open.watch(http.serve_connection(TokioIo::new(stream), service));
        tasks.spawn(async move {
            // Clients break off as they like.
            if let Err(error) = connection.await {
                tracing::debug!("connection: {error}");
            }
            drop(place);
        });
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
    places: &Arc<Semaphore>,
) -> (Option<OwnedSemaphorePermit>, TcpStream, SocketAddr) {
    // The semaphore is never closed; without a place there would merely be no bound.
    let place = Arc::clone(places).acquire_owned().await.ok();
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                // Answers are small: waiting for more of them would only delay them.
                let _ = stream.set_nodelay(true);
                return (place, stream, peer);
            }
            Err(error) => {
                tracing::warn!("no connection: {error}");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

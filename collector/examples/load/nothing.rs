//! A route that does nothing but read the request, with the collector's own HTTP library. It shows
//! the cost of HTTP and of the generator.

use axum::Router;
use axum::body::Bytes;
use axum::http::StatusCode;
use axum::routing::post;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use std::io::Read;
use tokio::net::TcpListener;

pub fn run() -> String {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime
        .block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            println!(r#"{{"address":"{}"}}"#, listener.local_addr().unwrap());
            let route = Router::new().route(
                "/v1/events",
                post(|body: Bytes| async move {
                    assert!(!body.is_empty());
                    StatusCode::NO_CONTENT
                }),
            );
            tokio::spawn(async move {
                while let Ok((socket, _)) = listener.accept().await {
                    let service = TowerToHyperService::new(route.clone());
                    tokio::spawn(async move {
                        let _ = Builder::new(TokioExecutor::new())
                            .http1_only()
                            .serve_connection(TokioIo::new(socket), service)
                            .await;
                    });
                }
            });
            // The bench closes the input.
            tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new())).await
        })
        .unwrap()
        .unwrap();
    "{}".to_owned()
}

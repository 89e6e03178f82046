//! HTTP/1.1 to a vendor: hyper's connections, with TLS by rustls and the certificates of the
//! operating system.
//!
//! Connections are made here and not by a pooling client, because a pooling client repeats requests
//! by itself. A connection is made before the request is recorded as sent, so a server that is down
//! costs nothing.

use crate::destination::Server;
use crate::limits::Limits;
use crate::tls;
use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::RETRY_AFTER;
use hyper::rt::{Read, Write};
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use std::sync::OnceLock;
use std::time::{Duration, Instant};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

/// Wait for a connection to be ready again after an answer.
const READY: Duration = Duration::from_millis(100);

/// A request with its body.
pub type Outgoing = Request<Full<Bytes>>;

/// Makes connections.
#[derive(Default)]
pub struct Client {
    /// Made at the first use, because a collector without https destinations needs no certificates.
    tls: OnceLock<Result<TlsConnector, String>>,
}

/// A connection that is ready for a request.
pub struct Connection {
    sender: SendRequest<Full<Bytes>>,
    used: Instant,
}

/// The outcome of a request.
pub enum Outcome {
    /// There is an answer.
    Answered(Answer),
    /// Nothing of it was written, because the connection had ended. Here is the request again.
    NotSent(Box<Outgoing>),
    /// It may have arrived.
    Unknown(String),
}

/// An answer.
pub struct Answer {
    /// The status.
    pub status: u16,
    /// `Retry-After` in seconds, or 0.
    pub retry_after_s: u32,
    /// The beginning of the body.
    pub body: String,
    /// The connection, if it can be used again.
    pub connection: Option<Connection>,
}

impl Client {
    /// Without connections.
    pub fn new() -> Self {
        Self::default()
    }

    /// Connects to the server.
    pub async fn connect(&self, server: &Server) -> Result<Connection, String> {
        timeout(Limits::FORWARD_CONNECT, self.try_connect(server))
            .await
            .unwrap_or_else(|_| Err("no connection in time".to_owned()))
    }

    async fn try_connect(&self, server: &Server) -> Result<Connection, String> {
        let stream = TcpStream::connect((server.host.as_str(), server.port)).await;
        let stream = stream.map_err(|error| format!("no connection: {error}"))?;
        // Requests are small and written at once.
        let _ = stream.set_nodelay(true);
        let Some(name) = &server.tls else { return speak(TokioIo::new(stream)).await };
        let tls = self.tls.get_or_init(tls::connector).as_ref().map_err(String::clone)?;
        let stream = tls.connect(name.clone(), stream).await;
        speak(TokioIo::new(stream.map_err(|error| format!("TLS: {error}"))?)).await
    }
}

async fn speak(io: impl Read + Write + Unpin + Send + 'static) -> Result<Connection, String> {
    let (sender, connection) = handshake(io).await.map_err(|error| format!("HTTP: {error}"))?;
    // The task ends with the connection. Its errors reach the request that meets them.
    tokio::spawn(connection);
    Ok(Connection { sender, used: Instant::now() })
}

impl Connection {
    /// Whether it can be used for one more request.
    pub fn is_usable(&self) -> bool {
        self.sender.is_ready() && self.used.elapsed() < Limits::FORWARD_IDLE
    }

    /// Sends a request and reads the answer.
    pub async fn send(mut self, request: Outgoing, patience: Duration) -> Outcome {
        let exchange = async {
            match self.sender.try_send_request(request).await {
                Ok(response) => Ok(read(response).await),
                Err(mut error) => match error.take_message() {
                    Some(request) => Err(Outcome::NotSent(Box::new(request))),
                    None => Err(Outcome::Unknown(format!("no answer: {}", error.into_error()))),
                },
            }
        };
        let mut answer = match timeout(patience, exchange).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(outcome)) => return outcome,
            Err(_) => return Outcome::Unknown("no answer in time".to_owned()),
        };
        self.used = Instant::now();
        // After an answer that was cut off the connection is of no use.
        let ready = timeout(READY, self.sender.ready()).await;
        answer.connection = matches!(ready, Ok(Ok(()))).then_some(self);
        Outcome::Answered(answer)
    }
}

/// Reads the status, which decides, and the beginning of the body, which is for people.
async fn read(response: Response<hyper::body::Incoming>) -> Answer {
    let asked = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
    let retry_after_s = asked.and_then(|seconds| seconds.trim().parse().ok()).unwrap_or_default();
    let status = response.status().as_u16();
    let body = Limited::new(response.into_body(), Limits::FORWARD_RESPONSE_BYTES).collect().await;
    let bytes = body.map(|body| body.to_bytes()).unwrap_or_default();
    let body = String::from_utf8_lossy(&bytes).into_owned();
    Answer { status, retry_after_s, body, connection: None }
}

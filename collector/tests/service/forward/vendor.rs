//! A vendor on loopback that records requests and answers as a test asks.

use crate::common::PATIENCE;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// A request that arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    pub method: String,
    pub target: String,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Seen {
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }
}

/// An answer.
#[derive(Clone, Debug)]
pub enum Reply {
    /// With this status, further header lines, and body.
    Status(u16, &'static str, String),
    /// After a time.
    After(Duration, Box<Reply>),
    /// The connection ends without an answer.
    Reset,
}

pub fn status(status: u16) -> Reply {
    Reply::Status(status, "", String::new())
}

type Answer = dyn FnMut(&Seen, usize) -> Reply + Send;

pub struct Vendor {
    pub address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
    task: JoinHandle<()>,
}

impl Vendor {
    /// Answers each request with the closure's reply. Its second argument counts the requests from
    /// 0.
    pub async fn start(answer: impl FnMut(&Seen, usize) -> Reply + Send + 'static) -> Self {
        Self::at("127.0.0.1:0".parse().unwrap(), answer).await
    }

    /// Takes every request over TLS, as `localhost`, with the certificate in `tls/`.
    pub async fn secure() -> Self {
        let mut vendor = Self::willing().await;
        vendor.task.abort();
        let _ = (&mut vendor.task).await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        vendor.address = listener.local_addr().unwrap();
        let seen = Arc::clone(&vendor.seen);
        vendor.task = tokio::spawn(async move {
            let acceptor = acceptor();
            while let Ok((stream, _)) = listener.accept().await {
                let answer: Box<Answer> = Box::new(|_, _| status(200));
                let (seen, acceptor) = (Arc::clone(&seen), acceptor.clone());
                tokio::spawn(async move {
                    // A client that does not know the authority ends the handshake.
                    let Ok(stream) = acceptor.accept(stream).await else { return };
                    serve(stream, seen, Arc::new(Mutex::new(answer))).await;
                });
            }
        });
        vendor
    }

    pub async fn at(
        address: SocketAddr,
        answer: impl FnMut(&Seen, usize) -> Reply + Send + 'static,
    ) -> Self {
        let begun = Instant::now();
        let listener = loop {
            let socket = TcpSocket::new_v4().unwrap();
            socket.set_reuseaddr(true).unwrap();
            match socket.bind(address).and_then(|()| socket.listen(64)) {
                Ok(listener) => break listener,
                // While the vendor was down, a connection of another test may have taken its port.
                Err(error) => assert!(begun.elapsed() < PATIENCE, "{address}: {error}"),
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        };
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let answer: Arc<Mutex<Box<Answer>>> = Arc::new(Mutex::new(Box::new(answer)));
        let task = tokio::spawn(accept(listener, Arc::clone(&seen), answer));
        Self { address, seen, task }
    }

    /// Takes every request.
    pub async fn willing() -> Self {
        Self::start(|_, _| status(200)).await
    }

    pub fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    pub fn targets(&self) -> Vec<String> {
        self.seen().into_iter().map(|seen| seen.target).collect()
    }

    /// Waits for this number of requests.
    pub async fn until(&self, requests: usize) {
        let begun = Instant::now();
        while self.seen.lock().unwrap().len() < requests {
            assert!(begun.elapsed() < PATIENCE, "{:#?}", self.seen());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Ends the vendor. Its connections end as well, but a request that is being answered at this
    /// moment may still be added to the list.
    pub async fn end(self) -> Arc<Mutex<Vec<Seen>>> {
        self.task.abort();
        let _ = self.task.await;
        self.seen
    }
}

/// The path of a file in `tls/`. The authority signed the vendor's certificate, and its key is gone.
pub fn tls(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/service/forward/tls").join(name)
}

fn acceptor() -> TlsAcceptor {
    let certificates = CertificateDer::pem_file_iter(tls("vendor.pem")).unwrap();
    let key = PrivateKeyDer::from_pem_file(tls("vendor.key")).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(certificates.map(Result::unwrap).collect(), key)
        .unwrap();
    TlsAcceptor::from(Arc::new(config))
}

async fn accept(
    listener: TcpListener,
    seen: Arc<Mutex<Vec<Seen>>>,
    answer: Arc<Mutex<Box<Answer>>>,
) {
    let mut open = tokio::task::JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        open.spawn(serve(stream, Arc::clone(&seen), Arc::clone(&answer)));
    }
}

async fn serve(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    seen: Arc<Mutex<Vec<Seen>>>,
    answer: Arc<Mutex<Box<Answer>>>,
) {
    let mut received = Vec::new();
    while let Some(request) = read(&mut stream, &mut received).await {
        let mut reply = {
            let mut seen = seen.lock().unwrap();
            seen.push(request.clone());
            let number = seen.len() - 1;
            (*answer.lock().unwrap())(&request, number)
        };
        while let Reply::After(time, then) = reply {
            tokio::time::sleep(time).await;
            reply = *then;
        }
        let Reply::Status(status, headers, body) = reply else { return };
        let length = body.len();
        let text =
            format!("HTTP/1.1 {status} x\r\n{headers}Content-Length: {length}\r\n\r\n{body}");
        if stream.write_all(text.as_bytes()).await.is_err() {
            return;
        }
    }
}

async fn read(stream: &mut (impl AsyncRead + Unpin), received: &mut Vec<u8>) -> Option<Seen> {
    loop {
        if let Some(seen) = parse(received) {
            return Some(seen);
        }
        let mut some = [0; 65536];
        let count = stream.read(&mut some).await.ok().filter(|count| *count > 0)?;
        received.extend_from_slice(&some[..count]);
    }
}

/// Takes a whole request off the received bytes.
fn parse(received: &mut Vec<u8>) -> Option<Seen> {
    let end = received.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = String::from_utf8(received[..end].to_vec()).unwrap();
    let mut lines = head.split("\r\n");
    let mut first = lines.next().unwrap().split(' ');
    let (method, target) = (first.next().unwrap().to_owned(), first.next().unwrap().to_owned());
    let headers: Vec<(String, String)> = lines
        .map(|line| line.split_once(": ").unwrap())
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let mut seen = Seen { method, target, headers, body: String::new() };
    let length: usize = seen.header("content-length").map_or(0, |length| length.parse().unwrap());
    if received.len() < end + 4 + length {
        return None;
    }
    seen.body = String::from_utf8(received[end + 4..end + 4 + length].to_vec()).unwrap();
    received.drain(..end + 4 + length);
    Some(seen)
}

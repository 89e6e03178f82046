//! TLS to PostgreSQL. The certificates are read when the server has TLS.

use crate::tls;
use postgres::Socket;
use postgres::tls::{MakeTlsConnect, TlsConnect};
use std::io;
use std::path::PathBuf;
use std::pin::Pin;
use tokio_postgres_rustls::MakeRustlsConnect;

/// Makes encrypted connections. It has the file with certificates (PEM) beside those of the operating
/// system.
#[derive(Clone)]
pub struct Tls(pub Option<PathBuf>);

/// The connector of the server with this name.
pub struct Connect(Option<PathBuf>, String);

type Stream = <MakeRustlsConnect as MakeTlsConnect<Socket>>::Stream;

impl MakeTlsConnect<Socket> for Tls {
    type Stream = Stream;
    type TlsConnect = Connect;
    type Error = io::Error;

    fn make_tls_connect(&mut self, domain: &str) -> io::Result<Connect> {
        Ok(Connect(self.0.clone(), domain.to_owned()))
    }
}

impl TlsConnect<Socket> for Connect {
    type Stream = Stream;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Stream>> + Send>>;

    fn connect(self, socket: Socket) -> Self::Future {
        Box::pin(async move {
            let config = tls::config(self.0.as_deref()).map_err(io::Error::other)?;
            let mut rustls = MakeRustlsConnect::new(config);
            let connect = MakeTlsConnect::<Socket>::make_tls_connect(&mut rustls, &self.1);
            connect.map_err(io::Error::other)?.connect(socket).await.map_err(io::Error::other)
        })
    }
}

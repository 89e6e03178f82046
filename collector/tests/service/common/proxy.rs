//! A reverse proxy like nginx with a bare `proxy_pass`: it sets `Host` to the upstream's address,
//! adds no header, and connects from this machine.

use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy};
use tokio::net::{TcpListener, TcpStream};

/// Starts a proxy before this address. It ends with the test's runtime.
pub async fn before(upstream: SocketAddr) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((visitor, _)) = listener.accept().await {
            tokio::spawn(pass(visitor, upstream));
        }
    });
    address
}

async fn pass(mut visitor: TcpStream, upstream: SocketAddr) {
    let mut request = Vec::new();
    let end = loop {
        if let Some(end) = request.windows(4).position(|four| four == b"\r\n\r\n") {
            break end;
        }
        if visitor.read_buf(&mut request).await.unwrap_or(0) == 0 {
            return;
        }
    };
    let head = String::from_utf8(request[..end].to_vec()).unwrap();
    let mut lines = head.split("\r\n");
    let mut passed = format!("{}\r\nHost: {upstream}\r\n", lines.next().unwrap());
    for line in lines.filter(|line| !line.to_ascii_lowercase().starts_with("host:")) {
        passed.push_str(line);
        passed.push_str("\r\n");
    }
    passed.push_str("\r\n");
    let mut behind = TcpStream::connect(upstream).await.unwrap();
    behind.write_all(passed.as_bytes()).await.unwrap();
    behind.write_all(&request[end + 4..]).await.unwrap();
    let (mut visitor_reads, mut visitor_writes) = visitor.split();
    let (mut behind_reads, mut behind_writes) = behind.split();
    // Keeps the client's side open until the response is complete.
    tokio::select! {
        _ = copy(&mut behind_reads, &mut visitor_writes) => {}
        () = async {
            let _ = copy(&mut visitor_reads, &mut behind_writes).await;
            std::future::pending::<()>().await;
        } => {}
    }
}

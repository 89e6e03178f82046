//! Clients on many connections. Each sends its next request when the last one is answered, as a crowd
//! of pages does.

use super::body::{Random, now_ms};
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio::net::TcpStream;

/// Runs a client on each connection. A client ends at the time that it gets. Returns the results, and
/// the seconds that all of it took.
pub fn run<C>(
    address: SocketAddr,
    connections: usize,
    seconds: u64,
    client: impl Fn(TcpStream, Random, Instant) -> C + Clone + Send + 'static,
) -> (Vec<C::Output>, f64)
where
    C: Future<Output: Send> + Send + 'static,
{
    assert!(address.ip().is_loopback(), "only loopback addresses");
    let begun = Instant::now();
    let until = begun + Duration::from_secs(seconds);
    let results = runtime().block_on(async {
        let mut clients = Vec::new();
        for number in 0..connections as u64 {
            let random = Random(now_ms().wrapping_mul(0x1_0001) ^ number << 48);
            let client = client.clone();
            clients.push(tokio::spawn(async move {
                let socket = TcpStream::connect(address).await.unwrap();
                socket.set_nodelay(true).unwrap();
                client(socket, random, until).await
            }));
        }
        let mut results = Vec::new();
        for client in clients {
            results.push(client.await.unwrap());
        }
        results
    });
    (results, begun.elapsed().as_secs_f64())
}

/// A runtime of one thread.
pub fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

/// The time within which this share of the requests was answered, in milliseconds. The times are
/// microseconds in rising order.
pub fn percentile_ms(micros: &[u32], share: f64) -> f64 {
    f64::from(micros[(micros.len() as f64 * share) as usize]) / 1000.0
}

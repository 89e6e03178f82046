//! Sends the entries of one request and writes the outcome.
//!
//! The order makes the guarantee: connect, write to the disk that the request is about to be sent,
//! send it, write the outcome. A collector that ends in between does not know whether the vendor
//! has the events, and repeats the request only if that does no harm.

use super::client::{Answer, Client, Connection, Outcome, Outgoing};
use super::content::Content;
use super::redact;
use super::seal::{Place, Seals};
use super::worker::{State, write};
use crate::clock::now_ms;
use crate::destination::{Destination, method};
use crate::store::forward::{self, Change, Reason, Sealed};
use crate::store::{Store, db};
use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{ACCEPT, CONTENT_TYPE, HOST, HeaderMap, HeaderName, HeaderValue, USER_AGENT};
use recobeacon_engine::delivery::reaction::Reaction;
use recobeacon_engine::event::Kind;
use recobeacon_engine::limits::Limits as Tracker;
use recobeacon_engine::protocol::{Envelope, RetryPolicy};
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

const AGENT: &str = concat!("recobeacon-collector/", env!("CARGO_PKG_VERSION"));
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The result for the destination as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum After {
    /// The vendor took the request.
    Delivered,
    /// The vendor refused the request. That says nothing about the next one.
    Refused,
    /// The vendor could not be reached or is overloaded. It asks for a pause of so many
    /// milliseconds.
    Failed(u64),
    /// The vendor refuses all requests.
    Misconfigured,
    /// The own disk failed. Nothing was sent.
    NotStored,
}

/// The entries of one request, and everything that sending them needs.
pub struct Job {
    /// The destination and its state.
    pub state: Arc<State>,
    /// The queue.
    pub store: Arc<Store>,
    /// HTTP.
    pub client: Arc<Client>,
    /// The keys.
    pub seals: Arc<Seals>,
    /// The entries.
    pub rows: Vec<i64>,
    /// Their retry policy.
    pub policy: RetryPolicy,
    /// They were sent before.
    pub retried: bool,
}

/// An entry in the vendor's format.
struct Piece {
    row: i64,
    kind: Kind,
    encoded: String,
    content: Content,
}

impl Job {
    /// Sends the entries.
    pub async fn run(self) -> After {
        let rows = self.rows.clone();
        let query = move |connection: &db::Connection| forward::sealed(connection, &rows);
        let Ok(sealed) = self.store.query(query).await else { return After::NotStored };
        let (mut pieces, unusable) = self.opened(sealed);
        if !unusable.is_empty() {
            let message = "it cannot be decrypted or encoded; its key may be missing in keys";
            self.bury(unusable, Reason::Unusable, message.to_owned()).await;
        }
        pieces.truncate(within(pieces.iter().map(|piece| piece.encoded.len())));
        if pieces.is_empty() {
            return After::Refused;
        }
        let connection = match self.connection().await {
            Ok(connection) => connection,
            Err(failure) => return self.fail(&pieces, failure, 0),
        };
        // An idempotent request may be sent again after any end of this process.
        let rows: Vec<i64> = pieces.iter().map(|piece| piece.row).collect();
        if self.policy != RetryPolicy::Idempotent && !self.store.change(Change::Sent(rows)).await {
            self.keep(connection);
            return After::NotStored;
        }
        self.send_all(pieces, connection).await
    }

    /// Sends the pieces, in halves if the request is too large.
    async fn send_all(&self, pieces: Vec<Piece>, connection: Connection) -> After {
        let mut connection = Some(connection);
        let mut parts = vec![pieces];
        let mut after = After::Delivered;
        while let Some(mut part) = parts.pop() {
            match after {
                After::Delivered | After::Refused => {}
                // The vendor is not available, so the second half waits as well.
                After::Failed(_) | After::Misconfigured | After::NotStored => {
                    self.wait(&part).await;
                    continue;
                }
            }
            let ready = match connection.take() {
                Some(connection) => Ok(connection),
                None => self.connection().await,
            };
            let outcome = match (ready, request(&self.state.destination, &part)) {
                (Err(failure), _) => {
                    after = self.again(&part, failure, 0).await;
                    continue;
                }
                (Ok(_), None) => {
                    let rows = part.iter().map(|piece| piece.row).collect();
                    let message = "it cannot be made into a request".to_owned();
                    self.bury(rows, Reason::Unusable, message).await;
                    continue;
                }
                (Ok(connection), Some(request)) => self.exchange(connection, request).await,
            };
            match outcome {
                Outcome::Answered(mut answer) => {
                    if let Some(connection) = answer.connection.take() {
                        self.keep(connection);
                    }
                    let reaction = self.reaction(&answer, part.len());
                    if reaction == Some(Reaction::Halve) {
                        let second = part.split_off(part.len() / 2);
                        parts.push(second);
                        parts.push(part);
                        continue;
                    }
                    after = self.answered(&part, &answer, reaction).await;
                }
                Outcome::NotSent(_) => {
                    let failure = "the connection ended before the request".to_owned();
                    after = self.again(&part, failure, 0).await;
                }
                Outcome::Unknown(failure) => after = self.unknown(&part, failure).await,
            }
        }
        after
    }

    /// Sends the request. A connection that the server has closed meanwhile is replaced once.
    async fn exchange(&self, connection: Connection, request: Outgoing) -> Outcome {
        let destination = &self.state.destination;
        match connection.send(request, destination.timeout).await {
            Outcome::NotSent(request) => match self.client.connect(&destination.server).await {
                Ok(connection) => connection.send(*request, destination.timeout).await,
                Err(_) => Outcome::NotSent(request),
            },
            outcome => outcome,
        }
    }

    /// `None`: the vendor took the request.
    fn reaction(&self, answer: &Answer, events: usize) -> Option<Reaction> {
        // As in the tracker, every success counts, whatever the body says.
        (!(200..300).contains(&answer.status))
            .then(|| self.policy.reaction(answer.status, self.retried, events))
    }

    async fn answered(
        &self,
        pieces: &[Piece],
        answer: &Answer,
        reaction: Option<Reaction>,
    ) -> After {
        let rows: Vec<i64> = pieces.iter().map(|piece| piece.row).collect();
        let Some(reaction) = reaction else {
            let name = self.state.destination.name.to_string();
            write(&self.store, || Change::Delivered(name.clone(), rows.clone())).await;
            return After::Delivered;
        };
        let message = self.message(pieces, answer);
        match reaction {
            Reaction::RetryAsAsked => {
                let asked = u64::from(answer.retry_after_s).saturating_mul(1000);
                self.again(pieces, message, asked.min(Tracker::RETRY_MS_MAX)).await
            }
            Reaction::Retry => self.again(pieces, message, 0).await,
            Reaction::RetryMuchLater => {
                self.again(pieces, message, 0).await;
                After::Misconfigured
            }
            Reaction::Halve | Reaction::GiveUp => {
                self.state.failed(message.clone());
                self.state.refused.fetch_add(rows.len() as u64, Ordering::Relaxed);
                self.bury(rows, Reason::Refused, message).await;
                After::Refused
            }
        }
    }

    /// There is no answer. The request may have arrived.
    async fn unknown(&self, pieces: &[Piece], failure: String) -> After {
        if self.policy.may_repeat(self.retried) {
            return self.again(pieces, failure, 0).await;
        }
        let rows = pieces.iter().map(|piece| piece.row).collect();
        self.bury(rows, Reason::Unknown, failure.clone()).await;
        // The pause saves the next events from the same fate.
        self.state.failed(failure);
        After::Failed(0)
    }

    /// Leaves the entries of a request that failed in the queue.
    async fn again(&self, pieces: &[Piece], failure: String, least_ms: u64) -> After {
        self.wait(pieces).await;
        self.fail(pieces, failure, least_ms)
    }

    /// Notes that the entries, which are in the queue, are sent again.
    fn fail(&self, pieces: &[Piece], failure: String, least_ms: u64) -> After {
        self.state.retried.fetch_add(pieces.len() as u64, Ordering::Relaxed);
        self.state.failed(failure);
        After::Failed(least_ms)
    }

    /// Leaves the entries in the queue.
    async fn wait(&self, pieces: &[Piece]) {
        if self.policy != RetryPolicy::Idempotent {
            let rows: Vec<i64> = pieces.iter().map(|piece| piece.row).collect();
            write(&self.store, || Change::Waiting(rows.clone())).await;
        }
    }

    async fn bury(&self, rows: Vec<i64>, reason: Reason, message: String) {
        let now = now_ms();
        let change = || Change::Dead { rows: rows.clone(), reason, message: message.clone(), now };
        write(&self.store, change).await;
    }

    /// The status and the vendor's message, without ids and keys.
    fn message(&self, pieces: &[Piece], answer: &Answer) -> String {
        let key = self.state.destination.key();
        let ids = pieces.iter().flat_map(|piece| piece.content.secrets());
        let text = redact::message(&answer.body, ids, key.as_deref());
        format!("{} {text}", answer.status).trim_end().to_owned()
    }

    async fn connection(&self) -> Result<Connection, String> {
        let idle = || {
            let mut idle = self.state.idle.lock().unwrap_or_else(PoisonError::into_inner);
            idle.retain(Connection::is_usable);
            idle.pop()
        };
        match idle() {
            Some(connection) => Ok(connection),
            None => self.client.connect(&self.state.destination.server).await,
        }
    }

    fn keep(&self, connection: Connection) {
        let mut idle = self.state.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < self.state.destination.connections {
            idle.push(connection);
        }
    }

    /// Opens and encodes the entries. The second list has the rows for which that is not possible.
    fn opened(&self, sealed: Vec<(i64, Sealed)>) -> (Vec<Piece>, Vec<i64>) {
        let mut pieces = Vec::new();
        let mut unusable = Vec::new();
        for (row, sealed) in sealed {
            match self.open(row, &sealed) {
                Some(piece) => pieces.push(piece),
                None => unusable.push(row),
            }
        }
        (pieces, unusable)
    }

    fn open(&self, row: i64, sealed: &Sealed) -> Option<Piece> {
        let Sealed { event, piece, kind, at, content } = sealed;
        let (number, bytes) = content.as_ref()?;
        let destination = &self.state.destination;
        let place = Place { destination: &destination.name, event, piece: *piece };
        let content = Content::read(&self.seals.open(&place, *number, bytes)?)?;
        let record = content.record(event.clone(), kind, *at)?;
        let encoded = destination.protocol.encode(&record, &mut Vec::new()).ok()?;
        Some(Piece { row, kind: record.event.kind(), encoded, content })
    }
}

/// The number of pieces that one request may have, by their sizes. The first one always fits.
fn within(sizes: impl Iterator<Item = usize>) -> usize {
    let mut total = 0;
    let fits = |size: &usize| {
        total += size;
        total as u64 <= Tracker::BATCH_BYTES
    };
    sizes.take_while(fits).count().max(1)
}

/// The request, with the tracker's bytes.
fn request(destination: &Destination, pieces: &[Piece]) -> Option<Outgoing> {
    let first = pieces.first()?;
    let envelope = Envelope { stream: "", seq: 0, sent_at: 0, ack: false };
    let encoded: Vec<&str> = pieces.iter().map(|piece| piece.encoded.as_str()).collect();
    let made = destination.protocol.request(first.kind, &encoded, &envelope);
    let url: hyper::Uri = made.url.parse().ok()?;
    let mut headers = HeaderMap::new();
    headers.insert(HOST, HeaderValue::from_str(&destination.server.authority).ok()?);
    headers.insert(ACCEPT, HeaderValue::from_static("*/*"));
    let agent = first.content.agent.as_deref().unwrap_or(AGENT);
    headers.insert(USER_AGENT, HeaderValue::from_str(agent).ok()?);
    if let Some(address) = &first.content.address {
        headers.insert(FORWARDED_FOR, HeaderValue::from_str(address).ok()?);
    }
    match (made.key, &made.body) {
        (Some((name, key)), _) => {
            let mut key = HeaderValue::from_str(&key).ok()?;
            key.set_sensitive(true);
            headers.insert(HeaderName::from_bytes(name.as_bytes()).ok()?, key);
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        // As a browser sends text without further headers.
        (None, Some(_)) => {
            let text = HeaderValue::from_static("text/plain;charset=UTF-8");
            headers.insert(CONTENT_TYPE, text);
        }
        (None, None) => {}
    }
    let body = Full::new(Bytes::from(made.body.unwrap_or_default()));
    let mut request = hyper::Request::new(body);
    *request.method_mut() = method(made.method);
    *request.uri_mut() = url.path_and_query()?.as_str().parse().ok()?;
    *request.headers_mut() = headers;
    Some(request)
}

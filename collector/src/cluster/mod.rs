//! Several collectors in front of one database (`[cluster]`).
//!
//! Collectors have no database. They publish each request's events to a JetStream stream, and answer
//! when the stream has stored them. A writer (`recobeacon-collector write`) takes them from there
//! and stores them as a single collector does, with the same rules.
//!
//! | file | subject |
//! |---|---|
//! | `message` | a delivery as CloudEvents |
//! | `stream` | the connection, and the stream with its settings |
//! | `publisher` | from a collector to the stream |
//! | `consumer` | from the stream to the database |
//! | `key_check` | whether a collector and the writer have the same keys |
//! | `held` | the messages that the writer has not confirmed |
//!
//! Invariants:
//! * After a successful response, the stream has all events of the request.
//! * A message leaves the stream when its events are on the writer's disk. A message that is
//!   delivered again stores nothing twice, because an event id is stored once.
//! * The writer stores the messages in the order of the stream.

pub mod consumer;
mod held;
pub mod key_check;
pub mod message;
pub mod publisher;
pub mod stream;

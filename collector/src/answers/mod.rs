//! Answers to questions about the stored events. The queries are in `store`.

pub mod csv;
pub mod report;
mod sequential;
pub mod unseen;
pub mod variants;

//! Answers to questions about the stored events.

pub mod report;

//! Reads a request's body, with limits for size and time.

use crate::error::Refusal;
use crate::limits::Limits;
use axum::body::Body;
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use futures_util::StreamExt;
use std::time::Duration;

/// Refuses compressed bodies. The header may be repeated, and each one is checked.
pub fn check_coding(headers: &HeaderMap) -> Result<(), Refusal> {
    let plain = |coding: &str| coding.trim().eq_ignore_ascii_case("identity");
    let values = headers.get_all(CONTENT_ENCODING).into_iter();
    let mut codings = values.flat_map(|value| value.to_str().unwrap_or("?").split(','));
    if codings.all(plain) {
        return Ok(());
    }
    Err(Refusal::MediaType("the body must not be compressed"))
}

/// Refuses a body whose `Content-Type` is neither JSON nor plain text.
pub fn check_type(headers: &HeaderMap) -> Result<(), Refusal> {
    check_coding(headers)?;
    let mut types = headers.get_all(CONTENT_TYPE).into_iter();
    let Some(full) = types.next() else { return Ok(()) };
    if types.next().is_some() {
        return Err(Refusal::MediaType("there must be one Content-Type"));
    }
    let full = full.to_str().unwrap_or("?");
    let essence = full.split(';').next().unwrap_or_default().trim();
    let taken = ["text/plain", "application/json"];
    if essence.is_empty() || taken.iter().any(|one| essence.eq_ignore_ascii_case(one)) {
        return Ok(());
    }
    Err(Refusal::MediaType("the body must be text/plain or application/json"))
}

/// Reads the whole body.
pub async fn read(headers: &HeaderMap, body: Body, limits: &Limits) -> Result<Vec<u8>, Refusal> {
    let patience = Duration::from_secs(limits.body_seconds);
    match tokio::time::timeout(patience, collect(headers, body, limits.body_bytes)).await {
        Ok(read) => read,
        Err(_) => Err(Refusal::TooSlow),
    }
}

async fn collect(headers: &HeaderMap, body: Body, most: usize) -> Result<Vec<u8>, Refusal> {
    let too_large = || Refusal::TooLarge(format!("the body must have at most {most} bytes"));
    let discarded = most.saturating_mul(Limits::DISCARDED_BODIES);
    let announced =
        headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    if announced.is_some_and(|length: usize| length > discarded) {
        return Err(too_large());
    }
    let mut chunks = body.into_data_stream();
    let mut read = Vec::new();
    let mut seen = 0usize;
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|_| Refusal::invalid("the body did not arrive whole"))?;
        seen = seen.saturating_add(chunk.len());
        if seen > discarded {
            break;
        }
        if seen > most {
            read = Vec::new();
        } else {
            read.extend_from_slice(&chunk);
        }
    }
    if seen > most { Err(too_large()) } else { Ok(read) }
}

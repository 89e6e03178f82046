//! Files: the tracker under `/dist/`, and a site.
//!
//! Every response has an `ETag` and `no-cache`, so that browsers revalidate and see a new build at
//! once. A file requested with `?v=` never changes and may be cached.

use super::App;
use super::compress::{Cache, Coding};
use super::range::{Asked, asked};
use crate::error::ConfigError;
use crate::error::Refusal;
use crate::limits::Limits;
use crate::percent;
use axum::body::Body;
use axum::extract::State;
use axum::http::header::{
    ACCEPT_ENCODING, ACCEPT_RANGES, ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_ENCODING,
    CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, HeaderName, HeaderValue, IF_NONE_MATCH,
    IF_RANGE, LOCATION, RANGE, VARY,
};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use std::fs::Metadata;
use std::io::{self, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::UNIX_EPOCH;
use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncSeekExt};
use tokio_util::io::ReaderStream;

/// A folder that is served.
#[derive(Debug)]
pub struct Files {
    root: PathBuf,
    /// Whether pages of other origins may load its files.
    shared: bool,
    compressed: Arc<Cache>,
}

const NOT_FOUND: Refusal = Refusal::NotFound("there is nothing here");

/// Marks the response to a path that is a file's.
#[derive(Clone, Copy, Debug)]
pub struct Served;

/// `/dist/...`
pub async fn dist(State(app): State<Arc<App>>, uri: Uri, headers: HeaderMap) -> Response {
    let path = uri.path().strip_prefix("/dist").unwrap_or_default();
    answer(app.dist.as_ref(), path, uri.query(), &headers).await
}

/// All other paths.
pub async fn site(State(app): State<Arc<App>>, uri: Uri, headers: HeaderMap) -> Response {
    answer(app.site.as_ref(), uri.path(), uri.query(), &headers).await
}

/// Methods other than GET and HEAD: 405 for an existing file, 404 otherwise.
pub async fn other(State(app): State<Arc<App>>, uri: Uri) -> Refusal {
    let (files, path) = match uri.path().strip_prefix("/dist/") {
        Some(_) => (app.dist.as_ref(), uri.path().strip_prefix("/dist").unwrap_or_default()),
        None => (app.site.as_ref(), uri.path()),
    };
    match files {
        Some(files) if files.find(path).await.is_some() => Refusal::Method("GET, HEAD"),
        Some(_) | None => NOT_FOUND,
    }
}

async fn answer(
    files: Option<&Files>,
    path: &str,
    query: Option<&str>,
    headers: &HeaderMap,
) -> Response {
    let Some(files) = files else { return NOT_FOUND.into_response() };
    match files.find(path).await {
        Some(Found::File(path, metadata)) => {
            let answer = files.send(path, &metadata, query, headers).await;
            let mut answer = answer.unwrap_or_else(|error| {
                tracing::warn!("a file could not be read: {error}");
                NOT_FOUND.into_response()
            });
            answer.extensions_mut().insert(Served);
            answer
        }
        Some(Found::Folder(name)) => {
            (StatusCode::PERMANENT_REDIRECT, [(LOCATION, name)]).into_response()
        }
        None => NOT_FOUND.into_response(),
    }
}

enum Found {
    File(PathBuf, Metadata),
    /// A folder was requested without the final slash. The redirect adds it, because the page's
    /// relative links would be wrong.
    Folder(String),
}

impl Files {
    /// # Errors
    /// The folder cannot be read.
    pub fn new(root: &Path, shared: bool) -> Result<Self, ConfigError> {
        let root = root.canonicalize().map_err(|error| {
            ConfigError::new(format!("the folder {} cannot be read: {error}", root.display()))
        })?;
        Ok(Self { root, shared, compressed: Arc::default() })
    }

    /// Finds the file of a path within this folder.
    async fn find(&self, path: &str) -> Option<Found> {
        let mut parts: Vec<&str> = path.strip_prefix('/')?.split('/').collect();
        let index = parts.last() == Some(&"");
        if index {
            parts.pop();
        }
        let mut file = self.root.clone();
        for part in &parts {
            let name = percent::decode(part)?;
            // The name is decoded first, so that `..%2f` is recognised. Hidden files are not
            // served.
            if name.is_empty() || name.starts_with('.') || name.contains(['/', '\\', '\0', ':']) {
                return None;
            }
            file.push(name);
        }
        if index {
            file.push("index.html");
        }
        // Symbolic links may lead out of the folder.
        let file =
            tokio::fs::canonicalize(file).await.ok().filter(|file| file.starts_with(&self.root))?;
        let metadata = tokio::fs::metadata(&file).await.ok()?;
        match parts.last() {
            _ if metadata.is_file() => Some(Found::File(file, metadata)),
            // `./`, because a name with a colon would be read as a URL scheme.
            Some(last) if metadata.is_dir() && !index => Some(Found::Folder(format!("./{last}/"))),
            Some(_) | None => None,
        }
    }

    async fn send(
        &self,
        path: PathBuf,
        metadata: &Metadata,
        query: Option<&str>,
        headers: &HeaderMap,
    ) -> io::Result<Response> {
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
        let (content_type, shrinks) = media_type(&path);
        let shrinks = shrinks && metadata.len() <= Limits::COMPRESSED_FILE_BYTES;
        // A range of a compressed file is useless.
        let coding = if shrinks && text(RANGE).is_none() {
            Coding::accepted(text(ACCEPT_ENCODING))
        } else {
            Coding::Identity
        };
        let tag = tag(metadata, coding)?;

        let mut response = Response::new(Body::empty());
        let out = response.headers_mut();
        out.insert(CACHE_CONTROL, HeaderValue::from_static(caching(query)));
        out.insert(ETAG, header(&tag)?);
        if shrinks {
            out.insert(VARY, HeaderValue::from_static("Accept-Encoding"));
        }
        if self.shared {
            let policy = HeaderName::from_static("cross-origin-resource-policy");
            out.insert(policy, HeaderValue::from_static("cross-origin"));
            out.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        }
        if text(IF_NONE_MATCH).is_some_and(|known| names(known, &tag)) {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            return Ok(response);
        }
        out.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        if let Some(name) = coding.name() {
            let bytes = self.compressed.take(path, coding, tag).await?;
            out.insert(CONTENT_ENCODING, HeaderValue::from_static(name));
            *response.body_mut() = Body::from(bytes);
            return Ok(response);
        }

        out.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
        let length = metadata.len();
        let same = text(IF_RANGE).is_none_or(|known| known == tag);
        let (start, end) = match asked(text(RANGE).filter(|_| same), length) {
            Asked::Whole => (0, length),
            Asked::Part(start, end) => {
                let last = end.saturating_sub(1);
                out.insert(CONTENT_RANGE, header(&format!("bytes {start}-{last}/{length}"))?);
                *response.status_mut() = StatusCode::PARTIAL_CONTENT;
                (start, end)
            }
            Asked::Nothing => {
                out.insert(CONTENT_RANGE, header(&format!("bytes */{length}"))?);
                *response.status_mut() = StatusCode::RANGE_NOT_SATISFIABLE;
                return Ok(response);
            }
        };
        let size = end.saturating_sub(start);
        response.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(size));
        let mut file = File::open(path).await?;
        file.seek(SeekFrom::Start(start)).await?;
        *response.body_mut() = Body::from_stream(ReaderStream::new(file.take(size)));
        Ok(response)
    }
}

/// The version of a file's content, from its metadata.
fn tag(metadata: &Metadata, coding: Coding) -> io::Result<String> {
    let written = metadata.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
    let coding = coding.name().unwrap_or("id");
    Ok(format!("\"{:x}-{written:x}-{coding}\"", metadata.len()))
}

/// Whether an `If-None-Match` has this tag. Weak tags are compared like strong ones (RFC 9110
/// §13.1.2).
fn names(known: &str, tag: &str) -> bool {
    known.split(',').map(str::trim).any(|one| one == "*" || one.trim_start_matches("W/") == tag)
}

fn caching(query: Option<&str>) -> &'static str {
    let versioned = |pair: &str| pair.strip_prefix("v=").is_some_and(|version| !version.is_empty());
    if query.is_some_and(|query| query.split('&').any(versioned)) {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    }
}

fn header(text: &str) -> io::Result<HeaderValue> {
    HeaderValue::try_from(text).map_err(io::Error::other)
}

/// The media type by the file's name, and whether compression pays.
fn media_type(path: &Path) -> (&'static str, bool) {
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    match extension.to_ascii_lowercase().as_str() {
        "html" | "htm" => ("text/html; charset=utf-8", true),
        "js" | "mjs" => ("text/javascript; charset=utf-8", true),
        "css" => ("text/css; charset=utf-8", true),
        "json" | "map" => ("application/json", true),
        "webmanifest" => ("application/manifest+json", true),
        "wasm" => ("application/wasm", true),
        "svg" => ("image/svg+xml", true),
        "txt" | "md" => ("text/plain; charset=utf-8", true),
        "ts" => ("text/plain; charset=utf-8", true),
        "xml" => ("application/xml", true),
        "vtt" => ("text/vtt; charset=utf-8", true),
        "ico" => ("image/x-icon", true),
        "png" => ("image/png", false),
        "jpg" | "jpeg" => ("image/jpeg", false),
        "gif" => ("image/gif", false),
        "webp" => ("image/webp", false),
        "avif" => ("image/avif", false),
        "woff2" => ("font/woff2", false),
        "woff" => ("font/woff", false),
        "mp4" | "m4v" => ("video/mp4", false),
        "webm" => ("video/webm", false),
        "ogv" => ("video/ogg", false),
        "mp3" => ("audio/mpeg", false),
        "m4a" => ("audio/mp4", false),
        _ => ("application/octet-stream", false),
    }
}

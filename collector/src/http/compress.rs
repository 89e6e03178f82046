//! Brotli and gzip for files. Each version of a file is compressed once and kept.
//!
//! The compression level is the highest one: it costs time only once, and a shop looks at the
//! tracker's size.

use crate::blocking::Bounded;
use crate::limits::Limits;
use axum::body::Bytes;
use std::collections::HashMap;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// A content coding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Coding {
    /// Not compressed.
    Identity,
    /// Brotli.
    Brotli,
    /// Gzip.
    Gzip,
}

const GZIP_LEVEL: u32 = 9;
/// In a build without optimisation, as the tests use it, the highest level takes seconds for a file of
/// 500 kB, and half a minute on a busy machine.
const BROTLI_LEVEL: u32 = if cfg!(debug_assertions) { 5 } else { 11 };
const BROTLI_WINDOW_BITS: u32 = 22;
const BROTLI_BUFFER: usize = 4096;

impl Coding {
    /// Its name in `Content-Encoding`, if it has one.
    pub fn name(self) -> Option<&'static str> {
        match self {
            Self::Identity => None,
            Self::Brotli => Some("br"),
            Self::Gzip => Some("gzip"),
        }
    }

    /// The coding with the smallest result among those that the client accepts.
    pub fn accepted(header: Option<&str>) -> Self {
        let takes = |coding: &str| {
            header.unwrap_or_default().split(',').any(|entry| {
                let mut parts = entry.split(';').map(str::trim);
                let named = parts.next().is_some_and(|name| name.eq_ignore_ascii_case(coding));
                let refused = |weight: &str| {
                    weight
                        .strip_prefix("q=")
                        .is_some_and(|q| q.trim_end_matches(['0', '.']).is_empty())
                };
                named && !parts.any(refused)
            })
        };
        if takes("br") {
            Self::Brotli
        } else if takes("gzip") {
            Self::Gzip
        } else {
            Self::Identity
        }
    }

    fn compress(self, plain: &[u8]) -> io::Result<Vec<u8>> {
        match self {
            Self::Identity => Ok(plain.to_vec()),
            Self::Brotli => {
                let (level, window) = (BROTLI_LEVEL, BROTLI_WINDOW_BITS);
                let mut out =
                    brotli::CompressorWriter::new(Vec::new(), BROTLI_BUFFER, level, window);
                out.write_all(plain)?;
                Ok(out.into_inner())
            }
            Self::Gzip => {
                let level = flate2::Compression::new(GZIP_LEVEL);
                let mut out = flate2::write::GzEncoder::new(Vec::new(), level);
                out.write_all(plain)?;
                out.finish()
            }
        }
    }
}

/// The cache of compressed files. The tag names the version of a file.
#[derive(Debug)]
pub struct Cache {
    kept: Mutex<HashMap<(PathBuf, Coding), (String, Bytes)>>,
    /// Lets one file be compressed at a time, so that no version is compressed twice.
    turn: Bounded,
    made: AtomicUsize,
}

impl Default for Cache {
    fn default() -> Self {
        Self { kept: Mutex::default(), turn: Bounded::new(1), made: AtomicUsize::new(0) }
    }
}

impl Cache {
    /// Returns the compressed content if the cache has this version.
    fn get(&self, path: &Path, coding: Coding, tag: &str) -> Option<Bytes> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let (of, bytes) = kept.get(&(path.to_owned(), coding))?;
        (of == tag).then(|| bytes.clone())
    }

    /// Returns the compressed content. Compresses the file if the cache does not have it.
    ///
    /// # Errors
    /// The file cannot be read.
    pub async fn take(
        self: &Arc<Self>,
        path: PathBuf,
        coding: Coding,
        tag: String,
    ) -> io::Result<Bytes> {
        if let Some(bytes) = self.get(&path, coding, &tag) {
            return Ok(bytes);
        }
        let cache = Arc::clone(self);
        let work = move || {
            // The task before this one may have compressed the same file.
            match cache.get(&path, coding, &tag) {
                Some(bytes) => Ok(bytes),
                None => cache.fill(path, coding, tag),
            }
        };
        let made = self.turn.run(work).await;
        made.unwrap_or_else(|| Err(io::Error::other("the file could not be compressed")))
    }

    fn fill(&self, path: PathBuf, coding: Coding, tag: String) -> io::Result<Bytes> {
        self.made.fetch_add(1, Ordering::Relaxed);
        let bytes = Bytes::from(coding.compress(&std::fs::read(&path)?)?);
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let size: usize = kept.values().map(|(_, bytes)| bytes.len()).sum();
        if size.saturating_add(bytes.len()) > Limits::COMPRESSED_CACHE_BYTES {
            kept.clear();
        }
        kept.insert((path, coding), (tag, bytes.clone()));
        Ok(bytes)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn a_file_is_compressed_once_for_many_requests_even_if_clients_disconnect() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.js");
        std::fs::write(&path, "let a = 1;\n".repeat(20_000)).unwrap();
        let cache = Arc::new(Cache::default());
        let ask = || {
            let (cache, path) = (Arc::clone(&cache), path.clone());
            tokio::spawn(async move { cache.take(path, Coding::Brotli, "1".to_owned()).await })
        };
        // These requests are cancelled as soon as the compression has begun.
        for gone in (0..5).map(|_| ask()).collect::<Vec<_>>() {
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
            gone.abort();
        }
        for asked in (0..10).map(|_| ask()).collect::<Vec<_>>() {
            assert!(asked.await.unwrap().unwrap().len() < 1000);
        }
        assert_eq!(cache.made.load(Ordering::Relaxed), 1);
        cache.take(path, Coding::Gzip, "1".to_owned()).await.unwrap();
        assert_eq!(cache.made.load(Ordering::Relaxed), 2, "each coding is compressed separately");
    }

    #[test]
    fn the_best_coding_that_the_client_accepts_is_chosen() {
        let accepted = |header| Coding::accepted(Some(header));
        assert_eq!(accepted("gzip, deflate, br, zstd"), Coding::Brotli);
        assert_eq!(accepted("gzip;q=1.0, BR;q=0.5"), Coding::Brotli);
        assert_eq!(accepted("br;q=0, gzip"), Coding::Gzip);
        assert_eq!(accepted("br;q=0.000, gzip; q=0.0"), Coding::Identity);
        assert_eq!(accepted("brotli, xgzip"), Coding::Identity);
        assert_eq!(Coding::accepted(None), Coding::Identity);
    }
}

//! Brotli and gzip for files that shrink, made once for each version of a file and kept.
//!
//! At the best level, because it is done once: the tracker's own size is what a shop looks at.

use crate::limits::Limits;
use axum::body::Bytes;
use std::collections::HashMap;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// How a body is coded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Coding {
    /// As it is in the file.
    Identity,
    /// Brotli.
    Brotli,
    /// Gzip.
    Gzip,
}

const GZIP_LEVEL: u32 = 9;
const BROTLI_LEVEL: u32 = 11;
const BROTLI_WINDOW_BITS: u32 = 22;
const BROTLI_BUFFER: usize = 4096;

impl Coding {
    /// Its name in `Content-Encoding`, where it has one.
    pub fn name(self) -> Option<&'static str> {
        match self {
            Self::Identity => None,
            Self::Brotli => Some("br"),
            Self::Gzip => Some("gzip"),
        }
    }

    /// The smallest that the client takes.
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

/// Compressed files, each of the version that its tag names.
#[derive(Debug, Default)]
pub struct Cache(Mutex<HashMap<(PathBuf, Coding), (String, Bytes)>>);

impl Cache {
    /// The file's compressed content, if this version of it was compressed before.
    pub fn get(&self, path: &Path, coding: Coding, tag: &str) -> Option<Bytes> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (of, bytes) = kept.get(&(path.to_owned(), coding))?;
        (of == tag).then(|| bytes.clone())
    }

    /// Compresses and keeps it. Takes its time: not for an asynchronous task.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn fill(&self, path: PathBuf, coding: Coding, tag: String) -> io::Result<Bytes> {
        let bytes = Bytes::from(coding.compress(&std::fs::read(&path)?)?);
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let size: usize = kept.values().map(|(_, bytes)| bytes.len()).sum();
        if size.saturating_add(bytes.len()) > Limits::COMPRESSED_CACHE_BYTES {
            kept.clear();
        }
        kept.insert((path, coding), (tag, bytes.clone()));
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::Coding;

    #[test]
    fn the_best_coding_that_the_client_takes_is_chosen() {
        let accepted = |header| Coding::accepted(Some(header));
        assert_eq!(accepted("gzip, deflate, br, zstd"), Coding::Brotli);
        assert_eq!(accepted("gzip;q=1.0, BR;q=0.5"), Coding::Brotli);
        assert_eq!(accepted("br;q=0, gzip"), Coding::Gzip);
        assert_eq!(accepted("br;q=0.000, gzip; q=0.0"), Coding::Identity);
        assert_eq!(accepted("brotli, xgzip"), Coding::Identity);
        assert_eq!(Coding::accepted(None), Coding::Identity);
    }
}

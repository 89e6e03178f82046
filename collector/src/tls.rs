//! TLS to other servers: rustls, with the certificates of the operating system.

use std::path::Path;
use std::sync::Arc;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

/// Makes encrypted connections.
///
/// # Errors
/// One sentence about the certificates.
pub fn connector() -> Result<TlsConnector, String> {
    let roots = roots(None)?;
    if roots.is_empty() {
        return Err(
            "TLS: the system has no certificates; install ca-certificates, or name a file \
                    in the environment variable SSL_CERT_FILE"
                .to_owned(),
        );
    }
    Ok(TlsConnector::from(Arc::new(client(roots)?)))
}

/// The settings of connections. `more` is a file with further certificates (PEM).
///
/// # Errors
/// One sentence about the file.
pub fn config(more: Option<&Path>) -> Result<ClientConfig, String> {
    client(roots(more)?)
}

fn roots(more: Option<&Path>) -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if let Some(file) = more {
        let failed = |error: &dyn std::fmt::Display| format!("TLS: {}: {error}", file.display());
        let certificates = CertificateDer::pem_file_iter(file).map_err(|error| failed(&error))?;
        for certificate in certificates {
            let certificate = certificate.map_err(|error| failed(&error))?;
            roots.add(certificate).map_err(|error| failed(&error))?;
        }
    }
    Ok(roots)
}

fn client(roots: RootCertStore) -> Result<ClientConfig, String> {
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| format!("TLS: {error}"))?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}

//! Vendors over TLS, with the certificates of the operating system.

use super::vendor::{Vendor, tls};
use super::{click, now};
use crate::common::process::{BINARY, FREE, Process};
use crate::common::{PATIENCE, batch, send};
use serde_json::Value;
use std::process::Command;
use std::time::{Duration, Instant};

/// Starts the collector with these certificates and posts an event. Returns the destination's state
/// once it is as wanted.
async fn forwarded(vendor: &Vendor, authority: &str, is: impl Fn(&Value) -> bool) -> Value {
    let folder = tempfile::tempdir().unwrap();
    let (database, file) = (folder.path().join("e.sqlite"), folder.path().join("c.toml"));
    let port = vendor.address.port();
    let toml = format!(
        "[[forward]]\nname = \"a\"\nprotocol = \"ibexa\"\ncustomer_id = \"1\"\n\
         endpoint = \"https://localhost:{port}\"\n"
    );
    std::fs::write(&file, toml).unwrap();
    let mut command = Command::new(BINARY);
    command.args(FREE).arg("--config").arg(&file).arg("--database").arg(&database);
    command.env("SSL_CERT_FILE", authority).env_remove("SSL_CERT_DIR");
    let collector = Process::of(&mut command);
    let body = batch(&format!("s{}", now()), 0, &[click(1, "v")]).to_string();
    let answer = send(collector.address, "POST", "/v1/events", "", body.as_bytes()).await;
    assert_eq!(answer.status, 204);
    let begun = Instant::now();
    loop {
        let answer = send(collector.admin, "GET", "/v1/status", "", b"").await;
        let status: Value = serde_json::from_slice(&answer.body).unwrap();
        if is(&status["forward"][0]) {
            return status["forward"][0].clone();
        }
        assert!(begun.elapsed() < PATIENCE, "{status}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_vendor_is_known_by_the_systems_certificates() {
    let vendor = Vendor::secure().await;
    let authority = tls("authority.pem").display().to_string();
    forwarded(&vendor, &authority, |figures| figures["delivered"] == 1).await;
    assert_eq!(vendor.targets(), ["/api/1/click/v/1/1"]);
    let host = vendor.seen()[0].header("host").unwrap().to_owned();
    assert_eq!(host, format!("localhost:{}", vendor.address.port()));
}

#[tokio::test]
async fn nothing_is_sent_to_a_server_with_another_certificate() {
    let vendor = Vendor::secure().await;
    // The vendor's own certificate is no authority.
    let wrong = tls("vendor.pem").display().to_string();
    let figures = forwarded(&vendor, &wrong, |figures| figures["lastError"].is_string()).await;
    let error = figures["lastError"].as_str().unwrap();
    assert!(error.starts_with("TLS: "), "{error}");
    assert_eq!((figures["waiting"].as_u64(), figures["deadLetters"].as_u64()), (Some(1), Some(0)));
    let figures =
        forwarded(&vendor, "/no/such/file", |figures| figures["lastError"].is_string()).await;
    assert!(figures["lastError"].as_str().unwrap().contains("SSL_CERT_FILE"), "{figures}");
    assert!(vendor.seen().is_empty());
}

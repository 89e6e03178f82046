//! The tracker's files and the site.

use crate::common::{Answer, Server, raw};
use std::io::Read;

const VIDEO: &[u8] = b"0123456789";

fn script() -> String {
    "export const answer = 42; // some text that repeats itself\n".repeat(200)
}

async fn server() -> Server {
    let script = script();
    let files: &[(&str, &[u8])] = &[
        ("dist/reco.js", script.as_bytes()),
        ("dist/recobeacon.wasm", b"\0asm\x01\0\0\0"),
        ("site/index.html", b"<!doctype html>home"),
        ("site/sub/index.html", b"<!doctype html>sub"),
        ("site/empty/x.txt", b"x"),
        ("site/a b/ü.svg", b"<svg/>"),
        ("site/video.mp4", VIDEO),
        ("site/.hidden", b"secret"),
        ("secret.txt", b"secret"),
    ];
    Server::serving("", Some(files)).await
}

async fn get(server: &Server, target: &str, headers: &str) -> Answer {
    server.send("GET", target, headers, b"").await
}

#[tokio::test]
async fn files_have_the_right_content_type() {
    let server = server().await;
    for (target, content_type) in [
        ("/", "text/html; charset=utf-8"),
        ("/index.html", "text/html; charset=utf-8"),
        ("/sub/", "text/html; charset=utf-8"),
        ("/a%20b/%C3%BC.svg", "image/svg+xml"),
        ("/video.mp4", "video/mp4"),
        ("/dist/reco.js", "text/javascript; charset=utf-8"),
        ("/dist/recobeacon.wasm", "application/wasm"),
    ] {
        let answer = get(&server, target, "").await;
        assert_eq!(answer.status, 200, "{target}");
        assert_eq!(answer.header("content-type"), Some(content_type), "{target}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(answer.header("cache-control"), Some("no-cache"));
        let shared = target.starts_with("/dist/");
        assert_eq!(answer.header("access-control-allow-origin"), shared.then_some("*"), "{target}");
        assert_eq!(answer.header("cross-origin-resource-policy"), shared.then_some("cross-origin"));
        let head = server.send("HEAD", target, "", b"").await;
        assert_eq!((head.status, head.body.len()), (200, 0));
        assert_eq!(head.header("content-length"), answer.header("content-length"), "{target}");
    }
    assert_eq!(get(&server, "/", "").await.text(), "<!doctype html>home");
    for method in ["POST", "PUT", "OPTIONS"] {
        assert_eq!(server.send(method, "/index.html", "", b"").await.status, 405, "{method}");
        assert_eq!(server.send(method, "/dist/reco.js", "", b"").await.status, 405, "{method}");
        // A mistyped endpoint gets 404, not 405.
        for target in ["/v1/event", "/dist/v1/events", "/nothing", "/v1/events/", "/"] {
            let status = server.send(method, target, "", b"").await.status;
            assert_eq!(status, if target == "/" { 405 } else { 404 }, "{method} {target}");
        }
    }
}

#[tokio::test]
async fn a_matching_etag_gets_304() {
    let server = server().await;
    for (coding, target) in
        [("", "/dist/reco.js"), ("Accept-Encoding: br\r\n", "/dist/reco.js"), ("", "/video.mp4")]
    {
        let tag = get(&server, target, coding).await.header("etag").unwrap().to_owned();
        for known in [tag.clone(), format!("\"x\", {tag}"), format!("W/{tag}"), "*".to_owned()] {
            let answer = get(&server, target, &format!("{coding}If-None-Match: {known}\r\n")).await;
            assert_eq!((answer.status, answer.body.len()), (304, 0), "{known}");
            assert_eq!(answer.header("etag"), Some(tag.as_str()));
            assert_eq!(answer.header("cache-control"), Some("no-cache"));
        }
        let other = get(&server, target, &format!("{coding}If-None-Match: \"x\"\r\n")).await;
        assert_eq!(other.status, 200);
    }
    let plain = get(&server, "/dist/reco.js", "").await.header("etag").unwrap().to_owned();
    let brotli = get(&server, "/dist/reco.js", "Accept-Encoding: br\r\n").await;
    assert_ne!(
        brotli.header("etag"),
        Some(plain.as_str()),
        "plain and compressed content have different tags"
    );
}

#[tokio::test]
async fn a_changed_file_is_served_at_once() {
    let server = server().await;
    let brotli = "Accept-Encoding: br\r\n";
    let before = get(&server, "/dist/reco.js", brotli).await;
    let changed = script().replace("42", "43");
    std::fs::write(server.folder.path().join("dist/reco.js"), &changed).unwrap();
    let after = get(&server, "/dist/reco.js", brotli).await;
    assert_ne!(before.header("etag"), after.header("etag"));
    assert_eq!(unbrotli(&after.body), changed);
}

fn unbrotli(bytes: &[u8]) -> String {
    let mut text = String::new();
    brotli::Decompressor::new(bytes, 4096).read_to_string(&mut text).unwrap();
    text
}

#[tokio::test]
async fn compressible_files_are_compressed() {
    let server = server().await;
    let brotli =
        get(&server, "/dist/reco.js", "Accept-Encoding: gzip, deflate, br, zstd\r\n").await;
    assert_eq!(brotli.header("content-encoding"), Some("br"));
    assert_eq!(brotli.header("vary"), Some("Accept-Encoding"));
    assert!(brotli.body.len() < 200);
    assert_eq!(unbrotli(&brotli.body), script());
    // The second response comes from the cache.
    assert_eq!(get(&server, "/dist/reco.js", "Accept-Encoding: br\r\n").await.body, brotli.body);

    let gzip = get(&server, "/dist/reco.js", "Accept-Encoding: gzip\r\n").await;
    assert_eq!(gzip.header("content-encoding"), Some("gzip"));
    let mut text = String::new();
    flate2::read::GzDecoder::new(gzip.body.as_slice()).read_to_string(&mut text).unwrap();
    assert_eq!(text, script());

    let plain = get(&server, "/dist/reco.js", "").await;
    assert_eq!(
        (plain.header("content-encoding"), plain.header("vary")),
        (None, Some("Accept-Encoding"))
    );
    assert_eq!(plain.text(), script());
    let video = get(&server, "/video.mp4", "Accept-Encoding: br\r\n").await;
    assert_eq!((video.header("content-encoding"), video.header("vary")), (None, None));
}

#[tokio::test]
async fn an_address_with_a_version_is_cacheable() {
    let server = server().await;
    for (query, expected) in [
        ("?v=1a2b", "public, max-age=31536000, immutable"),
        ("?x=1&v=1a2b", "public, max-age=31536000, immutable"),
        ("?v=", "no-cache"),
        ("?version=1", "no-cache"),
    ] {
        let answer = get(&server, &format!("/dist/reco.js{query}"), "").await;
        assert_eq!(answer.header("cache-control"), Some(expected), "{query}");
    }
    let missing = get(&server, "/dist/other.js?v=1a2b", "").await;
    assert_eq!((missing.status, missing.header("cache-control")), (404, Some("no-store")));
}

#[tokio::test]
async fn a_range_request_gets_the_requested_part() {
    let server = server().await;
    for (range, status, part, content_range) in [
        ("bytes=0-3", 206, "0123", Some("bytes 0-3/10")),
        ("bytes=7-", 206, "789", Some("bytes 7-9/10")),
        ("bytes=-2", 206, "89", Some("bytes 8-9/10")),
        ("bytes=10-", 416, "", Some("bytes */10")),
        ("bytes=0-1,3-4", 200, "0123456789", None),
    ] {
        let answer = get(&server, "/video.mp4", &format!("Range: {range}\r\n")).await;
        assert_eq!((answer.status, answer.text().as_str()), (status, part), "{range}");
        assert_eq!(answer.header("content-range"), content_range);
        assert_eq!(answer.header("accept-ranges"), Some("bytes"));
    }
    let tag = get(&server, "/video.mp4", "").await.header("etag").unwrap().to_owned();
    for (tag, status) in [(tag.as_str(), 206), ("\"other\"", 200)] {
        let answer =
            get(&server, "/video.mp4", &format!("Range: bytes=0-3\r\nIf-Range: {tag}\r\n")).await;
        assert_eq!(answer.status, status);
    }
    // Ranges refer to the file's content, never to its compressed form.
    let answer = get(&server, "/dist/reco.js", "Range: bytes=0-5\r\nAccept-Encoding: br\r\n").await;
    assert_eq!((answer.status, answer.text().as_str()), (206, "export"));
    assert_eq!(answer.header("content-encoding"), None);
}

#[tokio::test]
async fn files_outside_the_folder_are_not_served() {
    let server = server().await;
    #[cfg(unix)]
    for (from, to) in [("site/link.txt", "secret.txt"), ("site/out", "")] {
        let root = server.folder.path();
        std::os::unix::fs::symlink(root.join(to), root.join(from)).unwrap();
    }
    for target in [
        "/../secret.txt",
        "/..%2fsecret.txt",
        "/..%2Fsecret.txt",
        "/%2e%2e/secret.txt",
        "/%2e%2e%2fsecret.txt",
        "/sub/../../secret.txt",
        "/sub/..%2f..%2fsecret.txt",
        "/..%5csecret.txt",
        "/..\\secret.txt",
        "/dist/../secret.txt",
        "/dist/..%2fsecret.txt",
        "/dist/%2e%2e/secret.txt",
        "//secret.txt",
        "/%2fetc%2fpasswd",
        "/sub%2findex.html",
        "/dist//etc/passwd",
        "/dist/%2fetc/passwd",
        "/%00",
        "/index.html%00.txt",
        "/.hidden",
        "/%2ehidden",
        "/./index.html",
        "/link.txt",
        "/out/secret.txt",
        "/%ff",
        "/%",
        "/events.sqlite",
    ] {
        let answer = get(&server, target, "").await;
        assert_eq!(answer.status, 404, "{target}: {}", answer.text());
        assert!(!answer.text().contains("secret"), "{target}");
    }
    let absolute = format!(
        "GET http://{}/../secret.txt HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        server.address
    );
    assert_eq!(raw(server.address, absolute.as_bytes(), false).await.status, 400);
}

#[tokio::test]
async fn folders_are_not_listed() {
    let server = server().await;
    for target in ["/empty/", "/dist/", "/dist", "/nothing", "/index.html/", "/sub/x/"] {
        assert_eq!(get(&server, target, "").await.status, 404, "{target}");
    }
    let answer = get(&server, "/sub", "").await;
    assert_eq!((answer.status, answer.header("location")), (308, Some("./sub/")));
    let bare = Server::start().await;
    for target in ["/", "/dist/reco.js"] {
        assert_eq!(bare.get(target).await.status, 404, "nothing is served without a folder");
    }
}

//! Start and stop, bounds on connections, and the configuration.

use crate::common::{PATIENCE, SECRET, Server, batch, click, parse, send};
use recobeacon_collector::config::{Config, Overrides};
use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const BINARY: &str = env!("CARGO_BIN_EXE_recobeacon-collector");

#[tokio::test]
async fn health_is_that_of_the_database() {
    let server = Server::start().await;
    let answer = server.get("/healthz").await;
    assert_eq!((answer.status, answer.text().as_str()), (200, "ok\n"));
    rusqlite::Connection::open(server.database())
        .unwrap()
        .execute_batch("DROP TABLE events")
        .unwrap();
    assert_eq!(server.get("/healthz").await.status, 503);
    let answer = server.post(batch("s1", 0, &[click(1)])).await;
    assert_eq!((answer.status, answer.header("retry-after")), (503, Some("5")));
    assert_eq!(answer.header("set-cookie"), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_that_is_under_way_is_finished_before_the_stop() {
    let server = Server::start().await;
    let (address, database, folder) = (server.address, server.database(), server.folder);
    let body = batch("s1", 0, &[click(1)]).to_string();
    let mut open = TcpStream::connect(address).await.unwrap();
    let head =
        format!("POST /v1/events HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n", body.len());
    open.write_all(head.as_bytes()).await.unwrap();
    open.write_all(&body.as_bytes()[..20]).await.unwrap();
    // Until the server has it in its hands.
    assert_eq!(send(address, "GET", "/healthz", "", b"").await.status, 200);

    let stopping = tokio::spawn(server.collector.stop());
    let refused = async {
        while TcpStream::connect(address).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(PATIENCE, refused).await.unwrap();
    open.write_all(&body.as_bytes()[20..]).await.unwrap();
    let mut received = Vec::new();
    open.read_to_end(&mut received).await.unwrap();
    assert_eq!(parse(&received, false).status, 204);
    stopping.await.unwrap();
    let stored: i64 = rusqlite::Connection::open(database)
        .unwrap()
        .query_row("SELECT count(*) FROM events", [], |row| row.get(0))
        .unwrap();
    assert_eq!(stored, 1);
    drop(folder);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_never_ends_is_cut_off_by_the_stop() {
    let server = Server::with("[limits]\nstop_seconds = 1\n").await;
    let mut open = TcpStream::connect(server.address).await.unwrap();
    open.write_all(b"POST /v1/events HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n{")
        .await
        .unwrap();
    assert_eq!(server.get("/healthz").await.status, 200);
    let begun = Instant::now();
    server.collector.stop().await;
    assert!((900..3000).contains(&begun.elapsed().as_millis()), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn slow_clients_are_let_go() {
    let server = Server::with("[limits]\nbody_seconds = 1\nheader_seconds = 1\n").await;
    let mut slow = TcpStream::connect(server.address).await.unwrap();
    slow.write_all(b"POST /v1/events HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n{")
        .await
        .unwrap();
    let mut received = Vec::new();
    tokio::time::timeout(PATIENCE, slow.read_to_end(&mut received)).await.unwrap().unwrap();
    let answer = parse(&received, false);
    assert_eq!((answer.status, answer.header("connection")), (408, Some("close")));

    let mut slower = TcpStream::connect(server.address).await.unwrap();
    slower.write_all(b"GET / HT").await.unwrap();
    let ended =
        tokio::time::timeout(Duration::from_secs(5), slower.read_to_end(&mut Vec::new())).await;
    assert!(ended.is_ok(), "the connection is still open");
}

#[tokio::test]
async fn connections_are_bounded_and_wait_their_turn() {
    let server = Server::with("[limits]\nconnections = 2\n").await;
    let first = TcpStream::connect(server.address).await.unwrap();
    let second = TcpStream::connect(server.address).await.unwrap();
    let address = server.address;
    let waiting =
        tokio::spawn(async move { send(address, "GET", "/healthz", "", b"").await.status });
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(!waiting.is_finished());
    drop(first);
    assert_eq!(tokio::time::timeout(PATIENCE, waiting).await.unwrap().unwrap(), 200);
    drop(second);
}

#[tokio::test]
async fn the_command_says_where_it_listens_and_ends_well_by_either_signal() {
    for signal in ["-INT", "-TERM"] {
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("collector.toml");
        std::fs::write(
            &config,
            format!("listen = \"127.0.0.2:1\"\n[[keys]]\nnumber = 1\nsecret = \"{SECRET}\"\n"),
        )
        .unwrap();
        let mut child = Command::new(BINARY)
            .arg("--config")
            .arg(&config)
            .args(["--listen", "127.0.0.1:0", "--database"])
            .arg(folder.path().join("new/events.sqlite"))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        let address =
            line.strip_prefix("listening on http://").unwrap().trim_end().parse().unwrap();
        assert_eq!(send(address, "GET", "/healthz", "", b"").await.status, 200);
        let killed = Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap();
        assert!(killed.success());
        assert_eq!(child.wait().unwrap().code(), Some(0), "{signal}");
        let mut rest = String::new();
        stdout.read_to_string(&mut rest).unwrap();
        assert_eq!(rest, "", "one line and no more");
        assert!(
            !folder.path().join("new/events.sqlite.key").exists(),
            "the configured key is used"
        );
    }
}

fn run(arguments: &[&str]) -> Output {
    Command::new(BINARY).args(arguments).output().unwrap()
}

#[test]
fn a_start_that_fails_says_why_and_how() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    std::fs::write(at("wrong.toml"), "[[keys]]\nnumber = 1\nsecret = 12345678901234567\n").unwrap();
    std::fs::write(at("no-database"), "x".repeat(5000)).unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let listen = taken.local_addr().unwrap().to_string();
    let cases: [(&[&str], &str); 5] = [
        (&["--config", &at("none.toml")], "cannot be read"),
        (&["--config", &at("wrong.toml")], "line 3: invalid type"),
        (&["--listen", "127.0.0.1:0", "--database", &at("no-database")], "not a database"),
        (&["--listen", &listen, "--database", &at("a")], "cannot listen on"),
        (
            &["--listen", "127.0.0.1:0", "--database", &at("a"), "--dist", &at("none")],
            "is not a folder",
        ),
    ];
    for (arguments, sentence) in cases {
        let output = run(arguments);
        let log = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        assert!(log.contains(sentence), "{arguments:?}: {log}");
        assert!(output.stdout.is_empty());
        assert!(!log.contains("secret = "), "the line of a secret is not repeated: {log}");
    }
    assert_eq!(run(&["--listen", "nowhere"]).status.code(), Some(2));
}

#[test]
fn a_wrong_configuration_is_refused_by_name() {
    let key = format!("number = 1\nsecret = \"{SECRET}\"\n");
    for (toml, sentence) in [
        ("listne = \"127.0.0.1:1\"", "line 1: unknown field `listne`"),
        ("\nlisten = \"localhost\"", "line 2: "),
        ("admin_token = \"short\"", "admin_token: must have at least 16 characters"),
        ("[[keys]]\nnumber = 1\nsecret = \"0102\"", "keys: secret of 1: must have at least 32"),
        ("[[keys]]\nnumber = 2\nsecret = \"zz\"", "keys: secret of 2: must be hexadecimal"),
        ("[[keys]]\nnumber = 1", "missing field `secret`"),
        (&format!("[[keys]]\n{key}[[keys]]\n{key}"), "keys: number 1 is there twice"),
        ("[cookie]\nname = \"a;b\"", "cookie.name: "),
        ("[cookie]\ndomain = \"shop.example; Secure\"", "cookie.domain: "),
        ("[cookie]\ndays = 401", "cookie.days: must be 1 to 400"),
        ("[cookie]\nsecure = true", "unknown field `secure`"),
        ("[ibexa]\ncustomers = [\"a/b\"]", "ibexa.customers: \"a/b\" is not alphanumeric"),
        ("[limits]\nbody_bytes = 0", "limits.body_bytes: must not be 0"),
        ("[limits]\nbody = 5", "unknown field `body`"),
    ] {
        let error = Config::from_toml(toml, Overrides::default()).unwrap_err().to_string();
        assert!(error.contains(sentence), "{toml}: {error}");
        assert!(!error.contains(SECRET));
    }
}

#[test]
fn the_example_configuration_is_one() {
    let example = include_str!("../../collector.example.toml");
    let config = Config::from_toml(example, Overrides::default()).unwrap();
    assert_eq!(config.listen.to_string(), "127.0.0.1:8787");
    // Every commented setting is right as well. The folders need not exist here.
    let lines = example.lines().map(|line| line.strip_prefix("#: ").unwrap_or(line));
    let all: Vec<_> =
        lines.filter(|line| !line.starts_with("dist =") && !line.starts_with("site =")).collect();
    let config = Config::from_toml(&all.join("\n"), Overrides::default()).unwrap();
    assert!(config.cookie.is_some() && config.admin_token.is_some());
    let vendors = config.vendors;
    assert!(vendors.customers.is_some() && vendors.yoochoose.customers.is_some());
    assert_eq!(vendors.factfinder.base_path, "/FACT-Finder");
    assert_eq!((vendors.factfinder.keys.len(), vendors.intempt.keys.len()), (1, 1));
    assert_eq!(vendors.factfinder.channels.currency("de").unwrap(), "EUR");
    assert_eq!(config.keys.len(), 2);
}

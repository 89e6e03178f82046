//! Start and stop, limits for connections, and the configuration.

use crate::common::database;
use crate::common::process::{FREE, Process, run};
use crate::common::{PATIENCE, SECRET, Server, batch, click, parse, send};
use recobeacon_collector::config::{Config, Overrides};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

#[tokio::test]
async fn healthz_reports_the_state_of_the_database() {
    let server = Server::start().await;
    let answer = server.get("/healthz").await;
    assert_eq!((answer.status, answer.text().as_str()), (200, "ok\n"));
    let drop = ["DROP TABLE events", "DROP TABLE events CASCADE"];
    database::run(&server.place(), drop[usize::from(database::is_postgres())]);
    assert_eq!(server.get("/healthz").await.status, 503);
    let answer = server.post(batch("s1", 0, &[click(1)])).await;
    assert_eq!((answer.status, answer.header("retry-after")), (503, Some("5")));
    assert_eq!(answer.header("set-cookie"), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_open_request_is_finished_before_the_stop() {
    let server = Server::start().await;
    let (address, place, folder) = (server.address, server.place(), server.folder);
    let body = batch("s1", 0, &[click(1)]).to_string();
    let mut open = TcpStream::connect(address).await.unwrap();
    let head =
        format!("POST /v1/events HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n", body.len());
    open.write_all(head.as_bytes()).await.unwrap();
    open.write_all(&body.as_bytes()[..20]).await.unwrap();
    // By the time of this response the server has the request above.
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
    assert_eq!(database::number(&place, "SELECT count(*) FROM events"), 1);
    drop(folder);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unfinished_request_is_aborted_by_the_stop() {
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
async fn slow_clients_are_disconnected() {
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
async fn connections_are_limited_and_further_ones_wait() {
    let server = Server::with("[limits]\nconnections = 2\n").await;
    let address = server.address;
    let busy = async || {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let head = b"POST /v1/events HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n";
        stream.write_all(head).await.unwrap();
        // The server waits for the body now.
        assert!(stream.read(&mut [0; 64]).await.unwrap() > 0);
        stream
    };
    let (first, second) = (busy().await, busy().await);
    let waiting =
        tokio::spawn(async move { send(address, "GET", "/healthz", "", b"").await.status });
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(!waiting.is_finished());
    drop(first);
    assert_eq!(tokio::time::timeout(PATIENCE, waiting).await.unwrap().unwrap(), 200);
    drop(second);
}

#[tokio::test]
async fn the_command_prints_its_addresses_and_exits_with_0_on_each_signal() {
    for signal in ["-INT", "-TERM", "-QUIT"] {
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("collector.toml");
        std::fs::write(
            &config,
            format!("listen = \"127.0.0.2:1\"\n[[keys]]\nnumber = 1\nsecret = \"{SECRET}\"\n"),
        )
        .unwrap();
        let database = folder.path().join("new/events.sqlite");
        let arguments =
            ["--config", config.to_str().unwrap(), "--database", database.to_str().unwrap()];
        let collector = Process::start(&arguments);
        for address in [collector.address, collector.admin] {
            assert_eq!(send(address, "GET", "/healthz", "", b"").await.status, 200);
        }
        assert_ne!(collector.address, collector.admin);
        // A closing terminal sends it, and so do operators who expect a reload.
        collector.signal("-HUP");
        collector.signal("-HUP");
        assert_eq!(send(collector.address, "GET", "/healthz", "", b"").await.status, 200);
        collector.signal(signal);
        let (code, rest, log) = collector.end();
        assert!(log.contains("SIGHUP"), "{log}");
        assert_eq!((code, rest.as_str()), (Some(0), ""), "{signal}: exactly two lines");
        assert!(
            !folder.path().join("new/events.sqlite.key").exists(),
            "the configured key is used"
        );
    }
}

#[test]
fn a_failed_start_reports_the_cause() {
    let folder = tempfile::tempdir().unwrap();
    let free = |more: &[&str]| -> Vec<String> {
        FREE.iter().chain(more).map(|argument| (*argument).to_owned()).collect()
    };
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    std::fs::write(at("wrong.toml"), "[[keys]]\nnumber = 1\nsecret = 12345678901234567\n").unwrap();
    std::fs::write(at("no-database"), "x".repeat(5000)).unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let listen = taken.local_addr().unwrap().to_string();
    let plain = |arguments: &[&str]| arguments.iter().map(|one| (*one).to_owned()).collect();
    let cases: [(Vec<String>, &str); 7] = [
        (plain(&["--config", &at("none.toml")]), "cannot be read"),
        (
            plain(&["--config", &at("wrong.toml")]),
            "line 3: keys[0].secret: invalid type: integer, expected a string",
        ),
        (free(&["--database", &at("no-database")]), "not a database"),
        (plain(&["--listen", &listen, "--database", &at("a")]), "cannot listen on"),
        (
            plain(&["--listen", "127.0.0.1:0", "--admin-listen", &listen, "--database", &at("a")]),
            &format!("admin_listen: cannot listen on {listen}"),
        ),
        (
            plain(&[
                "--listen",
                "127.0.0.1:0",
                "--admin-listen",
                "0.0.0.0:0",
                "--database",
                &at("a"),
            ]),
            "admin_listen: 0.0.0.0:0 can be reached from elsewhere, so admin_token must be set",
        ),
        (free(&["--database", &at("a"), "--dist", &at("none")]), "is not a folder"),
    ];
    for (arguments, sentence) in cases {
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let output = run(&arguments);
        let log = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        assert!(log.contains(sentence), "{arguments:?}: {log}");
        assert!(output.stdout.is_empty());
        assert!(!log.contains("1234567"), "the secret is not repeated: {log}");
    }
    assert_eq!(run(&["--listen", "nowhere"]).status.code(), Some(2));
}

#[test]
fn the_refusal_of_an_invalid_configuration_names_the_setting() {
    let key = format!("number = 1\nsecret = \"{SECRET}\"\n");
    for (toml, sentence) in [
        ("listne = \"127.0.0.1:1\"", "line 1: listne: unknown field `listne`"),
        ("\nlisten = \"localhost\"", "line 2: "),
        ("admin_token = \"short\"", "admin_token: must have at least 16 characters"),
        (
            "admin_token = \"at least 16 characters\"",
            "admin_token: must have ASCII characters only, and no spaces",
        ),
        ("admin_listen = \"[::]:1\"", "admin_listen: [::]:1 can be reached from elsewhere"),
        ("admin_listen = \"192.168.1.2:1\"", "admin_listen: 192.168.1.2:1 can be reached"),
        (
            "inspector = true\nadmin_token = \"0123456789abcdef\"",
            "inspector: cannot be used with admin_token",
        ),
        ("[[keys]]\nnumber = 1\nsecret = \"0102\"", "keys[0].secret: must have at least 32"),
        ("[[keys]]\nnumber = 2\nsecret = \"zz\"", "keys[0].secret: must be hexadecimal"),
        ("[[keys]]\nnumber = 1", "keys[0].secret: is required"),
        (&format!("[[keys]]\n{key}[[keys]]\n{key}"), "keys[1].number: 1 appears twice"),
        ("[cookie]\nname = \"a;b\"", "cookie.name: "),
        ("[cookie]\ndomain = \"shop.example; Secure\"", "cookie.domain: "),
        ("[cookie]\ndays = 401", "cookie.days: must be a whole number, 1 to 400"),
        ("[cookie]\nsecure = true", "unknown field `secure`"),
        ("[ibexa]\ncustomers = [\"a/b\"]", "ibexa.customers: \"a/b\" is not alphanumeric"),
        ("[cookie]\ndays = 18446744073709551615", "cookie.days: must be a whole number, 1 to 400"),
        (
            "[[keys]]\nnumber = -1\nsecret = \"00\"",
            "keys[0].number: must be a whole number, 0 to 4294967295",
        ),
        ("[limits]\nbody_bytes = 0", "limits.body_bytes: must be a whole number, 1 to 67108864"),
        (
            "[limits]\nconnections = 9000000000000000000",
            "limits.connections: must be a whole number, 1 to 100000",
        ),
        (
            "[limits]\nheader_seconds = 18446744073709551615",
            "limits.header_seconds: must be a whole number, 1 to 3600",
        ),
        ("[limits]\nbody_seconds = 99999999999999999999999999999999999999999999", "line 2: "),
        ("[limits]\nstreams = -1", "limits.streams: must be a whole number, 1 to 100000"),
        (
            "[limits]\ndatabase_mib = -1",
            "limits.database_mib: must be a whole number, 0 to 16777216",
        ),
        ("[retention]\ndays = 0", "retention.days: must be a whole number, 1 to 36525"),
        ("[retention]\norders_days = 0", "retention.orders_days: must be a whole number, 1 to"),
        ("[retention]\nerased_days = 0", "retention.erased_days: must be a whole number, 1 to"),
        ("[retention]\nmonths = 1", "unknown field `months`"),
        (
            "[retention.customers]\n00001 = -1",
            "retention.customers.00001: must be a whole number, 0 to 36525",
        ),
        ("[limits]\nwaiting = 1.5", "limits.waiting: must be a whole number, 1 to 100000"),
        ("[limits]\nurl_bytes = \"1\"", "limits.url_bytes: must be a whole number, 1 to 65536"),
        ("trusted_proxies = [\"proxy\"]", "trusted_proxies: \"proxy\" is not an address"),
        ("[limits]\nbody = 5", "unknown field `body`"),
    ] {
        let error = Config::from_toml(toml, Overrides::default()).unwrap_err().to_string();
        assert!(error.contains(sentence), "{toml}: {error}");
        assert!(!error.contains(SECRET));
    }
}

/// A regression test: larger values made the collector panic.
#[tokio::test]
async fn the_largest_allowed_limits_work() {
    let limits = [
        "body_bytes = 67108864",
        "url_bytes = 65536",
        "batch_events = 10000",
        "first_byte_seconds = 3600",
        "header_seconds = 3600",
        "body_seconds = 3600",
        "write_seconds = 3600",
        "stop_seconds = 3600",
        "connections = 100000",
        "address_connections = 100000",
        "address_requests = 100000",
        "customer_events = 1000000",
        "customer_rows = 1000000000000",
        "streams = 100000",
        "waiting = 100000",
        "database_mib = 16777216",
    ];
    let server = Server::with(&format!("[limits]\n{}\n", limits.join("\n"))).await;
    assert_eq!(server.post(batch("s1", 0, &[click(1)])).await.status, 204);
    assert_eq!(server.events().await.len(), 1);
    server.collector.stop().await;
}

#[test]
fn the_example_configuration_is_valid() {
    let example = include_str!("../../collector.example.toml");
    let config = Config::from_toml(example, Overrides::default()).unwrap();
    assert_eq!(config.listen.to_string(), "127.0.0.1:8787");
    assert_eq!(config.admin_listen.to_string(), "127.0.0.1:8788");
    // With a token the admin listener may have any address.
    let far = "admin_listen = \"0.0.0.0:1\"\nadmin_token = \"0123456789abcdef\"";
    assert!(Config::from_toml(far, Overrides::default()).is_ok());
    // All commented settings are valid as well. The folders and the file of a key do not exist here.
    let lines = example.lines().map(|line| line.strip_prefix("#: ").unwrap_or(line));
    // `inspector` cannot be used with a token, and a bound of rows not in a cluster.
    let apart = ["dist =", "site =", "inspector =", "api_key_file =", "ca =", "rows ="];
    // The token of the example is empty, because it is public.
    let token = "admin_token = \"0123456789abcdef\"";
    let all: Vec<_> = lines
        .filter(|line| !apart.iter().any(|name| line.starts_with(name)))
        .map(|line| if line.starts_with("admin_token =") { token } else { line })
        .collect();
    // A cluster has no feeds.
    let without = |table: &str| {
        let mut within = false;
        let is_other = |line: &&&str| {
            within = if line.starts_with('[') { **line == table } else { within };
            !within
        };
        let lines: Vec<&str> = all.iter().filter(is_other).copied().collect();
        Config::from_toml(&lines.join("\n"), Overrides::default()).unwrap()
    };
    assert!(without("[cluster]").feeds.is_some());
    let config = without("[feeds]");
    assert!(config.cluster.is_some() && config.feeds.is_none());
    assert!(config.cookie.is_some() && config.admin_token.is_some());
    let vendors = config.vendors;
    assert!(vendors.customers.is_some() && vendors.yoochoose.customers.is_some());
    assert_eq!(vendors.factfinder.base_path, "/FACT-Finder");
    assert_eq!((vendors.factfinder.keys.len(), vendors.intempt.keys.len()), (1, 1));
    assert_eq!(vendors.factfinder.channels.currency("de").unwrap(), "EUR");
    assert_eq!(config.keys.len(), 2);
    assert_eq!((config.retention.days, config.retention.orders_days), (Some(365), Some(3650)));
    assert_eq!(
        (config.retention.days_of("shop-de"), config.retention.erased_days),
        (Some(90), Some(90))
    );
}

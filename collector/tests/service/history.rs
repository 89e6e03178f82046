//! The commands `import` and `export`: files of past events.

use crate::common::database::{address, further};
use crate::common::process::BINARY;
use crate::common::{SECRET, Server, batch, click, hash};
use crate::generate::call;
use proptest::prelude::*;
use recobeacon_collector::history::read::lines;
use recobeacon_collector::history::write::Writer;
use recobeacon_collector::history::{Format, parse};
use recobeacon_collector::pseudonym::{Hasher, Key};
use recobeacon_collector::store::Row;
use serde_json::{Value, json};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

const CSV: &str = "\
type,at,user,anonymous,itemId,categoryPath,price,quantity,orderId,items,scenario,variant,positive,query
click,2026-01-01T10:00:00Z,,a1,123,Shoes/Children,,,,,,,,
basket,1767261700000,johndoe,,123,,49.90EUR,2,,,,,,
buy,2026-01-01T11:05:00+01:00,johndoe,,123,,49.90EUR,2,o-1,,,,,
rendered,2026-01-01T10:06:00.5Z,,a1,,,,,,\"[1,\"\"2\"\"]\",also,B,,
feedback,2026-01-01T10:06:00Z,,a1,,,,,,,,,TRUE,shoes
";

const JSONL: &str = r#"
{"type":"click","at":"2026-01-01T10:00:00Z","anonymous":"a1","itemId":123,"categoryPath":["Shoes","Children"]}
{"type":"basket","at":1767261700000,"user":"johndoe","itemId":"123","price":{"amount":"49.90","currency":"EUR"},"quantity":2}

{"type":"buy","at":1767261900000,"user":"johndoe","itemId":"123","price":"49.90EUR","quantity":2,"orderId":"o-1"}
{"type":"rendered","at":1767261960500,"anonymous":"a1","items":[1,"2"],"scenario":"also","variant":"B"}
{"type":"feedback","at":1767261960000,"anonymous":"a1","positive":true,"query":"shoes"}
"#;

/// A folder with a configuration, for one database.
struct Shop(TempDir);

impl Shop {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = format!("[[keys]]\nnumber = 3\nsecret = \"{SECRET}\"\n");
        std::fs::write(folder.path().join("collector.toml"), config).unwrap();
        Self(folder)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn database(&self) -> String {
        address(self.0.path())
    }

    fn file(&self, name: &str, content: &str) -> String {
        std::fs::write(self.path(name), content).unwrap();
        self.path(name).to_str().unwrap().to_owned()
    }

    fn run(&self, database: &str, arguments: &[&str], input: &str) -> Output {
        let mut child = Command::new(BINARY)
            .args(arguments)
            .arg("--config")
            .arg(self.path("collector.toml"))
            .arg("--database")
            .arg(database)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // The command may end before it has read everything.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        child.wait_with_output().unwrap()
    }

    /// Runs a command that succeeds, and returns its output.
    fn done(&self, database: &str, arguments: &[&str]) -> String {
        let output = self.run(database, arguments, "");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }
}

/// The stored rows as JSON, without the time of receipt.
fn rows(shop: &Shop, database: &str) -> Vec<Value> {
    let without_receipt = |line: &str| {
        let mut row: Value = serde_json::from_str(line).unwrap();
        row.as_object_mut().unwrap().remove("receivedAt").unwrap();
        row
    };
    shop.done(database, &["export"]).lines().map(without_receipt).collect()
}

#[test]
fn both_formats_store_the_same_events_and_twice_equals_once() {
    let shop = Shop::new();
    let [csv, jsonl] = [("h.csv", CSV), ("h.jsonl", JSONL)].map(|(n, text)| shop.file(n, text));
    let (first, second) = (shop.database(), further(shop.0.path(), "b"));
    let counts = |new, known| {
        format!("{new} new events, {known} that were stored before, 0 invalid lines\n")
    };
    assert_eq!(shop.done(&first, &["import", &csv]), counts(5, 0));
    assert_eq!(shop.done(&second, &["import", &jsonl]), counts(5, 0));
    assert_eq!(rows(&shop, &first), rows(&shop, &second));
    assert_eq!(shop.done(&first, &["import", &csv]), counts(0, 5));
    assert_eq!(shop.done(&first, &["import", &jsonl]), counts(0, 5));

    let stored = rows(&shop, &first);
    assert_eq!(stored[1]["userHash"], hash("johndoe"));
    assert_eq!(stored[2]["at"], 1_767_261_900_000_u64);
    assert_eq!(stored[3]["at"], 1_767_261_960_500_u64);
    assert_eq!(stored[3]["variant"], "B");
    assert_eq!(stored[4]["positive"], true);
    assert!(stored.iter().all(|row| row["source"] == "import" && row["key"] == 3));
}

#[test]
fn the_published_example_is_valid() {
    let shop = Shop::new();
    let example = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/history.csv");
    let out = shop.done(&shop.database(), &["import", example]);
    assert_eq!(out, "6 new events, 0 that were stored before, 0 invalid lines\n");
}

#[tokio::test]
async fn a_running_collector_stores_on_while_a_file_is_imported() {
    let server = Server::start().await;
    let shop = Shop::new();
    let lines = 5000;
    let mut file = String::from("type,at,anonymous,itemId\n");
    for n in 0..lines {
        file.push_str(&format!("click,{},a1,{n}\n", 1_700_000_000_000_u64 + n));
    }
    let (database, csv) = (address(server.folder.path()), shop.file("h.csv", &file));
    let import = tokio::task::spawn_blocking(move || shop.done(&database, &["import", &csv]));
    for n in 0..50 {
        assert_eq!(server.post(batch("s1", n, &[click(n)])).await.status, 204);
    }
    import.await.unwrap();
    let events = server.events().await;
    assert_eq!(events.len() as u64, lines + 50);
    assert_eq!(events.iter().filter(|event| event["source"] == "import").count() as u64, lines);
}

#[tokio::test]
async fn an_export_imported_into_an_empty_database_gives_the_same_rows() {
    let server = Server::start().await;
    server.post(batch("s1", 1, &[click(1), click(2)])).await;
    let intempt = json!({ "track": [{ "name": "Product viewed", "payload": [{
        "eventId": "e1", "userId": "u", "sessionId": "s", "accountId": "company",
        "data": { "productId": "SKU,\"1\"", "price": 1.10, "colour": ["red", null] },
    }] }] });
    for (target, body) in [
        ("/v1/org/projects/shop/sources/1234567890123456789/track", intempt.to_string()),
        ("/api/00000/buy/johndoe/1/11?fullprice=19.99EUR&quantity=2&lang=de", String::new()),
        (
            "/Tracking.ff?event=cart&channel=shop&id=1&sid=abc&price=1.5&count=2&userId=u",
            String::new(),
        ),
    ] {
        let json = "Content-Type: application/json\r\n";
        let answer = server.send("POST", target, json, body.as_bytes()).await;
        assert!(answer.status < 300, "{target}: {}", answer.text());
    }
    let shop = Shop::new();
    let database = address(server.folder.path());
    let exported = shop.done(&database, &["export"]);
    assert_eq!(exported.lines().count(), 5);
    for format in ["jsonl", "csv"] {
        let name = format!("h.{format}");
        let file = shop.path(&name).to_str().unwrap().to_owned();
        shop.done(&database, &["export", "--format", format, "--output", &file]);
        let copy = further(shop.0.path(), format);
        shop.done(&copy, &["import", &file]);
        assert_eq!(shop.done(&copy, &["export"]), exported, "{format}");
        // An existing file is not overwritten.
        let again = shop.run(&database, &["export", "--output", &file], "");
        assert!(!again.status.success());
    }
}

#[test]
fn a_selection_is_exported() {
    let shop = Shop::new();
    let database = shop.database();
    shop.done(&database, &["import", &shop.file("h.csv", CSV)]);
    let count = |arguments: &[&str]| {
        shop.done(&database, &[&["export"], arguments].concat()).lines().count()
    };
    assert_eq!(count(&["--type", "buy", "--type", "basket"]), 2);
    assert_eq!(count(&["--from", "2026-01-01T10:05:00Z"]), 3);
    assert_eq!(count(&["--to", "2026-01-01T10:05:00Z"]), 2);
    assert_eq!((count(&["--from", "2026-01-01"]), count(&["--from", "2026-01-02"])), (5, 0));
    assert_eq!((count(&["--to", "2026-01-01"]), count(&["--to", "2026-01-02"])), (0, 5));
    let wrong = shop.run(&database, &["export", "--type", "purchase"], "");
    assert!(!wrong.status.success());
    let wrong = shop.run(&database, &["export", "--from", "yesterday"], "");
    let log = String::from_utf8(wrong.stderr).unwrap();
    assert!(log.contains("must be like 2026-11-27 or 2026-11-27T00:00:00Z"), "{log}");
    // `-` is the standard output, as it is the standard input of `import`.
    assert_eq!(count(&["--output", "-"]), 5);
    assert!(!Path::new("-").exists());
}

#[test]
fn a_flag_without_effect_is_refused() {
    let shop = Shop::new();
    let database = shop.database();
    let history = shop.file("h.csv", CSV);
    shop.done(&database, &["import", &history]);
    let key = shop.file("license.key", "8695-1828-92810-5535-4239");
    let ibexa = ["--format", "ibexa", "--ibexa-customer", "00000", "--license-key-file", &key];
    let input = [ibexa.as_slice(), &["--input", &history]].concat();
    let lines = shop.file("h.jsonl", JSONL);
    for (command, flags, sentence) in [
        (
            "export",
            vec!["--from", "2026-01-02", "--to", "2026-01-01"],
            "--from: must be before --to",
        ),
        (
            "export",
            vec!["--from", "2026-01-02", "--to", "2026-01-02"],
            "--from: must be before --to",
        ),
        ("export", vec!["--input", &history], "--input: only with --format ibexa"),
        ("export", vec!["--format", "csv", "--ibexa-customer", "1"], "--ibexa-customer: only with"),
        ("export", vec!["--license-key-file", &key], "--license-key-file: only with"),
        ("export", vec!["--endpoint", "https://x.example"], "--endpoint: only with"),
        (
            "export",
            [&ibexa, ["--type", "click"].as_slice()].concat(),
            "--type: --format ibexa writes",
        ),
        ("export", [&input, ["--type", "buy"].as_slice()].concat(), "--type: selects from the"),
        ("export", [&input, ["--from", "2026-01-01"].as_slice()].concat(), "--from: selects from"),
        ("export", [&input, ["--to", "2026-01-01"].as_slice()].concat(), "--to: selects from the"),
        ("export", [&input, ["--customer", "de"].as_slice()].concat(), "--customer: selects from"),
        ("export", [&ibexa, ["--input", "-"].as_slice()].concat(), "--input: the file's name must"),
        ("import", vec![&lines, "--delimiter", ";"], "--delimiter: only for CSV"),
    ] {
        let output = shop.run(&database, &[&[command], flags.as_slice()].concat(), "");
        let log = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && log.contains(sentence), "{flags:?}: {log}");
        assert_eq!(output.stdout, b"", "{flags:?}");
    }
    for flags in [&[], ["--type", "buy"].as_slice()] {
        let flags = [&["export"], ibexa.as_slice(), flags].concat();
        assert_eq!(shop.done(&database, &flags).lines().count(), 1);
    }
}

#[test]
fn an_invalid_line_is_named_with_its_column_and_stores_nothing() {
    for (line, sentence) in [
        ("purchase,2026-01-01T10:00:00Z,1,,", "type: is not the name of an event"),
        (",2026-01-01T10:00:00Z,1,,", "type: is required"),
        ("click,,1,,", "at: is required"),
        ("click,1767261700,1,,", "at: is before March 1973: it must be in milliseconds"),
        (
            "click,yesterday,1,,",
            "at: must be milliseconds since 1970, or like 2026-11-27T14:30:00Z",
        ),
        ("click,2026-01-01T10:00:00Z,,,", "itemId: is required"),
        ("click,2026-01-01T10:00:00Z,1,1EUR,", "price: is not a field of click"),
        ("buy,2026-01-01T10:00:00Z,1,1.299 €,", "price: is ambiguous"),
        ("buy,2026-01-01T10:00:00Z,1,1EUR,abc", "id: must be a UUIDv7 in lower case"),
        ("click,2026-01-01T10:00:00Z,1", "has 3 cells, the header has 5"),
    ] {
        let shop = Shop::new();
        let database = shop.database();
        let good = "click,2026-01-01T10:00:00Z,1,,";
        let text =
            format!("type,at,itemId,price,id\n{good}\n{line}\nclick,2026-01-01T10:00:01Z,2,,\n");
        let file = shop.file("h.csv", &text);
        let wrong = format!("line 3: {sentence}");
        let stopped = shop.run(&database, &["import", &file], "");
        let log = String::from_utf8(stopped.stderr).unwrap();
        assert!(!stopped.status.success() && log.contains(&wrong), "{line}: {log}");
        assert_eq!(rows(&shop, &database).len(), 1, "{line}");
        let skipped = shop.run(&database, &["import", "--skip-invalid", &file], "");
        assert!(!skipped.status.success());
        assert_eq!(
            String::from_utf8(skipped.stdout).unwrap(),
            "1 new events, 1 that were stored before, 1 invalid lines\n",
            "{line}"
        );
    }
}

#[test]
fn a_header_or_a_name_that_is_not_known_is_refused() {
    let shop = Shop::new();
    let database = shop.database();
    for (name, text, sentence) in [
        ("a.csv", "type,at,prize\n", "line 1: prize: is not a column"),
        (
            "s.csv",
            "type;at;itemId\n",
            "is not a column of history files. If ; separates the cells, use --delimiter \";\"",
        ),
        ("t.csv", "type\tat\titemId\n", "If a tab separates the cells, use --delimiter $'\\t'"),
        ("b.csv", "type,at,at\n", "line 1: at: is there twice"),
        (
            "c.jsonl",
            "{\"type\":\"click\",\"at\":1,\"prize\":1}\n",
            "line 1: prize: is not a column",
        ),
        (
            "d.jsonl",
            "{\"type\":\"click\",\"type\":\"buy\"}\n",
            "line 1: type: this key appears twice in its object",
        ),
        ("e.jsonl", "click\n", "line 1: "),
        ("f.txt", "", "its name does not tell the format"),
    ] {
        let output = shop.run(&database, &["import", &shop.file(name, text)], "");
        let log = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && log.contains(sentence), "{name}: {log}");
    }
}

#[test]
fn a_trial_stores_nothing_and_reads_the_standard_input_and_semicolons() {
    let shop = Shop::new();
    let database = shop.database();
    let semicolons = "type;at;itemId\nclick;2026-01-01T10:00:00Z;1\nclick;2026-01-01T10:00:00Z;\n";
    let flags = ["import", "-", "--format", "csv", "--delimiter", ";", "--dry-run"];
    let output = shop.run(&database, &flags, semicolons);
    assert_eq!(
        String::from_utf8(output.stdout).unwrap(),
        "1 valid lines, 1 invalid ones; nothing was stored\n"
    );
    assert!(String::from_utf8(output.stderr).unwrap().contains("line 3: itemId: is required"));
    assert!(!Path::new(&database).exists());
    assert!(!Path::new(&format!("{database}.key")).exists());
}

fn parsed(format: Format, text: Vec<u8>, hasher: &Hasher) -> Vec<Result<Row, String>> {
    lines(format, b',', Box::new(std::io::Cursor::new(text)))
        .unwrap()
        .map(|line| parse::row(line.cells.unwrap(), 1, hasher))
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// A row of any event is the same after it was written and read.
    #[test]
    fn a_written_row_is_read_unchanged((kind, fields) in call(), at in 100_000_000_000_u64..4_000_000_000_000) {
        let hasher = Hasher::new(&[Key { number: 3, secret: vec![7; 32] }], Path::new("unused")).unwrap();
        // `buy` takes a list of purchases, of which one is a line.
        let mut line = if let Value::Array(all) = fields { all[0].clone() } else { fields };
        prop_assume!(line.is_object());
        line["type"] = json!(kind.name());
        line["at"] = json!(at);
        line["user"] = json!("johndoe");
        // `rendered` may have items of several types, which is several events.
        let Ok(row) = parsed(Format::Jsonl, line.to_string().into_bytes(), &hasher).remove(0) else { return Ok(()) };
        for format in [Format::Jsonl, Format::Csv] {
            let mut file = Vec::new();
            let mut writer = Writer::begin(format, &mut file).unwrap();
            writer.row(&row).unwrap();
            writer.end().unwrap();
            prop_assert_eq!(parsed(format, file, &hasher), [Ok(row.clone())]);
        }
    }
}

#[test]
fn a_line_with_an_e_mail_address_as_visitor_is_refused() {
    for name in ["user", "anonymous"] {
        let shop = Shop::new();
        let database = shop.database();
        let line = "buy,2026-01-01T10:00:00Z,1,1EUR,jane@shop.example";
        let file = shop.file("h.csv", &format!("type,at,itemId,price,{name}\n{line}\n"));
        let key = shop.file("key", "8695-1828-92810-5535-4239");
        let ibexa = ["--format", "ibexa", "--ibexa-customer", "00000", "--license-key-file", &key];
        for flags in [vec!["import", &file], [&["export", "--input", &file], &ibexa[..]].concat()] {
            let output = shop.run(&database, &flags, "");
            let log = String::from_utf8(output.stderr).unwrap();
            let wrong = format!("line 2: {name}: must be a pseudonym, not an e-mail address");
            assert!(!output.status.success() && log.contains(&wrong), "{flags:?}: {log}");
            assert!(!log.contains("jane@") && output.stdout.is_empty(), "{flags:?}: {log}");
        }
    }
}

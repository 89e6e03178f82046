//! The commands `hash`, `export-visitor`, `erase-visitor` and `rotate-key`, beside a running collector.

use crate::common::database::is_postgres;
use crate::common::desk::{Desk, buy, by};
use crate::common::process::Process;
use crate::common::{JOHNDOE, SECRET, batch, changed, send};
use serde_json::{Value, json};

async fn post(collector: &Process, stream: &str, events: &[Value]) {
    let body = batch(stream, 0, events).to_string();
    let answer = send(collector.address, "POST", "/v1/events", "", body.as_bytes()).await;
    assert_eq!(answer.status, 204, "{}", answer.text());
}

const ROWS: &str = "SELECT id FROM events ORDER BY row";

fn ids(numbers: &[u64]) -> Vec<String> {
    numbers.iter().map(|n| crate::common::id(*n)).collect()
}

/// The ids of the lines that `export-visitor` prints.
fn exported(out: &str) -> Vec<String> {
    let id = |line: &str| {
        let row: Value = serde_json::from_str(line).unwrap();
        row["id"].as_str().unwrap().to_owned()
    };
    out.lines().map(id).collect()
}

/// Two devices of one account, an order on each, and another visitor.
async fn visits(collector: &Process) {
    let of = |event: Value, anonymous: &str, user: Option<&str>| {
        changed(event, json!({ "anonymous": anonymous, "user": user }))
    };
    let first = [
        by(1, Some("device-1"), None),
        by(2, Some("device-1"), Some("johndoe")),
        of(buy(3, "A-1", "x"), "device-1", Some("johndoe")),
    ];
    let second = [by(4, Some("device-2"), Some("johndoe")), by(5, Some("device-2"), None)];
    let other = [by(6, Some("device-9"), None), by(7, None, Some("janedoe")), by(8, None, None)];
    post(collector, "s1", &first).await;
    post(collector, "s2", &second).await;
    post(collector, "s3", &other).await;
}

#[tokio::test]
async fn the_hash_of_an_id_is_found_by_hand() {
    let desk = Desk::new();
    let done = desk.run(&["hash"], "johndoe\n");
    assert_eq!((done.code, done.out), (Some(0), format!("{JOHNDOE} key 3\n")), "{}", done.log);
    for wrong in ["", "\n", "a\nb\n"] {
        let done = desk.run(&["hash"], wrong);
        assert_eq!((done.code, done.out.as_str()), (Some(1), ""));
        assert!(done.log.contains("standard input must have one line"), "{}", done.log);
    }
    // An id in the arguments would stay in the shell's history.
    assert_eq!(desk.run(&["hash", "johndoe"], "").code, Some(2));
    // A command makes no key, and no database.
    let empty = Desk::without_key("");
    assert!(empty.run(&["hash"], "johndoe").log.contains("events.sqlite.key does not exist"));
    assert!(desk.run(&["export-visitor"], "johndoe").log.contains("does not exist"));
    assert!(!desk.database.exists() && !empty.path("events.sqlite.key").exists());
}

#[tokio::test]
async fn a_visitor_is_exported_with_all_joined_ids() {
    let desk = Desk::new();
    let collector = desk.start();
    visits(&collector).await;
    for id in ["device-1", "device-2", "johndoe"] {
        let done = desk.run(&["export-visitor"], id);
        assert_eq!(exported(&done.out), ids(&[1, 2, 3, 4, 5]), "{id}: {}", done.log);
        assert!(done.log.contains("5 events of 3 ids were found, of which 1 are accounts"));
    }
    // The rows are those of the admin listener.
    let answer = send(collector.admin, "GET", "/v1/events?limit=1", "", b"").await;
    let first: Value = serde_json::from_slice(&answer.body).unwrap();
    let done = desk.run(&["export-visitor"], "device-1");
    let line: Value = serde_json::from_str(done.out.lines().next().unwrap()).unwrap();
    assert_eq!(line, first["events"][0]);
    assert_eq!(
        exported(&desk.run(&["export-visitor", "--not-joined"], "device-1").out),
        ids(&[1, 2, 3])
    );
    // Another customer may have an account of the same name.
    let get = |customer: &str| format!("/api/{customer}/click/johndoe/1/9");
    for customer in ["00001", "00002"] {
        assert_eq!(send(collector.address, "GET", &get(customer), "", b"").await.status, 204);
    }
    let done = desk.run(&["export-visitor", "--customer", "00001"], "johndoe");
    assert_eq!(done.out.lines().count(), 1);
    assert!(done.out.contains("\"customer\":\"00001\""), "{}", done.out);
}

#[tokio::test]
async fn an_erased_visitor_leaves_no_trace_but_the_orders() {
    let desk = Desk::new();
    let collector = desk.start();
    visits(&collector).await;
    let device = desk.run(&["hash"], "device-2").out[..32].to_owned();
    assert!(desk.has_bytes(JOHNDOE) && desk.has_bytes(&device));
    let done = desk.run(&["erase-visitor", "--dry-run"], "device-1");
    assert!(done.out.contains("5 events of 3 ids were found"), "{}", done.out);
    assert_eq!(desk.texts(ROWS).len(), 8);

    let done = desk.run(&["erase-visitor"], "device-1");
    assert_eq!(done.code, Some(0), "{}", done.log);
    assert_eq!(done.out, "events erased: 4; purchases kept without the person: 1\n");
    assert_eq!(desk.texts(ROWS), ids(&[3, 6, 7, 8]));
    let person = "SELECT count(*) FROM events WHERE type = 'buy' AND (user IS NOT NULL
        OR anonymous IS NOT NULL OR key IS NOT NULL OR stream IS NOT NULL)";
    assert_eq!(desk.number(person), 0);
    assert!(!desk.has_bytes(JOHNDOE) && !desk.has_bytes(&device), "also not in free pages");
    // The order still counts once, and the collector works on.
    post(&collector, "s9", &[buy(20, "A-1", "x"), buy(21, "A-2", "x")]).await;
    assert_eq!(desk.texts(ROWS), ids(&[3, 6, 7, 8, 21]));
}

#[tokio::test]
async fn a_shared_device_needs_a_decision() {
    let desk = Desk::new();
    let collector = desk.start();
    let shared = [
        by(1, Some("shared"), Some("johndoe")),
        by(2, Some("shared"), Some("janedoe")),
        by(3, None, Some("janedoe")),
    ];
    post(&collector, "s1", &shared).await;
    for command in ["export-visitor", "erase-visitor"] {
        let done = desk.run(&[command], "johndoe");
        assert_eq!((done.code, done.out.as_str()), (Some(1), ""), "{command}");
        assert!(done.log.contains("Several accounts may be several people"), "{}", done.log);
        let both = desk.run(&[command, "--not-joined", "--all-accounts"], "johndoe");
        assert_eq!(both.code, Some(2), "{}", both.log);
        assert_eq!(desk.texts(ROWS), ids(&[1, 2, 3]));
    }
    let export = |flag| exported(&desk.run(&["export-visitor", flag], "johndoe").out);
    assert_eq!(export("--not-joined"), ids(&[1]));
    assert_eq!(export("--all-accounts"), ids(&[1, 2, 3]));
    assert_eq!(desk.run(&["erase-visitor", "--not-joined"], "johndoe").code, Some(0));
    assert_eq!(desk.texts(ROWS), ids(&[2, 3]));
    assert_eq!(desk.run(&["erase-visitor", "--all-accounts"], "shared").code, Some(0));
    assert_eq!(desk.texts(ROWS), ids(&[]));
}

/// An id that was copied wrongly must not look like a visitor who was exported or erased.
#[tokio::test]
async fn an_id_without_events_is_named_as_such() {
    let desk = Desk::new();
    let collector = desk.start();
    visits(&collector).await;
    for (id, sentence) in [
        ("nobody", "has this id, which must be as the page sends it: upper and lower case make"),
        (" johndoe", ": the white space at its ends is part of it"),
        ("johndoe \n", ": the white space at its ends is part of it"),
        ("jane@shop.example", "identity.hash, pages send the SHA-256 of the trimmed lower-case"),
    ] {
        let commands: [&[&str]; 3] =
            [&["export-visitor"], &["erase-visitor", "--dry-run"], &["erase-visitor"]];
        for command in commands {
            let done = desk.run(command, id);
            assert_eq!((done.code, done.out.as_str()), (Some(1), ""), "{command:?}");
            assert!(done.log.starts_with("no event has this id"), "{}", done.log);
            assert!(done.log.contains(sentence), "{}", done.log);
            assert!(!done.log.contains(id.trim()), "{}", done.log);
        }
    }
    assert_eq!(desk.texts(ROWS).len(), 8);
    let recorded = if is_postgres() {
        desk.number("SELECT count(*) FROM erased")
    } else {
        let list = std::fs::read_to_string(desk.path("events.sqlite.erased")).unwrap();
        list.lines().count() as i64
    };
    assert_eq!(recorded, 4, "for backups and files with events of these ids");
}

/// Ids in the fields of vendors' events are found, but join nothing: one may name a company.
#[tokio::test]
async fn ids_in_the_fields_of_vendors_events_are_found() {
    let desk = Desk::new();
    let collector = desk.start();
    for (session, purchaser) in [("s-1", "company"), ("s-2", "company"), ("s-2", "nobody")] {
        let body = json!([{ "id": "x", "count": 1, "sid": session, "purchaserId": purchaser }]);
        let json = "Content-Type: application/json\r\n";
        let path = "/rest/v5/track/de/checkout";
        let answer = send(collector.address, "POST", path, json, body.to_string().as_bytes()).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
    let count = |id: &str| desk.run(&["export-visitor"], id).out.lines().count();
    assert_eq!([count("s-1"), count("s-2"), count("company")], [1, 2, 2]);
    assert_eq!(desk.run(&["erase-visitor"], "company").code, Some(0));
    assert_eq!([count("s-1"), count("s-2"), count("company")], [0, 1, 0]);
    assert_eq!(desk.number("SELECT count(*) FROM other_ids"), 1);
}

#[tokio::test]
async fn old_rows_are_found_after_the_key_was_rotated() {
    let desk = Desk::new();
    let collector = desk.start();
    post(&collector, "s1", &[by(1, Some("device-1"), Some("johndoe"))]).await;
    drop(collector);
    let rotated = format!(
        "[[keys]]\nnumber = 3\nsecret = \"{SECRET}\"\n[[keys]]\nnumber = 4\nsecret = \"{}\"\n",
        "0f".repeat(32)
    );
    desk.set(&rotated);
    let collector = desk.start();
    post(&collector, "s2", &[by(2, Some("device-2"), Some("johndoe"))]).await;
    post(&collector, "s3", &[by(3, Some("device-1"), None), by(4, Some("other"), None)]).await;
    assert_eq!(
        desk.texts(
            "SELECT key || ' ' || CASE user WHEN 'a1bf54c2232c966f8201ba97add4126b' THEN 1 ELSE 0 END FROM events
                    WHERE user IS NOT NULL ORDER BY row"
        ),
        ["3 1", "4 0"]
    );
    // device-2 is joined to device-1 only through an account whose hash has changed.
    for id in ["device-1", "device-2", "johndoe"] {
        assert_eq!(exported(&desk.run(&["export-visitor"], id).out), ids(&[1, 2, 3]), "{id}");
    }
    assert_eq!(desk.run(&["hash"], "johndoe").out.lines().count(), 2);
    assert!(desk.run(&["rotate-key"], "").log.contains("with number 5"));
    assert_eq!(desk.run(&["erase-visitor"], "device-2").code, Some(0));
    assert_eq!(desk.texts(ROWS), ids(&[4]));
    assert_eq!(desk.number("SELECT count(*) FROM pseudonyms"), 0);
    drop(collector);
    // Without the old key the collector says which rows cannot be found.
    desk.set(&format!("[[keys]]\nnumber = 4\nsecret = \"{}\"\n", "0f".repeat(32)));
    let collector = desk.start();
    collector.signal("-TERM");
    assert!(collector.end().2.contains("rows hashed with key 3, which is not configured"));
}

#[tokio::test]
async fn the_key_file_is_rotated() {
    let desk = Desk::without_key("");
    let collector = desk.start();
    post(&collector, "s1", &[by(1, Some("device-1"), None)]).await;
    let done = desk.run(&["rotate-key"], "");
    assert_eq!(done.code, Some(0), "{}", done.log);
    assert!(done.out.contains("now has key 2"), "{}", done.out);
    drop(collector);
    let collector = desk.start();
    post(&collector, "s2", &[by(2, Some("device-1"), None)]).await;
    assert_eq!(desk.texts("SELECT CAST(key AS TEXT) FROM events ORDER BY row"), ["1", "2"]);
    assert_eq!(exported(&desk.run(&["export-visitor"], "device-1").out), ids(&[1, 2]));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = desk.path("events.sqlite.key").metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}

#[tokio::test]
async fn a_restored_backup_does_not_bring_an_erased_visitor_back() {
    let desk = Desk::new();
    let collector = desk.start();
    visits(&collector).await;
    let copy = desk.path("copy.sqlite");
    let copy = copy.to_str().unwrap();
    assert_eq!(desk.run(&["backup", copy], "").code, Some(0));
    assert_eq!(desk.run(&["erase-visitor"], "johndoe").code, Some(0));
    // The visitor comes back, and has agreed again.
    post(&collector, "s8", &[by(30, Some("device-1"), None)]).await;
    collector.signal("-TERM");
    collector.end();
    // Not by `restore`, which erases itself.
    std::fs::copy(copy, &desk.database).unwrap();
    assert_eq!(desk.texts(ROWS).len(), 8, "the copy has the erased rows");
    let collector = desk.start();
    post(&collector, "s8", &[by(30, Some("device-1"), None)]).await;
    assert_eq!(desk.texts(ROWS), ids(&[3, 6, 7, 8, 30]));
    collector.signal("-TERM");
    assert!(collector.end().2.contains("5 rows of erased visitors were erased again"));
    // The next start finds nothing more, and keeps the new row.
    let collector = desk.start();
    assert_eq!(desk.texts(ROWS), ids(&[3, 6, 7, 8, 30]));
    drop(collector);
}

/// Another program may lock the database for a while: the command waits.
#[tokio::test]
async fn erasing_waits_for_a_locked_database() {
    let desk = Desk::new();
    let collector = desk.start();
    visits(&collector).await;
    let other = desk.open();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let free = std::thread::spawn(move || {
        std::thread::sleep(std::time::Duration::from_secs(2));
        other.execute_batch("ROLLBACK").unwrap();
    });
    let done = desk.run(&["erase-visitor"], "johndoe");
    assert_eq!(done.code, Some(0), "{}", done.log);
    free.join().unwrap();
    assert_eq!(desk.texts(ROWS), ids(&[3, 6, 7, 8]));
}

#[tokio::test]
async fn a_customer_that_does_not_exist_is_refused() {
    let desk = Desk::with(
        "[ibexa]\ncustomers = [\"00001\", \"00002\"]\n\
         [retention.customers]\nkept = 9\n\
         [[factfinder.channels]]\nname = \"shop-de\"\n\
         [[customers]]\ninterface = \"intempt\"\nname = \"o/p/s\"\n",
    );
    let collector = desk.start();
    let path = "/api/00001/click/johndoe/1/9";
    assert_eq!(send(collector.address, "GET", path, "", b"").await.status, 204);
    let run = |command: &str, name: &str| desk.run(&[command, "--customer", name], "johndoe");
    for name in ["00001", "00002", "kept", "shop-de", "o/p/s"] {
        for command in ["export", "export-visitor"] {
            let done = run(command, name);
            let lines = usize::from(name == "00001");
            assert_eq!(done.out.lines().count(), lines, "{name}: {}", done.log);
            assert!(!done.log.contains("is not in the configuration"), "{name}: {}", done.log);
        }
    }
    for command in ["export", "export-visitor", "erase-visitor"] {
        let done = run(command, "shop-dee");
        assert_eq!((done.code, done.out.as_str()), (Some(1), ""), "{command}");
        assert!(done.log.contains("--customer: \"shop-dee\" is not in the"), "{}", done.log);
    }
    let file = desk.path("out.jsonl");
    let flags = ["export", "--customer", "nope", "--output", file.to_str().unwrap()];
    assert_eq!(desk.run(&flags, "").code, Some(1));
    assert!(!file.exists());
    // A customer that only the rows have.
    desk.set(&format!("[[keys]]\nnumber = 3\nsecret = \"{}\"\n", crate::common::SECRET));
    assert_eq!(run("erase-visitor", "00001").code, Some(0));
}

//! Erased visitors stay erased: after an import, and after a restore before the next start.

use crate::common::database::is_postgres;
use crate::common::desk::{Desk, Done, by};
use crate::common::{SECRET, batch, id, send};
use crate::keeping::until;

/// Runs a command with the path of a file of the desk.
fn with_file(desk: &Desk, command: &str, file: &str) -> Done {
    let path = desk.path(file);
    let done = desk.run(&[command, path.to_str().unwrap()], "");
    assert_eq!(done.code, Some(0), "{}", done.log);
    done
}

const IDS: &str = "SELECT id FROM events ORDER BY id";

#[test]
fn an_import_leaves_out_the_events_of_erased_visitors() {
    let desk = Desk::new();
    let line = |n: u64, at: &str, user: &str, anonymous: &str| {
        format!("{},click,{at},{user},{anonymous},1\n", id(n))
    };
    let past = "2026-01-01T10:00:00Z";
    let history = [
        "id,type,at,user,anonymous,itemId\n".to_owned(),
        line(1, past, "johndoe", "device-1"),
        line(2, past, "", "device-1"),
        line(3, past, "janedoe", ""),
    ];
    std::fs::write(desk.path("h.csv"), history.concat()).unwrap();
    with_file(&desk, "import", "h.csv");
    let exported = desk.path("export.jsonl");
    let flags = ["export", "--output", exported.to_str().unwrap()];
    assert_eq!(desk.run(&flags, "").code, Some(0));
    assert_eq!(desk.run(&["erase-visitor"], "johndoe").code, Some(0));
    let left_out = "0 new events, 1 that were stored before, 0 invalid lines\n\
                    2 events of erased visitors were left out\n";
    assert_eq!(with_file(&desk, "import", "h.csv").out, left_out);
    assert_eq!(with_file(&desk, "import", "export.jsonl").out, left_out);
    // A new key gives the same visitor another hash.
    desk.set(&format!(
        "[[keys]]\nnumber = 3\nsecret = \"{SECRET}\"\n[[keys]]\nnumber = 4\nsecret = \"{}\"\n",
        "0f".repeat(32)
    ));
    assert_eq!(with_file(&desk, "import", "h.csv").out, left_out);
    assert_eq!(desk.texts(IDS), [id(3)]);
    // The visitor came back later.
    let later = [history[0].clone(), line(4, "2100-01-01T10:00:00Z", "johndoe", "")];
    std::fs::write(desk.path("later.csv"), later.concat()).unwrap();
    assert!(with_file(&desk, "import", "later.csv").out.starts_with("1 new events, 0 that"));
    assert_eq!(desk.texts(IDS), [id(3), id(4)]);
}

/// A database with a visitor of two customers, and the history file that it was made of.
fn with_two_customers() -> Desk {
    let desk = Desk::new();
    let history = "type,at,user,itemId,customer\n\
                   click,2026-01-01T10:00:00Z,johndoe,1,de\n\
                   click,2026-01-01T10:00:00Z,johndoe,1,fr\n";
    std::fs::write(desk.path("h.csv"), history).unwrap();
    with_file(&desk, "import", "h.csv");
    desk
}

#[test]
fn an_erasure_for_one_customer_is_none_for_another() {
    let desk = with_two_customers();
    assert_eq!(desk.run(&["erase-visitor", "--customer", "de"], "johndoe").code, Some(0));
    assert_eq!(
        with_file(&desk, "import", "h.csv").out,
        "0 new events, 1 that were stored before, 0 invalid lines\n\
         1 events of erased visitors were left out\n"
    );
    assert_eq!(desk.texts("SELECT customer FROM events"), ["fr"]);
}

#[tokio::test]
async fn a_restore_erases_before_the_next_start() {
    let desk = Desk::new();
    let collector = desk.start();
    let events = [by(1, Some("device-1"), Some("johndoe")), by(2, Some("device-2"), None)];
    let body = batch("s1", 1, &events).to_string();
    let answer = send(collector.address, "POST", "/v1/events", "", body.as_bytes()).await;
    assert_eq!(answer.status, 204);
    with_file(&desk, "backup", "copy");
    assert_eq!(desk.run(&["erase-visitor"], "device-1").code, Some(0));
    collector.signal("-TERM");
    collector.end();
    let done = with_file(&desk, "restore", "copy");
    assert!(done.out.contains("1 rows of erased visitors were erased again"), "{}", done.out);
    assert_eq!(desk.run(&["export-visitor"], "device-1").out, "");
    assert_eq!(desk.texts(IDS), [id(2)]);
    assert!(!desk.has_bytes(crate::common::JOHNDOE), "also not in free pages");
}

/// A file of another user must not look like a fault of the output.
#[test]
fn a_list_that_cannot_be_read_is_named() {
    let desk = Desk::new();
    std::fs::create_dir(desk.path("events.sqlite.erased")).unwrap();
    let log = desk.run(&[], "").log;
    let sentence = "the list of erased visitors ";
    assert!(log.contains(sentence) && log.contains(".erased cannot be read: "), "{log}");
    std::fs::write(desk.path("h.csv"), "type,at,itemId\nclick,1767261700000,1\n").unwrap();
    let path = desk.path("h.csv");
    let log = desk.run(&["import", path.to_str().unwrap()], "").log;
    assert!(log.contains(sentence), "{log}");
}

/// The hash and the customer of each line of the list.
fn listed(desk: &Desk) -> Vec<String> {
    if is_postgres() {
        return desk.texts("SELECT hash || ' ' || customer FROM erased ORDER BY hash, customer");
    }
    let text = std::fs::read_to_string(desk.path("events.sqlite.erased")).unwrap();
    let parts = text.lines().map(|line| line.splitn(3, ' ').collect::<Vec<_>>());
    parts.map(|parts| format!("{} {}", parts[0], parts[2])).collect()
}

#[test]
fn an_erased_visitor_is_listed_once() {
    let desk = with_two_customers();
    let erase = |flags: &[&str]| desk.run(&[&["erase-visitor"], flags].concat(), "johndoe");
    assert_eq!(erase(&["--customer", "de"]).code, Some(0));
    let [ref de] = listed(&desk)[..] else { panic!("{:?}", listed(&desk)) };
    let hash = de.strip_suffix(" de").unwrap();
    erase(&["--customer", "de"]);
    assert_eq!(listed(&desk), [de.as_str()], "again");
    assert_eq!(erase(&["--customer", "fr"]).code, Some(0));
    assert_eq!(listed(&desk), [de.clone(), format!("{hash} fr")]);
    for _ in 0..2 {
        erase(&[]);
        assert_eq!(listed(&desk), [format!("{hash} ")], "all customers");
    }
}

/// Puts these hashes, times and customers into the list.
fn list(desk: &Desk, lines: &[(&str, u64, &str)]) {
    if is_postgres() {
        // The first command that stores something makes the tables.
        let made = desk.run(&["import", "--format", "csv", "-"], "type,at,itemId\n");
        assert_eq!(made.code, Some(0), "{}", made.log);
        for (hash, at, customer) in lines {
            desk.sql(&format!("INSERT INTO erased VALUES ('{hash}', {at}, '{customer}')"));
        }
        return;
    }
    let line = |(hash, at, customer): &(&str, u64, &str)| format!("{hash} {at} {customer}\n");
    let text: String = lines.iter().map(line).collect();
    std::fs::write(desk.path("events.sqlite.erased"), text).unwrap();
}

/// The hashes are pseudonyms of people. They are needed as long as a backup has these rows.
#[tokio::test]
async fn the_list_forgets_a_visitor_after_the_time_of_the_backups() {
    let desk = Desk::with("[retention]\nerased_days = 30\n");
    let without = Desk::new();
    let now = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_millis() as u64;
    let days = |days: u64| now - days * 86_400_000;
    let [young, old] = ["0a".repeat(16), "0b".repeat(16)];
    let lines = [(&*young, days(29), ""), (&*old, days(32), ""), (&*old, days(31), "de")];
    for desk in [&desk, &without] {
        list(desk, &lines);
    }
    let (collector, other) = (desk.start(), without.start());
    until(|| listed(&desk).len() == 1).await;
    assert_eq!(listed(&desk), [format!("{young} ")]);
    collector.signal("-TERM");
    let log = collector.end().2;
    assert!(log.contains("2 hashes of erased visitors were deleted by their age"), "{log}");
    assert_eq!(listed(&without).len(), 3, "for ever by default");
    drop(other);
}

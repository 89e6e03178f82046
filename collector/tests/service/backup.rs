//! `backup` while the collector runs under load, and `restore`.

use crate::common::desk::{Desk, by};
use crate::common::process::Process;
use crate::common::{batch, send};
use rusqlite::Connection;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

async fn post(collector: &Process, n: u64) -> u16 {
    let body = batch("s1", n, &[by(n, Some("device"), None)]).to_string();
    send(collector.address, "POST", "/v1/events", "", body.as_bytes()).await.status
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_under_load_has_everything_that_was_answered_before() {
    let desk = Desk::new();
    let collector = Arc::new(desk.start());
    let (answered, end) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
    let load = {
        let (collector, answered, end) =
            (Arc::clone(&collector), Arc::clone(&answered), Arc::clone(&end));
        tokio::spawn(async move {
            let mut n = 0;
            while !end.load(Ordering::SeqCst) {
                n += 1;
                assert_eq!(post(&collector, n).await, 204);
                answered.store(n, Ordering::SeqCst);
            }
        })
    };
    let mut copies = Vec::new();
    for round in 0..4 {
        while answered.load(Ordering::SeqCst) < round * 50 + 50 {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        let copy = desk.path(&format!("copy-{round}.sqlite"));
        let before = answered.load(Ordering::SeqCst);
        let (path, arguments) = (copy.clone(), desk.arguments().map(str::to_owned));
        let done = tokio::task::spawn_blocking(move || {
            let mut command = std::process::Command::new(crate::common::process::BINARY);
            command.arg("backup").arg(path).args(arguments);
            crate::common::desk::run(&mut command, "")
        });
        let done = done.await.unwrap();
        assert_eq!(done.code, Some(0), "{}", done.log);
        copies.push((copy, before));
    }
    end.store(true, Ordering::SeqCst);
    load.await.unwrap();
    for (copy, before) in &copies {
        let connection = Connection::open(copy).unwrap();
        let number = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
        let count = number("SELECT count(*) FROM events") as u64;
        assert!(count >= *before, "{count} of {before}");
        // Without a gap: the copy is the state of one moment.
        assert_eq!(number("SELECT max(row) FROM events") as u64, count);
        assert_eq!(number("SELECT count(*) FROM batches") as u64, count);
    }
    let Ok(collector) = Arc::try_unwrap(collector) else { panic!("still used") };
    let (copy, before) = &copies[1];
    // A restore beside a running collector would damage the database.
    let done = desk.run(&["restore", copy.to_str().unwrap()], "");
    assert_eq!(done.code, Some(1));
    assert!(done.log.contains("stop the collector first"), "{}", done.log);
    assert_eq!(post(&collector, 100_000).await, 204);
    collector.signal("-TERM");
    collector.end();
    let all = desk.number("SELECT count(*) FROM events");
    let done = desk.run(&["restore", copy.to_str().unwrap()], "");
    assert_eq!(done.code, Some(0), "{}", done.log);
    let aside = Connection::open(desk.path("events.sqlite.before-restore-1")).unwrap();
    let kept: i64 = aside.query_row("SELECT count(*) FROM events", [], |row| row.get(0)).unwrap();
    assert_eq!(kept, all, "the database before is kept");
    let collector = desk.start();
    let count = "SELECT count(*) FROM events";
    let restored = desk.number(count);
    assert!(restored as u64 >= *before);
    // An event of the copy still counts once, and rows continue.
    assert_eq!(post(&collector, 1).await, 204);
    assert_eq!(post(&collector, 200_000).await, 204);
    assert_eq!(desk.number(count), restored + 1);
    assert!(desk.number("SELECT max(row) FROM events") > restored);
}

#[tokio::test]
async fn a_killed_collectors_log_is_put_aside_with_its_database() {
    let desk = Desk::new();
    let mut collector = desk.start();
    assert_eq!(post(&collector, 1).await, 204);
    let copy = desk.path("copy");
    assert_eq!(desk.run(&["backup", copy.to_str().unwrap()], "").code, Some(0));
    assert_eq!(post(&collector, 2).await, 204);
    collector.child.kill().unwrap();
    collector.child.wait().unwrap();
    assert!(desk.path("events.sqlite-wal").exists());
    assert_eq!(desk.run(&["restore", copy.to_str().unwrap()], "").code, Some(0));
    assert_eq!(desk.number("SELECT count(*) FROM events"), 1);
    let aside = Connection::open(desk.path("events.sqlite.before-restore-1")).unwrap();
    let kept: i64 = aside.query_row("SELECT count(*) FROM events", [], |row| row.get(0)).unwrap();
    assert_eq!(kept, 2);
}

#[cfg(unix)]
#[tokio::test]
async fn a_backup_is_private_and_replaces_no_file() {
    use std::os::unix::fs::PermissionsExt;
    let desk = Desk::new();
    let collector = desk.start();
    assert_eq!(post(&collector, 1).await, 204);
    let copy = desk.path("copy");
    // Left by a backup that was killed. Both files may have rows of visitors.
    let journal = desk.path("copy.part-journal");
    for left in [desk.path("copy.part"), journal.clone()] {
        std::fs::write(left, "x").unwrap();
    }
    let done = desk.run(&["backup", copy.to_str().unwrap()], "");
    assert_eq!(done.code, Some(0), "{}", done.log);
    assert!(done.out.contains("copy.part of an interrupted backup was removed"), "{}", done.out);
    assert!(!journal.exists());
    assert_eq!(copy.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let content = std::fs::read(&copy).unwrap();
    let done = desk.run(&["backup", copy.to_str().unwrap()], "");
    assert_eq!(done.code, Some(1));
    assert!(done.log.contains("exists: name a new file"), "{}", done.log);
    assert_eq!(std::fs::read(&copy).unwrap(), content);
    let none = desk.path("none/copy");
    assert_eq!(desk.run(&["backup", none.to_str().unwrap()], "").code, Some(1));
    let names: Vec<_> = std::fs::read_dir(desk.folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".part"))
        .collect();
    assert!(names.is_empty(), "{names:?}");
}

#[tokio::test]
async fn a_wrong_copy_is_refused_and_the_database_stays() {
    let desk = Desk::new();
    let collector = desk.start();
    for n in 1..=200 {
        assert_eq!(post(&collector, n).await, 204);
    }
    collector.signal("-TERM");
    collector.end();
    let content = std::fs::read(&desk.database).unwrap();
    let mut damaged = content.clone();
    // Whole pages in the middle.
    let middle = damaged.len() / 2 / 4096 * 4096;
    damaged[middle..middle + 8192].fill(0xa5);
    std::fs::write(desk.path("damaged"), damaged).unwrap();
    std::fs::write(desk.path("cut"), &content[..content.len() / 2]).unwrap();
    std::fs::write(desk.path("text"), "x".repeat(9000)).unwrap();
    std::fs::write(desk.path("empty"), "").unwrap();
    let other = Connection::open(desk.path("other")).unwrap();
    other.execute_batch("CREATE TABLE t (a); PRAGMA user_version = 1").unwrap();
    let newer = desk.path("newer");
    std::fs::write(&newer, &content).unwrap();
    Connection::open(&newer).unwrap().pragma_update(None, "user_version", 999).unwrap();
    for (name, sentence) in [
        ("damaged", "is damaged and cannot be used"),
        ("cut", "is damaged and cannot be used"),
        ("text", "is damaged and cannot be used"),
        ("empty", "it is not a database of the collector"),
        ("other", "it is not a database of the collector"),
        ("newer", "newer version"),
        ("none", "unable to open"),
    ] {
        let done = desk.run(&["restore", desk.path(name).to_str().unwrap()], "");
        assert_eq!(done.code, Some(1), "{name}");
        assert!(done.log.contains(sentence), "{name}: {}", done.log);
        assert_eq!(std::fs::read(&desk.database).unwrap(), content, "{name}");
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_backup_on_a_full_disk_fails_and_leaves_no_file() {
    let desk = Desk::new();
    let collector = desk.start();
    for n in 1..=100 {
        assert_eq!(post(&collector, n).await, 204);
    }
    let copy = desk.path("copy");
    // SIGXFSZ is ignored, because it would end the process. The unit is 512 bytes.
    let script = "trap '' XFSZ; ulimit -S -f 40; exec \"$0\" \"$@\"";
    let mut command = std::process::Command::new("sh");
    command.args(["-c", script, crate::common::process::BINARY, "backup"]);
    let done = crate::common::desk::run(command.arg(&copy).args(desk.arguments()), "");
    assert_eq!(done.code, Some(1));
    assert!(done.log.contains("disk"), "{}", done.log);
    assert!(!copy.exists() && !desk.path("copy.part").exists());
    assert_eq!(post(&collector, 101).await, 204);
}

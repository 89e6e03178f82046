//! The owner of the files beside the database. Root runs commands, and the collector is another user.
#![cfg(unix)]

use crate::common::desk::{Desk, by};
use crate::common::{batch, send};
use std::collections::BTreeMap;
use std::os::unix::fs::{MetadataExt, chown};
use std::path::Path;

/// A user and group of no account.
const SERVICE: u32 = 64_999;

fn owner(path: &Path) -> (u32, u32) {
    let found = std::fs::metadata(path).unwrap_or_else(|_| panic!("{}", path.display()));
    (found.uid(), found.gid())
}

/// The names and owners of the database's files.
fn owners(desk: &Desk) -> BTreeMap<String, (u32, u32)> {
    let entries = std::fs::read_dir(desk.database.parent().unwrap()).unwrap();
    let files = entries.map(|entry| entry.unwrap().path());
    let name = |path: &Path| path.file_name().unwrap().to_str().unwrap().to_owned();
    let files = files.filter(|path| name(path).starts_with("events."));
    files.map(|path| (name(&path), owner(&path))).collect()
}

/// Gives the folder to the service if root runs the test. Other users own all files of theirs anyway.
fn give(path: &Path) -> (u32, u32) {
    let _ = chown(path, Some(SERVICE), Some(SERVICE));
    owner(path)
}

fn run(desk: &Desk, arguments: &[&str], input: &str) {
    let done = desk.run(arguments, input);
    assert_eq!(done.code, Some(0), "{arguments:?}: {}", done.log);
}

#[tokio::test]
async fn what_a_command_makes_belongs_to_the_owner_of_the_database() {
    let desk = Desk::without_key("");
    let service = give(desk.folder.path());
    std::fs::write(desk.path("h.csv"), "type,at,user,itemId\nclick,1767261700000,johndoe,1\n")
        .unwrap();
    let history = desk.path("h.csv");
    // A first database, with its key.
    run(&desk, &["import", history.to_str().unwrap()], "");
    run(&desk, &["rotate-key"], "");
    let copy = desk.path("copy");
    run(&desk, &["backup", copy.to_str().unwrap()], "");
    run(&desk, &["erase-visitor"], "johndoe");
    run(&desk, &["restore", copy.to_str().unwrap()], "");
    let made = owners(&desk);
    let names: Vec<&str> = made.keys().map(String::as_str).collect();
    let expected = [
        "events.sqlite",
        "events.sqlite.before-restore-1",
        "events.sqlite.erased",
        "events.sqlite.key",
    ];
    assert_eq!(names, expected);
    for (name, found) in made {
        assert_eq!(found, service, "{name}");
    }
    // While the database is open, its log and the log's index are there.
    let collector = desk.start();
    let body = batch("s1", 1, &[by(1, None, None)]).to_string();
    let answer = send(collector.address, "POST", "/v1/events", "", body.as_bytes()).await;
    assert_eq!(answer.status, 204);
    let open = owners(&desk);
    assert!(open.contains_key("events.sqlite-wal") && open.contains_key("events.sqlite-shm"));
    assert!(open.values().all(|found| *found == service), "{open:?}");
}

#[tokio::test]
async fn a_restored_database_keeps_its_owner_in_a_folder_of_another() {
    let mut desk = Desk::new();
    // The folders are missing, and belong to the owner of the folder around them.
    let service = give(desk.folder.path());
    desk.move_to(desk.path("state/collector/events.sqlite"));
    std::fs::write(desk.path("h.csv"), "type,at,itemId\nclick,1767261700000,1\n").unwrap();
    let history = desk.path("h.csv");
    run(&desk, &["import", history.to_str().unwrap()], "");
    for path in [desk.path("state"), desk.path("state/collector"), desk.database.clone()] {
        assert_eq!(owner(&path), service, "{}", path.display());
    }
    let copy = desk.path("copy");
    run(&desk, &["backup", copy.to_str().unwrap()], "");
    let own = owner(&copy);
    let _ = chown(desk.path("state/collector"), Some(own.0), Some(own.1));
    run(&desk, &["restore", copy.to_str().unwrap()], "");
    assert_eq!(owner(&desk.database), service);
}

//! Limits because of which a vendor does not get events: the log tells of each.

use super::vendor::{Reply, Vendor, status};
use super::{click, ibexa, now};
use crate::common::database::{self, address, place};
use crate::common::process::{BINARY, FREE, Process};
use crate::common::{PATIENCE, SECRET, batch, changed, send};
use serde_json::{Value, json};
use std::process::Command;

const TOLD: [&str; 3] = [
    "forward slow: 2 events wait (max_events), so further events were stored and are not forwarded: ",
    "forward slow: events were not delivered within max_age_hours",
    "forward slow: there are 10000 dead letters, and a further one deletes the oldest",
];

struct Run {
    folder: tempfile::TempDir,
    collector: Process,
}

impl Run {
    fn start(folder: tempfile::TempDir, vendor: &Vendor) -> Self {
        let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
        let toml = [
            "[limits]\nstop_seconds = 0\n".to_owned(),
            ibexa("slow", vendor, "max_events = 2"),
            format!("[[keys]]\nnumber = 1\nsecret = \"{SECRET}\"\n"),
        ];
        std::fs::write(at("c.toml"), toml.concat()).unwrap();
        let mut command = Command::new(BINARY);
        command.args(FREE).args(["--config", &at("c.toml"), "--database", &address(folder.path())]);
        let collector = Process::of(&mut command);
        Self { folder, collector }
    }

    async fn post(&self, seq: u64, events: &[Value]) {
        let body = batch("s1", seq, events).to_string();
        let answer = send(self.collector.address, "POST", "/v1/events", "", body.as_bytes()).await;
        assert_eq!(answer.status, 204, "{}", answer.text());
    }

    fn end(self) -> (tempfile::TempDir, String) {
        self.collector.signal("-TERM");
        let (code, _, log) = self.collector.end();
        assert_eq!(code, Some(0), "{log}");
        (self.folder, log)
    }
}

#[tokio::test]
async fn each_limit_is_logged_for_a_vendor_and_not_for_each_event() {
    let vendor = Vendor::start(|_, _| Reply::After(PATIENCE, Box::new(status(200)))).await;
    let run = Run::start(tempfile::tempdir().unwrap(), &vendor);
    let (folder, log) = run.end();
    assert!(TOLD.iter().all(|sentence| !log.contains(sentence)), "{log}");

    let run = Run::start(folder, &vendor);
    let old = changed(click(1, "v"), json!({ "at": now() - 30 * 3_600_000 }));
    run.post(0, &[old, click(2, "v"), click(3, "v"), click(4, "v"), click(5, "v")]).await;
    run.post(1, &[click(6, "v")]).await;
    let now = now();
    let many = format!(
        "INSERT INTO forward (destination, event, piece, type, at, received_at, expires_at,
                                     state, reason, failed_at)
                WITH RECURSIVE n(n) AS (VALUES (2) UNION ALL SELECT n + 1 FROM n WHERE n < 10000)
                SELECT 'slow', 'x' || n, 0, 'click', 1, 1, 1, 'dead', 'refused', {now} FROM n"
    );
    database::run(&place(run.folder.path()), &many);
    let (_, log) = run.end();
    for sentence in TOLD {
        assert_eq!(log.matches(sentence).count(), 1, "{sentence}: {log}");
    }
}

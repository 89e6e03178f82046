//! The settings and the environment variables, for `--help`. A test compares the names with those
//! that the configuration accepts, and the texts of `[limits]` name the defaults.

use crate::limits::Limits;
use std::fmt::Write;

/// The variable with the log's filter.
pub const LOG_VARIABLE: &str = "RECOBEACON_LOG";

/// The environment variables, each with its meaning.
const VARIABLES: [(&str, &str); 1] =
    [(LOG_VARIABLE, "which log lines appear: error, warn, info, debug or trace [default: info]")];

/// The tables, each with its settings. The name of the table is empty for the top of the file.
const TABLES: &[(&str, &[(&str, &str)])] = &[
    (
        "",
        &[
            ("listen", "address of the event listener [default: 127.0.0.1:8787]"),
            ("admin_listen", "address of the admin listener [default: 127.0.0.1:8788]"),
            (
                "database",
                "database file, or postgres://USER@HOST/DATABASE [default: recobeacon.sqlite]",
            ),
            ("dist", "folder to serve under /dist/"),
            ("site", "folder to serve under /"),
            ("admin_token", "token that requests to the admin listener must have"),
            ("inspector", "pages under loopback names may read stored events [default: false]"),
            ("trusted_proxies", "networks without limits per address [default: this machine]"),
            ("origins", "origins whose pages may send [default: all]"),
            ("forward", "vendors that get the events of batches, as tables [[forward]]"),
        ],
    ),
    (
        "[[customers]]",
        &[
            ("interface", "batch, ibexa, yoochoose, factfinder or intempt"),
            ("name", "the customer in the rows"),
            ("origins", "origins whose pages may send [default: as above]"),
            ("events", "most events a second [default: limits.customer_events]"),
            ("rows", "most stored rows [default: limits.customer_rows]"),
        ],
    ),
    (
        "[ibexa]",
        &[
            ("customers", "known customer ids [default: all]"),
            ("license_keys", "keys that sign imported events, by customer"),
        ],
    ),
    (
        "[yoochoose]",
        &[
            ("solutions", "solution ids that begin the addresses [default: ebl, news]"),
            ("customers", "known customer ids [default: all]"),
        ],
    ),
    (
        "[factfinder]",
        &[
            ("base_path", "path before the addresses [default: none]"),
            ("keys", "accepted keys [default: none is needed]"),
            ("channels", "known channels, see [[factfinder.channels]] [default: all]"),
        ],
    ),
    (
        "[[factfinder.channels]]",
        &[("name", "the channel"), ("currency", "currency of its prices [default: XXX]")],
    ),
    (
        "[intempt]",
        &[
            ("keys", "accepted keys [default: none is needed]"),
            ("names", "names of the shop's own for events"),
        ],
    ),
    (
        "[cookie]",
        &[
            ("name", "the identity cookie [default: reco_id]"),
            ("domain", "its domain [default: the page's host]"),
            ("days", "its lifetime in days [default: 90]"),
        ],
    ),
    (
        "[[keys]]",
        &[("number", "number of the key; the highest is used"), ("secret", "the key, hexadecimal")],
    ),
    (
        "[retention]",
        &[
            ("days", "days for which events and batches are kept [default: for ever]"),
            ("orders_days", "days for which orders are kept [default: for ever]"),
            (
                "erased_days",
                "days for which backups are kept, and the hashes of erased visitors [default: for ever]",
            ),
            ("customers", "other days for single customers, by name; 0: for ever"),
        ],
    ),
    (
        "[feeds]",
        &[
            ("items", "most items of the model [default: 1000000]"),
            ("neighbours", "most related items that are kept for an item [default: 100]"),
            ("half_life_days", "days after which an event counts half [default: 30]"),
            ("rebuild_hours", "hours after which the model is computed anew [default: 24]"),
            ("visits", "least visits in which two items were together [default: 1]"),
            ("any_id", "personal scenarios also for ids that can be guessed [default: false]"),
            ("host", "host of the links [default: that of the request]"),
        ],
    ),
    (
        "[[variants]]",
        &[
            ("scenario", "scenario of a test of recommendations"),
            ("reference", "variant to compare with [default: the first by name]"),
            ("weights", "numbers in proportion to the variants' visitors, by name"),
        ],
    ),
    (
        "[log]",
        &[
            ("format", "text or json [default: text]"),
            ("access", "a line for each response [default: false]"),
        ],
    ),
    (
        "[cluster]",
        &[
            ("nats", "addresses of NATS servers; the collector then has no database"),
            ("stream", "name of the stream [default: recobeacon]"),
            ("replicas", "servers that have each message [default: 3]"),
            ("stream_mib", "largest size of the stream, in MiB [default: 10240]"),
            ("timeout_seconds", "until a request is answered 503 [default: 5]"),
            ("ca", "file with certificates that sign those of the servers"),
        ],
    ),
    // Its settings are those of `Limits`.
    ("[limits]", &[]),
];

/// The settings as `table.setting`, with their texts.
pub fn all() -> Vec<(String, String)> {
    let mut all = Vec::new();
    for (table, settings) in TABLES {
        let name = table.trim_matches(['[', ']']);
        let dot = if name.is_empty() { "" } else { "." };
        let settings = settings.iter();
        all.extend(
            settings.map(|(setting, text)| (format!("{name}{dot}{setting}"), (*text).to_owned())),
        );
    }
    all.extend(Limits::settings().map(|(setting, text)| (format!("limits.{setting}"), text)));
    all
}

/// The text behind the flags.
pub fn settings() -> String {
    let mut text =
        "Settings of the configuration file (collector.example.toml describes them):\n".to_owned();
    for (table, settings) in TABLES {
        if !table.is_empty() {
            let _ = writeln!(text, "  {table}");
        }
        for (name, meaning) in *settings {
            let _ = writeln!(text, "    {name:<20} {meaning}");
        }
    }
    for (name, meaning) in Limits::settings() {
        let _ = writeln!(text, "    {name:<20} {meaning}");
    }
    text.push_str("\nEnvironment variables:\n");
    for (name, meaning) in VARIABLES {
        let _ = writeln!(text, "    {name:<20} {meaning}");
    }
    text.push_str("\nOther settings have no variable.");
    text
}

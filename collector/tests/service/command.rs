//! The command line: `--help` and `check`.

use crate::common::SECRET;
use crate::common::desk::Desk;
use crate::common::process::run;
use recobeacon_collector::config::{Config, Overrides, help};

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap()
}

/// The fields that the table accepts, by serde's own sentence about an unknown one.
fn fields(toml: &str) -> Vec<String> {
    let error = Config::from_toml(toml, Overrides::default()).unwrap_err().to_string();
    let (_, list) = error.split_once("expected ").unwrap_or_else(|| panic!("{error}"));
    let list = list.lines().next().unwrap();
    list.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

#[test]
fn the_help_names_every_setting_of_the_configuration() {
    let mut accepted = Vec::new();
    let mut tables = vec![(String::new(), "unknown = 1".to_owned())];
    while let Some((prefix, toml)) = tables.pop() {
        for field in fields(&toml) {
            let table = match format!("{prefix}{field}").as_str() {
                "customers" => "[[customers]]\ninterface = \"ibexa\"\nname = \"1\"",
                "keys" => "[[keys]]\nnumber = 1\nsecret = \"\"",
                "cookie" => "[cookie]",
                "log" => "[log]",
                "cluster" => "[cluster]",
                "retention" => "[retention]",
                "feeds" => "[feeds]",
                "variants" => "[[variants]]\nscenario = \"s\"\nweights = { A = 1, B = 1 }",
                "ibexa" => "[ibexa]",
                "yoochoose" => "[yoochoose]",
                "factfinder" => "[factfinder]",
                "intempt" => "[intempt]",
                "factfinder.channels" => {
                    accepted.push("factfinder.channels".to_owned());
                    "[[factfinder.channels]]\nname = \"de\""
                }
                // Its settings are a list of its own, which the help reads.
                "limits" => continue,
                setting => {
                    accepted.push(setting.to_owned());
                    continue;
                }
            };
            tables.push((format!("{prefix}{field}."), format!("{table}\nunknown = 1")));
        }
    }
    let mut named: Vec<String> = help::all().into_iter().map(|(name, _)| name).collect();
    let limits = named.iter().filter(|name| name.starts_with("limits.")).count();
    assert!(limits >= 15);
    named.retain(|name| !name.starts_with("limits."));
    named.sort();
    accepted.sort();
    assert_eq!(named, accepted);
}

#[test]
fn the_help_has_the_settings_flags_and_variables() {
    let output = run(&["--help"]);
    assert!(output.status.success());
    let long = text(output.stdout);
    for (name, meaning) in help::all() {
        let name = name.rsplit('.').next().unwrap();
        let has = |line: &str| line.trim_start().starts_with(name) && line.contains(&meaning);
        assert!(long.lines().any(has), "{name}: {meaning}\n{long}");
    }
    // The example has every setting as well, with the defaults of the limits.
    let example = include_str!("../../collector.example.toml");
    for (name, meaning) in help::all() {
        let name = name.rsplit('.').next().unwrap();
        let is_about = |line: &&str| {
            let line = line.strip_prefix("#: ").unwrap_or(line);
            line.starts_with(&format!("{name} ="))
                || line == format!("[[factfinder.{name}]]")
                || line == format!("[[{name}]]")
        };
        // Two tables may have settings of one name.
        let lines: Vec<_> = example.lines().filter(is_about).collect();
        assert!(!lines.is_empty(), "{name}");
        if let Some(default) =
            meaning.split("[default: ").nth(1).and_then(|text| text.strip_suffix(']'))
            && default.bytes().all(|b| b.is_ascii_digit())
        {
            let end = format!("= {default}");
            assert!(lines.iter().any(|line| line.ends_with(&end)), "{lines:?}: {default}");
        }
    }
    // Each variable that the sources read.
    let mut folders = vec![std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let source = std::fs::read_to_string(&path).unwrap();
            // The configuration names the first variable, and the help has the second one.
            let source = source.replace("std::env::var(&name)", "");
            let source = source.replace("std::env::var(LOG_VARIABLE)", "");
            assert!(
                !source.contains("env::var") && !source.contains("env = "),
                "{}",
                path.display()
            );
            for word in source.split('"').filter(|word| word.starts_with("RECOBEACON_")) {
                assert!(long.contains(word), "{word}");
            }
        }
    }
    assert!(long.contains("RECOBEACON_LOG") && long.contains("check"));
    let short = text(run(&["-h"]).stdout);
    assert!(short.contains("--config") && !short.contains("customer_rows"));
}

#[test]
fn check_names_the_line_and_the_key_of_each_fault() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("c.toml");
    let file = path.to_str().unwrap();
    let database = folder.path().join("events.sqlite");
    let settings = format!(
        "database = \"{}\"\norigins = [\"shop.example\"]\n[limits]\nstreams = 0\n[[keys]]\nnumber = 1\nsecret = \"{SECRET}\"\n",
        database.display()
    );
    std::fs::write(&path, &settings).unwrap();
    for arguments in [["check", "--config", file], ["--config", file, "check"]] {
        let output = run(&arguments);
        assert_eq!(output.status.code(), Some(1));
        assert_eq!(text(output.stdout), "");
        let expected = format!(
            "{file}: line 2: origins[0]: \"shop.example\" must be like https://www.shop.example\n\
             {file}: line 4: limits.streams: must be a whole number, 1 to 100000\n"
        );
        assert_eq!(text(output.stderr), expected);
    }
    let right = settings.replace("shop.example", "https://shop.example").replace("= 0", "= 1");
    std::fs::write(&path, right).unwrap();
    let output = run(&["check", "--config", file]);
    assert_eq!(output.status.code(), Some(0), "{}", text(output.stderr));
    assert_eq!(text(output.stdout), "the configuration is valid\n");
    assert!(!database.exists(), "the check starts nothing");
    assert_eq!(run(&["check", "--config", "none.toml"]).status.code(), Some(1));
    // Without a file only the flags were checked.
    let output = run(&["check"]);
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(
        text(output.stdout),
        "no file was named (--config FILE): the flags are valid, with the defaults\n"
    );
    let wrong = text(run(&["check", "--listen", "localhost:8787"]).stderr);
    assert!(wrong.contains("must be an IP address with a port, such as"), "{wrong}");
    let wrong = text(run(&["check", "--listen", "127.0.0.1:8788"]).stderr);
    assert_eq!(wrong, "listen: must have another port than admin_listen\n");
    let output = run(&["check", "--dist", "no-folder"]);
    assert_eq!(text(output.stderr), "dist: no-folder is not a folder\n");
    // Without a command the start reports the same faults, a line each.
    std::fs::write(&path, &settings).unwrap();
    let log = text(run(&["--config", file]).stderr);
    assert_eq!(log.lines().count(), 2, "{log}");
    assert!(log.contains("line 2: origins[0]") && log.contains("line 4: limits.streams"));
}

#[test]
fn check_notes_what_is_valid_and_may_surprise() {
    let desk = Desk::new();
    let file = desk.arguments()[1].to_owned();
    for (table, note) in [
        ("[retention]\ndays = 30\norders_days = 30\n", None),
        ("[retention]\ndays = 30\norders_days = 30\ncustomers = { de = 7 }\n", None),
        ("[retention]\ndays = 30\n", None),
        ("[retention]\ndays = 31\norders_days = 30\n", Some(3)),
        ("[retention]\norders_days = 30\n", Some(2)),
        ("[retention]\ndays = 7\norders_days = 9\ncustomers = { de = 10 }\n", Some(3)),
        ("[retention]\ndays = 7\norders_days = 9\ncustomers = { de = 0 }\n", Some(3)),
    ] {
        desk.set(table);
        let done = desk.run(&["check"], "");
        assert_eq!((done.code, done.log.as_str()), (Some(0), ""), "{table}");
        let note = note.map(|line| format!("note: {file}: line {line}: retention.orders_days: "));
        let (first, rest) = done.out.split_at(note.as_ref().map_or(0, String::len));
        assert_eq!(first, note.unwrap_or_default(), "{table}");
        assert!(rest.ends_with("the configuration is valid\n"), "{table}: {}", done.out);
        assert_eq!(rest.lines().count(), if first.is_empty() { 1 } else { 2 }, "{}", done.out);
    }
}

/// The service alone has these: credentials of systemd, its environment, and the folders that it serves.
#[test]
fn commands_need_nothing_that_only_the_service_has() {
    let credential = "/run/credentials/none.service/vendor.key";
    let settings = |vendor: &str, key: &str, ca: &str| {
        let table = match vendor {
            "factfinder" => "endpoint = \"https://x.example\"\nchannel = \"de\"",
            _ => "organization = \"o\"\nproject = \"p\"\nsource = \"1\"",
        };
        format!(
            "{key_table}[[forward]]\nname = \"a\"\nprotocol = \"{vendor}\"\n{table}\n{key}\n\
             [cluster]\nnats = [\"nats://127.0.0.1\"]\nca = \"{ca}\"\n",
            key_table = format_args!("[[keys]]\nnumber = 3\nsecret = \"{SECRET}\"\n"),
        )
    };
    let desk = Desk::new();
    let history = desk.path("h.csv");
    std::fs::write(&history, "type,at,user,itemId\nclick,1767261700000,johndoe,1\n").unwrap();
    for vendor in ["factfinder", "intempt"] {
        for key in [
            format!("api_key_file = \"{credential}\""),
            "api_key_file = \"/none\"".to_owned(),
            "api_key_env = \"NO_SUCH_VARIABLE\"".to_owned(),
        ] {
            desk.set(&format!("site = \"/none\"\n{}", settings(vendor, &key, "/none")));
            for arguments in
                [["import", history.to_str().unwrap()].as_slice(), &["export"], &["hash"]]
            {
                let done = desk.run(arguments, "johndoe");
                assert_eq!(done.code, Some(0), "{arguments:?}: {}", done.log);
            }
            let done = desk.run(&[], "");
            assert_eq!(done.code, Some(1), "a start needs them");
            assert!(done.log.contains("forward[0].api_key_"), "{}", done.log);
        }
    }
    let key = format!("api_key_file = \"{credential}\"");
    desk.set(&settings("factfinder", &key, credential));
    let done = desk.run(&["check"], "");
    assert_eq!(done.code, Some(0), "{}", done.log);
    for setting in ["line 9: forward[0].api_key_file", "line 12: cluster.ca"] {
        let note = format!(
            "{setting}: {credential} was not checked, because only the service can read it\n"
        );
        assert!(done.out.contains(&note), "{}", done.out);
    }
    desk.set(&settings("factfinder", "api_key_file = \"/none\"", "/none"));
    let done = desk.run(&["check"], "");
    assert_eq!((done.code, done.log.lines().count()), (Some(1), 2), "{}", done.log);
}

//! Checks of the project's own rules.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

const MOST_LINES: usize = 450;
/// Generated folders. `work` is where the package tests install the package, `cache` is VitePress's, and `rust` has the documentation of
/// the crates in `docs/public`.
const MADE: [&str; 7] = ["node_modules", "target", "dist", ".git", "work", "cache", "rust"];
/// The files of the engine itself. All others are its parts.
const ENGINE: [&str; 2] = ["engine/src/lib.rs", "engine/src/calls/"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn collect(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).unwrap_or_else(|e| panic!("{}: {e}", directory.display()))
    {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            if !MADE.contains(&name.as_str()) {
                collect(&path, found);
            }
        } else {
            found.push(path);
        }
    }
}

/// Name and content of the files with these extensions below these directories.
fn files(directories: &[&str], endings: &[&str]) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for directory in directories {
        collect(&root().join(directory), &mut found);
    }
    found.sort();
    let ends = |path: &&PathBuf| {
        path.extension().is_some_and(|ending| endings.contains(&&*ending.to_string_lossy()))
    };
    let read = |path: &PathBuf| {
        let name = path.strip_prefix(root()).unwrap().to_string_lossy().replace('\\', "/");
        (name, fs::read_to_string(path).unwrap())
    };
    let files: Vec<_> = found.iter().filter(ends).map(read).collect();
    assert!(!files.is_empty(), "no file below {directories:?}");
    files
}

fn read(name: &str) -> String {
    fs::read_to_string(root().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The lines without comments.
fn code(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(|line| line.split("//").next().unwrap_or_default().trim())
}

/// Fails with all names that break a rule, not only the first.
fn none(what: &str, broken: Vec<String>) {
    assert!(broken.is_empty(), "{what}:\n{}", broken.join("\n"));
}

#[test]
fn no_file_has_more_than_450_lines() {
    let endings = ["rs", "js", "mjs", "ts", "css", "html"];
    let directories = ["engine", "src", "collector", "fuzz", "www", "scripts", "tests"];
    let long = files(&directories, &endings).into_iter().filter_map(|(name, text)| {
        let lines = text.lines().count();
        (lines > MOST_LINES).then(|| format!("{name}: {lines} lines"))
    });
    none("more than 450 lines", long.collect());
}

#[test]
fn every_file_begins_with_a_comment() {
    let rust = files(&["engine", "src", "collector", "fuzz", "tests"], &["rs"]).into_iter();
    let silent = rust.filter(|(_, text)| !text.starts_with("//!")).map(|(name, _)| name);
    none("no //! at the top", silent.collect());
    let scripts = files(&["www", "scripts", "tests"], &["js", "mjs", "ts"]).into_iter();
    let silent = scripts.filter(|(_, text)| {
        let first = text.lines().find(|line| !line.starts_with("#!")).unwrap_or_default();
        !first.starts_with("//") && !first.starts_with("/*")
    });
    none("no comment at the top", silent.map(|(name, _)| name).collect());
}

#[test]
fn the_engine_reads_no_clock_and_no_random_source() {
    // engine/Cargo.toml excludes other crates. These are the parts of std that the engine must not
    // use.
    let dependencies: Vec<String> = read("engine/Cargo.toml")
        .lines()
        .skip_while(|line| *line != "[dependencies]")
        .skip(1)
        .take_while(|line| !line.starts_with('['))
        .filter(|line| !line.trim().is_empty() && !line.starts_with('#'))
        .map(str::to_owned)
        .collect();
    assert_eq!(dependencies, ["serde = \"1\""], "dependencies of the engine");
    let outside = [
        "std::time",
        "std::env",
        "std::fs",
        "std::net",
        "std::thread",
        "std::io",
        "std::process",
        "unsafe",
        "println!",
        "static mut",
    ];
    let mut broken = Vec::new();
    for (name, text) in files(&["engine/src"], &["rs"]) {
        let lines = || code(&text).filter(|line| *line != "#![deny(unsafe_code)]");
        let found = outside.iter().filter(|word| lines().any(|line| line.contains(**word)));
        broken.extend(found.map(|word| format!("{name}: {word}")));
    }
    none("the engine is pure", broken);
}

#[test]
fn exports_to_javascript_are_in_one_file() {
    let mut broken = Vec::new();
    for (name, text) in files(&["src"], &["rs"]) {
        if name == "src/browser/api.rs" {
            assert!(text.contains("#[wasm_bindgen]"));
            continue;
        }
        // Imports of the browser's functions may be where they are used.
        let lines: Vec<&str> = code(&text).collect();
        for (place, line) in lines.iter().enumerate() {
            let exported = *line == "#[wasm_bindgen]"
                && !lines.get(place + 1).is_some_and(|next| next.starts_with("extern"));
            let started = line.starts_with("#[wasm_bindgen(start");
            if exported || started {
                broken.push(format!("{name}:{}", place + 1));
            }
        }
    }
    none("#[wasm_bindgen] exports outside src/browser/api.rs", broken);
}

#[test]
fn dependencies_point_one_way() {
    let mut broken = Vec::new();
    for (name, text) in files(&["engine/src"], &["rs"]) {
        let whole = ENGINE.iter().any(|path| name.starts_with(path));
        for line in code(&text) {
            let back = line.contains("crate::browser")
                // The parts of the engine do not use the engine.
                || !whole && ["super::Engine", "crate::Engine", "super::super::Engine"]
                    .iter()
                    .any(|path| line.contains(path));
            if back {
                broken.push(format!("{name}: {line}"));
            }
        }
    }
    // The leaf modules do not use the modules above them.
    let above = ["queue", "protocol", "consume", "identity", "orders", "input", "effect", "stats"];
    for leaf in ["value", "error", "time", "limits", "number", "percent", "rules", "fields", "json"]
    {
        let name = format!("engine/src/{leaf}.rs");
        for line in code(&read(&name)).filter(|line| line.starts_with("use ")) {
            let found = above.iter().filter(|module| line.contains(&format!("super::{module}")));
            broken.extend(found.map(|module| format!("{name} uses {module}")));
        }
    }
    for protocol in files(&["engine/src/protocol"], &["rs"]) {
        for line in code(&protocol.1).filter(|line| line.contains("queue")) {
            broken.push(format!("{}: {line}", protocol.0));
        }
    }
    none("against the direction of dependencies", broken);
}

/// The top-level modules of a crate, each with the modules that it uses.
fn modules(source: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut uses: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (name, text) in files(&[source], &["rs"]) {
        let path = name[source.len() + 1..].trim_end_matches(".rs");
        let module = path.split('/').next().unwrap_or_default().trim_end_matches("_absent");
        if ["lib", "main"].contains(&module) {
            continue;
        }
        let found = uses.entry(module.to_owned()).or_default();
        let shipped = text.split("#[cfg(test)]").next().unwrap_or_default();
        for line in code(shipped) {
            for path in line.split("crate::").skip(1) {
                let end = path.find(|c: char| !c.is_ascii_lowercase() && c != '_');
                let used = &path[..end.unwrap_or(path.len())];
                if !used.is_empty() && used != module {
                    found.insert(used.to_owned());
                }
            }
        }
    }
    uses
}

#[test]
fn modules_have_no_import_cycles() {
    for source in ["engine/src", "collector/src"] {
        let mut uses = modules(source);
        assert!(uses.values().any(|used| !used.is_empty()), "{source} has imports");
        // Removes the modules that use no other module that is left. A cycle stays.
        loop {
            let before = uses.len();
            let left: BTreeSet<String> = uses.keys().cloned().collect();
            uses.retain(|_, used| !used.is_disjoint(&left));
            if uses.len() == before {
                break;
            }
        }
        let cycle = uses.into_iter().map(|(module, used)| format!("{module} uses {used:?}"));
        none("import cycles, or modules that use one", cycle.collect());
    }
}

#[test]
fn all_files_have_the_same_version() {
    let version = env!("CARGO_PKG_VERSION");
    let package = read("package.json");
    let package: serde_json::Value = serde_json::from_str(&package).unwrap();
    assert_eq!(package["version"], version, "package.json");
    let changelog = read("CHANGELOG.md");
    let entry = changelog
        .lines()
        .filter_map(|line| line.strip_prefix("## "))
        .find(|entry| !entry.to_lowercase().contains("unreleased"))
        .expect("an entry in CHANGELOG.md");
    let named = entry.trim_start_matches('[').split([']', ' ']).next();
    assert_eq!(named, Some(version), "the top entry of CHANGELOG.md");
}

/// The form of <https://keepachangelog.com/en/1.1.0/>, which scripts/lib/release.mjs parses.
#[test]
fn the_changelog_has_the_form_of_keep_a_changelog() {
    let text = read("CHANGELOG.md");
    let is_date = |date: &str| {
        date.len() == 10
            && date.char_indices().all(|(place, letter)| match place {
                4 | 7 => letter == '-',
                _ => letter.is_ascii_digit(),
            })
    };
    let mut broken = Vec::new();
    for heading in text.lines().filter_map(|line| line.strip_prefix("## ")) {
        let (version, rest) = heading
            .strip_prefix('[')
            .and_then(|heading| heading.split_once(']'))
            .unwrap_or((heading, "no brackets"));
        let dated = rest.strip_prefix(" - ").is_some_and(is_date);
        if !(dated || version == "Unreleased" && rest.is_empty()) {
            broken.push(format!("## {heading}: not \"[version] - YYYY-MM-DD\""));
        }
        if !text.contains(&format!("\n[{version}]: https://")) {
            broken.push(format!("## {heading}: no link at the end of the file"));
        }
    }
    let groups = ["Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"];
    let others = text.lines().filter_map(|line| line.strip_prefix("### "));
    broken
        .extend(others.filter(|group| !groups.contains(group)).map(|group| format!("### {group}")));
    none("CHANGELOG.md", broken);
}

#[test]
fn no_file_has_paths_of_one_machine() {
    let endings = ["rs", "js", "mjs", "ts", "json", "toml", "md", "html", "css", "lock", "yml"];
    let directories =
        ["engine", "src", "collector", "fuzz", "www", "scripts", "tests", "docs", ".github"];
    let mut all = files(&directories, &endings);
    for entry in fs::read_dir(root()).unwrap() {
        let name = entry.unwrap().file_name().to_string_lossy().into_owned();
        if !endings.iter().any(|ending| name.ends_with(&format!(".{ending}"))) {
            continue;
        }
        let text = read(&name);
        all.push((name, text));
    }
    // Concatenated, so that this file does not contain them.
    let private = [["/work", "/"].concat(), ["/root", "/"].concat()];
    let mut broken = Vec::new();
    for (name, text) in all {
        let found = private.iter().filter(|path| text.contains(path.as_str()));
        broken.extend(found.map(|path| format!("{name}: {path}")));
    }
    none("paths of one machine", broken);
}

#[test]
fn no_test_is_disabled() {
    let words = [["#[", "ignore"].concat(), [".", "skip("].concat(), [".", "only("].concat()];
    let mut broken = Vec::new();
    for (name, text) in files(&["engine", "src", "collector", "tests"], &["rs", "js", "mjs", "ts"])
    {
        let found = words.iter().filter(|word| {
            // Iterators have such methods as well.
            let mut lines = code(&text).filter(|line| line.contains(word.as_str()));
            if name.ends_with(".rs") && word.starts_with('.') {
                false
            } else {
                lines.next().is_some()
            }
        });
        broken.extend(found.map(|word| format!("{name}: {word}")));
    }
    none("tests that do not run", broken);
}

/// Each is written as `file` "beginning of the test's name".
#[test]
fn docs_lessons_names_existing_tests() {
    let text = read("docs/lessons.md");
    let mut broken = Vec::new();
    let mut named = 0;
    for (file, rest) in text.split('`').zip(text.split('`').skip(1)).skip(1).step_by(2) {
        let Some(name) = rest.strip_prefix(" \"").and_then(|rest| rest.split('"').next()) else {
            continue;
        };
        named += 1;
        if !root().join(file).is_file() || !read(file).contains(name) {
            broken.push(format!("{file}: {name}"));
        }
    }
    assert!(named > 30, "{named} tests are named");
    none("docs/lessons.md names tests that do not exist", broken);
}

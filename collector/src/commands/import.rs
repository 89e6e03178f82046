//! `recobeacon-collector import`: adds the events of a history file.

use recobeacon_collector::clock::now_ms;
use recobeacon_collector::config::Config;
use recobeacon_collector::history::{Format, parse, read};
use recobeacon_collector::pseudonym::{Hasher, Key};
use recobeacon_collector::store::Row;
use recobeacon_collector::store::history::Appender;
use std::fs::File;
use std::io::{Read, stdin};
use std::path::{Path, PathBuf};

/// Rows of a transaction. A running collector waits for one, some ten milliseconds.
const GROUP: usize = 2000;
/// Rows between two messages.
const PROGRESS: u64 = 200_000;
/// Invalid lines that are reported one by one.
const REPORTED: u64 = 20;

/// The flags of the command.
#[derive(Debug, clap::Args)]
pub struct Flags {
    /// The file; `-` is the standard input
    pub file: PathBuf,
    /// The file's format [default: by its name, .csv, .jsonl or .ndjson]
    #[arg(long)]
    pub format: Option<Format>,
    /// Character between the cells of CSV; spreadsheets may write a semicolon [default: ,]
    #[arg(long)]
    pub delimiter: Option<char>,
    /// Check the file without storing anything
    #[arg(long)]
    pub dry_run: bool,
    /// Leave invalid lines out. Without it, the first invalid line ends the import
    #[arg(long)]
    pub skip_invalid: bool,
}

/// The numbers of lines by their result.
#[derive(Debug, Default)]
struct Counts {
    valid: u64,
    new: u64,
    erased: u64,
    invalid: u64,
}

/// Opens a history file.
///
/// # Errors
/// It cannot be read, or its format is not known.
pub fn open(
    file: &Path,
    format: Option<Format>,
    delimiter: Option<char>,
) -> Result<read::Lines, String> {
    let format = format.or_else(|| Format::of(file)).ok_or_else(|| {
        format!("{}: its name does not tell the format: add --format csv or jsonl", file.display())
    })?;
    if delimiter.is_some() && format == Format::Jsonl {
        return Err("--delimiter: only for CSV".to_owned());
    }
    let delimiter = u8::try_from(delimiter.unwrap_or(','))
        .map_err(|_| "--delimiter: must be one ASCII character".to_owned())?;
    let input: Box<dyn Read> = if file == Path::new("-") {
        Box::new(stdin())
    } else {
        let opened = File::open(file);
        Box::new(opened.map_err(|error| format!("{}: {error}", file.display()))?)
    };
    read::lines(format, delimiter, input)
}

/// Runs the command. Returns whether every line was valid.
///
/// # Errors
/// The file or the database cannot be used, or a line is invalid. Earlier lines are stored.
pub fn run(flags: &Flags, config: &Config) -> Result<bool, String> {
    let lines = open(&flags.file, flags.format, flags.delimiter)?;
    // A trial makes no key file.
    let keys =
        if flags.dry_run { &[Key { number: 1, secret: vec![0] }] } else { config.keys.as_slice() };
    let hasher = Hasher::new(keys, config.database.beside()).map_err(|error| error.to_string())?;
    let now = now_ms();
    let mut appender = if flags.dry_run {
        None
    } else {
        let opened = Appender::open(&config.database, &hasher, now);
        let path = &config.database;
        Some(opened.map_err(|error| format!("the database {path}: {error}"))?)
    };
    let mut counts = Counts::default();
    let mut group = Vec::with_capacity(GROUP);
    for read::Line { number, cells } in lines {
        match cells.and_then(|cells| parse::row(cells, now, &hasher)) {
            Ok(row) => {
                counts.valid += 1;
                group.push(row);
            }
            Err(sentence) if flags.skip_invalid || flags.dry_run => {
                counts.invalid += 1;
                if counts.invalid <= REPORTED {
                    eprintln!("line {number}: {sentence}");
                }
            }
            Err(sentence) => {
                append(&mut appender, &mut group, &mut counts)?;
                return Err(format!(
                    "line {number}: {sentence}\nThe lines before it are stored ({} of {} were new). \
                     Correct the line and import the file again, or use --skip-invalid.",
                    counts.new, counts.valid
                ));
            }
        }
        if group.len() == GROUP {
            append(&mut appender, &mut group, &mut counts)?;
            if counts.valid.is_multiple_of(PROGRESS) {
                eprintln!("{} lines", counts.valid);
            }
        }
    }
    append(&mut appender, &mut group, &mut counts)?;
    let Counts { valid, new, erased, invalid } = counts;
    if flags.dry_run {
        println!("{valid} valid lines, {invalid} invalid ones; nothing was stored");
    } else {
        let known = valid - new - erased;
        println!("{new} new events, {known} that were stored before, {invalid} invalid lines");
        if erased > 0 {
            println!("{erased} events of erased visitors were left out");
        }
    }
    Ok(invalid == 0)
}

fn append(
    appender: &mut Option<Appender>,
    group: &mut Vec<Row>,
    counts: &mut Counts,
) -> Result<(), String> {
    if let Some(appender) = appender {
        let appended = appender.append(group).map_err(|error| {
            format!(
                "the database: {error}\n{} events were stored before. \
                 Import the file again when the fault is mended.",
                counts.new
            )
        })?;
        counts.new += appended.new;
        counts.erased += appended.erased;
    }
    group.clear();
    Ok(())
}

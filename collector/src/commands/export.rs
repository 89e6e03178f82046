//! `recobeacon-collector export`: writes stored events as a file.

use super::{customers, import};
use recobeacon_collector::config::Config;
use recobeacon_collector::history::columns::{AT, TYPE, USER_HASH};
use recobeacon_collector::history::ibexa::Requests;
use recobeacon_collector::history::read::Cells;
use recobeacon_collector::history::write::Writer;
use recobeacon_collector::history::{self, read};
use recobeacon_collector::iso;
use recobeacon_collector::store::Row;
use recobeacon_collector::store::history::{ScanError, Selection, scan};
use recobeacon_engine::event::Kind;
use recobeacon_engine::value::Value;
use std::fs::File;
use std::io::{self, BufWriter, Write, stdout};
use std::path::{Path, PathBuf};

/// The formats of an export.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// Comma-separated values with a header line
    Csv,
    /// One JSON object a line
    Jsonl,
    /// One signed request of Ibexa's import a line, for purchases
    Ibexa,
}

/// The flags of the command.
#[derive(Debug, clap::Args)]
pub struct Flags {
    /// The file to write; `-` is the standard output [default: -]
    #[arg(long)]
    pub output: Option<PathBuf>,
    /// The format
    #[arg(long, default_value = "jsonl")]
    pub format: Format,
    /// Events of this time and later, like 2026-11-27 (midnight, UTC) or 2026-11-27T00:00:00Z
    #[arg(long, value_parser = time)]
    pub from: Option<u64>,
    /// Events before this time
    #[arg(long, value_parser = time)]
    pub to: Option<u64>,
    /// Events of this type, for example buy. Can be repeated
    #[arg(long = "type")]
    pub kinds: Vec<String>,
    /// Events of this customer or channel of a vendor's interface. Can be repeated
    #[arg(long = "customer")]
    pub customers: Vec<String>,
    /// With --format ibexa: the customer id at Ibexa
    #[arg(long, required_if_eq("format", "ibexa"))]
    pub ibexa_customer: Option<String>,
    /// With --format ibexa: the file with the license key
    #[arg(long, required_if_eq("format", "ibexa"))]
    pub license_key_file: Option<PathBuf>,
    /// With --format ibexa: the address before /api [default: Ibexa's]
    #[arg(long)]
    pub endpoint: Option<String>,
    /// With --format ibexa: a history file in place of the database. It has user ids in the clear,
    /// as Ibexa knows them; the database has hashes
    #[arg(long)]
    pub input: Option<PathBuf>,
}

fn time(text: &str) -> Result<u64, String> {
    iso::parse_from_date(text).ok_or_else(|| iso::FORM.to_owned())
}

/// Runs the command.
///
/// # Errors
/// The database or the file cannot be used.
pub fn run(flags: &Flags, config: &Config) -> Result<bool, String> {
    check(flags)?;
    if flags.input.is_none() {
        customers::check(&flags.customers, config)?;
    }
    let mut out = output(flags.output.as_deref())?;
    let written = match flags.format {
        Format::Csv => rows(history::Format::Csv, flags, config, &mut out),
        Format::Jsonl => rows(history::Format::Jsonl, flags, config, &mut out),
        Format::Ibexa => requests(flags, config, &mut out),
    }?;
    out.flush().map_err(|error| cannot_write(&error))?;
    eprintln!("{written} lines");
    Ok(true)
}

/// Refuses flags that would have no effect, or select nothing.
fn check(flags: &Flags) -> Result<(), String> {
    let Flags { output: _, format, from, to, kinds, customers, .. } = flags;
    if let Some(kind) = kinds.iter().find(|kind| Kind::from_name(kind).is_none()) {
        return Err(format!("--type: {kind} is not the name of an event"));
    }
    if from.zip(*to).is_some_and(|(from, to)| from >= to) {
        return Err("--from: must be before --to".to_owned());
    }
    let given = |flags: &[(&'static str, bool)]| {
        flags.iter().find(|(_, is_given)| *is_given).map(|(name, _)| *name)
    };
    let of_ibexa = [
        ("--ibexa-customer", flags.ibexa_customer.is_some()),
        ("--license-key-file", flags.license_key_file.is_some()),
        ("--endpoint", flags.endpoint.is_some()),
        ("--input", flags.input.is_some()),
    ];
    if *format != Format::Ibexa {
        return given(&of_ibexa)
            .map_or(Ok(()), |name| Err(format!("{name}: only with --format ibexa")));
    }
    if kinds.iter().any(|kind| kind != Kind::Buy.name()) {
        return Err("--type: --format ibexa writes purchases (buy) only".to_owned());
    }
    let Some(input) = &flags.input else { return Ok(()) };
    let selecting = [
        ("--from", from.is_some()),
        ("--to", to.is_some()),
        ("--type", !kinds.is_empty()),
        ("--customer", !customers.is_empty()),
    ];
    if let Some(name) = given(&selecting) {
        return Err(format!(
            "{name}: selects from the database, so it cannot be used with --input"
        ));
    }
    if history::Format::of(input).is_none() {
        return Err("--input: the file's name must end in .csv, .jsonl or .ndjson".to_owned());
    }
    Ok(())
}

fn output(path: Option<&Path>) -> Result<BufWriter<Box<dyn Write>>, String> {
    let out: Box<dyn Write> = match path.filter(|path| *path != Path::new("-")) {
        None => Box::new(stdout().lock()),
        // An existing file may be the only copy of an earlier export.
        Some(path) => Box::new(
            File::create_new(path).map_err(|error| format!("{}: {error}", path.display()))?,
        ),
    };
    Ok(BufWriter::new(out))
}

fn cannot_write(error: &io::Error) -> String {
    format!("the output cannot be written: {error}")
}

fn selection(flags: &Flags) -> Selection {
    let Flags { from, to, kinds, customers, .. } = flags;
    Selection { from: *from, to: *to, kinds: kinds.clone(), customers: customers.clone() }
}

/// Passes the selected rows of the database.
fn each(
    selection: &Selection,
    config: &Config,
    use_row: impl FnMut(Row) -> Result<(), String>,
) -> Result<u64, String> {
    scan(&config.database, selection, use_row).map_err(|error| match error {
        ScanError::Database(error) => {
            format!("the database {}: {error}", config.database)
        }
        ScanError::Use(sentence) => sentence,
    })
}

fn rows(
    format: history::Format,
    flags: &Flags,
    config: &Config,
    out: &mut dyn Write,
) -> Result<u64, String> {
    let mut writer = Writer::begin(format, out).map_err(|error| cannot_write(&error))?;
    let written = each(&selection(flags), config, |row| {
        writer.row(&row).map_err(|error| cannot_write(&error))
    })?;
    writer.end().map_err(|error| cannot_write(&error))?;
    Ok(written)
}

fn requests(flags: &Flags, config: &Config, out: &mut dyn Write) -> Result<u64, String> {
    let customer = flags.ibexa_customer.as_deref().unwrap_or_default();
    let key_file = flags.license_key_file.clone().unwrap_or_default();
    let key = std::fs::read_to_string(&key_file)
        .map_err(|error| format!("{}: {error}", key_file.display()))?;
    let requests = Requests::new(customer, key.trim().to_owned(), flags.endpoint.as_deref())?;
    let mut written = 0;
    let mut write = |cells: Cells| {
        for url in requests.of_line(cells)?.unwrap_or_default() {
            writeln!(out, "{url}").map_err(|error| cannot_write(&error))?;
            written += 1;
        }
        Ok(())
    };
    if let Some(input) = &flags.input {
        for read::Line { number, cells } in import::open(input, None, None)? {
            cells.and_then(&mut write).map_err(|sentence| format!("line {number}: {sentence}"))?;
        }
    } else {
        let purchases = Selection { kinds: vec!["buy".to_owned()], ..selection(flags) };
        each(&purchases, config, |row| {
            let id = row.id.clone();
            cells_of(row).and_then(&mut write).map_err(|sentence| format!("event {id}: {sentence}"))
        })?;
    }
    Ok(written)
}

/// A stored row as the cells of a file.
fn cells_of(row: Row) -> Result<Cells, String> {
    let fields: Value = serde_json::from_str(&row.fields).map_err(|error| error.to_string())?;
    let Value::Map(fields) = fields else { return Err("its fields are no object".to_owned()) };
    let known = history::columns::fields_of(Kind::Buy);
    let mut values: Vec<_> =
        fields.into_iter().filter(|(name, _)| known.contains(&name.as_str())).collect();
    let text = |name: &str, text: String| (name.to_owned(), Value::Text(text));
    values.push(text(TYPE, row.kind));
    values.push((AT.to_owned(), Value::Number(row.at as f64)));
    values.extend(row.user.or(row.anonymous).map(|user| text(USER_HASH, user)));
    Ok(Cells { values, more: None })
}

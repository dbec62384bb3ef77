//! `beckon codes upload`: a file of codes, part by part. What was taken is taken: the same file again adds nothing twice.

use super::{SaidArgs, standing};
use crate::error::CliError;
use crate::replay::format::input::Input;
use crate::rules::admin::{Admin, encoded};
use crate::rules::place::PlaceArgs;
use beckon_wire::catalog::feed::columns::delimiter;
use beckon_wire::codes::CODE_COUNT_MAX;
use clap::Args;
use csv::{ByteRecord, ReaderBuilder, WriterBuilder};
use data_encoding::HEXLOWER;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::io::Read;
use std::path::PathBuf;

/// Rows that are told one by one; `--json` has all.
const ERROR_COUNT_SHOWN: usize = 20;
/// Bytes of a file at most: some hundred thousand codes.
const FILE_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// Arguments of `beckon codes upload`.
#[derive(Args, Debug)]
pub(super) struct UploadArgs {
    /// The pool; made when there is none
    #[arg(value_name = "POOL")]
    pool: String,
    /// The codes: CSV with a code in each row, and when it ends, if it does (.gz is read as it is)
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    said: SaidArgs,
    /// Only say which rows cannot be taken for what they hold; whether a code is known is not looked up
    #[arg(long)]
    dry_run: bool,
    /// Print one JSON document instead of lines
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    place: PlaceArgs,
}

/// A part of a file.
pub(super) struct Part {
    /// The number of its first row.
    pub first_row: u64,
    /// What is sent.
    pub bytes: Vec<u8>,
    /// Its rows.
    pub row_count: u64,
}

/// Cuts a file into parts that one request takes.
pub(super) fn parts(text: &[u8]) -> Result<Vec<Part>, CliError> {
    let unwritten =
        |error: csv::Error| CliError::failed(format!("a part could not be written in memory: {error}"));
    let text = text.strip_prefix("\u{feff}".as_bytes()).unwrap_or(text);
    let mut reader = ReaderBuilder::new();
    let mut reader = reader.has_headers(false).flexible(true).delimiter(delimiter(text)).from_reader(text);
    let (mut parts, mut record, mut next_row) = (Vec::new(), ByteRecord::new(), 1);
    loop {
        let mut writer = WriterBuilder::new().flexible(true).from_writer(Vec::new());
        let mut row_count = 0;
        while row_count < CODE_COUNT_MAX as u64 && reader.read_byte_record(&mut record).map_err(unwritten)? {
            writer.write_byte_record(&record).map_err(unwritten)?;
            row_count += 1;
        }
        if row_count == 0 {
            return Ok(parts);
        }
        let bytes =
            writer.into_inner().map_err(|_| CliError::failed("a part could not be written in memory"))?;
        parts.push(Part { first_row: next_row, bytes, row_count });
        next_row += row_count;
    }
}

/// Uploads codes.
pub(super) async fn run(args: UploadArgs) -> Result<(), CliError> {
    let file = args.file.display().to_string();
    let unread = |error: &dyn std::fmt::Display| {
        CliError::usage(format!("cannot read the codes {file}: {}", error.to_string().trim()))
    };
    let (_, source) = Input::open(&args.file).map_err(|e| unread(&e))?;
    let mut text = Vec::new();
    source.take(FILE_BYTES_MAX + 1).read_to_end(&mut text).map_err(|e| unread(&e))?;
    if text.len() as u64 > FILE_BYTES_MAX {
        return Err(unread(&"it is larger than 64 MiB: upload it in several files"));
    }
    let admin = args.place.open().await?;
    // A file is known again by what is in it: an upload that ended halfway goes on where it was.
    let digest = HEXLOWER.encode(&Sha256::digest(&text)[..16]);
    let mut query = args.said.into_query();
    query.push(("import", format!("file-{digest}")));
    query.extend(args.dry_run.then(|| ("dry_run", "true".to_owned())));
    let report = send(&admin, &args.pool, &query, parts(&text)?).await?;
    report.tell(&file, args.dry_run, args.json);
    match report.errors.len() {
        0 => Ok(()),
        1 => Err(CliError::failed(format!(
            "1 row of {file} was not taken: mend it, and upload the file again"
        ))),
        refused => Err(CliError::failed(format!(
            "{refused} rows of {file} were not taken: mend them, and upload the file again"
        ))),
    }
}

/// What became of an upload.
#[derive(Default)]
struct Report {
    rows: u64,
    added: u64,
    errors: Vec<Value>,
    pool: Value,
}

async fn send(
    admin: &Admin,
    pool: &str,
    query: &[(&'static str, String)],
    parts: Vec<Part>,
) -> Result<Report, CliError> {
    let bar = ProgressBar::new(parts.iter().map(|part| part.row_count).sum());
    if let Ok(style) = ProgressStyle::with_template("uploading [{bar:40}] {percent:>3} %  {msg}  {eta} left")
    {
        bar.set_style(style.progress_chars("=> "));
    }
    let path = format!("/codes/{}", encoded(pool));
    let mut report = Report::default();
    for part in parts {
        let mut query = query.to_vec();
        query.push(("first_row", part.first_row.to_string()));
        let mut answer = admin.post_whole(&path, &query, "text/csv", part.bytes).await?;
        let count = |name: &str| answer[name].as_u64().unwrap_or_default();
        report.rows += count("rows");
        report.added += count("added");
        report.errors.extend(answer["errors"].as_array().into_iter().flatten().cloned());
        report.pool = answer["pool"].take();
        bar.inc(part.row_count);
        bar.set_message(format!("{} codes, {} refused", report.added, report.errors.len()));
    }
    bar.finish_and_clear();
    Ok(report)
}

impl Report {
    fn tell(&self, file: &str, dry_run: bool, as_json: bool) {
        if as_json {
            let document = json!({ "file": file, "dryRun": dry_run, "rows": self.rows, "added": self.added,
                "refused": self.errors.len(), "errors": self.errors, "pool": self.pool });
            crate::say(format_args!("{document:#}"));
            return;
        }
        for error in self.errors.iter().take(ERROR_COUNT_SHOWN) {
            let code = error["id"].as_str().map(|code| format!(" ({code})")).unwrap_or_default();
            eprintln!("{file}: row {}{code}: {}", error["row"], error["detail"].as_str().unwrap_or_default());
        }
        if self.errors.len() > ERROR_COUNT_SHOWN {
            eprintln!("{file}: and {} more rows", self.errors.len() - ERROR_COUNT_SHOWN);
        }
        let would = if dry_run { "are well written" } else { "are in the pool" };
        crate::say(format_args!(
            "{} rows: {} codes {would}, {} refused",
            self.rows,
            self.added,
            self.errors.len()
        ));
        if !self.pool.is_null() {
            crate::say(standing(&self.pool));
        }
    }
}

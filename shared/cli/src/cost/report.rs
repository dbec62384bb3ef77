//! What a month costs: the lines with their prices, added up by boundary.

use super::measured::{Counted, Figure, Measured};
use super::month::{ItemSize, Line, Part, Traffic, lines};
use super::naive::DESIGNS;
use super::prices::{Item, Prices};
use crate::error::CliError;
use serde::Serialize;
use std::collections::BTreeMap;

/// What the profile path may cost for a million events at 1 KB items, in USD.
pub const BUDGET_USD: f64 = 0.70;

/// What is not in any figure.
pub const EXCLUDED: [&str; 6] = [
    "data transfer to the internet (answers, mails) and between regions",
    "AWS's free tiers, discounts, savings plans and taxes",
    "contacts, experiments, the catalog's feed, admin and unsubscribe requests: no replay counts them",
    "failures: retries, failed events and what is put again",
    "queries of logs, CloudWatch's own API, backups beyond point-in-time recovery, rotation of keys",
    "a domain, a firewall and whatever stands before the API",
];

/// A line with its price.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Priced {
    /// The line.
    #[serde(flatten)]
    pub line: Line,
    /// What it costs, in USD.
    pub usd: f64,
}

/// The profile path.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Path {
    /// What is paid for events, in USD.
    pub usd: f64,
    /// The same for a million events; none without events.
    pub usd_per_million: Option<f64>,
    /// What is paid for shards, whatever comes, in USD.
    pub shards_usd: f64,
    /// Every line.
    pub lines: Vec<Priced>,
}

/// Whether a goal is met.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It is.
    Met,
    /// It is not.
    NotMet,
    /// The figures do not say: the replay waited for fuller batches, or nothing comes.
    NotJudged,
}

/// A design, or Beckon, for the same month.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Compared {
    /// Its name.
    pub name: String,
    /// What it does for an event.
    pub what: String,
    /// What is compared.
    pub boundary: &'static str,
    /// Stream, functions, tables, and API with logs: USD for a million events, without what stands for hours.
    pub usd_per_million_by_kind: BTreeMap<&'static str, f64>,
    /// All of that.
    pub usd_per_million: f64,
    /// The month, with the stream's hours, in USD.
    pub usd: f64,
}

/// Everything about a month.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// What comes.
    pub traffic: Traffic,
    /// The prices.
    pub prices: Prices,
    /// Where the counted units are from.
    pub counted: Counted,
    /// Half of the profiles' items, when written, have at most so many bytes.
    pub written_bytes_p50: u32,
    /// (a) at items of 1 KB.
    pub profile_path_kilobyte: Path,
    /// (a) at measured items.
    pub profile_path_measured: Path,
    /// What (a) may cost for a million events at items of 1 KB, in USD.
    pub budget_usd_per_million: f64,
    /// Whether it does.
    pub budget: Verdict,
    /// (b) by what of the stack it is for, in USD, the dearest first.
    pub all: Vec<(&'static str, f64)>,
    /// (b), in USD.
    pub all_usd: f64,
    /// (c) in the same way.
    pub idle: Vec<(&'static str, f64)>,
    /// (c), in USD.
    pub idle_usd: f64,
    /// Naive designs, and Beckon.
    pub compared: Vec<Compared>,
    /// What is assumed.
    pub assumed: BTreeMap<String, Figure>,
    /// What is not counted.
    pub excluded: Vec<&'static str>,
}

impl Report {
    /// Prices a month.
    ///
    /// # Errors
    /// When the figures cannot be listed, which would be a mistake of this command.
    pub fn of(traffic: Traffic, measured: &Measured, prices: Prices) -> Result<Self, CliError> {
        let idle = Traffic { events: 0.0, decisions: 0.0, mails: 0.0, ..traffic };
        let at = |traffic: &Traffic, size| priced(lines(traffic, measured, size), &prices);
        let kilobyte = at(&traffic, ItemSize::Kilobyte);
        let all = at(&traffic, ItemSize::Measured);
        let nothing = at(&idle, ItemSize::Measured);
        let paths = [&kilobyte, &all].map(|lines| path(lines, traffic.events));
        let [profile_path_kilobyte, profile_path_measured] = paths;
        // Only of a replay that delivered each event alone is it known that none waited.
        let is_fresh = measured.replay.cost.batch_rows == Some(1);
        let budget = match profile_path_kilobyte.usd_per_million.filter(|_| is_fresh) {
            None => Verdict::NotJudged,
            Some(usd) if usd <= BUDGET_USD => Verdict::Met,
            Some(_) => Verdict::NotMet,
        };
        let assumed = serde_json::to_value(&measured.assumed).and_then(serde_json::from_value);
        Ok(Self {
            compared: compared(&traffic, measured, &prices, (&kilobyte, &all)),
            traffic,
            counted: measured.counted.clone(),
            written_bytes_p50: measured.replay.cost.written_bytes.p50,
            profile_path_kilobyte,
            profile_path_measured,
            budget_usd_per_million: BUDGET_USD,
            budget,
            all_usd: total(&all),
            all: by_use(&all),
            idle_usd: total(&nothing),
            idle: by_use(&nothing),
            assumed: assumed.map_err(|e| CliError::caused("the assumed figures", &e))?,
            excluded: EXCLUDED.to_vec(),
            prices,
        })
    }
}

fn priced(lines: Vec<Line>, prices: &Prices) -> Vec<Priced> {
    let price = |line: Line| Priced { usd: prices.of(line.item, line.units), line };
    lines.into_iter().map(price).collect()
}

fn total(lines: &[Priced]) -> f64 {
    lines.iter().map(|priced| priced.usd).sum()
}

fn path(lines: &[Priced], events: f64) -> Path {
    let of = |part| lines.iter().filter(move |priced| priced.line.part == part);
    let usd: f64 = of(Part::ProfilePath).map(|priced| priced.usd).sum();
    Path {
        usd,
        usd_per_million: (events > 0.0).then(|| usd / events * 1e6),
        shards_usd: of(Part::ProfileShards).map(|priced| priced.usd).sum(),
        lines: of(Part::ProfilePath).chain(of(Part::ProfileShards)).cloned().collect(),
    }
}

fn by_use(lines: &[Priced]) -> Vec<(&'static str, f64)> {
    let mut uses: BTreeMap<&'static str, f64> = BTreeMap::new();
    for priced in lines {
        *uses.entry(priced.line.of).or_default() += priced.usd;
    }
    let mut uses: Vec<_> = uses.into_iter().collect();
    uses.sort_by(|(_, one), (_, other)| other.total_cmp(one));
    uses
}

/// The kind of service that a price is of, where designs are compared.
fn kind(item: Item) -> &'static str {
    let name = item.name();
    match name.split('_').next() {
        Some("kinesis") => "stream",
        Some("lambda") => "functions",
        Some("dynamodb") => "tables",
        _ => "API and logs",
    }
}

fn compared(
    traffic: &Traffic,
    measured: &Measured,
    prices: &Prices,
    (kilobyte, all): (&[Priced], &[Priced]),
) -> Vec<Compared> {
    let one = |name: &str, what: &str, lines: &[Priced], has_intake: bool| {
        let of = |parts: &'static [Part]| lines.iter().filter(|priced| parts.contains(&priced.line.part));
        let counted: &'static [Part] =
            if has_intake { &[Part::ProfilePath, Part::Intake] } else { &[Part::ProfilePath] };
        let mut kinds = BTreeMap::new();
        for priced in of(counted) {
            *kinds.entry(kind(priced.line.item)).or_default() += priced.usd / traffic.events.max(1.0) * 1e6;
        }
        let hours: f64 = of(&[Part::ProfileShards]).map(|priced| priced.usd).sum();
        Compared {
            name: name.to_owned(),
            what: what.to_owned(),
            boundary: if has_intake { "events in, with API and logs" } else { "profile path" },
            usd_per_million: kinds.values().sum(),
            usd: of(counted).map(|priced| priced.usd).sum::<f64>() + hours,
            usd_per_million_by_kind: kinds,
        }
    };
    let packed = "one packed item, written once for each visitor and batch";
    let mut rows = Vec::new();
    for has_intake in [false, true] {
        for design in DESIGNS.iter().filter(|design| design.has_intake == has_intake) {
            let lines = priced(design.lines(traffic, measured), prices);
            rows.push(one(design.name, design.what, &lines, has_intake));
        }
        rows.push(one("Beckon, measured items", packed, all, has_intake));
        rows.push(one("Beckon, 1 KB items", packed, kilobyte, has_intake));
    }
    rows
}

//! What `beckon cost` prints.

use super::Freshness;
use super::month::Part;
use super::report::{Compared, EXCLUDED, Path, Report, Verdict};
use std::fmt;

/// A whole number in groups of three digits.
pub(crate) fn grouped(value: f64) -> String {
    let digits = format!("{:.0}", value.abs());
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let traffic = &self.traffic;
        let (first, last) = self.prices.looked_up();
        writeln!(
            f,
            "a month of {} events ({} in a request), {} decisions, {} mails; profiles {}",
            grouped(traffic.events),
            traffic.events_per_request,
            grouped(traffic.decisions),
            grouped(traffic.mails),
            match traffic.freshness {
                Freshness::Standard => "within a second (polls)",
                Freshness::FanOut => "within 0.1 s (enhanced fan-out, which the template does not set up)",
            }
        )?;
        let days = if first == last { first.to_owned() } else { format!("{first} to {last}") };
        writeln!(f, "prices          {}, {}, looked up {days}", self.prices.region, self.prices.from)?;
        let recalled = self.prices.recalled();
        if !recalled.is_empty() {
            writeln!(f, "                recalled and not read anywhere: {}", recalled.join(", "))?;
        }
        writeln!(f, "units           {}: {}", self.counted.on, self.counted.command)?;
        writeln!(f, "                {}", self.counted.stream)?;
        self.path(f)?;
        writeln!(f, "\n(b) all services                              USD a month")?;
        uses(f, &self.all)?;
        let per_million = if traffic.events > 0.0 {
            format!(
                "   {:.2} for a million events, decisions and mails included",
                self.all_usd / traffic.events * 1e6
            )
        } else {
            String::new()
        };
        writeln!(f, "    {:<40} {:>9.2}{per_million}", "all of it", self.all_usd)?;
        writeln!(f, "\n(c) an idle month                             USD")?;
        uses(f, &self.idle)?;
        writeln!(f, "    {:<40} {:>9.2}", "all of it", self.idle_usd)?;
        compared(f, &self.compared)?;
        writeln!(f, "\nassumed, measured by nobody on AWS:")?;
        for (name, figure) in &self.assumed {
            writeln!(f, "    {name:<24} {:>7}  {}", figure.value, figure.why)?;
        }
        writeln!(f, "\nin no figure:")?;
        EXCLUDED.iter().try_for_each(|what| writeln!(f, "    {what}"))
    }
}

impl Report {
    fn path(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (kilobyte, measured) = (&self.profile_path_kilobyte, &self.profile_path_measured);
        let items = format!("measured ({} B)", self.written_bytes_p50);
        writeln!(f, "\n(a) profile path, USD a million events       1 KB items   {items}")?;
        let per_million = |usd: f64| usd / self.traffic.events.max(1.0) * 1e6;
        let [at_kilobyte, at_measured] = [kilobyte, measured].map(by_item);
        for ((what, usd), (_, usd_measured)) in at_kilobyte.iter().zip(&at_measured) {
            writeln!(f, "    {what:<40} {:>10.4}   {:>10.4}", per_million(*usd), per_million(*usd_measured))?;
        }
        let total = |path: &Path| path.usd_per_million.unwrap_or_default();
        writeln!(f, "    {:<40} {:>10.4}   {:>10.4}", "all of it", total(kilobyte), total(measured))?;
        writeln!(f, "    shards, whatever comes: {:.2} a month", kilobyte.shards_usd)?;
        let budget = self.budget_usd_per_million;
        match self.budget {
            Verdict::Met => writeln!(f, "    goal: at most {budget:.2} at 1 KB items: met"),
            Verdict::NotMet => writeln!(f, "    goal: at most {budget:.2} at 1 KB items: NOT MET"),
            Verdict::NotJudged => writeln!(
                f,
                "    goal: at most {budget:.2} at 1 KB items: not judged, as events waited for others (replay with \
                 --batch-sizes 1) or there are none"
            ),
        }
    }
}

/// What of a path is paid for events, by what it is for.
fn by_item(path: &Path) -> Vec<(String, f64)> {
    let paid = path.lines.iter().filter(|priced| priced.line.part == Part::ProfilePath);
    paid.map(|priced| (format!("{}: {}", priced.line.of, priced.line.item.name()), priced.usd)).collect()
}

fn uses(f: &mut fmt::Formatter<'_>, uses: &[(&'static str, f64)]) -> fmt::Result {
    for (of, usd) in uses.iter().filter(|(_, usd)| *usd >= 0.005) {
        writeln!(f, "    {of:<40} {usd:>9.2}")?;
    }
    Ok(())
}

fn compared(f: &mut fmt::Formatter<'_>, rows: &[Compared]) -> fmt::Result {
    let mut boundary = "";
    for row in rows {
        if row.boundary != boundary {
            boundary = row.boundary;
            writeln!(
                f,
                "\ncompared: {boundary}\n    {:<24} {:>8} {:>9} {:>8} {:>8} {:>9} {:>12}",
                "USD a million events",
                "stream",
                "functions",
                "tables",
                "API+logs",
                "all of it",
                "USD a month"
            )?;
        }
        let of = |kind| row.usd_per_million_by_kind.get(kind).copied().unwrap_or_default();
        writeln!(
            f,
            "    {:<24} {:>8.3} {:>9.3} {:>8.3} {:>8.3} {:>9.2} {:>12.2}",
            row.name,
            of("stream"),
            of("functions"),
            of("tables"),
            of("API and logs"),
            row.usd_per_million,
            row.usd
        )?;
    }
    Ok(())
}

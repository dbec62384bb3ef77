//! `beckon mail report`.

use crate::error::CliError;
use crate::plot::{self, Axis, BarChart, Bars};
use crate::replay::delay;
use crate::rules::admin::Admin;
use crate::rules::place::PlaceArgs;
use admin::mail::report::{Difference, GroupSummary, StepTally, Summary, Sums, Tally};
use beckon_domain::{Currency, DurationMs, Money, Timestamp};
use beckon_wire::format_time;
use clap::Args;
use indicatif::ProgressBar;
use serde::Deserialize;
use serde_json::{Value, json};
use std::path::PathBuf;

/// Orders that are listed at most; `--json` has all.
const BOUGHT_SHOWN: usize = 20;

/// Arguments of `beckon mail report`.
#[derive(Args, Debug)]
pub(super) struct ReportArgs {
    /// How far back: 24h, 30d
    #[arg(long, value_name = "TIME", default_value = "30d", value_parser = delay)]
    since: DurationMs,
    /// Draw the shares of buyers into this file
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
    /// Print one JSON document instead of lines
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    place: PlaceArgs,
}

#[derive(Deserialize)]
struct Part {
    complete: bool,
    cursor: Option<String>,
    holdout: Option<u32>,
    until: String,
    tally: Tally,
}

/// A whole report.
struct Whole {
    since: String,
    until: String,
    tally: Tally,
    summary: Summary,
}

/// Prints what mails achieved.
pub(super) async fn run(args: ReportArgs) -> Result<(), CliError> {
    let admin = args.place.open().await?;
    let whole = read(&admin, args.since).await?;
    if let Some(path) = &args.svg {
        plot::write(path, &chart(&whole.summary).svg())?;
    }
    if args.json {
        let Whole { since, until, tally, summary } = whole;
        let Tally { steps, bought, .. } = tally;
        let answer =
            json!({ "since": since, "until": until, "steps": steps, "summary": summary, "bought": bought });
        crate::say(format_args!("{answer:#}"));
    } else {
        lines(&whole).into_iter().for_each(crate::say);
    }
    Ok(())
}

/// Follows the cursor to the end of the ledger.
async fn read(admin: &Admin, back: DurationMs) -> Result<Whole, CliError> {
    let now = jiff::Timestamp::now().as_millisecond();
    let since = format_time(Timestamp::from_ms(now) - back);
    let bar = ProgressBar::new_spinner();
    let (mut tally, mut cursor, mut until) = (Tally::default(), None::<String>, None::<String>);
    loop {
        let mut query = vec![("since", since.clone())];
        query.extend(until.clone().map(|until| ("until", until)));
        query.extend(cursor.take().map(|cursor| ("cursor", cursor)));
        let answer: Value = admin.get("/mail/report", &query).await?.done(None)?;
        let part: Part = serde_json::from_value(answer)
            .map_err(|e| CliError::caused("the report is not as this command knows it", &e))?;
        tally.merge(part.tally);
        bar.set_message(format!("{} people, {} orders", tally.people.len(), tally.bought.len()));
        bar.tick();
        if part.complete {
            bar.finish_and_clear();
            let summary = Summary::of(&tally, part.holdout);
            return Ok(Whole { since, until: part.until, tally, summary });
        }
        (cursor, until) = (part.cursor, Some(part.until));
    }
}

fn lines(whole: &Whole) -> Vec<String> {
    let Whole { since, until, tally, summary } = whole;
    let mut lines = vec![format!("mails from {since} to {until}")];
    if tally.steps.is_empty() {
        lines.push("no reminder was due in this time".to_owned());
        return lines;
    }
    lines.push(format!(
        "{:<5} {:>7} {:>9} {:>7} {:>7} {:>7} {:>10} {:>7}  revenue",
        "step", "sent", "delivered", "opened", "clicked", "bounced", "complained", "orders"
    ));
    for (number, step) in &tally.steps {
        lines.extend(of_step(*number, step));
    }
    lines.push(String::new());
    lines.push(of_group("treated", &summary.treated));
    lines.push(of_group("held out", &summary.held_out));
    lines.extend(of_difference(summary));
    if !tally.bought.is_empty() {
        lines.push(String::new());
        lines.push("bought after".to_owned());
    }
    for row in tally.bought.iter().rev().take(BOUGHT_SHOWN) {
        let at = format_time(Timestamp::from_ms(row.at));
        let total = row.total.as_deref().unwrap_or("-");
        let order = row.order.as_deref().unwrap_or("-");
        let (group, code) = (row.group.code(), row.percent.map(|p| format!(", {p} % by our code")));
        let code = code.unwrap_or_default();
        lines.push(format!("step {}   {at}  {}  {group}  {order}  {total}{code}", row.step, row.profile));
    }
    let hidden = tally.bought.len().saturating_sub(BOUGHT_SHOWN);
    if hidden > 0 {
        lines.push(format!("and {hidden} more: --json has all"));
    }
    lines
}

fn of_step(number: u8, step: &StepTally) -> Vec<String> {
    let mut lines = vec![format!(
        "{number:<5} {:>7} {:>9} {:>7} {:>7} {:>7} {:>10} {:>7}  {}",
        step.sent,
        step.delivered,
        step.opened,
        step.clicked,
        step.bounced,
        step.complained,
        step.orders,
        money(&step.revenue),
    )];
    if !step.discount.is_empty() {
        lines.push(format!("      codes took off about {}", money(&step.discount)));
    }
    let mut reasons: Vec<String> = step.not_sent.iter().map(|(why, n)| format!("{why} {n}")).collect();
    reasons.extend((step.under_way > 0).then(|| format!("under way {}", step.under_way)));
    if !reasons.is_empty() {
        lines.push(format!("      not sent: {}", reasons.join(", ")));
    }
    lines
}

fn of_group(name: &str, group: &GroupSummary) -> String {
    let rate = group.rate.map_or_else(|| "-".to_owned(), percent);
    let (people, buyers, orders) = (group.people, group.buyers, group.orders);
    let revenue = money(&group.revenue);
    format!("{name:<9} {people} people, {buyers} bought ({rate}), {orders} orders, {revenue}")
}

fn of_difference(summary: &Summary) -> Vec<String> {
    let mut lines = Vec::new();
    let verdict = |d: &Difference| if d.too_few { "; too few to tell" } else { "" };
    match &summary.lift {
        Some(lift) => {
            let relative = summary.relative_lift.map(|r| format!(", relative {}", signed(r * 100.0, "%")));
            let (value, low, high) = (lift.value * 100.0, lift.low * 100.0, lift.high * 100.0);
            lines.push(format!(
                "lift      {} (95 %: {} to {}){}{}",
                signed(value, "points"),
                signed(low, "points"),
                signed(high, "points"),
                relative.unwrap_or_default(),
                verdict(lift),
            ));
        }
        None => lines.push("lift      needs people in both groups".to_owned()),
    }
    for (code, difference) in &summary.revenue_lift {
        let amount = |minor: f64| {
            if minor.is_finite() { worth(code, minor.round() as i64) } else { "unknown".to_owned() }
        };
        lines.push(format!(
            "          {} a person (95 %: {} to {}){}",
            amount(difference.value),
            amount(difference.low),
            amount(difference.high),
            verdict(difference),
        ));
    }
    if let Some(ratio) = summary.sample_ratio.as_ref().filter(|ratio| ratio.warning) {
        lines.push(format!(
            "warning   {} were to be held out and {} were (p = {:.1e}): do not believe the comparison; did the holdout \
             change in this time?",
            percent(ratio.expected),
            percent(ratio.found),
            ratio.p,
        ));
    }
    lines
}

fn percent(rate: f64) -> String {
    format!("{:.2} %", rate * 100.0)
}

fn signed(value: f64, unit: &str) -> String {
    format!("{value:+.2} {unit}")
}

fn worth(code: &str, minor: i64) -> String {
    Currency::new(code).map_or_else(|_| minor.to_string(), |currency| Money { minor, currency }.to_string())
}

fn money(sums: &Sums) -> String {
    let each: Vec<String> = sums.iter().map(|(code, minor)| worth(code, *minor)).collect();
    if each.is_empty() { "-".to_owned() } else { each.join(", ") }
}

/// The shares of buyers, each with its standard error.
fn chart(summary: &Summary) -> BarChart {
    let bar = |group: &GroupSummary| {
        let rate = group.rate.unwrap_or_default();
        let error = (rate * (1.0 - rate) / group.people.max(1) as f64).sqrt();
        (rate * 100.0, error * 100.0)
    };
    BarChart {
        title: "Who bought after a left cart, by group".to_owned(),
        y: Axis::linear("per cent of the people assigned (with standard errors)"),
        groups: ["treated", "held out"].map(str::to_owned).to_vec(),
        bars: vec![Bars {
            name: "bought".to_owned(),
            values: [&summary.treated, &summary.held_out].map(bar).to_vec(),
        }],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use admin::mail::report::PersonTally;
    use beckon_domain::outreach::Group;

    /// So many people of each group, of whom so many bought for 10 EUR.
    fn whole(treated: (usize, usize), held_out: (usize, usize)) -> Whole {
        let mut tally = Tally::default();
        for (group, (people, buyers)) in [(Group::Treated, treated), (Group::HeldOut, held_out)] {
            for n in 0..people {
                let mut person = PersonTally { first: Some((1, group)), ..PersonTally::default() };
                if n < buyers {
                    person.orders = 1;
                    person.revenue.insert("EUR".into(), 1_000);
                }
                tally.people.insert(format!("{}-{n}", group.code()), person);
            }
        }
        let mut step = StepTally { sent: treated.0 as u64, orders: treated.1 as u64, ..StepTally::default() };
        step.not_sent.insert("HELD_OUT".into(), held_out.0 as u64);
        tally.steps.insert(1, step);
        let summary = Summary::of(&tally, Some(1_000));
        Whole { since: "a".into(), until: "b".into(), tally, summary }
    }

    #[test]
    fn requirement_45_a_difference_is_told_with_its_interval_and_in_words_when_there_are_too_few() {
        let text = lines(&whole((9_000, 900), (1_000, 50))).join("\n");
        assert!(
            text.contains("treated   9000 people, 900 bought (10.00 %), 900 orders, 9000.00 EUR"),
            "{text}"
        );
        assert!(
            text.contains("lift      +5.00 points (95 %: +3.35 points to +6.35 points), relative +100.00 %"),
            "{text}"
        );
        assert!(!text.contains("too few") && !text.contains("warning"), "{text}");
        let text = lines(&whole((90, 9), (10, 0))).join("\n");
        assert_eq!(text.matches("too few to tell").count(), 1, "{text}");
        let text = lines(&whole((900, 90), (200, 10))).join("\n");
        assert!(text.contains("warning   10.00 % were to be held out and 18.18 % were"), "{text}");
    }

    #[test]
    fn a_time_without_mails_is_told_in_a_line_and_a_picture_has_both_groups() {
        let nothing = Whole { tally: Tally::default(), ..whole((0, 0), (0, 0)) };
        assert_eq!(lines(&nothing).last().unwrap(), "no reminder was due in this time");
        let svg = chart(&whole((9, 3), (2, 1)).summary).svg();
        assert!(svg.contains("treated") && svg.contains("held out"));
    }
}

//! Somebody in a file or an archive, as they would have been decided about at that time.

use super::ExplainArgs;
use crate::error::CliError;
use crate::replay::archive::Archive;
use crate::replay::format::{Format, Reader};
use crate::replay::{self, ReplayOptions};
use crate::rules::backtest::source::{Step, Teller};
use crate::rules::file;
use beckon_domain::id::SlotId;
use beckon_domain::{Category, ProductId, ProfileKey, Timestamp};
use beckon_rules::testing::{Timeline, told};
use beckon_rules::{Page, Ruleset};
use serde_json::{Value, json};
use std::path::Path;

/// Replays one person's part of the history, and explains.
pub(super) async fn explain(args: &ExplainArgs) -> Result<Value, CliError> {
    let (Some(rules), Some(events), Some(person)) = (&args.rules, &args.events, &args.person) else {
        return Err(CliError::usage("--events needs --rules and --person"));
    };
    let ruleset = file::load(rules)?;
    let slots = slots(args, &ruleset)?;
    let page = page(args)?;
    let mut story = Story::new(&ruleset, args.at);
    if args.format == Format::Archive {
        story.archive(events, person).await?;
    } else {
        story.file(events, args.format, person)?;
    }
    let Some((mut timeline, last_at)) = story.timeline.zip(story.last_at) else {
        let when = if args.at.is_some() { " by then" } else { "" };
        return Err(CliError::usage(format!("{} has no event of {person}{when}", events.display())));
    };
    let now = args.at.unwrap_or(last_at);
    timeline.pass_to(now);
    let decisions = slots.iter().filter_map(|slot| {
        let explained = timeline.explain(slot, &page, now)?;
        Some(json!({
            "slotId": slot.as_str(),
            "shows": told(&explained.decision),
            "reason": {
                "code": explained.decision.reason.code.code(),
                "ruleId": explained.decision.reason.rule.as_ref().map(ToString::to_string),
            },
            "explanation": explained.rules,
        }))
    });
    let [segments, acting] = timeline.explain_person(now);
    Ok(json!({
        "configVersion": format!("{}@{}", ruleset.name(), ruleset.version()),
        "at": beckon_wire::format_time(now),
        "events": story.count,
        "decisions": decisions.collect::<Vec<_>>(),
        "segments": segments,
        "acting": acting,
    }))
}

fn slots(args: &ExplainArgs, ruleset: &Ruleset) -> Result<Vec<SlotId>, CliError> {
    let known: Vec<&str> = ruleset.slot_ids().map(SlotId::as_str).collect();
    let slot = |name: &String| {
        let found = ruleset.slot_ids().find(|id| id.as_str() == name).cloned();
        found.ok_or_else(|| {
            CliError::usage(format!("the ruleset has no slot {name}; slots are {}", known.join(", ")))
        })
    };
    args.slots.iter().map(slot).collect()
}

fn page(args: &ExplainArgs) -> Result<Page, CliError> {
    let product = args.product.as_deref().map(ProductId::new).transpose();
    let category = args.category.as_deref().map(Category::new).transpose();
    Ok(Page {
        kind: args.page,
        product: product.map_err(|e| CliError::usage(format!("--product {e}")))?,
        category: category.map_err(|e| CliError::usage(format!("--category {e}")))?,
        ..Page::default()
    })
}

/// One person's part of a history.
struct Story<'r> {
    ruleset: &'r Ruleset,
    teller: Teller,
    until: Option<Timestamp>,
    timeline: Option<Timeline<'r>>,
    last_at: Option<Timestamp>,
    count: u64,
}

impl<'r> Story<'r> {
    fn new(ruleset: &'r Ruleset, until: Option<Timestamp>) -> Self {
        let teller = Teller::new(ruleset.currency());
        Self { ruleset, teller, until, timeline: None, last_at: None, count: 0 }
    }

    fn file(&mut self, path: &Path, format: Format, person: &str) -> Result<(), CliError> {
        let mut reader = Reader::open(path, format).map_err(CliError::usage)?;
        let bar = replay::progress(reader.bytes_total());
        let mut now = Timestamp::EPOCH;
        while let Some(row) = reader.next() {
            let Ok(row) = row else { continue };
            bar.set_position(reader.bytes_read());
            now = row.at.max(now);
            if row.user == person {
                self.tell(Step::Row(Box::new(row), now), now);
            }
        }
        bar.finish_and_clear();
        reader.failure().map_or(Ok(()), |error| Err(CliError::usage(error)))
    }

    async fn archive(&mut self, path: &Path, person: &str) -> Result<(), CliError> {
        let key = ProfileKey::parse(person).map_err(|_| {
            CliError::usage(
                "an archive names people by their profile keys (a1_… or c1_…): give one to --person",
            )
        })?;
        let options = ReplayOptions { anew: true, ..ReplayOptions::default() };
        let mut archive = Archive::open(path, &options).await?;
        let bar = replay::progress(archive.bytes_total());
        let (mut number, mut now, mut reason) = (0, Timestamp::EPOCH, String::new());
        while let Some(mut object) = archive.next().await? {
            bar.set_position(archive.bytes_read());
            while let Some(read) = object.next()? {
                number += 1;
                reason.clear();
                reason.extend(read.as_ref().err().cloned());
                archive.count(&object, read.is_ok(), &reason)?;
                let Ok(archived) = read else { continue };
                now = archived.said.event.received_at.max(now);
                if archived.key == key {
                    let said = Box::new(archived.said);
                    self.tell(Step::Line { number, at: now, key: archived.key, said }, now);
                }
            }
        }
        bar.finish_and_clear();
        archive.finish(path, &reason)
    }

    /// Something happened to the person, if it is not later than what is asked for.
    fn tell(&mut self, step: Step, at: Timestamp) {
        if self.until.is_some_and(|until| at > until) {
            return;
        }
        let Ok(told) = self.teller.tell(step) else { return };
        let timeline = self.timeline.get_or_insert_with(|| Timeline::new(self.ruleset, told.key.clone()));
        timeline.happen(&told.item);
        self.last_at = Some(at);
        self.count += 1;
    }
}

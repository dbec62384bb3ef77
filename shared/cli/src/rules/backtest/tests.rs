//! Small histories that a seed decides, through pairs of rulesets.

use super::source::{Step, Teller, page_of};
use super::{BacktestArgs, Report, backtest, text::text};
use crate::dice::Dice;
use crate::replay::format::{Format, Reader};
use crate::replay::{ReplayArgs, Store, replay};
use beckon_domain::Timestamp;
use beckon_domain::fold::{Item, fold};
use beckon_rules::{LiveLists, Person, Ruleset, SlotRequest};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::{Path, PathBuf};

const HEADER: &str =
    "event_time,event_type,product_id,category_id,category_code,brand,price,user_id,user_session\n";

/// A folder of its own for each test, gone when the test ends.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("beckon-backtest-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.join(name);
        std::fs::write(&path, text).unwrap();
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A day of some people who look, fill carts and buy, in REES46's form.
fn behaviour(seed: u64, people: u64, rows: u64) -> String {
    let mut dice = Dice::new(seed, 1);
    let mut text = HEADER.to_owned();
    let mut minute = 0;
    for _ in 0..rows {
        minute += dice.between(0, 9);
        let (day, hour, minute) = (1 + minute / 1_440, minute / 60 % 24, minute % 60);
        let kind = *dice.pick(&["view", "view", "view", "cart", "remove_from_cart", "purchase"]).unwrap();
        let (item, user) = (dice.below(9), 501 + dice.below(people));
        let price = if item == 0 { String::new() } else { format!("{item}9.95") };
        let _ = writeln!(
            text,
            "2019-10-{day:02} {hour:02}:{minute:02}:00 UTC,{kind},{item},7,c.{},,{price},{user},s",
            item % 3
        );
    }
    text
}

/// A ruleset that some numbers decide.
fn ruleset(numbers: [u64; 4]) -> String {
    let [minutes, cart, idle, percent] = numbers;
    format!(
        r#"version: 1
name: Shop
currency: USD
products:
  - {{ id: "1", name: One, category: c.1 }}
  - {{ id: "2", name: Two, category: c.2 }}
best_sellers: ["1", "2"]
offers:
  - {{ id: hello, title: Hello, text: Hi, url: "https://shop.example/" }}
  - {{ id: rich, title: Rich, text: Hi, url: "https://shop.example/" }}
slots:
  - {{ id: home, fallback: best_sellers }}
  - {{ id: pdp, fallback: best_sellers }}
segments:
  - {{ id: browsing, when: {{ event: Product Viewed, within: {minutes}m }} }}
rules:
  - {{ id: full-cart, slot: home, priority: 50, when: {{ cart: {{ value_gte: {cart} USD }} }}, then: {{ offer: rich }} }}
  - {{ id: viewer, slot: home, priority: 10, when: {{ event: Product Viewed, within: {minutes}m }}, then: {{ offer: hello }} }}
  - {{ id: on-page, slot: pdp, priority: 10, when: {{ page: {{ type: product }} }}, then: {{ recommend: related }} }}
  - id: left
    when: {{ all: [ {{ event: Product Added }}, {{ not: {{ event: Order Completed, within: {idle}m }} }} ] }}
    then: {{ send: cart-reminder, discount: {{ percent: {percent}, code_prefix: B-, valid_for: 72h }}, holdout: 0 }}
"#
    )
}

fn numbers(dice: &mut Dice) -> [u64; 4] {
    [dice.between(1, 60), dice.between(1, 300), dice.between(1, 120), dice.between(1, 50)]
}

fn args(from: &Path, to: &Path, events: &Path, threads: u16) -> BacktestArgs {
    BacktestArgs {
        from: from.to_owned(),
        to: to.to_owned(),
        events: events.to_owned(),
        format: Format::Rees46,
        redeem: 10,
        page: None,
        threads,
        region: None,
        endpoint_url: None,
        json: false,
    }
}

/// A ruleset, another, and what happened.
async fn what_if(folder: &Folder, old: &str, new: &str, rows: &str, threads: u16) -> Report {
    let (old, new) = (folder.file("old.yaml", old), folder.file("new.yaml", new));
    let rows = folder.file("rows.csv", rows);
    let mut report = backtest(&args(&old, &new, &rows, threads)).await.unwrap();
    (report.from.file, report.to.file) = ("old.yaml".to_owned(), "new.yaml".to_owned());
    report
}

#[tokio::test]
async fn a_ruleset_against_itself_changes_nothing() {
    let folder = Folder::new("itself");
    for seed in 0..30 {
        let mut dice = Dice::new(seed, 2);
        let (people, rows, threads) = (dice.between(1, 20), dice.between(1, 200), dice.between(1, 4));
        let rules = ruleset(numbers(&mut dice));
        let rows = behaviour(seed, people, rows);
        let report = what_if(&folder, &rules, &rules, &rows, u16::try_from(threads).unwrap()).await;
        assert_eq!((report.people_affected, report.journeys.len()), (0, 0), "seed {seed}");
        assert_eq!(report.mails[0], report.mails[1], "seed {seed}");
        for slot in &report.slots {
            assert_eq!((slot.changed, slot.people, slot.changes.len()), (0, 0, 0), "seed {seed}");
            assert!(slot.decided.iter().all(|decided| decided.from == decided.to), "seed {seed}");
            assert_eq!(slot.compared, report.events, "seed {seed}");
        }
        assert!(report.segments.iter().all(|s| s.from == s.to && s.left + s.entered == 0), "seed {seed}");
    }
}

#[tokio::test]
async fn any_number_of_threads_says_the_same() {
    let folder = Folder::new("threads");
    let mut dice = Dice::new(3, 3);
    let (old, new, rows) = (ruleset(numbers(&mut dice)), ruleset(numbers(&mut dice)), behaviour(3, 40, 900));
    let one = what_if(&folder, &old, &new, &rows, 1).await;
    assert!(one.people_affected > 0 && !one.journeys.is_empty());
    for threads in [2, 3, 7] {
        assert_eq!(what_if(&folder, &old, &new, &rows, threads).await, one, "{threads} threads");
    }
}

/// What was counted of one slot.
#[derive(Default, Debug, PartialEq)]
struct Counted {
    compared: u64,
    changed: u64,
    people: BTreeSet<String>,
    kinds: BTreeMap<(String, String), (u64, BTreeSet<String>)>,
}

/// Folds everything anew for each decision, one person after the other.
fn naively(old: &Ruleset, new: &Ruleset, rows: &Path) -> BTreeMap<String, Counted> {
    let teller = Teller::new(old.currency());
    let mut people: BTreeMap<String, Vec<Item>> = BTreeMap::new();
    let mut counted: BTreeMap<String, Counted> = BTreeMap::new();
    let mut last_at = Timestamp::EPOCH;
    for row in Reader::open(rows, Format::Rees46).unwrap() {
        let row = row.unwrap();
        last_at = last_at.max(row.at);
        let told = teller.tell(Step::Row(Box::new(row), last_at)).unwrap();
        let items = people.entry(told.key.to_string()).or_default();
        items.push(told.item);
        let (event, page) = (&items[items.len() - 1].event, page_of(&items[items.len() - 1].event.kind));
        for slot in old.slot_ids() {
            let [before, after] = [old, new].map(|rules| {
                let profile = fold(None, &told.key, items, rules.policy(), rules).profile;
                let person =
                    Person { profile: Some(&profile), is_known: true, page: page.clone(), propensity: None };
                let (request, live) = (SlotRequest::default(), LiveLists::default());
                let decision = rules.decide(slot, &person, &request, &live, event.received_at).unwrap();
                let why = decision.reason.rule.as_ref().map(ToString::to_string);
                (decision.content, why.unwrap_or_else(|| format!("({})", decision.reason.code.code())))
            });
            let counted = counted.entry(slot.to_string()).or_default();
            counted.compared += 1;
            if before != after {
                counted.changed += 1;
                counted.people.insert(told.key.to_string());
                let kind = counted.kinds.entry((before.1, after.1)).or_default();
                kind.0 += 1;
                kind.1.insert(told.key.to_string());
            }
        }
    }
    counted
}

#[tokio::test]
async fn what_is_counted_is_what_a_slow_and_simple_count_says() {
    let folder = Folder::new("naive");
    for seed in 10..16 {
        let mut dice = Dice::new(seed, 4);
        let (old, new, rows) =
            (ruleset(numbers(&mut dice)), ruleset(numbers(&mut dice)), behaviour(seed, 8, 120));
        let report = what_if(&folder, &old, &new, &rows, 2).await;
        let simple = naively(
            &Ruleset::parse(&old).unwrap(),
            &Ruleset::parse(&new).unwrap(),
            &folder.0.join("rows.csv"),
        );
        for slot in &report.slots {
            let simple = &simple[&slot.slot];
            assert_eq!(
                (slot.compared, slot.changed, slot.people),
                (simple.compared, simple.changed, simple.people.len() as u64),
                "seed {seed}, {}",
                slot.slot
            );
            let kinds: BTreeMap<_, _> = slot
                .changes
                .iter()
                .map(|change| ((change.from.clone(), change.to.clone()), (change.count, change.people)))
                .collect();
            let simple: BTreeMap<_, _> = simple
                .kinds
                .iter()
                .map(|(kind, (count, people))| (kind.clone(), (*count, people.len() as u64)))
                .collect();
            assert_eq!(kinds, simple, "seed {seed}, {}", slot.slot);
        }
    }
}

#[tokio::test]
async fn as_many_mails_go_out_as_when_the_whole_loop_replays_it() {
    let folder = Folder::new("replayed");
    let mut dice = Dice::new(5, 5);
    let (old, new, rows) = (ruleset(numbers(&mut dice)), ruleset(numbers(&mut dice)), behaviour(5, 25, 600));
    let report = what_if(&folder, &old, &new, &rows, 2).await;
    for (index, rules) in ["old.yaml", "new.yaml"].into_iter().enumerate() {
        let args = ReplayArgs {
            file: folder.0.join("rows.csv"),
            format: Format::Rees46,
            rules: Some(folder.0.join(rules)),
            store: Store::Memory,
            batch_size: 100,
            json: false,
        };
        assert_eq!(report.mails[index].sent, Box::pin(replay(&args)).await.unwrap().mails, "{rules}");
    }
    assert!(report.mails[0].sent > 10);
}

#[tokio::test]
async fn the_report_is_readable() {
    let folder = Folder::new("golden");
    let rows = format!(
        "{HEADER}2019-10-01 10:00:00 UTC,view,1,7,c.1,,19.95,501,s
2019-10-01 10:08:00 UTC,cart,1,7,c.1,,19.95,501,s
2019-10-01 10:09:00 UTC,view,2,7,c.2,,29.95,502,s
2019-10-01 10:15:00 UTC,cart,2,7,c.2,,,502,s
2019-10-01 10:20:00 UTC,purchase,2,7,c.2,,29.95,502,s
2019-10-01 10:21:00 UTC,sold,2,7,c.2,,29.95,502,s
"
    );
    let report = what_if(&folder, &ruleset([5, 100, 60, 10]), &ruleset([10, 15, 4, 20]), &rows, 2).await;
    let expected = r"from  old.yaml (Shop@OLD)
to    new.yaml (Shop@NEW)
5 events of 2 people, in 0.0 s; 2 of them see something change
1 rows are no events, such as: row 6 (line 7): event_type is `sold`; expected view, cart, remove_from_cart or purchase

Slot home
  5 decisions, 2 changed (40.0 %), 2 of them show something else; 2 people
  (DEFAULT)                3 -> 1
  full-cart                0 -> 1
  viewer                   2 -> 3
    (DEFAULT) -> full-cart: 1 decisions, 1 people
    (DEFAULT) -> viewer: 1 decisions, 1 people

Slot pdp
  5 decisions, 0 changed (0.0 %), 0 of them show something else; 0 people
  (DEFAULT)                5 -> 5

Reminders
  sent                     1 -> 2
  people                   1 -> 2 (0 only before, 1 only after)
  discount before: from nothing to 2.00 USD on carts of 19.95 USD; an estimate: 0.20 USD if 10 % of the codes are redeemed
  discount after: from nothing to 3.99 USD on carts of 19.95 USD; an estimate: 0.40 USD if 10 % of the codes are redeemed
  discount after: 1 of 2 carts have no known value and are in no sum

Sample journeys
  1. slot home, after row 2
       2019-10-01T10:00:00.000Z  Product Viewed 1
       2019-10-01T10:08:00.000Z  Product Added 1
     before: 2 (DEFAULT)
             full-cart does not hold: cart: {value_gte: 100.00 USD} (found 1 units, 19.95 USD)
     after:  the offer rich (rule full-cart)
             full-cart is shown: cart: {value_gte: 15.00 USD} (found 1 units, 19.95 USD)
  2. slot home, after row 4
       2019-10-01T10:09:00.000Z  Product Viewed 2
       2019-10-01T10:15:00.000Z  Product Added 2
     before: 1 (DEFAULT)
             viewer does not hold: event: Product Viewed, within: 5m (found 6m ago)
     after:  the offer hello (rule viewer)
             viewer is shown: event: Product Viewed, within: 10m (found 6m ago)
";
    let found = text(&report, 10, 0.0)
        .replace(&report.from.ruleset, "Shop@OLD")
        .replace(&report.to.ruleset, "Shop@NEW");
    assert_eq!(found, expected, "\n{found}");
}

#[tokio::test]
async fn an_archive_of_the_same_events_says_the_same() {
    let folder = Folder::new("archive");
    let mut dice = Dice::new(6, 6);
    let (old, new) = (ruleset(numbers(&mut dice)), ruleset(numbers(&mut dice)));
    let of_rows = what_if(&folder, &old, &new, &behaviour(6, 12, 300), 2).await;
    let teller = Teller::new(Ruleset::parse(&old).unwrap().currency());
    let mut lines = String::new();
    for row in Reader::open(&folder.0.join("rows.csv"), Format::Rees46).unwrap() {
        let row = row.unwrap();
        let at = row.at;
        lines.push_str(&teller.line(row, at).unwrap().1);
        lines.push('\n');
    }
    let archive = folder.file("archived", &lines);
    let mut args = args(&folder.0.join("old.yaml"), &folder.0.join("new.yaml"), &archive, 2);
    args.format = Format::Archive;
    let mut report = backtest(&args).await.unwrap();
    (report.from, report.to) = (of_rows.from.clone(), of_rows.to.clone());
    assert_eq!(report, of_rows);
}

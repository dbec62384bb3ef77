//! What somebody who reads a bill relies on: months computed by hand, laws of money, and mistakes that say what to do.

use super::measured::{Measured, Rates};
use super::month::{ItemSize, lines};
use super::*;
use proptest::prelude::*;
use std::path::Path as FilePath;

/// The built-in figures, with round ones where a test computes by hand: no time of a processor, 4 ms for a table, 10 ms
/// for a put, and two write units, a tenth of a unit of the index and half a read unit for an event.
fn round() -> Measured {
    let mut measured = Measured::load(None).unwrap();
    measured.timed.event_us = 0.0;
    measured.assumed.call_us.value = 0.0;
    measured.assumed.invocation_us.value = 0.0;
    measured.replay.cost.events =
        Rates { write_requests: 1_000.0, write_units: 2_000.0, index_units: 100.0, read_units: 500.0 };
    measured
}

fn month(events: f64, decisions: f64, mails: f64) -> Traffic {
    Traffic { events, decisions, mails, events_per_request: 1.0, freshness: Freshness::Standard }
}

fn report(traffic: Traffic, measured: &Measured) -> Report {
    Report::of(traffic, measured, Prices::load(None).unwrap()).unwrap()
}

fn near(found: f64, expected: f64) {
    assert!((found - expected).abs() < 5e-4, "{found} is not {expected}");
}

/// A million events, 0.380518 a second, each a record, on two lanes that are looked at once a second: 0.190259 expected at
/// a look, so that 1 - e^-0.190259 = 0.173255 of the looks find something: 0.346510 invocations a second, 910,628 a month.
///
/// | what | units | USD |
/// |---|---|---|
/// | records put | 1,000,000 at 0.014 a million | 0.0140 |
/// | invocations | 910,628 at 0.20 a million | 0.1821 |
/// | GB-seconds | 910,628 of 18 ms (read 4, put 10, write 4) with half a GB: 8,195.7 at 0.0000133334 | 0.1093 |
/// | profiles written | 1,000,000 at 0.625 a million; twice that as measured | 0.6250 / 1.2500 |
/// | profiles read | 500,000 at 0.125 a million | 0.0625 |
/// | due index | 100,000 at 0.625 a million | 0.0625 |
#[test]
fn a_profile_path_is_what_it_is_by_hand() {
    let report = report(month(1e6, 0.0, 0.0), &round());
    near(report.profile_path_kilobyte.usd, 0.0140 + 0.1821 + 0.1093 + 0.6250 + 0.0625 + 0.0625);
    near(report.profile_path_measured.usd, 0.0140 + 0.1821 + 0.1093 + 1.2500 + 0.0625 + 0.0625);
    near(report.profile_path_kilobyte.usd_per_million.unwrap(), report.profile_path_kilobyte.usd);
    near(report.profile_path_kilobyte.shards_usd, 730.0 * 0.015);
    assert_eq!(report.budget, Verdict::NotMet, "1.06 is more than 0.70");
}

/// | what | units | USD |
/// |---|---|---|
/// | two shards | 1,460 hours at 0.015 | 21.90 |
/// | alarms, metrics | 102 at 0.10; 13, twice 6 and the trainer's 2 at 0.30 | 10.20 + 8.10 |
/// | dashboard | 1 at 3.00 | 3.00 |
/// | keys | 2 at 1.00; 8 asked each five minutes, 70,080 at 0.03 for 10,000 | 2.00 + 0.2102 |
/// | secret | 1 at 0.40; 10,000 calls at 0.05 | 0.45 |
/// | schedules | 43,800 minutes, twice 730 hours, 30.4 days, 8,760 canaries at 1.00 a million | 0.0541 |
/// | due index | 8 parts each minute, half a unit: 175,200 at 0.125 a million | 0.0219 |
/// | cart mailer | 43,800 at 0.20 a million; 36 ms with a quarter of a GB: 394.2 GB-seconds | 0.0088 + 0.0053 |
/// | trainer | 1,490.4 at 0.20 a million; a second with 1,769 MB: 2,574.8 GB-seconds | 0.0003 + 0.0343 |
/// | canary | 8,760 of 1.5 s with a quarter of a GB: 3,285 GB-seconds; 35,040 of 10 ms with half a GB: 175.2 | 0.0018 + 0.0438 + 0.0070 + 0.0023 |
/// | canary's requests and units | 35,040 at 1.00 a million; 17,520 at 0.625 and at 0.125 a million | 0.0350 + 0.0110 + 0.0022 |
/// | logs | 89,090 of 1,050 bytes: 0.087121 GB at 0.50; 0.0129 GB kept at 0.03 | 0.0436 + 0.0004 |
#[test]
fn an_idle_month_is_what_it_is_by_hand() {
    let report = report(month(0.0, 0.0, 0.0), &round());
    let standing = 21.90 + 10.20 + 8.10 + 3.00 + 2.00 + 0.2102 + 0.45 + 0.0541 + 0.0219;
    let canary = 0.0018 + 0.0438 + 0.0070 + 0.0023 + 0.0350 + 0.0110 + 0.0022;
    let by_hand = standing + 0.0088 + 0.0053 + 0.0346 + canary + 0.0440;
    near(report.idle_usd, by_hand);
    near(report.all_usd, report.idle_usd);
    assert_eq!((report.profile_path_kilobyte.usd, report.budget), (0.0, Verdict::NotJudged));
    assert!(report.to_string().contains("not judged"));
}

#[test]
fn what_comes_together_is_written_once() {
    let alone = report(month(1e7, 0.0, 0.0), &round());
    let together = Traffic { events_per_request: 5.0, ..month(1e7, 0.0, 0.0) };
    let together = report(together, &round());
    let written = |report: &Report| {
        let of = |priced: &&Priced| {
            priced.line.of == "ProfileTable" && priced.line.item == Item::DynamodbWriteUnit
        };
        report.profile_path_kilobyte.lines.iter().find(of).unwrap().line.units
    };
    near(written(&alone), 1e7);
    near(written(&together), 2e6);
    assert!(together.all_usd < alone.all_usd);
}

#[test]
fn fan_out_is_paid_by_the_hour_and_by_the_gb() {
    let pushed = Traffic { freshness: Freshness::FanOut, ..month(1e6, 0.0, 0.0) };
    let units = |traffic: &Traffic, item| -> f64 {
        let lines = lines(traffic, &round(), ItemSize::Measured);
        lines.iter().filter(|line| line.item == item).map(|line| line.units).sum()
    };
    near(units(&pushed, Item::KinesisFanOutShardHour), 730.0);
    near(units(&pushed, Item::KinesisFanOutGb), 444.0 * 1e6 / 1_073_741_824.0);
    let polled = month(1e6, 0.0, 0.0);
    assert_eq!(units(&polled, Item::KinesisFanOutGb), 0.0);
    assert!(units(&pushed, Item::LambdaRequest) > units(&polled, Item::LambdaRequest));
}

#[test]
fn naive_designs_cost_what_their_units_cost() {
    let report = report(month(1e6, 0.0, 0.0), &round());
    let of = |name: &str| report.compared.iter().find(|row| row.name == name).unwrap();
    // Five units are 3.125, an eventual read 0.0625; a kilobyte in and one out are 0.95367 GB at 0.12.
    near(of("naive").usd_per_million_by_kind["tables"], 3.125 + 0.0625);
    near(of("naive").usd_per_million_by_kind["stream"], 0.95367 * 0.12);
    near(of("naive, transactions").usd_per_million_by_kind["tables"], 6.25 + 0.0625);
    // Four units, a strong read, a request, 6,000 bytes of logs.
    near(of("naive, with API").usd_per_million_by_kind["tables"], 2.5 + 0.125);
    near(of("naive, with API").usd_per_million_by_kind["API and logs"], 1.0 + 5.5879 * 0.5);
    let text = report.to_string();
    for row in &report.compared {
        assert!(text.contains(&row.name) && chart(&report).svg().contains(&row.name), "{}", row.name);
    }
}

proptest! {
    #[test]
    fn more_of_anything_never_costs_less_and_an_idle_month_is_the_least(
        (events, decisions, mails) in (0.0..1e12_f64, 0.0..1e12_f64, 0.0..1e9_f64),
        (more_events, more_decisions, more_mails) in (0.0..1e11_f64, 0.0..1e11_f64, 0.0..1e8_f64),
        events_per_request in 1_u16..=512,
        is_fan_out: bool,
    ) {
        let measured = Measured::load(None).unwrap();
        let freshness = if is_fan_out { Freshness::FanOut } else { Freshness::Standard };
        let of = |events, decisions, mails| {
            let per_request = f64::from(events_per_request);
            report(Traffic { events, decisions, mails, events_per_request: per_request, freshness }, &measured)
        };
        let base = of(events, decisions, mails);
        // Sums of many parts differ in their last digits.
        let floor = base.all_usd * (1.0 - 1e-9);
        prop_assert!(of(events + more_events, decisions, mails).all_usd >= floor);
        prop_assert!(of(events, decisions + more_decisions, mails).all_usd >= floor);
        prop_assert!(of(events, decisions, mails + more_mails).all_usd >= floor);
        prop_assert!(base.idle_usd <= base.all_usd * (1.0 + 1e-9));
        let path = base.profile_path_measured.usd + base.profile_path_measured.shards_usd;
        prop_assert!(path <= base.all_usd);
        prop_assert!(base.profile_path_kilobyte.usd <= base.profile_path_measured.usd);
        let nothing = of(0.0, 0.0, 0.0);
        prop_assert_eq!(nothing.all_usd, nothing.idle_usd);
        prop_assert_eq!(nothing.idle_usd, base.idle_usd);
        let parts: f64 = base.all.iter().map(|(_, usd)| usd).sum();
        prop_assert!((parts - base.all_usd).abs() <= base.all_usd * 1e-9, "every line is in one use");
    }
}

/// What a person is told: one line, with the file, the exit code 2 and what to do.
fn told<T: std::fmt::Debug>(result: Result<T, CliError>, file: &FilePath, wanted: &[&str]) {
    let error = result.unwrap_err();
    let text = error.to_string();
    assert_eq!(format!("{:?}", error.exit_code()), format!("{:?}", std::process::ExitCode::from(2)));
    assert!(!text.contains('\n') && text.contains(&file.display().to_string()), "{text}");
    for word in wanted {
        assert!(text.contains(word), "{word}: {text}");
    }
}

#[test]
fn a_mistake_in_prices_says_which_and_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("prices.toml");
    let remedy = "--print-prices";
    told(Prices::load(Some(&file)), &file, &["cannot be read", remedy]);
    let whole = prices::BUILT_IN;
    let lacking = whole.replace("[price.log_gb]", "[price.log_gigabyte]");
    let unknown = format!(
        "{whole}\n[price.satellites]\nusd = 1.0\nper = 1\nunit = \"\"\npage = \"\"\nlooked_up = \"\"\nread_in = \"\"\nverified = true\n"
    );
    for (text, wanted) in [
        (lacking, "price.log_gb is missing"),
        (unknown, "price.satellites is not known"),
        (whole.replacen("usd = 0.015", "usd = -0.015", 1), "price.kinesis_shard_hour is -0.015"),
        (whole.replacen("per = 1\n", "per = 0\n", 1), "no price"),
        (whole.replacen("usd = 0.015", "cents = 1.5", 1), "cents"),
        (whole.replace("\"USD\"", "\"EUR\""), "the currency is EUR"),
        ("region: us-east-1".to_owned(), "line 1"),
    ] {
        std::fs::write(&file, text).unwrap();
        told(Prices::load(Some(&file)), &file, &[wanted, remedy]);
    }
    std::fs::write(&file, whole.replacen("usd = 0.015", "usd = 0.03", 1)).unwrap();
    let dearer = Report::of(month(0.0, 0.0, 0.0), &round(), Prices::load(Some(&file)).unwrap()).unwrap();
    near(dearer.profile_path_kilobyte.shards_usd, 730.0 * 0.03);
}

#[test]
fn a_mistake_in_a_replay_says_which_and_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("replay.json");
    let remedy = "beckon replay FILE";
    told(Measured::load(Some(&file)), &file, &["cannot be read", remedy]);
    let whole = serde_json::to_value(&Measured::load(None).unwrap().replay).unwrap();
    let mut lacking = whole.clone();
    lacking["cost"].as_object_mut().unwrap().remove("outreach");
    let mut empty = whole.clone();
    empty["rows"] = 0.into();
    let mut negative = whole.clone();
    negative["cost"]["events"]["write_units"] = (-1.0).into();
    for (text, wanted) in [
        ("rows 94436".to_owned(), "no JSON"),
        ("{\"runs\": []}".to_owned(), "no run"),
        (lacking.to_string(), "outreach"),
        (empty.to_string(), "no event"),
        (negative.to_string(), "-1 units"),
    ] {
        std::fs::write(&file, text).unwrap();
        told(Measured::load(Some(&file)), &file, &[wanted, remedy]);
    }
    let mut later = whole.clone();
    later["cost"]["batch_rows"] = 1_000.into();
    later["rows"] = 7.into();
    std::fs::write(&file, serde_json::json!({ "runs": [later, whole] }).to_string()).unwrap();
    let freshest = Measured::load(Some(&file)).unwrap();
    assert_eq!((freshest.replay.rows, freshest.replay.cost.batch_rows), (94_436, Some(1)));
}

#[test]
fn whoever_waited_for_fuller_batches_is_not_judged_as_fresh() {
    let mut measured = round();
    measured.replay.cost.batch_rows = Some(1_000);
    measured.replay.cost.events.write_requests = 10.0;
    assert_eq!(report(month(1e9, 0.0, 0.0), &measured).budget, Verdict::NotJudged);
    measured.replay.cost.batch_rows = Some(1);
    measured.replay.cost.events = Rates { write_requests: 10.0, ..Rates::default() };
    assert_eq!(report(month(1e9, 0.0, 0.0), &measured).budget, Verdict::Met);
}

#[test]
fn a_plot_is_an_svg_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| CostArgs {
        events: 1,
        decisions: 1,
        mails: 1,
        events_per_request: 1,
        from_replay: None,
        prices: None,
        freshness: Freshness::Standard,
        plot: Some(folder.path().join(name)),
        print_prices: false,
        json: false,
    };
    price(&at("cost.svg")).unwrap();
    let svg = std::fs::read_to_string(folder.path().join("cost.svg")).unwrap();
    assert!(svg.starts_with("<svg") && svg.contains("USD for 1,000,000 events"));
    told(price(&at("cost.png")), &folder.path().join("cost.png"), &[".svg"]);
}

use super::*;
use beckon_domain::SmolStr;
use beckon_domain::told::Told;

const RULES: &str = "
version: 1
name: Shop
currency: EUR
timezone: Europe/Berlin
rules:
  - id: left
    when: { event: Product Added }
    then: { send: cart-reminder }
";

fn at(instant: &str) -> Timestamp {
    Timestamp::from_ms(instant.parse::<jiff::Timestamp>().unwrap().as_millisecond())
}

fn end(from: &str, until: &str, zone: &str, now: &str) -> Option<Timestamp> {
    let hours = QuietHours { from: from.parse().unwrap(), until: until.parse().unwrap() };
    hours.end(at(now), &named(zone).unwrap())
}

#[test]
fn requirement_26_quiet_hours_pass_midnight_and_end_in_the_morning() {
    for (now, expected) in [
        ("2026-11-23T19:59:59Z", None),
        ("2026-11-23T20:00:00Z", Some("2026-11-24T08:00:00Z")),
        ("2026-11-23T23:30:00Z", Some("2026-11-24T08:00:00Z")),
        ("2026-11-24T07:59:59Z", Some("2026-11-24T08:00:00Z")),
        ("2026-11-24T08:00:00Z", None),
    ] {
        assert_eq!(end("21:00", "09:00", "Europe/Berlin", now), expected.map(at), "{now}");
    }
    assert_eq!(end("12:00", "14:00", "UTC", "2026-11-23T13:00:00Z"), Some(at("2026-11-23T14:00:00Z")));
    assert_eq!(end("12:00", "14:00", "UTC", "2026-11-23T14:00:00Z"), None);
}

#[test]
fn requirement_26_quiet_hours_end_by_the_clock_in_the_nights_that_change_it() {
    // 2026-03-29: Berlin goes from 02:00 to 03:00, and is an hour ahead before, two after.
    assert_eq!(
        end("21:00", "09:00", "Europe/Berlin", "2026-03-28T23:00:00Z"),
        Some(at("2026-03-29T07:00:00Z"))
    );
    assert_eq!(
        end("21:00", "02:30", "Europe/Berlin", "2026-03-28T23:00:00Z"),
        Some(at("2026-03-29T01:30:00Z"))
    );
    // 2026-10-25: Berlin goes from 03:00 back to 02:00.
    assert_eq!(
        end("21:00", "09:00", "Europe/Berlin", "2026-10-24T22:00:00Z"),
        Some(at("2026-10-25T08:00:00Z"))
    );
    assert_eq!(
        end("21:00", "02:30", "Europe/Berlin", "2026-10-24T23:00:00Z"),
        Some(at("2026-10-25T00:30:00Z"))
    );
    assert_eq!(end("21:00", "02:30", "Europe/Berlin", "2026-10-25T01:00:00Z"), None, "02:00 the second time");
}

#[test]
fn requirement_25_the_zone_is_the_servers_then_the_browsers_then_the_countrys_then_the_shops() {
    let ruleset = Ruleset::parse(RULES).unwrap();
    let now = at("2026-11-23T12:00:00Z");
    let mut profile = Profile::default();
    let zone = |profile: &Profile| ruleset.zone_of(profile).iana_name().map(ToOwned::to_owned);
    assert_eq!(zone(&profile).as_deref(), Some("Europe/Berlin"));
    profile.locale = Some(Told::new(SmolStr::new("en-NZ"), now));
    assert_eq!(zone(&profile).as_deref(), Some("Pacific/Auckland"));
    profile.set_trait("country", Told::new(TraitValue::Text("jp".into()), now));
    assert_eq!(zone(&profile).as_deref(), Some("Asia/Tokyo"));
    assert!(ruleset.quiet_until(&profile, now).is_some(), "it is nine in the evening in Tokyo");
    profile.timezone = Some(Told::new("America/New_York".into(), now));
    assert_eq!(zone(&profile).as_deref(), Some("America/New_York"));
    assert!(ruleset.quiet_until(&profile, now).is_some(), "and seven in the morning in New York");
    profile.set_trait("timezone", Told::new(TraitValue::Text("Europe/Lisbon".into()), now));
    assert_eq!(zone(&profile).as_deref(), Some("Europe/Lisbon"));
    assert_eq!(ruleset.quiet_until(&profile, now), None);
    profile.set_trait("timezone", Told::new(TraitValue::Text("Mars/Olympus".into()), now));
    assert_eq!(zone(&profile).as_deref(), Some("America/New_York"), "no such zone says nothing");
}

#[test]
fn every_country_has_a_zone_that_exists() {
    for country in ["AE", "DE", "US", "ZA", "gb "] {
        assert!(zone_of_country(country).and_then(named).is_some(), "{country}");
    }
    assert_eq!(zone_of_country("XX"), None);
}

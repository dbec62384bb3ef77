//! Quiet hours: the time of day at which nobody is mailed, by the clock where the person is.

use crate::model::Ruleset;
use crate::zone::named;
use beckon_domain::event::TraitValue;
use beckon_domain::{Profile, Timestamp};
use jiff::ToSpan;
use jiff::civil::{Time, time};
use jiff::tz::TimeZone;

/// From one time of day to another, past midnight where the second is the earlier one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct QuietHours {
    pub(crate) from: Time,
    pub(crate) until: Time,
}

impl Default for QuietHours {
    /// From nine in the evening to nine in the morning.
    fn default() -> Self {
        Self { from: time(21, 0, 0, 0), until: time(9, 0, 0, 0) }
    }
}

impl QuietHours {
    /// When they end that it is now; `None` when it is not. Where the clock is put forward over the end, they end when it
    /// goes on; where it is put back, at the first of both.
    pub(crate) fn end(self, now: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        let instant = jiff::Timestamp::from_millisecond(now.as_ms()).ok()?;
        let local = zone.to_datetime(instant);
        let clock = local.time();
        let passes_midnight = self.from > self.until;
        let is_quiet = if passes_midnight {
            clock >= self.from || clock < self.until
        } else {
            clock >= self.from && clock < self.until
        };
        if !is_quiet {
            return None;
        }
        let is_evening = passes_midnight && clock >= self.from;
        let day = if is_evening { local.date().checked_add(1.day()).ok()? } else { local.date() };
        let end = zone.to_ambiguous_timestamp(day.to_datetime(self.until)).compatible().ok()?;
        // A clock that is put back shows the hour before the end twice.
        let end = Timestamp::from_ms(end.as_millisecond());
        (end > now).then_some(end)
    }
}

impl Ruleset {
    /// When the quiet hours end that it is now where the person is; `None` when it is not, or where the rule has none.
    /// The zone is the one that the shop's server told (trait `timezone`), else the one that the person's browser told last,
    /// else that of most people in their country (trait `country`, else the region of their locale), else the shop's.
    #[must_use]
    pub fn quiet_until(&self, profile: &Profile, now: Timestamp) -> Option<Timestamp> {
        let hours = self.reminder.as_ref()?.quiet_hours?;
        hours.end(now, &self.zone_of(profile))
    }

    fn zone_of(&self, profile: &Profile) -> TimeZone {
        let text = |name: &str| match profile.trait_value(name) {
            Some(TraitValue::Text(text)) => Some(text.as_str()),
            _ => None,
        };
        let last_seen = || profile.timezone.as_ref().map(|told| told.value.as_str());
        let region = || profile.locale.as_ref().and_then(|told| region_of(told.value.as_str()));
        let by_country = || {
            let country = text("country").or_else(region)?;
            named(zone_of_country(country)?)
        };
        text("timezone")
            .and_then(named)
            .or_else(|| last_seen().and_then(named))
            .or_else(by_country)
            .unwrap_or_else(|| self.timezone.clone())
    }
}

/// The region of a locale: `AT` of `de-AT` and of `de_AT`.
fn region_of(locale: &str) -> Option<&str> {
    locale.split(['-', '_']).skip(1).find(|part| part.len() == 2)
}

/// The zone in which most people of a country live (IANA's `zone1970.tab` lists the zones of each; of several the one of
/// the largest population).
fn zone_of_country(country: &str) -> Option<&'static str> {
    const ZONES: [(&str, &str); 62] = [
        ("AE", "Asia/Dubai"),
        ("AR", "America/Argentina/Buenos_Aires"),
        ("AT", "Europe/Vienna"),
        ("AU", "Australia/Sydney"),
        ("BE", "Europe/Brussels"),
        ("BG", "Europe/Sofia"),
        ("BR", "America/Sao_Paulo"),
        ("CA", "America/Toronto"),
        ("CH", "Europe/Zurich"),
        ("CL", "America/Santiago"),
        ("CN", "Asia/Shanghai"),
        ("CO", "America/Bogota"),
        ("CY", "Asia/Nicosia"),
        ("CZ", "Europe/Prague"),
        ("DE", "Europe/Berlin"),
        ("DK", "Europe/Copenhagen"),
        ("EE", "Europe/Tallinn"),
        ("EG", "Africa/Cairo"),
        ("ES", "Europe/Madrid"),
        ("FI", "Europe/Helsinki"),
        ("FR", "Europe/Paris"),
        ("GB", "Europe/London"),
        ("GR", "Europe/Athens"),
        ("HK", "Asia/Hong_Kong"),
        ("HR", "Europe/Zagreb"),
        ("HU", "Europe/Budapest"),
        ("ID", "Asia/Jakarta"),
        ("IE", "Europe/Dublin"),
        ("IL", "Asia/Jerusalem"),
        ("IN", "Asia/Kolkata"),
        ("IS", "Atlantic/Reykjavik"),
        ("IT", "Europe/Rome"),
        ("JP", "Asia/Tokyo"),
        ("KE", "Africa/Nairobi"),
        ("KR", "Asia/Seoul"),
        ("LT", "Europe/Vilnius"),
        ("LU", "Europe/Luxembourg"),
        ("LV", "Europe/Riga"),
        ("MA", "Africa/Casablanca"),
        ("MT", "Europe/Malta"),
        ("MX", "America/Mexico_City"),
        ("MY", "Asia/Kuala_Lumpur"),
        ("NG", "Africa/Lagos"),
        ("NL", "Europe/Amsterdam"),
        ("NO", "Europe/Oslo"),
        ("NZ", "Pacific/Auckland"),
        ("PE", "America/Lima"),
        ("PH", "Asia/Manila"),
        ("PL", "Europe/Warsaw"),
        ("PT", "Europe/Lisbon"),
        ("RO", "Europe/Bucharest"),
        ("RS", "Europe/Belgrade"),
        ("SA", "Asia/Riyadh"),
        ("SE", "Europe/Stockholm"),
        ("SG", "Asia/Singapore"),
        ("SI", "Europe/Ljubljana"),
        ("SK", "Europe/Bratislava"),
        ("TH", "Asia/Bangkok"),
        ("TR", "Europe/Istanbul"),
        ("UA", "Europe/Kyiv"),
        ("US", "America/New_York"),
        ("ZA", "Africa/Johannesburg"),
    ];
    let country = country.trim().to_ascii_uppercase();
    ZONES.binary_search_by(|(code, _)| (*code).cmp(&country)).ok().map(|index| ZONES[index].1)
}

#[cfg(test)]
mod tests;

//! What `beckon plan` prints.

use super::{Kind, Limit, Plan, Sizing};
use crate::cost::stack::{RATE_LIMIT_MAX, SHARD_COUNT_MAX};
use crate::cost::text::grouped;
use std::fmt;

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "units           {}: {}", self.counted.on, self.counted.command)?;
        writeln!(f, "quotas          those of an account in {} that never asked for more", self.region)?;
        match self.sizings.as_slice() {
            [one] => sized(f, one)?,
            many => table(f, many)?,
        }
        self.limits(f)?;
        writeln!(f, "\none key")?;
        self.keys.iter().try_for_each(|key| writeln!(f, "    {key}"))
    }
}

impl Plan {
    fn limits(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let wanted = match self.sizings.as_slice() {
            [one] => Some(one.demand.events),
            _ => None,
        };
        writeln!(f, "\nlimits, by the events a second at which each is met")?;
        let mut is_told = false;
        for (index, limit) in self.limits.iter().enumerate() {
            if let Some(rate) = wanted.filter(|rate| *rate < limit.met_at && !is_told) {
                is_told = true;
                writeln!(f, "  --------- {} events a second", grouped(rate))?;
            }
            line(f, limit, index == 0)?;
        }
        Ok(())
    }
}

fn line(f: &mut fmt::Formatter<'_>, limit: &Limit, is_first: bool) -> fmt::Result {
    let who = match limit.kind {
        Kind::Parameter => "parameter",
        Kind::Template => "template",
        Kind::Quota => "quota",
        Kind::Aws => "AWS",
        Kind::Design => "design",
    };
    let mark = if is_first { "FIRST" } else { "" };
    writeln!(f, "  {:>9} {mark:<5} {who:<9} {}", grouped(limit.met_at), limit.what)?;
    writeln!(f, "  {:>9} {:<5} {:<9}   {}", "", "", "", limit.lever)
}

fn table(f: &mut fmt::Formatter<'_>, sizings: &[Sizing]) -> fmt::Result {
    writeln!(
        f,
        "\n{:>10} {:>8} {:>6} {:>7} {:>9} {:>10} {:>10} {:>10} {:>10}",
        "events/s", "shards", "lanes", "signal", "instances", "profile", "index", "catalog", "decision"
    )?;
    writeln!(
        f,
        "{:>10} {:>8} {:>6} {:>7} {:>9} {:>10} {:>10} {:>10} {:>10}",
        "", "", "each", "shards", "", "WU/s", "WU/s", "WU/s", "WU/s"
    )?;
    for Sizing { demand, parameters, concurrency, units, .. } in sizings {
        writeln!(
            f,
            "{:>10} {:>8} {:>6} {:>7} {:>9} {:>10} {:>10} {:>10} {:>10}",
            grouped(demand.events),
            grouped(parameters.shard_count),
            parameters.parallelization_factor,
            grouped(parameters.signal_shard_count),
            grouped(concurrency.total().ceil()),
            grouped(units.profile_writes),
            grouped(units.index_writes),
            grouped(units.catalog_writes),
            grouped(units.decision_writes)
        )?;
    }
    for sizing in sizings.iter().filter(|sizing| !sizing.raise.is_empty()) {
        writeln!(f, "quotas to raise for {} events a second", grouped(sizing.demand.events))?;
        raise(f, sizing)?;
    }
    Ok(())
}

fn raise(f: &mut fmt::Formatter<'_>, sizing: &Sizing) -> fmt::Result {
    for quota in &sizing.raise {
        writeln!(f, "    {} to {}: {}", grouped(quota.from), grouped(quota.to), quota.of)?;
    }
    Ok(())
}

fn sized(f: &mut fmt::Formatter<'_>, sizing: &Sizing) -> fmt::Result {
    let Sizing { demand, parameters, concurrency, units, .. } = sizing;
    writeln!(
        f,
        "\n{} events a second ({} in a request), {} decisions a second",
        grouped(demand.events),
        demand.events_per_request,
        grouped(demand.decisions)
    )?;
    writeln!(f, "set")?;
    for (name, value, most) in [
        ("ShardCount", parameters.shard_count, SHARD_COUNT_MAX),
        ("ParallelizationFactor", parameters.parallelization_factor, f64::INFINITY),
        ("SignalShardCount", parameters.signal_shard_count, SHARD_COUNT_MAX),
        ("CollectRateLimit", parameters.collect_rate_limit, RATE_LIMIT_MAX),
        ("DecideRateLimit", parameters.decide_rate_limit, RATE_LIMIT_MAX),
        ("EventsPerHourAlarm", parameters.events_per_hour_alarm, f64::INFINITY),
    ] {
        let above = if value > most { format!("   (the template allows {most})") } else { String::new() };
        writeln!(f, "    {name}={value:.0}{above}")?;
    }
    writeln!(
        f,
        "instances       {:.0}: collector {:.1}, profiler {:.1}, trends {:.1}, decisions {:.1}",
        concurrency.total().ceil(),
        concurrency.collector,
        concurrency.profiler,
        concurrency.trends,
        concurrency.decisions
    )?;
    writeln!(
        f,
        "write units/s   ProfileTable {}, its due index {}, CatalogTable {}, DecisionTable {}",
        grouped(units.profile_writes),
        grouped(units.index_writes),
        grouped(units.catalog_writes),
        grouped(units.decision_writes)
    )?;
    if sizing.raise.is_empty() {
        return writeln!(f, "quotas to raise none");
    }
    writeln!(f, "quotas to raise")?;
    raise(f, sizing)
}

//! What of a script a failure needs: parts are left out as long as what is left still fails.

use super::bugs::Bug;
use super::script::{Script, What};
use super::seed_outcome;

/// Runs at most for one failure.
const RUNS_MAX: usize = 400;

/// The smallest script found that still fails, and how it fails.
pub(crate) fn shrink(seed: u64, script: &Script, bug: Bug) -> Option<(Script, String)> {
    let mut runs = 0;
    let mut fails = |ops: &[super::script::Op]| -> Option<String> {
        runs += 1;
        if runs > RUNS_MAX {
            return None;
        }
        seed_outcome(seed, Script { ops: ops.to_vec(), ..script.clone() }, bug).ok()?.violation
    };
    let mut ops = script.ops.clone();
    let mut how = fails(&ops)?;
    let mut piece = ops.len().div_ceil(2);
    while piece > 0 {
        let mut at = 0;
        while at < ops.len() {
            let mut fewer = ops.clone();
            fewer.drain(at..(at + piece).min(ops.len()));
            match fails(&fewer) {
                Some(violation) => (ops, how) = (fewer, violation),
                None => at += piece,
            }
        }
        piece /= 2;
    }
    Some((Script { ops, ..script.clone() }, how))
}

/// A script, a line for each thing that happens.
pub(crate) fn tell(script: &Script) -> Vec<String> {
    let start = super::script::START;
    script
        .ops
        .iter()
        .map(|op| {
            let at = format!("{:>9.3} s", op.at.since(start).as_ms() as f64 / 1_000.0);
            match &op.what {
                What::Request(request) => {
                    let key = if request.secret { "sk" } else { "pk" };
                    let events = request.body["batch"].as_array().into_iter().flatten().map(word);
                    format!("{at} {key}: {}", events.collect::<Vec<_>>().join(", "))
                }
                What::Poison { key_of, .. } => format!("{at} poison for visitor-{key_of}"),
                What::Pause(time) => format!("{at} sending is paused for {} min", time.as_ms() / 60_000),
                What::Unsubscribe { customer } => format!("{at} customer-{customer} unsubscribes"),
                What::Erase { customer, back_after } => {
                    let back = back_after
                        .map(|after| format!(", and let back {} s later", after.as_ms() / 1_000))
                        .unwrap_or_default();
                    format!("{at} customer-{customer} is erased{back}")
                }
                What::Split => format!("{at} a shard is split"),
                What::Merge => format!("{at} two shards are merged"),
            }
        })
        .collect()
}

fn word(event: &serde_json::Value) -> String {
    let text = |name: &str| event[name].as_str().unwrap_or_default().to_owned();
    let what = if event["event"].is_null() { text("type") } else { text("event") };
    let who = [text("anonymousId"), text("userId")].into_iter().filter(|id| !id.is_empty());
    format!("{} {what} by {}", text("messageId"), who.collect::<Vec<_>>().join(" = "))
}

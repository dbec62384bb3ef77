//! `beckon mail status`.

use super::switch::since;
use crate::error::CliError;
use crate::rules::place::PlaceArgs;
use clap::Args;
use serde_json::Value;

/// Arguments of `beckon mail status`.
#[derive(Args, Debug)]
pub(super) struct StatusArgs {
    /// End with 1 when sending is paused or the SES account needs attention
    #[arg(long)]
    check: bool,
    /// Print one JSON document instead of lines
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    place: PlaceArgs,
}

/// Prints how sending stands.
pub(super) async fn run(args: StatusArgs) -> Result<(), CliError> {
    let admin = args.place.open().await?;
    let answer = admin.get("/mail/status", &[]).await?.done(None)?;
    if args.json {
        crate::say(format_args!("{answer:#}"));
    } else {
        for line in lines(&answer) {
            crate::say(line);
        }
    }
    match attention(&answer) {
        Some(what) if args.check => Err(CliError::failed(what)),
        _ => Ok(()),
    }
}

/// What somebody must look at.
fn attention(answer: &Value) -> Option<String> {
    if answer["paused"] == true {
        return Some("sending is paused: `beckon mail resume` lets it go on".to_owned());
    }
    answer["account"]["advice"].as_str().map(str::to_owned)
}

fn lines(answer: &Value) -> Vec<String> {
    let latest = &answer["turns"][0];
    let mut lines = vec![match answer["paused"] == true {
        true => format!("sending   paused{}", since(latest)),
        false => format!("sending   on{}", since(latest)),
    }];
    lines.push(window(&answer["window"]));
    lines.extend(account(&answer["account"]));
    lines
}

fn window(window: &Value) -> String {
    let count = |name: &str| window[name].as_u64().unwrap_or_default();
    let text = |name: &str| window[name].as_str().unwrap_or("?");
    let of = match window["countingSince"].as_str() {
        Some(since) => format!("since {since}"),
        None => format!("in {} hours", count("hours")),
    };
    let verdict = if count("sends") < count("sendsMin") {
        format!("too few to judge, below {}", count("sendsMin"))
    } else {
        format!("the brake closes at {} and {}", text("bounceRateMax"), text("complaintRateMax"))
    };
    format!(
        "mails     {} sent {of}, {} delivered, {} hard bounces ({}), {} complaints ({}); {verdict}",
        count("sends"),
        count("deliveries"),
        count("bounces"),
        text("bounceRate"),
        count("complaints"),
        text("complaintRate"),
    )
}

fn account(account: &Value) -> Vec<String> {
    let Some(asked_at) = account["askedAt"].as_str() else {
        return vec!["SES       nothing is known yet: the mailer asks when it next runs".to_owned()];
    };
    let count = |name: &str| account[name].as_u64().unwrap_or_default();
    let day = account["perDay"].as_u64().map_or("without limit".to_owned(), |max| format!("of {max}"));
    let place = if account["sandbox"] == true { "sandbox" } else { "production" };
    let standing = account["standing"].as_str().unwrap_or("UNKNOWN");
    let mut lines = vec![format!(
        "SES       {place}, {standing}; {} a second, {} {day} in 24 hours; asked {asked_at}",
        count("perSecond"),
        count("sentLastDay"),
    )];
    lines.extend(account["advice"].as_str().map(|advice| format!("          {advice}")));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn how_sending_stands_is_told_in_three_lines() {
        let status = json!({
            "paused": true,
            "window": { "hours": 24, "sends": 100, "deliveries": 90, "bounces": 4, "complaints": 0,
                "bounceRate": "4.00 %", "complaintRate": "0.00 %", "sendsMin": 100,
                "bounceRateMax": "4.00 %", "complaintRateMax": "0.08 %" },
            "account": { "askedAt": "2026-11-22T08:00:00.000Z", "sandbox": true, "sendingEnabled": true,
                "standing": "HEALTHY", "perSecond": 1, "perDay": 200, "sentLastDay": 100, "advice": "leave the sandbox" },
            "turns": [{ "at": "2026-11-22T08:01:00.000Z", "who": "brake", "reason": "4 hard bounces" }],
        });
        assert_eq!(
            lines(&status),
            [
                "sending   paused since 2026-11-22T08:01:00.000Z, by brake: 4 hard bounces",
                "mails     100 sent in 24 hours, 90 delivered, 4 hard bounces (4.00 %), 0 complaints (0.00 %); \
                 the brake closes at 4.00 % and 0.08 %",
                "SES       sandbox, HEALTHY; 1 a second, 100 of 200 in 24 hours; asked 2026-11-22T08:00:00.000Z",
                "          leave the sandbox",
            ]
        );
        assert!(attention(&status).unwrap().contains("resume"));
    }

    #[test]
    fn a_stack_that_has_sent_nothing_says_so() {
        let status = json!({ "paused": false, "turns": [],
            "window": { "hours": 24, "sends": 0, "sendsMin": 100, "bounceRate": "0.00 %", "complaintRate": "0.00 %" } });
        let lines = lines(&status);
        assert_eq!(lines[0], "sending   on");
        assert!(lines[1].ends_with("too few to judge, below 100"), "{lines:?}");
        assert!(lines[2].contains("nothing is known yet"));
        assert_eq!(attention(&status), None);
    }
}

//! The metrics of a request.

use crate::error::CollectError;
use beckon_runtime::metrics::{Function, Measures, Metric};
use beckon_wire::capture::{BOT, CaptureAnswer};

/// Too Many Requests.
const THROTTLED: u16 = 429;

/// What a request came to.
pub(crate) fn measures(result: &Result<CaptureAnswer, CollectError>) -> Measures {
    let mut measures = Measures::of(Function::Collector);
    match result {
        Ok(answer) => {
            measures.add(Metric::EventsAccepted, answer.accepted as u64);
            measures.add(Metric::ClockClamps, answer.clamped as u64);
            for verdict in &answer.rejected {
                let code = verdict.fault.code;
                measures.add_by(Metric::EventsRejected, code.split('.').next().unwrap_or(code), 1);
                measures.add(Metric::BotEvents, u64::from(code == BOT));
            }
        }
        Err(CollectError::Refused(problem)) => {
            let status = problem.status();
            measures.add_by(Metric::RequestsRefused, &status.to_string(), 1);
            measures.add(Metric::RequestsThrottled, u64::from(status == THROTTLED));
        }
        Err(_) => measures.add(Metric::RequestsUnavailable, 1),
    }
    measures
}

#[cfg(test)]
mod tests {
    use super::*;
    use beckon_wire::capture::Verdict;
    use beckon_wire::problem::{Fault, Problem};

    #[test]
    fn an_answer_is_told_by_the_first_words_of_its_verdicts() {
        let codes = [BOT, "schema.type", "schema.missing", "identity.unproven"];
        let verdict = |code| Verdict::new(0, "{}", Fault::new("/x", code, "why"));
        let answer = CaptureAnswer {
            success: true,
            request_id: "r".to_owned(),
            accepted: 3,
            clamped: 2,
            rejected: codes.map(verdict).into(),
            warnings: vec![verdict("schema.value")],
        };
        let told = measures(&Ok(answer));
        assert_eq!((told.number(Metric::EventsAccepted), told.number(Metric::ClockClamps)), (3, 2));
        let of = |reason| told.number_by(Metric::EventsRejected, reason);
        assert_eq!(
            (told.number(Metric::EventsRejected), of("schema"), of("bot"), of("identity")),
            (4, 2, 1, 1)
        );
        assert_eq!(told.number(Metric::BotEvents), 1);
    }

    #[test]
    fn a_refused_request_is_told_by_its_status_and_an_outage_as_nobodys_fault() {
        let told = measures(&Err(Problem::unauthorized().into()));
        assert_eq!(told.number_by(Metric::RequestsRefused, "401"), 1);
        assert_eq!(told.number(Metric::RequestsThrottled), 0);
        let told = measures(&Err(Problem::too_many("key", 3).into()));
        assert_eq!(told.number_by(Metric::RequestsRefused, "429"), 1);
        assert_eq!(told.number(Metric::RequestsThrottled), 1);
        let told = measures(&Err(CollectError::Contact(beckon_store::StoreError::new(
            "put",
            beckon_store::ErrorKind::Throttled,
            "too much",
        ))));
        assert_eq!((told.number(Metric::RequestsUnavailable), told.number(Metric::RequestsRefused)), (1, 0));
    }
}

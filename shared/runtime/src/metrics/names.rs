//! The one table of metrics: name, function, kind, unit, what it is split by, and its meaning. README.md of this crate
//! shows it, and a test keeps both in step.

/// A function that measures. The value of the dimension `Function`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Function {
    /// Takes events.
    Collector,
    /// Folds events into profiles.
    Profiler,
    /// Counts what people do with products.
    Trends,
    /// Answers pages.
    Decisions,
    /// Sends reminders.
    CartMailer,
    /// Hears what became of mails.
    MailFeedback,
    /// Learns, and looks after what is kept.
    Trainer,
}

impl Function {
    /// The value of the dimension, the folder of the function.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Collector => "collector",
            Self::Profiler => "profiler",
            Self::Trends => "trends",
            Self::Decisions => "decisions",
            Self::CartMailer => "cart-mailer",
            Self::MailFeedback => "mail-feedback",
            Self::Trainer => "trainer",
        }
    }
}

/// How values of a metric belong together.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// They add up.
    Sum,
    /// Each counts by itself: percentiles are asked of them.
    Values,
    /// The latest stands.
    Latest,
}

/// What a metric is measured in, as CloudWatch names it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unit {
    /// A number of things.
    Count,
    /// Milliseconds.
    Milliseconds,
    /// Bytes.
    Bytes,
}

impl Unit {
    /// The word of CloudWatch (API reference, `MetricDatum`).
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Count => "Count",
            Self::Milliseconds => "Milliseconds",
            Self::Bytes => "Bytes",
        }
    }
}

macro_rules! metrics {
    ($($name:ident, $function:ident, $kind:ident, $unit:ident, $split:literal, $meaning:literal;)*) => {
        /// A metric that a function tells.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
        pub enum Metric {
            $(#[doc = $meaning] $name,)*
        }

        impl Metric {
            /// Every metric.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// Its name in CloudWatch.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => stringify!($name),)* }
            }

            /// Who tells it.
            #[must_use]
            pub const fn function(self) -> Function {
                match self { $(Self::$name => Function::$function,)* }
            }

            /// How its values belong together.
            #[must_use]
            pub const fn kind(self) -> Kind {
                match self { $(Self::$name => Kind::$kind,)* }
            }

            /// What it is measured in.
            #[must_use]
            pub const fn unit(self) -> Unit {
                match self { $(Self::$name => Unit::$unit,)* }
            }

            /// What the dimension `Reason` splits it by; nothing when it has none.
            #[must_use]
            pub const fn split(self) -> &'static str {
                match self { $(Self::$name => $split,)* }
            }

            /// What it says, in one line.
            #[must_use]
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$name => $meaning,)* }
            }
        }
    };
}

metrics! {
    EventsAccepted, Collector, Sum, Count, "", "events that a request was told are taken";
    EventsRejected, Collector, Sum, Count, "first word of the verdict's code", "events refused, each with a verdict";
    BotEvents, Collector, Sum, Count, "", "of the refused ones, those of programs that say that they are";
    ClockClamps, Collector, Sum, Count, "", "events whose time was moved to the nearest that is believed";
    RequestsRefused, Collector, Sum, Count, "HTTP status", "requests refused whole, by the fault of who sent them";
    RequestsThrottled, Collector, Sum, Count, "", "of the refused ones, those above a rate: the guard against spending";
    RequestsUnavailable, Collector, Sum, Count, "", "requests answered 503: a store or the stream did not take them";
    BatchLines, Profiler, Sum, Count, "", "lines in the records of a batch, each time they are delivered";
    EventsApplied, Profiler, Sum, Count, "", "events folded into a profile and committed";
    EventsDuplicate, Profiler, Sum, Count, "", "events whose id the profile knew";
    EventsRedelivered, Profiler, Sum, Count, "", "lines below the profile's mark: delivered and settled before";
    EventsForwarded, Profiler, Sum, Count, "", "events of a linked visitor, put under the customer's key";
    EventsKeptOut, Profiler, Sum, Count, "", "events of a person who was erased, dropped by the tombstone";
    EventsFailed, Profiler, Sum, Count, "reason of the failed event", "events kept in the failed-event store";
    EventsLeft, Profiler, Sum, Count, "", "lines that come again, because their profile was not settled";
    BatchGap, Profiler, Sum, Count, "", "lines of a batch less those above: 0, or something was lost or made up";
    WriteConflicts, Profiler, Sum, Count, "", "compare-and-set writes that met another version";
    EventLatency, Profiler, Values, Milliseconds, "", "from received by the collector to committed: then a decision reads it";
    EventAge, Profiler, Values, Milliseconds, "", "from occurred, by the corrected clock of who sent it, to committed";
    RecordAge, Profiler, Latest, Milliseconds, "", "age of a batch's oldest record at the end of the batch";
    ProfileBytes, Profiler, Values, Bytes, "", "packed size of a committed profile, of the first 10 of a batch";
    SignalLines, Trends, Sum, Count, "", "lines in the records of a batch of signals, each time they are delivered";
    SignalsFailed, Trends, Sum, Count, "", "signals kept in the failed-event store";
    TrendsLeft, Trends, Sum, Count, "", "items, categories and lists that an invocation had no time for";
    SignalRecordAge, Trends, Latest, Milliseconds, "", "age of a batch's oldest record at the end of the batch";
    DecisionLatency, Decisions, Values, Milliseconds, "", "from the request read to the answer rendered, by the function";
    Decisions, Decisions, Sum, Count, "", "slots decided";
    Fallbacks, Decisions, Sum, Count, "reason of the fallback", "slots filled by a fallback";
    Degraded, Decisions, Sum, Count, "part that was missing", "answers that did without a part of what there is";
    DecisionsRefused, Decisions, Sum, Count, "HTTP status", "requests for decisions that were not answered 200";
    RulesetAge, Decisions, Latest, Milliseconds, "", "since the table was last asked for the live ruleset and answered";
    ModelAge, Decisions, Latest, Milliseconds, "", "since a training last confirmed the live propensity model";
    MailsSent, CartMailer, Sum, Count, "", "mails that SES accepted";
    MailsNotSent, CartMailer, Sum, Count, "status or reason", "reminders that ended without a mail, or whose end is not known";
    RemindersFailed, CartMailer, Sum, Count, "", "reminders and timers that the next run tries again";
    CodesLeft, CartMailer, Latest, Count, "", "free codes of the pool that has the fewest, of those the rules use";
    MailEvents, MailFeedback, Sum, Count, "outcome", "facts about mails that were new, as SES told them";
    Suppressions, MailFeedback, Sum, Count, "", "recipients who are not mailed any more, known before or not";
    FailedEventsKept, Trainer, Latest, Count, "", "failed events, and batches given up on, that are kept and were not put again";
    FailedEventsOldest, Trainer, Latest, Milliseconds, "", "since the oldest of them was kept";
}

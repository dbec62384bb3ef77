//! One life of a mapping: shards are read, batches invoked, answers reported, discards kept, until the mapping changes
//! or the emulator is away.

mod reading;

use super::Ready;
use super::checkpoints::Checkpoints;
use super::invoke::{Function, Outcome};
use super::reader::{Place, Record, Stream};
use super::settings::{MappingApi, Settings};
use crate::cloud::folder::Folder;
use crate::cloud::resources::Deployed;
use crate::cloud::target::Target;
use crate::error::CliError;
use aws_config::SdkConfig;
use beckon_domain::mark::SequenceNumber;
use beckon_mapping::{Answer, Discarded, InvocationId, Mapping, Step};
use beckon_runtime::Clock;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// How often a shard is read. AWS reads it once a second.
const READ_EVERY: Duration = Duration::from_millis(200);
/// How often shards and the mapping itself are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// Why a session ended.
pub(super) enum Ended {
    /// The emulator does not answer, or has forgotten the stream.
    Away(String),
    /// The mapping is not what it was.
    Changed,
}

struct ShardState {
    /// Where to read on.
    place: Place,
    /// An iterator to go on with, as long as there is no record to begin behind.
    iterator: Option<String>,
    /// The stream says that it is split or merged.
    is_closed: bool,
    /// Nothing follows.
    is_done: bool,
    /// The stream does not know it any more.
    is_gone: bool,
    /// Reads that failed, since the last that did not.
    fault_count: u32,
    /// Numbers as they were written, of records that are not known to be done.
    written: BTreeMap<SequenceNumber, String>,
}

/// An invocation that has ended.
struct Finished {
    id: InvocationId,
    shard: String,
    record_count: usize,
    attempt: u32,
    outcome: Outcome,
}

/// A mapping that is being driven.
pub(super) struct Session {
    api: MappingApi,
    settings: Arc<Settings>,
    stream: Stream,
    function: Function,
    mapping: Mapping<Arc<Record>>,
    shards: BTreeMap<String, ShardState>,
    running: JoinSet<Finished>,
    checkpoints: Checkpoints,
    clock: Clock,
    ready: Ready,
    is_ready: bool,
}

impl Session {
    /// Reads what is deployed; `None` when the emulator drives the mapping itself, and goes on doing so.
    pub(super) async fn begin(
        target: &Target,
        sdk: &SdkConfig,
        deployed: &Deployed,
        mapping: &str,
        folder: &Folder,
        ready: &Ready,
    ) -> Result<Option<Self>, CliError> {
        let api = MappingApi::new(target, deployed.physical(mapping)?)?;
        let gone = || CliError::failed("the event source mapping is not there: deploy the stack again");
        let mut settings = api.get().await?.ok_or_else(gone)?;
        if settings.is_enabled {
            // MiniStack says so even of a mapping that was deployed disabled.
            settings = api.disable().await?.ok_or_else(gone)?;
        }
        if settings.is_enabled {
            return Ok(None);
        }
        let settings = Arc::new(settings);
        let stream = Stream { client: aws_sdk_kinesis::Client::new(sdk), arn: settings.stream_arn.clone() };
        let endpoint_url = target.endpoint_url.as_deref().unwrap_or_default();
        let checkpoints = Checkpoints::load(folder, endpoint_url, mapping)?;
        Ok(Some(Self {
            api,
            function: Function::new(sdk, Arc::clone(&settings)),
            mapping: Mapping::new(settings.options).map_err(CliError::usage)?,
            settings,
            stream,
            shards: BTreeMap::new(),
            running: JoinSet::new(),
            checkpoints,
            clock: Clock::system(),
            ready: ready.clone(),
            is_ready: false,
        }))
    }

    /// Drives until something ends it.
    pub(super) async fn run(&mut self) -> Result<Ended, CliError> {
        let (mut looked, mut read) = (None::<Instant>, None::<Instant>);
        loop {
            if looked.is_none_or(|at| at.elapsed() >= LOOK_EVERY) {
                if let Some(ended) = self.look(looked.is_none()).await? {
                    return Ok(ended);
                }
                looked = Some(Instant::now());
            }
            if read.is_none_or(|at| at.elapsed() >= READ_EVERY) {
                read = Some(Instant::now());
                match self.read_all().await {
                    Ok(true) => read = None,
                    Ok(false) => {}
                    Err(ended) => return Ok(ended),
                }
                self.say_ready()?;
            }
            self.take_steps().await;
            let pause = self.pause(read);
            tokio::select! {
                Some(finished) = self.running.join_next(), if !self.running.is_empty() => {
                    // A task that panicked never answers: its batch would wait for ever.
                    let finished = finished.map_err(|e| CliError::failed(format!("an invocation was lost: {e}")))?;
                    self.finish(finished).await?;
                }
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    /// How long nothing is to be done.
    fn pause(&self, read: Option<Instant>) -> Duration {
        let until_read = read.map_or(Duration::ZERO, |at| READ_EVERY.saturating_sub(at.elapsed()));
        let now = self.clock.now();
        let until_step = self.mapping.next_due(now).map(|at| Duration::from_millis(at.since(now).as_ms()));
        until_step.map_or(until_read, |step| step.min(until_read))
    }

    /// Begins what the mapping wants now.
    async fn take_steps(&mut self) {
        while let Some(step) = self.mapping.next(self.clock.now()) {
            match step {
                Step::Discard(discarded) => self.discard(&discarded, None).await,
                Step::Invoke(invocation) => {
                    let function = self.function.clone();
                    self.running.spawn(async move {
                        let outcome = function.invoke(&invocation.batch).await;
                        Finished {
                            id: invocation.id,
                            shard: invocation.batch.shard,
                            record_count: invocation.batch.records.len(),
                            attempt: invocation.attempt,
                            outcome,
                        }
                    });
                }
            }
        }
    }

    async fn finish(&mut self, finished: Finished) -> Result<(), CliError> {
        let Finished { id, shard, record_count, attempt, outcome } = finished;
        let completed = self.mapping.complete(id, &outcome.answer, self.clock.now());
        if completed.again_count > 0 || outcome.answer == Answer::FunctionError {
            let note = if outcome.note.is_empty() { "part of it failed" } else { &outcome.note };
            let (done, again) = (completed.done_count, completed.again_count);
            self.settings.say(format_args!(
                "{shard}: batch of {record_count}, attempt {attempt}: {done} done, {again} come again: {note}"
            ));
        }
        if let Some(discarded) = &completed.discarded {
            self.discard(discarded, Some(&outcome)).await;
        }
        self.note_progress(&shard)
    }

    async fn discard(&self, discarded: &Discarded<Arc<Record>>, outcome: Option<&Outcome>) {
        let (shard, count) = (&discarded.shard, discarded.entries.len());
        let numbers = |entry: Option<&beckon_mapping::Entry<Arc<Record>>>| {
            entry.map_or("-", |e| e.record.sequence.as_str()).to_owned()
        };
        let (first, last) = (numbers(discarded.entries.first()), numbers(discarded.entries.last()));
        let reason = discarded.reason;
        match self.function.keep(discarded, outcome, self.clock.now()).await {
            Ok(place) => self
                .settings
                .say(format_args!("{shard}: {count} records discarded, {reason}: kept in {place}")),
            Err(error) => self.settings.say(format_args!(
                "{shard}: {count} records discarded, {reason}, and not kept ({first} to {last}): {error}"
            )),
        }
    }

    /// Writes the checkpoint of a shard when it has moved.
    fn note_progress(&mut self, name: &str) -> Result<(), CliError> {
        let (Some(shard), Some(done)) = (self.shards.get_mut(name), self.mapping.checkpoint(name)) else {
            return Ok(());
        };
        if let Some(written) = progress(&mut shard.written, done)
            && self.checkpoints.set(&self.stream.arn, name, &written)
        {
            self.checkpoints.save()?;
        }
        Ok(())
    }

    /// Says once that polling has begun.
    fn say_ready(&mut self) -> Result<(), CliError> {
        if self.is_ready {
            return Ok(());
        }
        self.is_ready = true;
        self.settings.say(format_args!("driven with {}", self.stream.arn));
        self.ready.begun()
    }
}

/// The number, as it was written, up to which all is done; what is before it is forgotten.
fn progress(written: &mut BTreeMap<SequenceNumber, String>, done: &SequenceNumber) -> Option<String> {
    *written = written.split_off(done);
    written.get(done).cloned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checkpoint_is_the_number_as_the_stream_wrote_it() {
        let number = |text: &str| SequenceNumber::parse(text).unwrap();
        let texts = ["0009", "0010", "0011"];
        let mut written: BTreeMap<_, _> = texts.iter().map(|t| (number(t), (*t).to_owned())).collect();
        assert_eq!(progress(&mut written, &number("10")).as_deref(), Some("0010"));
        assert_eq!(written.len(), 2, "what is before it is forgotten");
        assert_eq!(
            progress(&mut written, &number("10")).as_deref(),
            Some("0010"),
            "asked again, it is the same"
        );
    }
}

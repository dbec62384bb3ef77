//! One start of one function: a process of its own, until it asks for its first invocation, and on to its second.

use super::functions::{Function, VARIABLES};
use super::stub::{Seen, Stub, Watched};
use crate::bench::collect::served::Memory;
use crate::error::CliError;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long a start and an invocation may take together: a machine may be busy, and a build not optimised.
const PATIENCE: Duration = Duration::from_secs(30);
/// How often it is looked whether the function is still there.
const LOOK_EACH: Duration = Duration::from_millis(50);
/// Where machines keep their root certificates.
const ROOTS: [&str; 4] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];
const END: &str = "-----END CERTIFICATE-----\n";

/// What was seen of a start.
#[derive(Clone, Copy, Debug)]
pub(super) struct Started {
    /// From before its process was made to its first request for an invocation.
    pub ms: f64,
    /// Memory at that request; `None` where there is no `/proc`.
    pub ready: Option<Memory>,
    /// Memory when the invocation was over.
    pub invoked: Option<Memory>,
    /// Whether it answered the invocation with success.
    pub is_answered: bool,
}

/// Files that the starts need. They are gone when this is dropped.
pub(super) struct Files {
    log: PathBuf,
    root: Option<PathBuf>,
}

impl Files {
    /// A log, and one root certificate of the machine's, if they are where they are usually kept.
    pub(super) fn make() -> Self {
        let file =
            |end: &str| std::env::temp_dir().join(format!("beckon-bench-cold-{}.{end}", std::process::id()));
        let root = ROOTS.iter().find_map(|path| {
            let all = std::fs::read_to_string(path).ok()?;
            let (first, _) = all.split_once(END)?;
            std::fs::write(file("pem"), format!("{first}{END}")).ok()?;
            Some(file("pem"))
        });
        Self { log: file("log"), root }
    }

    /// A file with one root certificate.
    pub(super) fn one_root(&self) -> Option<&Path> {
        self.root.as_deref()
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        // Only temporary files would be left.
        for file in self.root.iter().chain([&self.log]) {
            let _ = std::fs::remove_file(file);
        }
    }
}

/// A function's process. It is ended when this is dropped.
struct Process(Child);

impl Process {
    fn memory(&self) -> Option<Memory> {
        Memory::of(self.0.id())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts the function, invokes it once, and ends it. With `roots` it knows these root certificates and no others.
pub(super) async fn start(
    stub: &Stub,
    folder: &Path,
    function: Function,
    files: &Files,
    roots: Option<&Path>,
) -> Result<Started, CliError> {
    let unable = |e: std::io::Error| CliError::caused(&format!("{} cannot be started", function.name), &e);
    let log = File::create(&files.log).map_err(unable)?;
    let mut command = Command::new(folder.join(function.name));
    command
        .env_clear()
        .envs(VARIABLES.iter().copied())
        .env("AWS_LAMBDA_RUNTIME_API", stub.address().to_string())
        .env("AWS_ENDPOINT_URL", format!("http://{}", stub.address()))
        .stdin(Stdio::null())
        .stdout(log.try_clone().map_err(unable)?)
        .stderr(log);
    if let Some(roots) = roots {
        command.env("SSL_CERT_FILE", roots);
    }
    let Watched { mut seen, invoke } = stub.begin();
    let began = Instant::now();
    let mut process = Process(command.spawn().map_err(unable)?);
    let mut invoke = Some(invoke);
    let (mut first, mut is_answered) = (None, false);
    loop {
        match tokio::time::timeout(LOOK_EACH, seen.recv()).await {
            Ok(Some(Seen::Answered(success))) => is_answered = success,
            Ok(Some(Seen::Next(at))) => match (first, invoke.take()) {
                (Some((ms, ready)), _) => {
                    return Ok(Started { ms, ready, invoked: process.memory(), is_answered });
                }
                (None, invoke) => {
                    first = Some((at.duration_since(began).as_secs_f64() * 1_000.0, process.memory()));
                    // A process that is gone is noticed below.
                    _ = invoke.map(|invoke| invoke.send(function.payload));
                }
            },
            Ok(None) | Err(_) => {
                let ended = process.0.try_wait().map_err(unable)?;
                if ended.is_some() || began.elapsed() > PATIENCE {
                    return Err(failed(function, first.is_some(), ended, &files.log));
                }
            }
        }
    }
}

fn failed(
    function: Function,
    is_started: bool,
    ended: Option<std::process::ExitStatus>,
    log: &Path,
) -> CliError {
    let what = if is_started { "its second invocation" } else { "its first invocation" };
    let how = ended.map_or_else(
        || format!("is silent for {} seconds", PATIENCE.as_secs()),
        |status| format!("ended with {status}"),
    );
    let said = std::fs::read_to_string(log).unwrap_or_default();
    let said = said.lines().last().unwrap_or("nothing");
    CliError::failed(format!("{} did not ask for {what}: it {how}; it said: {said}", function.name))
}

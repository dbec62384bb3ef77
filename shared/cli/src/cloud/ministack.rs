//! MiniStack, an emulator of AWS, as a background process on a loopback port.

use super::external::tail;
use super::folder::{Folder, remove};
use super::phases::Phases;
use super::process::{self, ProcessId};
use super::state::{MiniStack, State, checkpoints_folder};
use super::tools;
use crate::error::CliError;
use std::ffi::OsString;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// How long MiniStack may take to answer.
const START_MAX: Duration = Duration::from_secs(60);
/// How often it is asked.
const ASK_EVERY: Duration = Duration::from_millis(200);
/// How long one question may take.
const ANSWER_MAX: Duration = Duration::from_secs(2);

/// Where MiniStack keeps what it keeps.
const DATA: &str = "ministack";
/// Where it writes what it does.
const LOG: &str = "ministack.log";

/// Starts MiniStack, or finds the one that `up` started before. It is in `state` as soon as it runs.
pub(crate) async fn ensure(
    folder: &Folder,
    state: &mut State,
    port: u16,
    phases: &mut Phases,
) -> Result<(), CliError> {
    if let Some(started) = &state.ministack {
        let is_alive = started.process.is_alive();
        if is_alive && started.port != port {
            return Err(CliError::usage(format!(
                "MiniStack runs on port {}: say --port {}, or end it with `beckon stack down`",
                started.port, started.port
            )));
        }
        if is_alive && is_healthy(port).await {
            phases.say(&format!("MiniStack runs already on 127.0.0.1:{port}: the stack is updated"));
            return Ok(());
        }
        phases.say("MiniStack does not answer any more: it is started again, empty");
        started.process.end().await;
        forget(folder, started.port)?;
        state.ministack = None;
        state.save(folder)?;
    }
    if port_is_taken(port) {
        return Err(taken(port).await);
    }
    let bin = tools::EMULATOR.ensure(folder, phases)?;
    phases.begin("starting MiniStack");
    forget(folder, port)?;
    let process = start(folder, &bin, port)?;
    state.ministack = Some(MiniStack { process: process.clone(), port });
    state.save(folder)?;
    await_health(folder, &process, port).await?;
    phases.end();
    Ok(())
}

/// MiniStack runs the functions as programs of this machine, and a Lambda is a program for Linux.
pub(crate) fn require_linux() -> Result<(), CliError> {
    if cfg!(target_os = "linux") {
        return Ok(());
    }
    Err(CliError::usage(
        "MiniStack runs functions without a container, which needs Linux: start an emulator in Docker and name it with --endpoint-url",
    ))
}

/// Where a MiniStack on this port answers.
pub(crate) fn endpoint_url(port: u16) -> String {
    format!("http://127.0.0.1:{port}")
}

/// Removes what a MiniStack that has ended leaves, with the places up to which its stream was read: the next one names
/// its stream the same.
pub(crate) fn forget(folder: &Folder, port: u16) -> Result<(), CliError> {
    remove(&checkpoints_folder(folder, &endpoint_url(port)))?;
    remove(&folder.stack(DATA))
}

fn start(folder: &Folder, bin: &Path, port: u16) -> Result<ProcessId, CliError> {
    let mut command = Command::new(bin.join("ministack"));
    command.current_dir(folder.make(DATA)?).env_clear();
    for (name, value) in environment(folder, port)? {
        command.env(name, value);
    }
    process::spawn(&mut command, &folder.stack(LOG), "MiniStack")
}

/// All that MiniStack is told. It hands its whole environment on to the functions, and their SDK looks for credentials
/// and settings below HOME: so nothing of the person's is in here.
fn environment(folder: &Folder, port: u16) -> Result<Vec<(&'static str, OsString)>, CliError> {
    let within = |name: &str| folder.make(&format!("{DATA}/{name}")).map(OsString::from);
    let path = std::env::var_os("PATH").unwrap_or_else(|| "/usr/local/bin:/usr/bin:/bin".into());
    Ok(vec![
        ("PATH", path),
        ("HOME", within("home")?),
        ("TMPDIR", within("tmp")?),
        ("STATE_DIR", within("state")?),
        ("S3_DATA_DIR", within("s3")?),
        ("BIND_HOST", "127.0.0.1".into()),
        ("GATEWAY_PORT", port.to_string().into()),
        ("MINISTACK_HOST", "localhost".into()),
        ("AWS_ENDPOINT_URL", endpoint_url(port).into()),
        ("AWS_EC2_METADATA_DISABLED", "true".into()),
        ("LAMBDA_EXECUTOR", "local".into()),
        ("SFTP_ENABLED", "0".into()),
        ("IOT_MTLS_ENABLED", "0".into()),
        // It would remove containers that it takes for its own.
        ("DOCKER_HOST", format!("unix://{}", folder.stack(DATA).join("no-docker").display()).into()),
    ])
}

async fn await_health(folder: &Folder, process: &ProcessId, port: u16) -> Result<(), CliError> {
    let log = folder.show(&folder.stack(LOG));
    for _ in 0..START_MAX.as_millis() / ASK_EVERY.as_millis() {
        if !process.is_alive() {
            let said = tail(&folder.stack(LOG), 15);
            eprintln!("{said}");
            return Err(CliError::failed(format!("MiniStack ended while starting: see {log}")));
        }
        if is_healthy(port).await {
            return Ok(());
        }
        tokio::time::sleep(ASK_EVERY).await;
    }
    Err(CliError::failed(format!(
        "MiniStack did not answer within {} s: see {log}, then `beckon stack down`",
        START_MAX.as_secs()
    )))
}

async fn is_healthy(port: u16) -> bool {
    let ask = async {
        let client = reqwest::Client::builder().no_proxy().timeout(ANSWER_MAX).build().ok()?;
        let answer = client.get(format!("http://127.0.0.1:{port}/_ministack/health")).send().await.ok()?;
        Some(answer.status().is_success())
    };
    ask.await.unwrap_or(false)
}

fn port_is_taken(port: u16) -> bool {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    TcpStream::connect_timeout(&address, ANSWER_MAX).is_ok()
}

async fn taken(port: u16) -> CliError {
    CliError::usage(if is_healthy(port).await {
        format!(
            "a MiniStack that `up` did not start listens on 127.0.0.1:{port}: use it with --endpoint-url http://127.0.0.1:{port}, or choose --port"
        )
    } else {
        format!("another program listens on 127.0.0.1:{port}: end it, or choose --port")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_functions_are_handed_nothing_of_the_persons() {
        let root = std::env::temp_dir().join(format!("beckon-ministack-{}", std::process::id()));
        let folder = Folder::at(root.clone());
        let environment = environment(&folder, 4588).unwrap();
        let value =
            |name: &str| environment.iter().find(|(n, _)| *n == name).map(|(_, v)| v.clone()).unwrap();
        for name in ["HOME", "TMPDIR", "STATE_DIR", "S3_DATA_DIR"] {
            assert!(Path::new(&value(name)).starts_with(folder.stack(DATA)), "{name}");
        }
        assert_eq!(value("BIND_HOST"), "127.0.0.1", "nobody else on the network gets in");
        assert!(
            environment.iter().all(|(name, _)| !name.contains("ACCESS_KEY") && !name.contains("PROFILE"))
        );
        remove(&root).unwrap();
    }

    #[test]
    fn what_is_forgotten_is_this_ministacks_and_nobody_elses() {
        let root = std::env::temp_dir().join(format!("beckon-forget-{}", std::process::id()));
        let folder = Folder::at(root.clone());
        folder.make(DATA).unwrap();
        let own = checkpoints_folder(&folder, "http://127.0.0.1:4588");
        let other = checkpoints_folder(&folder, "http://127.0.0.1:4566");
        for checkpoints in [&own, &other] {
            std::fs::create_dir_all(checkpoints).unwrap();
            std::fs::write(checkpoints.join("ProfilerFunctionEvents.json"), "{}").unwrap();
        }
        forget(&folder, 4588).unwrap();
        assert!(!folder.stack(DATA).exists() && !own.exists());
        assert!(other.exists(), "another emulator still has its stream");
        remove(&root).unwrap();
    }

    #[test]
    fn a_port_is_taken_while_somebody_listens() {
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        assert!(port_is_taken(port));
        // Not the same one after the drop: another test may have it by then. Nobody is ever given port 1.
        assert!(!port_is_taken(1));
    }
}

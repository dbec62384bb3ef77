//! Clients that do not behave, many at a time, while one that does goes on.

use super::client::Client;
use super::load::Load;
use super::served::{Memory, Served};
use crate::error::CliError;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde::Serialize;
use std::io::Write;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// One of so many hostile clients sends the larger part of a body and then nothing more.
const HALF_BODY_EACH: u32 = 6;
/// One of so many sends a body that does not end.
const ENDLESS_EACH: u32 = 100;
/// Bytes of such a part: nearly the largest body.
const HALF_BODY_BYTES: usize = 480 * 1024;
/// Bytes that a gzip bomb becomes.
const BOMB_BYTES: usize = 50 * 1024 * 1024;
/// Bombs, one after the other.
const BOMB_COUNT: u32 = 20;
/// Batches of the client that behaves.
const ASKED_COUNT: u32 = 200;
/// Its pause between two of them.
const PAUSE: Duration = Duration::from_millis(20);
/// What it takes for no answer.
const ANSWER_TIME: Duration = Duration::from_secs(10);
/// Events of its batches.
const BATCH_SIZE: usize = 10;
/// Its batches on one connection.
const KEPT_FOR: u32 = 10;
/// How often a client without an end sends a letter of its request's head.
const DRIP_EACH: Duration = Duration::from_secs(1);

/// What came of it.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub(super) struct Hostile {
    /// Connections that never finish a head.
    pub slow_heads: u32,
    /// Connections that never finish a body.
    pub half_bodies: u32,
    /// Connections that send a body without an end.
    pub endless_bodies: u32,
    pub bombs: u32,
    /// Bombs that were refused with 413.
    pub bombs_refused: u32,
    /// Batches of the client that behaves.
    pub asked: u32,
    pub answered: u32,
    /// Connections that it lost before it was answered, and opened again.
    pub lost: u32,
    pub median_ms: f64,
    pub most_ms: f64,
    pub memory_before: Option<Memory>,
    /// The largest that was seen meanwhile, bytes resident.
    pub memory_most_bytes: Option<u64>,
}

/// Lets them loose on a server, and a client that behaves beside them.
pub(super) async fn run(served: &Served, load: &mut Load, count: u32) -> Result<Hostile, CliError> {
    let to = served.address();
    let (half_bodies, endless_bodies) = (count / HALF_BODY_EACH, count.div_ceil(ENDLESS_EACH));
    let slow_heads = count.saturating_sub(half_bodies + endless_bodies);
    let memory_before = served.memory();
    // Dropped, it ends all of them.
    let mut hostile = JoinSet::new();
    (0..slow_heads).for_each(|_| _ = hostile.spawn(again(to, slow_head)));
    (0..half_bodies).for_each(|_| _ = hostile.spawn(again(to, half_body)));
    (0..endless_bodies).for_each(|_| _ = hostile.spawn(again(to, endless_body)));
    let bomb = bomb().map_err(|e| CliError::caused("a gzip bomb", &e))?;
    let bombs = if count > 0 { BOMB_COUNT } else { 0 };
    let bombing = tokio::spawn(drop_bombs(to, bomb, bombs));
    let mut seen = Seen::default();
    for number in 0..ASKED_COUNT {
        seen.ask(number, to, load).await;
        seen.look(served);
        tokio::time::sleep(PAUSE).await;
    }
    let bombs_refused = bombing.await.map_err(|e| CliError::caused("the bombs", &e))?;
    seen.look(served);
    seen.times.sort_unstable();
    let ms = |time: Option<&Duration>| time.map_or(0.0, |time| time.as_secs_f64() * 1_000.0);
    Ok(Hostile {
        slow_heads,
        half_bodies,
        endless_bodies,
        bombs,
        bombs_refused,
        asked: ASKED_COUNT,
        answered: u32::try_from(seen.times.len()).unwrap_or(u32::MAX),
        lost: seen.lost,
        median_ms: ms(seen.times.get(seen.times.len() / 2)),
        most_ms: ms(seen.times.last()),
        memory_before,
        memory_most_bytes: seen.memory_most_bytes,
    })
}

/// What the client that behaves has seen.
#[derive(Default)]
struct Seen {
    client: Option<Client>,
    times: Vec<Duration>,
    lost: u32,
    memory_most_bytes: Option<u64>,
}

impl Seen {
    /// Sends a batch; on a new connection now and then, and where it has lost the old one.
    async fn ask(&mut self, number: u32, to: SocketAddr, load: &mut Load) {
        let began = Instant::now();
        if number.is_multiple_of(KEPT_FOR) {
            self.client = None;
        }
        while began.elapsed() < ANSWER_TIME {
            let asked = tokio::time::timeout(ANSWER_TIME, self.try_once(to, load));
            if let Ok(Ok(())) = asked.await {
                self.times.push(began.elapsed());
                return;
            }
            self.client = None;
            self.lost += 1;
        }
    }

    async fn try_once(&mut self, to: SocketAddr, load: &mut Load) -> Result<(), CliError> {
        let mut client = match self.client.take() {
            Some(client) => client,
            None => Client::connect(to).await?,
        };
        load.send_one(&mut client, BATCH_SIZE).await?;
        self.client = Some(client);
        Ok(())
    }

    fn look(&mut self, served: &Served) {
        let now = served.memory().map(|memory| memory.now_bytes);
        self.memory_most_bytes = self.memory_most_bytes.max(now);
    }
}

/// Connects and misbehaves, and does so again whenever it is thrown out.
async fn again<F: Future<Output = std::io::Result<()>> + Send>(
    to: SocketAddr,
    misbehave: impl Fn(TcpStream) -> F + Send + 'static,
) {
    loop {
        if let Ok(stream) = TcpStream::connect(to).await {
            // It ends with the connection, however that ends.
            let _ = misbehave(stream).await;
        }
        tokio::time::sleep(DRIP_EACH).await;
    }
}

async fn slow_head(mut stream: TcpStream) -> std::io::Result<()> {
    stream.write_all(b"POST /v1/batch HTTP/1.1\r\nhost: a\r\nx: ").await?;
    loop {
        tokio::time::sleep(DRIP_EACH).await;
        stream.write_all(b"x").await?;
    }
}

async fn half_body(mut stream: TcpStream) -> std::io::Result<()> {
    let head =
        format!("POST /v1/batch HTTP/1.1\r\nhost: a\r\ncontent-length: {}\r\n\r\n", HALF_BODY_BYTES + 1);
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(&vec![b' '; HALF_BODY_BYTES]).await?;
    stream.read(&mut [0; 1]).await.map(|_| ())
}

async fn endless_body(mut stream: TcpStream) -> std::io::Result<()> {
    stream.write_all(b"POST /v1/batch HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n").await?;
    let chunk = format!("2000\r\n{}\r\n", " ".repeat(0x2000));
    loop {
        stream.write_all(chunk.as_bytes()).await?;
        tokio::task::yield_now().await;
    }
}

fn bomb() -> std::io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    let part = vec![b' '; 1024 * 1024];
    for _ in 0..BOMB_BYTES / part.len() {
        encoder.write_all(&part)?;
    }
    encoder.finish()
}

/// Sends bombs; returns how many were refused as too large.
async fn drop_bombs(to: SocketAddr, bomb: Vec<u8>, count: u32) -> u32 {
    let mut refused = 0;
    for _ in 0..count {
        refused += u32::from(is_refused(to, &bomb).await.unwrap_or(false));
    }
    refused
}

async fn is_refused(to: SocketAddr, bomb: &[u8]) -> std::io::Result<bool> {
    let mut stream = TcpStream::connect(to).await?;
    let head = format!(
        "POST /v1/batch HTTP/1.1\r\nhost: a\r\ncontent-encoding: gzip\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        bomb.len()
    );
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(bomb).await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    Ok(answer.starts_with(b"HTTP/1.1 413"))
}

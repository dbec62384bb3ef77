//! Clients that behave: each sends a batch as soon as the one before it is answered.

use super::client::Client;
use crate::error::CliError;
use serde::Serialize;
use serde_json::json;
use std::fmt::Write;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// Visitors of one connection: its requests take turns with them.
const VISITORS_EACH: usize = 8;
/// How often it is looked whether everything is applied.
const LOOK_EACH: Duration = Duration::from_millis(20);
/// How long nothing may change before it is given up.
const PATIENCE: Duration = Duration::from_secs(60);

/// What one size of request did in one round.
#[derive(Clone, Debug)]
pub(super) struct Slot {
    pub size: usize,
    pub requests: u64,
    /// From the first request to the last answer.
    pub time: Duration,
    /// From the first request until every event was applied.
    pub applied_time: Duration,
    /// From a request to its answer, ascending.
    pub latencies: Vec<Duration>,
}

/// How the events that were acknowledged ended.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Serialize)]
pub(super) struct Counted {
    pub acknowledged: u64,
    pub applied: u64,
    pub repeated: u64,
}

/// One person who sends.
#[derive(Clone, Debug)]
struct Visitor {
    name: String,
    acknowledged: u64,
}

struct Connection {
    client: Client,
    visitors: Vec<Visitor>,
    turn: usize,
}

/// All connections.
pub(super) struct Load {
    address: SocketAddr,
    connections: Vec<Connection>,
}

impl Load {
    pub(super) async fn new(address: SocketAddr, count: u32) -> Result<Self, CliError> {
        let mut connections = Vec::new();
        for number in 0..count {
            let visitor = |n: usize| Visitor { name: format!("visitor-{number}-{n}"), acknowledged: 0 };
            let visitors = (0..VISITORS_EACH).map(visitor).collect();
            connections.push(Connection { client: Client::connect(address).await?, visitors, turn: 0 });
        }
        Ok(Self { address, connections })
    }

    /// All connections send batches of this size for so long; then it is waited until everything is applied.
    pub(super) async fn slot(&mut self, size: usize, time: Duration) -> Result<Slot, CliError> {
        // One that was idle for long may have been closed.
        for connection in &mut self.connections {
            connection.client = Client::connect(self.address).await?;
        }
        let began = Instant::now();
        let mut tasks = JoinSet::new();
        for mut connection in self.connections.drain(..) {
            tasks.spawn(async move {
                let latencies = connection.send_until(size, began + time).await;
                (connection, latencies)
            });
        }
        let mut latencies = Vec::new();
        while let Some(done) = tasks.join_next().await {
            let (connection, of_connection) = done.map_err(|e| CliError::caused("a client", &e))?;
            self.connections.push(connection);
            latencies.extend(of_connection?);
        }
        let time = began.elapsed();
        self.applied().await?;
        latencies.sort_unstable();
        let requests = latencies.len() as u64;
        Ok(Slot { size, requests, time, applied_time: began.elapsed(), latencies })
    }

    /// Another batch of somebody.
    pub(super) async fn send_one(&mut self, client: &mut Client, size: usize) -> Result<(), CliError> {
        let Some(connection) = self.connections.first_mut() else { return Ok(()) };
        let visitor = connection.next();
        visitor.acknowledged += client.batch(body(visitor, size), size).await? as u64;
        Ok(())
    }

    fn visitors(&self) -> impl Iterator<Item = &Visitor> {
        self.connections.iter().flat_map(|connection| &connection.visitors)
    }

    /// Waits until every visitor's profile has what was acknowledged.
    async fn applied(&self) -> Result<(), CliError> {
        let mut client = Client::connect(self.address).await?;
        let (mut last, mut changed_at) = (0, Instant::now());
        for visitor in self.visitors() {
            loop {
                let counted = tallies(&mut client, visitor).await?;
                if counted.applied >= visitor.acknowledged {
                    break;
                }
                if counted.applied != last {
                    (last, changed_at) = (counted.applied, Instant::now());
                } else if changed_at.elapsed() > PATIENCE {
                    return Err(CliError::failed(format!(
                        "{}: {} events were acknowledged and {} applied, and no more come",
                        visitor.name, visitor.acknowledged, counted.applied
                    )));
                }
                tokio::time::sleep(LOOK_EACH).await;
            }
        }
        Ok(())
    }

    /// What the profiles of all visitors say, once everything is applied.
    pub(super) async fn counted(&self, client: &mut Client) -> Result<Counted, CliError> {
        self.applied().await?;
        let mut all = Counted::default();
        for visitor in self.visitors() {
            let counted = tallies(client, visitor).await?;
            all.acknowledged += counted.acknowledged;
            all.applied += counted.applied;
            all.repeated += counted.repeated;
        }
        Ok(all)
    }
}

impl Connection {
    fn next(&mut self) -> &mut Visitor {
        self.turn = (self.turn + 1) % self.visitors.len();
        &mut self.visitors[self.turn]
    }

    async fn send_until(&mut self, size: usize, end: Instant) -> Result<Vec<Duration>, CliError> {
        let mut latencies = Vec::new();
        loop {
            let visitor = self.next();
            let body = body(visitor, size);
            let began = Instant::now();
            let acknowledged = self.client.batch(body, size).await?;
            latencies.push(began.elapsed());
            if let Some(visitor) = self.visitors.get_mut(self.turn) {
                visitor.acknowledged += acknowledged as u64;
            }
            if Instant::now() >= end {
                return Ok(latencies);
            }
        }
    }
}

/// A batch of a visitor: product views with new ids.
fn body(visitor: &Visitor, size: usize) -> String {
    let mut body = String::with_capacity(220 * size + 16);
    body.push_str("{\"batch\":[");
    for number in 0..size as u64 {
        let (id, name) = (visitor.acknowledged + number, &visitor.name);
        let comma = if number > 0 { "," } else { "" };
        // A text takes whatever is written.
        let _ = write!(
            body,
            r#"{comma}{{"type":"track","event":"Product Viewed","anonymousId":"{name}","messageId":"{name}-{id}","properties":{{"product_id":"product-{}","category":"tents","price":189.5,"currency":"EUR"}}}}"#,
            id % 97
        );
    }
    body.push_str("]}");
    body
}

async fn tallies(client: &mut Client, visitor: &Visitor) -> Result<Counted, CliError> {
    let asked = json!({ "anonymousId": visitor.name }).to_string();
    let document = client.post("/admin/v1/privacy/export", asked).await?.json()?;
    let profiles = document["profiles"].as_array().map_or(&[][..], Vec::as_slice);
    let sum = |name: &str| profiles.iter().filter_map(|p| p["state"]["tallies"][name].as_u64()).sum();
    Ok(Counted { acknowledged: visitor.acknowledged, applied: sum("applied"), repeated: sum("duplicate") })
}

#[cfg(test)]
mod tests {
    use super::*;
    use beckon_wire::capture::parse_batch;

    #[test]
    fn a_batch_has_as_many_events_as_it_should_each_with_an_id_of_its_own() {
        let visitor = Visitor { name: "v".to_owned(), acknowledged: 7 };
        let text = body(&visitor, 3);
        let batch = parse_batch(text.as_bytes()).unwrap();
        assert_eq!(batch.events.len(), 3);
        for (number, event) in batch.events.iter().enumerate() {
            assert!(event.contains(&format!("\"messageId\":\"v-{}\"", 7 + number)), "{event}");
        }
    }
}

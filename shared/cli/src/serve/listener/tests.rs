use super::*;
use axum::response::sse::{Event, Sse};
use axum::routing::{get, post};
use futures_util::StreamExt;
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::Notify;
use tokio::task::JoinHandle;

struct Served {
    address: SocketAddr,
    end: Arc<Notify>,
    task: JoinHandle<()>,
    /// A request of `/slow` is answered once this is told.
    go: Arc<Notify>,
    /// Tells that such a request has come.
    came: Arc<Notify>,
}

async fn served(bounds: Bounds) -> Served {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let (end, go, came) = (Arc::new(Notify::new()), Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (going, coming) = (Arc::clone(&go), Arc::clone(&came));
    let slow = get(move || async move {
        coming.notify_one();
        going.notified().await;
        "slow"
    });
    let feed = || async {
        let begins =
            futures_util::stream::once(async { Ok::<_, Infallible>(Event::default().data("begins")) });
        Sse::new(begins.chain(futures_util::stream::pending()))
    };
    let app = Router::new()
        .route("/", post(|body: String| async move { body.len().to_string() }))
        .route("/feed", get(feed))
        .route("/slow", slow);
    let ended = Arc::clone(&end);
    let task = tokio::spawn(async move { serve(listener, app, bounds, ended.notified()).await });
    Served { address, end, task, go, came }
}

async fn connected(served: &Served, sent: &str) -> TcpStream {
    let mut stream = TcpStream::connect(served.address).await.unwrap();
    stream.write_all(sent.as_bytes()).await.unwrap();
    stream
}

/// Everything until the connection is closed.
async fn rest(mut stream: TcpStream) -> String {
    let mut bytes = Vec::new();
    // A reset says the same as an end.
    let _ = stream.read_to_end(&mut bytes).await;
    String::from_utf8(bytes).unwrap()
}

/// As much as has arrived, at least some.
async fn some(stream: &mut TcpStream) -> String {
    let mut bytes = [0; 1_024];
    let count = stream.read(&mut bytes).await.unwrap();
    String::from_utf8_lossy(&bytes[..count]).into_owned()
}

const NEVER: Duration = Duration::from_secs(3_600);

fn patient() -> Bounds {
    Bounds { head_time: NEVER, body_time: NEVER, end_time: NEVER, ..Bounds::default() }
}

const WHOLE: &str = "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\nconnection: close\r\n\r\nhi";
const HALF: &str = "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\nhi";
const SLOW: &str = "GET /slow HTTP/1.1\r\nhost: a\r\n\r\n";

#[tokio::test]
async fn connections_that_wait_make_room_for_one_that_asks() {
    let served = served(Bounds { connection_count: 3, ..patient() }).await;
    let oldest = connected(&served, "POST / HT").await;
    // A connection is known to have its seat once it was answered.
    let mut kept = connected(&served, "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\n\r\nx").await;
    assert!(some(&mut kept).await.starts_with("HTTP/1.1 200"));
    let busy = connected(&served, SLOW).await;
    served.came.notified().await;
    assert!(rest(connected(&served, WHOLE).await).await.ends_with("\r\n\r\n2"));
    assert_eq!(rest(oldest).await, "", "it was closed without a word");
    let _more = [connected(&served, "").await, connected(&served, "").await];
    assert!(rest(connected(&served, WHOLE).await).await.ends_with("\r\n\r\n2"));
    served.go.notify_one();
    served.end.notify_one();
    assert!(rest(busy).await.ends_with("slow"), "what was being answered kept its seat");
}

#[tokio::test]
async fn a_request_that_does_not_come_in_time_is_given_up() {
    let soon = Duration::from_millis(20);
    let served = served(Bounds { head_time: soon, body_time: soon, ..patient() }).await;
    assert_eq!(rest(connected(&served, "POST / HT").await).await, "");
    assert_eq!(rest(connected(&served, "").await).await, "", "also one that says nothing");
    let late = rest(connected(&served, HALF).await).await;
    assert!(late.starts_with("HTTP/1.1 408"), "{late}");
    assert!(rest(connected(&served, WHOLE).await).await.ends_with("\r\n\r\n2"));
}

#[tokio::test]
async fn a_head_is_bounded_in_bytes_and_in_headers() {
    let served = served(patient()).await;
    let long = format!("GET / HTTP/1.1\r\nhost: a\r\nx: {}", "x".repeat(40_000));
    let many = format!("GET / HTTP/1.1\r\nhost: a\r\n{}\r\n", "x: 1\r\n".repeat(101));
    for head in [long, many] {
        let refused = rest(connected(&served, &head).await).await;
        assert!(refused.is_empty() || refused.starts_with("HTTP/1.1 431"), "{refused}");
    }
    assert!(rest(connected(&served, WHOLE).await).await.ends_with("\r\n\r\n2"));
}

#[tokio::test]
async fn bodies_without_an_end_cost_no_more_than_bodies_may() {
    let served = served(Bounds { body_bytes: 100_000, ..patient() }).await;
    let endless = |bytes: usize| {
        format!("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 900000\r\n\r\n{}", "x".repeat(bytes))
    };
    let slow = connected(&served, &endless(60_000)).await;
    let other = connected(&served, &endless(60_000)).await;
    assert_eq!(rest(slow).await, "", "the older one was closed");
    drop(other);
    assert!(rest(connected(&served, WHOLE).await).await.ends_with("\r\n\r\n2"));
}

#[tokio::test]
async fn asked_to_end_it_answers_what_was_asked_and_waits_for_no_watcher() {
    let served = served(patient()).await;
    let mut watcher = connected(&served, "GET /feed HTTP/1.1\r\nhost: a\r\n\r\n").await;
    let mut told = String::new();
    while !told.contains("begins") {
        told += &some(&mut watcher).await;
    }
    let idle = connected(&served, "").await;
    let asked = connected(&served, SLOW).await;
    served.came.notified().await;
    served.end.notify_one();
    rest(watcher).await;
    rest(idle).await;
    assert!(TcpStream::connect(served.address).await.is_err(), "nothing more is accepted");
    assert!(!served.task.is_finished(), "a request is still in flight");
    served.go.notify_one();
    assert!(rest(asked).await.ends_with("slow"));
    served.task.await.unwrap();
}

#[tokio::test]
async fn who_is_never_answered_is_not_waited_for_without_end() {
    let served = served(Bounds { end_time: Duration::from_millis(20), ..patient() }).await;
    let _asked = connected(&served, SLOW).await;
    served.came.notified().await;
    served.end.notify_one();
    served.task.await.unwrap();
}

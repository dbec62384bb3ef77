//! An archive in a bucket: a server on loopback that lists and hands out what lies in a folder, as S3 does.

use super::{archived_world, hash_of, login, try_replay};
use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{Response, StatusCode, Uri};
use beckon_cli::replay::ReplayOptions;
use beckon_domain::DurationMs;
use beckon_store::archive::folder::objects;
use beckon_store::objects::Kept;
use std::path::{Path, PathBuf};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// A bucket, called `bucket`. A page of its list has one object.
struct Bucket {
    endpoint: String,
    task: JoinHandle<()>,
}

impl Bucket {
    async fn of(folder: &Path) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().fallback(answer).with_state(folder.to_owned());
        let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { endpoint, task }
    }

    fn options(&self) -> ReplayOptions {
        ReplayOptions { endpoint_url: Some(self.endpoint.clone()), ..ReplayOptions::default() }
    }
}

impl Drop for Bucket {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn answer(State(folder): State<PathBuf>, uri: Uri) -> Response<Body> {
    let path = uri.path().trim_end_matches('/');
    let Some(key) = path.strip_prefix("/bucket") else {
        return refused(StatusCode::NOT_FOUND, "NoSuchBucket");
    };
    if key.is_empty() {
        return Response::new(Body::from(page(&folder, uri.query().unwrap_or_default())));
    }
    match std::fs::read(folder.join(key.trim_start_matches('/'))) {
        Ok(bytes) => Response::new(Body::from(bytes)),
        Err(_) => refused(StatusCode::NOT_FOUND, "NoSuchKey"),
    }
}

fn refused(status: StatusCode, code: &str) -> Response<Body> {
    let body = format!("<Error><Code>{code}</Code><Message>played</Message></Error>");
    Response::builder().status(status).body(Body::from(body)).unwrap()
}

fn page(folder: &Path, query: &str) -> String {
    let parameter = |name: &str| {
        let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        pairs.filter(|(key, _)| *key == name).map(|(_, value)| value.replace("%2F", "/")).next()
    };
    let prefix = parameter("prefix").unwrap_or_default();
    let found: Vec<Kept> =
        objects(folder).unwrap().into_iter().filter(|kept| kept.key.starts_with(&prefix)).collect();
    let index = parameter("continuation-token").map_or(0, |token| token.parse::<usize>().unwrap());
    let content = found.get(index).map_or(String::new(), |kept| {
        format!("<Contents><Key>{}</Key><Size>{}</Size></Contents>", kept.key, kept.bytes)
    });
    let next = if index + 1 < found.len() {
        format!("<IsTruncated>true</IsTruncated><NextContinuationToken>{}</NextContinuationToken>", index + 1)
    } else {
        "<IsTruncated>false</IsTruncated>".to_owned()
    };
    format!("<ListBucketResult><Name>bucket</Name>{content}{next}</ListBucketResult>")
}

#[tokio::test]
async fn a_bucket_is_read_page_by_page_and_what_is_missing_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let (mut world, archive) = archived_world(folder.path()).await;
    login(&mut world).await;
    world.drain().await;
    world.pass(DurationMs::from_hours(1));
    world.mailer().await;
    world.finish().await;
    archive.flush().unwrap();
    assert!(objects(folder.path()).unwrap().len() > 1);
    // What Firehose could not deliver lies elsewhere in the bucket and is not meant by its name alone.
    std::fs::create_dir(folder.path().join("errors")).unwrap();
    std::fs::write(folder.path().join("errors/failed.gz"), b"not a line").unwrap();
    let bucket = Bucket::of(folder.path()).await;
    for url in ["s3://bucket", "s3://bucket/events/"] {
        let report = Box::pin(try_replay(Path::new(url), bucket.options(), None)).await.unwrap();
        assert_eq!((report.bad_rows, report.state_hash), (0, hash_of(&world).await), "{url}");
    }
    for (url, said) in [
        ("s3://other", "the archive s3://other/events/ cannot be read"),
        ("s3://bucket/events/1999/", "no archived events in s3://bucket/events/1999/"),
    ] {
        let told = Box::pin(try_replay(Path::new(url), bucket.options(), None)).await.unwrap_err();
        assert!(told.contains(said) && !told.contains('\n'), "{told}");
    }
    let told = Box::pin(try_replay(folder.path(), bucket.options(), None)).await.unwrap_err();
    assert!(told.contains("say where a bucket is"), "{told}");
}

//! The real functions behind a real port, for tests of commands.

use crate::laptop::LocalModels;
use crate::stack::{NO_EXPERIMENTS, Parts, Stack};
use beckon_domain::Timestamp;
use beckon_domain::consent::ConsentDefault;
use beckon_rules::SAMPLE;
use beckon_runtime::Clock;
use beckon_store::objects::memory::MemoryFailedEvents;
use beckon_store::tables::memory::MemoryTables;

/// The time there. It stands still.
pub(crate) const NOW: Timestamp = Timestamp::from_ms(1_763_800_000_000);

/// A stack on this machine, with the sample's rules.
pub(crate) struct Served {
    pub(crate) tables: MemoryTables,
    pub(crate) endpoint: String,
    pub(crate) folder: tempfile::TempDir,
}

impl Served {
    /// Begins to serve.
    pub(crate) async fn start() -> Self {
        let tables = MemoryTables::default();
        let stack = Stack::new(Parts {
            tables: tables.clone(),
            failed: MemoryFailedEvents::default(),
            models: LocalModels::default(),
            ruleset: SAMPLE.to_owned(),
            experiments: Some(NO_EXPERIMENTS.to_owned()),
            clock: Clock::manual(NOW).0,
            shard_count: 1,
            batch_size: 10,
            epoch: "served".to_owned(),
            public_url: String::new(),
            consent_default: ConsentDefault::default(),
            feed: None,
        });
        let app = Box::pin(stack).await.unwrap().router();
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { tables, endpoint, folder: tempfile::tempdir().unwrap() }
    }

    /// Writes a file. Returns its path.
    pub(crate) fn file(&self, name: &str, text: &str) -> String {
        let file = self.folder.path().join(name);
        std::fs::write(&file, text).unwrap();
        file.display().to_string()
    }

    /// What is typed, and where it goes.
    pub(crate) fn typed<'a>(&'a self, typed: &[&'a str]) -> Vec<&'a str> {
        // Named, so that the variable of whoever runs this does not count.
        let key = if typed.contains(&"--key") { &[][..] } else { &["--key", "sk_local"] };
        let endpoint = ["--endpoint", self.endpoint.as_str()];
        ["beckon"]
            .into_iter()
            .chain(typed.iter().copied())
            .chain(endpoint)
            .chain(key.iter().copied())
            .collect()
    }
}

//! What every change of what is live is told, and where it goes.

use super::place::PlaceArgs;
use clap::Args;
use serde_json::{Value, json};

/// Why, in whose name, on which condition, and where.
#[derive(Args, Debug)]
pub(crate) struct ChangeArgs {
    /// Why, for the history
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
    /// Who, for the history; the key's source is noted in any case
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
    /// Only if this version is live
    #[arg(long, value_name = "VERSION")]
    expect: Option<String>,
    /// Print one JSON document instead of lines
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) place: PlaceArgs,
}

impl ChangeArgs {
    fn told(&self) -> impl Iterator<Item = (&'static str, &String)> {
        let all = [("note", &self.note), ("by", &self.by), ("expect", &self.expect)];
        all.into_iter().filter_map(|(name, value)| Some((name, value.as_ref()?)))
    }

    /// For a request whose body is the document: the query, with flags that are set.
    pub(crate) fn query(&self, flags: &[(&'static str, bool)]) -> Vec<(&'static str, String)> {
        let told = self.told().map(|(name, value)| (name, value.clone()));
        let flags = flags.iter().filter(|(_, is_set)| *is_set).map(|(name, _)| (*name, "true".to_owned()));
        told.chain(flags).collect()
    }

    /// For a request without a document: the body, which has fields of its own.
    pub(crate) fn body(&self, mut own: Value) -> String {
        for (name, value) in self.told() {
            own[name] = json!(value);
        }
        own.to_string()
    }
}

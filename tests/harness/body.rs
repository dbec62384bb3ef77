//! Bodies that no file wants to hold in full: repeated, compressed, or not text at all.

use data_encoding::BASE64;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde::Deserialize;
use serde_json::Value;
use std::io::Write;

/// A piece of a body.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum Part {
    /// As it stands.
    Text(String),
    /// The same text many times.
    Repeat {
        /// What.
        repeat: String,
        /// How often.
        times: usize,
    },
    /// Bytes.
    Base64 {
        /// What, in base64.
        base64: String,
    },
}

/// How a body is told: as JSON, or as pieces; then, if asked for, compressed.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BodySpec {
    /// A JSON value.
    pub json: Option<Value>,
    /// A text.
    pub raw: Option<String>,
    /// Pieces.
    pub parts: Vec<Part>,
    /// Whether it is compressed.
    pub gzip: bool,
    /// Bytes cut off its end.
    pub cut: usize,
}

fn write(sink: &mut impl Write, spec: &BodySpec) -> std::io::Result<()> {
    if let Some(json) = &spec.json {
        sink.write_all(json.to_string().as_bytes())?;
    }
    if let Some(raw) = &spec.raw {
        sink.write_all(raw.as_bytes())?;
    }
    for part in &spec.parts {
        match part {
            Part::Text(text) => sink.write_all(text.as_bytes())?,
            Part::Repeat { repeat, times } => {
                for _ in 0..*times {
                    sink.write_all(repeat.as_bytes())?;
                }
            }
            Part::Base64 { base64 } => {
                sink.write_all(&BASE64.decode(base64.as_bytes()).expect("a case's bytes are base64"))?;
            }
        }
    }
    Ok(())
}

impl BodySpec {
    /// The bytes.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = if self.gzip {
            let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
            write(&mut encoder, self).expect("memory takes every byte");
            encoder.finish().expect("memory takes every byte")
        } else {
            let mut bytes = Vec::new();
            write(&mut bytes, self).expect("memory takes every byte");
            bytes
        };
        bytes.truncate(bytes.len().saturating_sub(self.cut));
        bytes
    }
}

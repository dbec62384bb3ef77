//! `recommend`: `beckon evaluate`, built with optimisation and without the AWS SDK, so that times mean something after a
//! minute's build. `cargo beckon bench recommend` runs it.
//!
//! The source is that of the command: nothing is measured here that is not evaluated there.

#[path = "../../../../shared/cli/src/error.rs"]
#[allow(dead_code)]
mod error;
#[path = "../../../../shared/cli/src/evaluate/mod.rs"]
#[allow(dead_code)]
mod evaluate;
#[path = "../../../../shared/cli/src/plot/mod.rs"]
#[allow(dead_code, unused_imports)]
mod plot;
#[path = "../../../../shared/cli/src/replay"]
mod replay {
    //! Readers of recorded behaviour.
    #[allow(dead_code)]
    pub mod format;
}

use clap::Parser;
use std::process::ExitCode;

/// Measures how good recommendations are, layer by layer, and how long they take.
#[derive(Parser)]
#[command(name = "recommend")]
struct Arguments {
    #[command(flatten)]
    evaluate: evaluate::EvaluateArgs,
}

fn main() -> ExitCode {
    match evaluate::run(&Arguments::parse().evaluate) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("beckon: {error}");
            error.exit_code()
        }
    }
}

/// Prints a line. Whoever closed the pipe has read enough: that is no error.
fn say(line: impl std::fmt::Display) {
    use std::io::Write;
    let _ = writeln!(std::io::stdout(), "{line}");
}

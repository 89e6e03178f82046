//! The command line: each command is a file in `commands`.
#![forbid(unsafe_code)]

mod commands;

use clap::Parser;
use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    commands::Flags::parse().run().await
}

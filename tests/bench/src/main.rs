//! What a call costs: benchmarks in which each figure stands beside its floor, measured in the same run.
//!
//! `docs/performance.md` says how to run them and how to read them.

#![allow(
    clippy::cast_precision_loss,
    reason = "counts of calls and bytes are far below the 53 bits that a float holds"
)]

mod floors;
mod load;
mod measure;
mod paths;
mod python;
mod report;
mod server;

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
    time::{Duration, Instant},
};

use clap::{Args, Parser, Subcommand};

use measure::Effort;
use plugin_sdk_instructions::{plugins, subjects};
use report::{json::Record, picture, table};

/// Whatever goes wrong ends the program with a message.
type Result<T, E = Error> = std::result::Result<T, E>;
type Error = plugin_sdk_instructions::Error;

/// Measures what a call costs beside what it must cost.
#[derive(Parser)]
#[command(args_conflicts_with_subcommands = true)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    run: Run,
}

#[derive(Subcommand)]
enum Command {
    /// Serve a floor, for this program itself.
    #[command(hide = true)]
    ServeFloor(floors::FloorArguments),
    /// Make calls in process, for this program itself.
    #[command(hide = true)]
    Repeat { subject: String, calls: u32 },
}

#[derive(Args)]
struct Run {
    /// What to measure: names of paths, or all, which writes everything below docs.
    #[arg(default_value = "all")]
    paths: Vec<String>,
    /// Rounds of which the medians are shown.
    #[arg(long, default_value_t = 7)]
    rounds: usize,
    /// The file of all rows; those of other paths stay in it.
    #[arg(long)]
    json: Option<PathBuf>,
    /// The document that has the tables between its markers.
    #[arg(long)]
    markdown: Option<PathBuf>,
    /// The picture.
    #[arg(long)]
    svg: Option<PathBuf>,
    /// Leave out paths that the file of rows has already.
    #[arg(long)]
    resume: bool,
    /// Three short rounds: to see that it works, not to learn anything.
    #[arg(long)]
    quick: bool,
}

fn main() -> ExitCode {
    if std::env::var_os(server::AS_PLUGIN).is_some() {
        return plugin_sdk::launcher()
            .plugin::<plugins::ReplaceWords>()
            .plugin::<plugins::ReplaceInQuery>()
            .plugin::<plugins::Allow>()
            .run();
    }
    let arguments = Arguments::parse();
    let done = match arguments.command {
        Some(Command::ServeFloor(floor)) => floors::serve(&floor),
        Some(Command::Repeat { subject, calls }) => subjects::repeat(&subject, calls),
        None => measure_paths(arguments.run),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn measure_paths(mut run: Run) -> Result<()> {
    if run.paths.iter().any(|path| path == "all") && !run.quick {
        let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs");
        run.json.get_or_insert_with(|| docs.join("performance.json"));
        run.markdown.get_or_insert_with(|| docs.join("performance.md"));
        run.svg.get_or_insert_with(|| docs.join("performance.svg"));
    }
    let effort = if run.quick {
        Effort {
            rounds: 3,
            sample: Duration::from_millis(50),
        }
    } else {
        Effort {
            rounds: run.rounds.max(1),
            sample: Duration::from_millis(300),
        }
    };
    let mut record = match &run.json {
        Some(file) => Record::read(file)?,
        None => Record::default(),
    };
    for path in paths::chosen(&run.paths)? {
        if run.resume && record.has(path) {
            continue;
        }
        let started = Instant::now();
        let rows = paths::measure(path, effort).map_err(|error| format!("{path}: {error}"))?;
        eprintln!("{path}: {:.0} s", started.elapsed().as_secs_f64());
        record.put(path, rows);
        write(&run, &record)?;
    }
    println!("{}", table::tables(&record));
    write(&run, &record)
}

/// What there is so far: a run may be broken off.
fn write(run: &Run, record: &Record) -> Result<()> {
    if let Some(file) = &run.json {
        record.write(file)?;
    }
    if let Some(document) = &run.markdown {
        table::write_into(document, &table::tables(record))?;
    }
    if let Some(file) = &run.svg {
        std::fs::write(file, picture::draw(&record.rows))?;
    }
    Ok(())
}

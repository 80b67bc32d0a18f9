//! MCP on standard input and output against a loop that reads, answers and writes lines without a runtime.

use std::{cell::RefCell, process::Command};

use plugin_sdk_tests::process::without_settings;

use plugin_sdk_instructions::requests::{self, Size};

use crate::{
    Result,
    load::lines::Pipes,
    measure::{
        Effort,
        affinity::{Placement, on_core},
        interleaved,
        process::processor_time,
    },
    python::{INITIALIZE, INITIALIZED},
    report::{Row, Target, Unit},
    server::AS_PLUGIN,
};

const PATH: &str = "stdio";
const FLOOR: &str = "blocking line loop";

/// Our plugin on pipes, after its handshake.
pub(super) fn ours() -> Result<Pipes> {
    let mut command = Command::new(std::env::current_exe()?);
    without_settings(&mut command)
        .env(AS_PLUGIN, "1")
        .env("PLUGINS_TRANSPORT", "stdio")
        .env("PLUGINS_LOG_LEVEL", "WARNING")
        .current_dir("/");
    shake_hands(Pipes::start(command)?)
}

/// The first messages of every client.
pub(super) fn shake_hands(mut pipes: Pipes) -> Result<Pipes> {
    pipes.call(format!("{INITIALIZE}\n").as_bytes())?;
    pipes.send(INITIALIZED)?;
    Ok(pipes)
}

/// The request of these benchmarks as a line.
pub(super) fn line(size: Size) -> Vec<u8> {
    (requests::json_rpc("ReplaceWords", size) + "\n").into_bytes()
}

pub(super) fn measure(effort: Effort) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for (size, placement, target) in [
        (Size::Small, Placement::SameCore, Some(Target::RatioAtLeast(0.7))),
        (Size::Small, Placement::CrossCore, None),
        (Size::OneText, Placement::SameCore, None),
    ] {
        let line = line(size);
        let mut floor = Command::new(std::env::current_exe()?);
        floor.args(["serve-floor", "lines"]);
        let (mut ours, mut floor) = (ours()?, Pipes::start(floor)?);
        for pipes in [&mut ours, &mut floor] {
            requests::check_result(pipes.call(&line)?, true)?;
        }
        let (ours, floor) = (RefCell::new(ours), RefCell::new(floor));
        let sample = |pipes: &RefCell<Pipes>| {
            let id = pipes.borrow().id();
            let server_time = || Ok(processor_time(id)?.as_secs_f64());
            super::sample(placement, server_time, || {
                pipes.borrow_mut().ping_pong(&line, effort.sample)
            })
        };
        let [calls, processor] = on_core(placement.client(), || {
            interleaved(effort.rounds, || sample(&ours), || sample(&floor))
        })?;
        let case = format!("1 call at a time, {}, {}", size.name(), placement.name());
        rows.push(
            Row::new(PATH, case, FLOOR, Unit::CallsPerSecond, calls)
                .with_processor(processor)
                .with_target(target),
        );
    }
    Ok(rows)
}

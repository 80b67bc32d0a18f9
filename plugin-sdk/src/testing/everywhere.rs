//! The same case over every transport.

use std::{panic::Location, sync::Arc, thread};

#[cfg(any(feature = "unix", feature = "grpc", feature = "mcp"))]
use super::assert::fail;
use super::plugin::{IN_PROCESS, TestPlugin};
use crate::{host::InProcessPlugin, plugin::Plugin};

/// Runs a case in process and over each transport whose feature is on, and compares what the plugin answered: its results and
/// errors, and what it left in the contexts.
///
/// `make` makes a plugin for each run. They all run in this process, one after the other, through real sockets and pipes; the
/// calls are made as the [host half](crate::host) makes them, and in the end the plugin is shut down. Needs a tokio runtime with
/// I/O, as `#[tokio::test]` has.
///
/// What differs from run to run, such as a time or a random number in a result, can't be compared; run such a case with a
/// [`TestPlugin`] alone. Content types and user contexts reach a plugin [over MCP only](crate::GlobalContext::content_type).
///
/// # Panics
///
/// When two runs differ: the message says in which call, over which transport, and shows the difference. When `case` panics
/// itself, standard error says which run it was.
#[track_caller]
pub fn on_every_transport<P: Plugin>(
    make: impl AsyncFn() -> P,
    case: impl AsyncFn(&TestPlugin),
) -> impl Future<Output = ()> {
    let place = Location::caller();
    async move {
        let plugin = Arc::new(InProcessPlugin::new(make().await));
        let here = TestPlugin::of_hosted(IN_PROCESS, Arc::clone(&plugin) as _);
        run(&here, &case).await;
        plugin.shutdown().await;
        #[cfg(any(feature = "unix", feature = "grpc", feature = "mcp"))]
        for (way, transport) in super::over::all() {
            let failed = |problem: String| -> ! { fail(&format!("{place}: {way}: {problem}")) };
            let behind = match super::over::Behind::start(transport, make().await) {
                Ok(behind) => behind,
                Err(problem) => failed(problem),
            };
            let plugin = behind.test_plugin(way);
            run(&plugin, &case).await;
            if let Err(problem) = behind.stop().await {
                failed(problem);
            }
            if let Err(difference) = here.journal.compare(here.way(), &plugin.journal, way) {
                fail(&format!("{place}: {difference}"));
            }
        }
        let _ = place;
    }
}

async fn run(plugin: &TestPlugin, case: &impl AsyncFn(&TestPlugin)) {
    let named = NamedOnPanic(plugin.way());
    case(plugin).await;
    drop(named);
}

/// Says which run it was that panicked. The panic itself goes on as it is, with its own place.
struct NamedOnPanic(&'static str);

impl Drop for NamedOnPanic {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("the case failed {}", self.0);
        }
    }
}

//! The reference example of an external plugin server: the probe plugin on whatever transport the launch asks for.

use std::process::ExitCode;

use plugin_sdk_tests::probe::ProbePlugin;

fn main() -> ExitCode {
    plugin_sdk::run::<ProbePlugin>()
}

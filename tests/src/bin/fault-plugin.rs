//! Serves the plugin that misbehaves on request.

use plugin_sdk_tests::faults::Faults;

fn main() -> std::process::ExitCode {
    plugin_sdk::run::<Faults>()
}

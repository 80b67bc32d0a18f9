//! The plugins whose answers the recorded vectors hold, under their Python kinds.

use std::process::ExitCode;

use plugin_sdk_tests::vector::{Bw, Ext3, Modes, Vectors};

fn main() -> ExitCode {
    plugin_sdk::launcher()
        .plugin::<Bw>()
        .plugin::<Vectors>()
        .plugin::<Ext3>()
        .plugin::<Modes>()
        .run()
}

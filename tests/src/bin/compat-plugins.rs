//! Five plugins of the Python framework's integration tests in one server, under their Python kinds.

use std::process::ExitCode;

use plugin_sdk_tests::compat::{
    ContextPlugin, ContextPlugin2, DenyListPlugin, ErrorPlugin, PassThroughPlugin, SearchReplacePlugin,
};

fn main() -> ExitCode {
    plugin_sdk::launcher()
        .plugin::<SearchReplacePlugin>()
        .plugin::<DenyListPlugin>()
        .plugin::<PassThroughPlugin>()
        .plugin::<ErrorPlugin>()
        .plugin::<ContextPlugin>()
        .plugin::<ContextPlugin2>()
        .run()
}

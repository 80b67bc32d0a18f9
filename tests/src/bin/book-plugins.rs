//! The programs that the book calls: the name under which it is called says which of them it is.

use std::{env, path::Path, process::ExitCode};

use plugin_sdk_tests::book::{replace_words, word_guard::WordGuard};

fn main() -> ExitCode {
    let program = env::args_os().next().unwrap_or_default();
    if Path::new(&program).ends_with("word-guard") {
        plugin_sdk::run::<WordGuard>()
    } else {
        replace_words::start()
    }
}

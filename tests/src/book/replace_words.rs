//! The program of the README, with all transports.

use std::process::ExitCode;

include!("../../../examples/replace-words/src/main.rs");

/// Does what the program's own `main` does.
pub fn start() -> ExitCode {
    main()
}

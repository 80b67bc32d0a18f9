//! What a command prints goes to a stream that may be full or gone.

use std::{
    fs::File,
    process::{Command, Stdio},
};

use plugin_sdk_tests::process::without_settings;
use tempfile::TempDir;

#[test]
fn output_that_can_t_be_written_is_an_error_and_no_panic() {
    let directory = TempDir::new().unwrap();
    let full = || Stdio::from(File::options().write(true).open("/dev/full").unwrap());
    let broken = || Stdio::from(std::io::pipe().unwrap().1);
    let payload = r#"{"name": "echo", "args": {}}"#;
    let commands: [&[&str]; 6] = [
        &["--help"],
        &["manifest"],
        &["check"],
        &["completions", "bash"],
        &["gateway-config"],
        &["invoke", "tool_pre_invoke", "--payload", payload],
    ];
    for arguments in commands {
        // A reader that has seen enough, such as `head`, needs no message.
        for (stdout, said) in [
            (full(), "error: stdout cannot be written: No space left"),
            (broken(), ""),
        ] {
            let output = command(&directory, arguments).stdout(stdout).output().unwrap();
            let text = String::from_utf8(output.stderr).unwrap();
            assert_eq!(output.status.code(), Some(1), "{arguments:?}: {text}");
            let lines: Vec<_> = text
                .lines()
                .filter(|line| !line.starts_with("faults: "))
                .collect();
            assert!(
                lines.join("\n").starts_with(said) && lines.len() <= 1,
                "{arguments:?}: {text}"
            );
        }
        // Nobody can be told anything.
        let status = command(&directory, arguments)
            .stdout(full())
            .stderr(full())
            .status()
            .unwrap();
        assert_eq!(status.code(), Some(1), "{arguments:?}");
    }
    for (arguments, expected) in [
        (&["--no-such"][..], 2),
        (&["manifest", "--format", "x"], 2),
        (&["check", "-c", "no"], 1),
    ] {
        for stderr in [full(), broken()] {
            let status = command(&directory, arguments)
                .stdout(Stdio::null())
                .stderr(stderr)
                .status()
                .unwrap();
            assert_eq!(status.code(), Some(expected), "{arguments:?}");
        }
    }
}

fn command(directory: &TempDir, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fault-plugin"));
    without_settings(&mut command)
        .args(arguments)
        .current_dir(directory.path());
    command
}

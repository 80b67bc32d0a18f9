//! What plugins print never gets into what a command writes.

use std::{
    fs,
    io::{Read, Seek},
    process::{Command, Stdio},
};

use plugin_sdk_tests::process::without_settings;

use super::run;

const PROGRAM: &str = env!("CARGO_BIN_EXE_fault-plugin");
/// Printed by the plugin of `PROGRAM` when it is made, when its hook runs, and when it is shut down.
const PRINTED: [&str; 3] = ["configure prints", "from a hook", "shutdown prints"];

#[test]
fn a_result_is_all_that_invoke_writes() {
    let payload = r#"{"name": "print", "args": {"text": "from a hook\nand more"}}"#;
    for transport in [None, Some("unix"), Some("grpc"), Some("http"), Some("stdio")] {
        let mut arguments = vec!["invoke", "tool_pre_invoke", "--payload", payload];
        arguments.extend(transport.iter().flat_map(|transport| ["-t", transport]));
        let (output, text) = run(PROGRAM, &arguments, &[]);
        assert_eq!(output.status.code(), Some(0), "{transport:?}: {text}");
        let result: serde_json::Value =
            serde_json::from_str(&text).unwrap_or_else(|error| panic!("{transport:?}: {error}: {text}"));
        assert_eq!(result["plugin_name"], "Faults", "{transport:?}");
        let log = String::from_utf8(output.stderr).unwrap();
        for printed in PRINTED {
            assert!(log.contains(printed), "{transport:?}: {printed} is lost: {log}");
        }
    }
}

#[test]
fn findings_are_all_that_check_writes() {
    let (output, text) = run(PROGRAM, &["-t", "stdio", "check"], &[]);
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert_eq!(text, "ok: plugin Faults: tool_pre_invoke, tool_post_invoke\n");
}

/// A parent that waits for `READY` and finds the end of the output instead finds the reason in the log.
#[test]
fn the_output_of_a_server_that_cannot_start_ends_after_its_log() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("plugins.yaml");
    fs::write(&file, "plugins: [{name: A, kind: unknown}]").unwrap();
    for _ in 0..20 {
        let mut log = tempfile::tempfile().unwrap();
        let mut command = Command::new(PROGRAM);
        let mut server = without_settings(&mut command)
            .args(["-t", "unix", "-c", file.to_str().unwrap()])
            .current_dir(directory.path())
            .stdout(Stdio::piped())
            .stderr(log.try_clone().unwrap())
            .spawn()
            .unwrap();
        let mut output = String::new();
        server.stdout.take().unwrap().read_to_string(&mut output).unwrap();
        assert_eq!(output, "");
        log.rewind().unwrap();
        let mut text = String::new();
        log.read_to_string(&mut text).unwrap();
        assert!(
            text.contains("there is no plugin of the kind `unknown`"),
            "{text}"
        );
        assert_eq!(server.wait().unwrap().code(), Some(1));
    }
}

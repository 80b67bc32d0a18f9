//! Signals: drain, then stop; and at once when asked twice.

use std::{
    fs::File,
    io::Write,
    os::fd::OwnedFd,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use plugin_sdk::host::{CallOptions, HostedPlugin};
use plugin_sdk_tests::{
    messages::{Answer, fault},
    process::{ServerProcess, wait, without_settings},
};
use serde_json::json;
use tempfile::TempDir;

use crate::{
    frames::{server, server_with},
    host::call_with,
    ways::WAYS,
};

pub(crate) fn signal(name: &str, process: u32) {
    let status = Command::new("kill")
        .arg(format!("-{name}"))
        .arg(process.to_string())
        .status()
        .unwrap();
    assert!(status.success());
}

#[test]
fn a_running_call_is_answered_before_the_server_stops() {
    for name in ["TERM", "INT"] {
        let mut server = server();
        let mut idle = server.connect().unwrap();
        let mut client = server.connect().unwrap();
        client
            .send(&fault("wait", &json!({"milliseconds": 500})))
            .unwrap();
        std::thread::sleep(Duration::from_millis(200));
        signal(name, server.id());
        assert!(Answer::read(&client.receive().unwrap().unwrap()).is_allow());
        assert!(
            client.receive().unwrap().is_none(),
            "the connection stays open while the server stops"
        );
        assert!(idle.receive().unwrap().is_none());
        assert_eq!(server.wait().unwrap().code(), Some(0), "{}", server.log());
        assert!(!server.socket().exists(), "the socket file is still there");
        assert!(server.log().contains("shutdown was called"), "{}", server.log());
    }
}

#[test]
fn draining_has_a_deadline() {
    let mut server = server_with(&[("PLUGINS_DRAIN_TIMEOUT", "0.3")]);
    let mut client = server.connect().unwrap();
    client.send(&fault("wait-forever", &json!({}))).unwrap();
    std::thread::sleep(Duration::from_millis(200));
    let started = Instant::now();
    signal("TERM", server.id());
    assert_eq!(server.wait().unwrap().code(), Some(0));
    assert!(
        started.elapsed() < Duration::from_secs(3),
        "it took {:?}",
        started.elapsed()
    );
    assert!(server.log().contains("PLUGINS_DRAIN_TIMEOUT"), "{}", server.log());
}

#[test]
fn a_blocked_thread_does_not_keep_the_process() {
    let mut server = server_with(&[("PLUGINS_DRAIN_TIMEOUT", "0.3")]);
    let mut client = server.connect().unwrap();
    client
        .send(&fault("block", &json!({"milliseconds": 60_000})))
        .unwrap();
    std::thread::sleep(Duration::from_millis(200));
    signal("TERM", server.id());
    assert_eq!(server.wait().unwrap().code(), Some(0));
}

#[test]
fn a_second_signal_stops_at_once() {
    let mut server = server_with(&[("PLUGINS_DRAIN_TIMEOUT", "60")]);
    let mut client = server.connect().unwrap();
    client.send(&fault("wait-forever", &json!({}))).unwrap();
    std::thread::sleep(Duration::from_millis(200));
    signal("TERM", server.id());
    std::thread::sleep(Duration::from_millis(800));
    let started = Instant::now();
    signal("TERM", server.id());
    assert_eq!(server.wait().unwrap().code(), Some(143));
    assert!(started.elapsed() < Duration::from_secs(2));
}

#[test]
fn no_connection_is_accepted_while_draining() {
    let mut server = server();
    let mut client = server.connect().unwrap();
    client
        .send(&fault("wait", &json!({"milliseconds": 1000})))
        .unwrap();
    std::thread::sleep(Duration::from_millis(200));
    signal("TERM", server.id());
    std::thread::sleep(Duration::from_millis(300));
    assert!(server.connect().is_err());
    assert!(Answer::read(&client.receive().unwrap().unwrap()).is_allow());
    assert_eq!(server.wait().unwrap().code(), Some(0));
}

/// What the process takes after the drain timeout at most, on a busy machine.
const GRACE: Duration = Duration::from_millis(700);

#[tokio::test(flavor = "multi_thread")]
async fn two_signals_at_once_are_one() {
    for way in WAYS {
        for round in 0..4 {
            let mut server = way.start_with(&[]);
            let plugin = way.connect(&server).await;
            let call =
                async { call_with(&plugin, "wait", json!({"milliseconds": 300}), CallOptions::new()).await };
            let stop = async {
                tokio::time::sleep(Duration::from_millis(100)).await;
                signal("TERM", server.id());
                signal(if round % 2 == 0 { "TERM" } else { "INT" }, server.id());
            };
            let (answer, ()) = tokio::join!(call, stop);
            assert!(answer.is_ok(), "{way:?}: {answer:?}");
            plugin.close().await;
            assert_eq!(
                server.wait().unwrap().code(),
                Some(0),
                "{way:?}: {}",
                server.log()
            );
            assert!(!server.socket().exists(), "{way:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn all_of_stopping_shares_one_deadline() {
    const DRAIN: Duration = Duration::from_millis(1500);
    for way in WAYS {
        let mut server = way.start_with(&[("PLUGINS_DRAIN_TIMEOUT", "1.5")]);
        let plugin = way.connect(&server).await;
        let endless = async {
            let options = CallOptions::new().with_timeout(Duration::from_secs(10));
            call_with(&plugin, "wait-forever", json!({}), options).await
        };
        let stop = async {
            tokio::time::sleep(Duration::from_millis(200)).await;
            let began = Instant::now();
            signal("TERM", server.id());
            began
        };
        let (answer, began) = tokio::join!(endless, stop);
        assert!(answer.is_err(), "{way:?}: {answer:?}");
        assert_eq!(
            server.wait().unwrap().code(),
            Some(0),
            "{way:?}: {}",
            server.log()
        );
        let took = began.elapsed();
        assert!(
            took >= DRAIN * 8 / 10 && took < DRAIN + GRACE,
            "{way:?}: it took {took:?}"
        );
        let log = server.log();
        assert!(log.contains("PLUGINS_DRAIN_TIMEOUT"), "{way:?}: {log}");
        assert!(log.contains("shutdown was called"), "{way:?}: {log}");
    }
}

#[test]
fn a_hangup_is_a_line_in_the_log_unless_there_is_a_terminal() {
    let mut server = server();
    for _ in 0..3 {
        signal("HUP", server.id());
        std::thread::sleep(Duration::from_millis(100));
    }
    let mut client = server.connect().unwrap();
    assert!(Answer::read(&client.call(&fault("echo", &json!({}))).unwrap()).is_allow());
    assert_eq!(
        server.log().matches("SIGHUP is ignored").count(),
        3,
        "{}",
        server.log()
    );
    signal("TERM", server.id());
    assert_eq!(server.wait().unwrap().code(), Some(0));

    let (_terminal, input) = terminal();
    let mut server = ServerProcess::start_with(
        env!("CARGO_BIN_EXE_fault-plugin"),
        crate::frames::CONFIGURATION,
        |command| {
            command.stdin(input);
        },
    )
    .unwrap();
    signal("HUP", server.id());
    assert_eq!(server.wait().unwrap().code(), Some(0));
    assert!(
        server.log().contains("SIGHUP: finishing running calls"),
        "{}",
        server.log()
    );
    assert!(!server.socket().exists());
}

/// Both ends of a terminal.
fn terminal() -> (OwnedFd, File) {
    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

    let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY;
    let controller = openpt(flags).unwrap();
    grantpt(&controller).unwrap();
    unlockpt(&controller).unwrap();
    let name = ptsname(&controller, Vec::new()).unwrap();
    let user = File::options()
        .read(true)
        .write(true)
        .open(name.to_str().unwrap())
        .unwrap();
    (controller, user)
}

#[test]
fn answers_that_can_t_be_written_to_standard_output_are_a_failure() {
    let directory = TempDir::new().unwrap();
    let call = concat!(
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"invoke_hook","arguments":{"#,
        r#""hook_type":"tool_pre_invoke","plugin_name":"faults","payload":{"name":"big","args":{"size":1000000}},"#,
        r#""context":{"state":{},"metadata":{},"global_context":{"request_id":"r"}}}}}"#,
        "\n"
    );
    let (unread, writer) = std::io::pipe().unwrap();
    for (what, stdout, said) in [
        (
            "closed",
            Stdio::from(std::io::pipe().unwrap().1),
            "answers can't be written to standard output",
        ),
        (
            "full",
            File::options().write(true).open("/dev/full").unwrap().into(),
            "No space left",
        ),
        ("unread", writer.into(), "PLUGINS_WRITE_TIMEOUT"),
    ] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_fault-plugin"));
        let log = directory.path().join(what);
        let mut server = without_settings(&mut command)
            .args(["--transport", "stdio", "--write-timeout", "0.5"])
            .current_dir(directory.path())
            .stdin(Stdio::piped())
            .stdout(stdout)
            .stderr(File::create(&log).unwrap())
            .spawn()
            .unwrap();
        let mut input = server.stdin.take().unwrap();
        input.write_all(call.as_bytes()).unwrap();
        let status = wait(&mut server, Duration::from_secs(10)).unwrap().unwrap();
        let log = std::fs::read_to_string(log).unwrap();
        assert_eq!(status.code(), Some(1), "{what}: {log}");
        assert!(
            log.contains("error: answers can't be written") && log.contains(said),
            "{what}: {log}"
        );
    }
    drop(unread);
}

//! The log: unwritable, unread, flooded, and with what a terminal would act on in it. It costs lines, never a call.

use std::{
    fs::File,
    io::{self, PipeReader, PipeWriter, Read, Write},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use plugin_sdk::host::{CallOptions, ExternalPlugin, HostSettings, HostedPlugin};
use plugin_sdk_tests::{
    frames::FrameClient,
    messages::{Answer, fault, invoke},
    process::{ServerProcess, wait, without_settings},
};
use serde_json::json;

use crate::{
    command_line::run,
    frames::{server, server_with},
    host::{call_with, entry_with},
    shutdown::signal,
    ways::{WAYS, code_of},
};

/// What stopping may take on a busy machine when nothing is left to do.
const SOON: Duration = Duration::from_secs(4);

/// A pipe that takes nothing more until it is read.
fn full_pipe() -> (PipeReader, PipeWriter) {
    let (reader, mut writer) = io::pipe().unwrap();
    // What a pipe of Linux holds.
    writer.write_all(&vec![b'.'; 64 * 1024]).unwrap();
    (reader, writer)
}

fn broken_pipe() -> PipeWriter {
    io::pipe().unwrap().1
}

fn full_disk() -> File {
    File::options().write(true).open("/dev/full").unwrap()
}

fn assert_stops(server: &mut ServerProcess, what: &str) {
    let began = Instant::now();
    signal("TERM", server.id());
    assert_eq!(server.wait().unwrap().code(), Some(0), "{what}");
    assert!(began.elapsed() < SOON, "{what}: it took {:?}", began.elapsed());
    assert!(
        !server.socket().exists(),
        "{what}: the socket file is still there"
    );
}

/// Calls that are logged, among them panics, and one that is not.
async fn assert_answers(plugin: &ExternalPlugin, what: &str) {
    for _ in 0..30 {
        assert_eq!(
            code_of(plugin, "panic", json!({})).await,
            "PLUGIN_PANIC",
            "{what}"
        );
        assert_eq!(code_of(plugin, "error", json!({})).await, "E42", "{what}");
    }
    assert_eq!(code_of(plugin, "echo", json!({})).await, "", "{what}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_can_t_be_written_costs_no_call() {
    for way in WAYS {
        for (what, stderr) in [
            ("a full disk", Stdio::from(full_disk())),
            ("a broken pipe", broken_pipe().into()),
        ] {
            let what = format!("{what} over {}", way.name);
            let mut server = way.start(|command| {
                command.stderr(stderr);
            });
            let plugin = way.connect(&server).await;
            assert_answers(&plugin, &what).await;
            plugin.close().await;
            assert_stops(&mut server, &what);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_nobody_reads_stops_nobody_and_is_read_later() {
    for way in WAYS {
        let (mut reader, writer) = full_pipe();
        let mut server = way.start(|command| {
            command.stderr(writer);
        });
        let plugin = way.connect(&server).await;
        assert_answers(&plugin, way.name).await;
        plugin.close().await;
        let reading = thread::spawn(move || {
            thread::sleep(Duration::from_millis(200));
            let mut log = String::new();
            reader.read_to_string(&mut log).unwrap();
            log
        });
        thread::sleep(Duration::from_millis(400));
        assert_stops(&mut server, way.name);
        let log = reading.join().unwrap();
        assert!(log.contains("failed as asked"), "{}: {log}", way.name);
        // And for good. The plugin's shutdown prints to standard error, and is not waited for either.
        let (_reader, writer) = full_pipe();
        let mut server = way.start(|command| {
            command.stderr(writer).env("PLUGINS_DRAIN_TIMEOUT", "1");
        });
        let plugin = way.connect(&server).await;
        assert_answers(&plugin, way.name).await;
        plugin.close().await;
        assert_stops(&mut server, way.name);
    }
}

#[test]
fn lost_lines_are_counted_where_they_would_be() {
    let (mut reader, writer) = full_pipe();
    let mut server = ServerProcess::start_with(
        env!("CARGO_BIN_EXE_fault-plugin"),
        crate::frames::CONFIGURATION,
        |command| {
            command.stderr(writer).env("PLUGINS_LOG_LEVEL", "DEBUG");
        },
    )
    .unwrap();
    // What a panic says is a line of some 145 bytes, of which a full backlog takes less than eight thousand.
    thread::scope(|scope| {
        for _ in 0..4 {
            let mut client = server.connect().unwrap();
            scope.spawn(move || {
                for _ in 0..3000 {
                    let answer = Answer::read(&client.call(&fault("panic", &json!({}))).unwrap());
                    assert_eq!(answer.code(), "PLUGIN_PANIC");
                }
            });
        }
    });
    let reading = thread::spawn(move || {
        let mut log = String::new();
        reader.read_to_string(&mut log).unwrap();
        log
    });
    thread::sleep(Duration::from_millis(300));
    signal("TERM", server.id());
    assert_eq!(server.wait().unwrap().code(), Some(0));
    let log = reading.join().unwrap();
    let lines: Vec<_> = log.lines().filter(|line| line.contains("lost=")).collect();
    let [line] = lines[..] else {
        panic!("{} lines about lost ones of {}", lines.len(), log.lines().count())
    };
    assert!(
        line.contains("WARN") && line.contains("lines of the log were lost"),
        "{line}"
    );
    let (_, end) = log.split_once(line).unwrap();
    assert!(
        end.contains("a second signal stops at once"),
        "the end is missing: {end}"
    );
}

#[test]
fn one_client_can_t_fill_the_log() {
    let server = server();
    let mut client = server.connect().unwrap();
    for _ in 0..5000 {
        let answer = Answer::read(&client.call(b"\xffgarbage").unwrap());
        assert_eq!(answer.code(), "UNKNOWN_MESSAGE");
    }
    for _ in 0..1000 {
        client.call(&fault("error", &json!({}))).unwrap();
    }
    // The count of what was left out last comes by itself.
    thread::sleep(Duration::from_millis(1500));
    let log = server.log();
    for (kind, text, all) in [
        ("a message is not protobuf", "WARN plugin_sdk::protocol", 5000),
        ("failures of Faults in tool_pre_invoke", "failed as asked", 1000),
    ] {
        let left_out: usize = log
            .lines()
            .filter(|line| line.contains(&format!("left out: {kind}")))
            .map(|line| {
                line.split("left_out=")
                    .nth(1)
                    .unwrap()
                    .trim()
                    .parse::<usize>()
                    .unwrap()
            })
            .sum();
        let logged = log.lines().filter(|line| line.contains(text)).count();
        assert!(logged < 300, "{logged} lines: {kind}");
        assert_eq!(logged + left_out, all, "{kind}: {log}");
    }
}

#[test]
fn what_a_plugin_prints_under_stdio_waits_for_nobody() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let program = env!("CARGO_BIN_EXE_fault-plugin");
    for (what, script) in [
        (
            "a full disk",
            format!("exec {program} --transport stdio 2>/dev/full"),
        ),
        (
            "an unread pipe",
            // The reader sleeps, and is gone with the test.
            format!(
                "exec 2> >(exec sleep 30 >/dev/null); head -c 65536 /dev/zero >&2; exec {program} --transport stdio"
            ),
        ),
    ] {
        let section = json!({"mcp": {"proto": "STDIO", "cmd": ["bash", "-c", script]}});
        runtime.block_on(async {
            let plugin = ExternalPlugin::connect(entry_with("faults", &section), &HostSettings::default())
                .await
                .unwrap_or_else(|error| panic!("{what}: {error}"));
            let text = "x".repeat(50_000);
            for _ in 0..20 {
                let options = CallOptions::new().with_timeout(Duration::from_secs(10));
                let printed = call_with(&plugin, "print", json!({ "text": text }), options).await;
                assert!(printed.is_ok(), "{what}: {printed:?}");
            }
            let began = Instant::now();
            plugin.close().await;
            assert!(
                began.elapsed() < SOON,
                "{what}: closing took {:?}",
                began.elapsed()
            );
        });
    }
}

/// What a plugin prints is a part of the log, whoever reads the output of the server.
#[test]
fn a_standard_output_that_is_gone_costs_no_call() {
    let directory = tempfile::Builder::new()
        .prefix("plugin-")
        .tempdir_in("/tmp")
        .unwrap();
    let socket = directory.path().join("plugin.sock");
    let mut command = Command::new(env!("CARGO_BIN_EXE_fault-plugin"));
    let mut server = without_settings(&mut command)
        .args(["--transport", "unix", "--socket"])
        .arg(&socket)
        .current_dir(directory.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut ready = [0; 6];
    server.stdout.take().unwrap().read_exact(&mut ready).unwrap();
    assert_eq!(&ready, b"READY\n");
    let mut client = FrameClient::connect(&socket).unwrap();
    let mut call = |name: &str| {
        Answer::read(&client.call(&request(name)).unwrap())
            .code()
            .to_owned()
    };
    assert_eq!(
        ["print", "echo", "print", "echo"].map(&mut call),
        ["", "", "", ""]
    );
    signal("TERM", server.id());
    assert_eq!(wait(&mut server, SOON).unwrap().unwrap().code(), Some(0));
    assert!(!socket.exists());
}

/// A request of the plugin under its own name.
fn request(tool: &str) -> Vec<u8> {
    invoke(
        "tool_pre_invoke",
        "Faults",
        &json!({"name": tool, "args": {"text": "x"}}),
    )
}

#[test]
fn what_a_terminal_would_act_on_is_shown() {
    let name = "Fa\u{1b}[31mults\u{9b}2J";
    let file = format!("plugins: [{{name: {name:?}, kind: faults}}]")
        .replace("\\u{1b}", "\\e")
        .replace("\\u{9b}", "\\x9b");
    let program = env!("CARGO_BIN_EXE_fault-plugin");
    let server = ServerProcess::start_with(program, &file, |command| {
        command
            .env("PLUGINS_TRANSPORT", "unix,http")
            .env("PLUGINS_SERVER_UDS", "http.sock");
    })
    .unwrap();
    let request = invoke("tool_pre_invoke", name, &json!({"name": "error", "args": {}}));
    assert_eq!(
        Answer::read(&server.connect().unwrap().call(&request).unwrap()).code(),
        "E42"
    );
    let http = std::os::unix::net::UnixStream::connect(server.socket().with_file_name("http.sock")).unwrap();
    let host = [("host".to_owned(), "localhost".to_owned())];
    let metrics = plugin_sdk_tests::http::exchange_on(http, "GET /metrics/prometheus", &host, "").unwrap();
    let texts = [
        ("log", server.log(), "Fa\\u{1b}[31mults\\u{9b}2J"),
        ("metrics", metrics.body, "plugin=\"Fa\\\\u{1b}[31mults"),
    ];

    // Errors of the start, of `check`, and of the command line.
    let directory = tempfile::TempDir::new().unwrap();
    let path = directory.path().join("plugins.yaml");
    std::fs::write(&path, file.replace("kind: faults", "kind: \"no\\e[1m\\nsuch\"")).unwrap();
    let path = path.to_str().unwrap();
    let (start, _) = run(program, &["--transport", "unix", "--config", path], &[]);
    let (check, checked) = run(program, &["check", "--config", path], &[]);
    let (usage, _) = run(
        program,
        &["serve", "--transport", "\u{1b}[31mred\u{7}"],
        &[("CLICOLOR_FORCE", "1")],
    );
    assert_eq!(
        [start.status.code(), check.status.code(), usage.status.code()],
        [Some(1), Some(1), Some(2)]
    );
    let stderr = |output: std::process::Output| String::from_utf8(output.stderr).unwrap();
    let more = [
        ("start", stderr(start), "no\\u{1b}[1m\\nsuch"),
        ("check", checked, "no\\u{1b}[1m\\nsuch"),
        ("usage", stderr(usage), "invalid value"),
    ];
    for (what, text, shown) in texts.into_iter().chain(more) {
        assert!(text.contains(shown), "{what}: {text}");
        let raw = text.chars().find(|letter| letter.is_control() && *letter != '\n');
        assert_eq!(raw, None, "{what}: {text:?}");
    }
}

#[test]
fn colours_are_as_the_environment_says() {
    let program = env!("CARGO_BIN_EXE_fault-plugin");
    let bold = "\u{1b}[";
    for (variables, has_colours) in [
        (&[][..], false),
        (&[("CLICOLOR_FORCE", "1")], true),
        (&[("CLICOLOR_FORCE", "0")], false),
        (&[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")], false),
    ] {
        let (_, help) = run(program, &["--help"], variables);
        assert_eq!(help.contains(bold), has_colours, "{variables:?}: {help}");
        let server = server_with(variables);
        assert_eq!(
            server.log().contains(bold),
            has_colours,
            "{variables:?}: {}",
            server.log()
        );
    }
}

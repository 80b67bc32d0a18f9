//! Servers that go away: between calls, during calls, for good, and those that answer for somebody else.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Instant,
};

use plugin_sdk::host::{CallError, CallOptions, HostError};
use plugin_sdk_tests::process::ServerProcess;
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{UnixListener, UnixStream},
};

use super::{call, call_with, connect_to, echo, fault_server, faults, milliseconds};

pub(super) struct Place {
    _directory: tempfile::TempDir,
    pub(super) path: PathBuf,
}

pub(super) fn place() -> Place {
    let directory = tempfile::Builder::new()
        .prefix("plugin-")
        .tempdir_in("/tmp")
        .unwrap();
    let path = directory.path().join("plugin.sock");
    Place {
        _directory: directory,
        path,
    }
}

fn start_at(path: &Path) -> ServerProcess {
    fault_server(&[("PLUGINS_UNIX_SOCKET_PATH", path.to_str().unwrap())])
}

/// A server process is killed when it is dropped, with a signal that it can't see.
fn kill(server: ServerProcess) {
    drop(server);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_was_killed_between_calls_is_found_again() {
    let place = place();
    let mut server = start_at(&place.path);
    let plugin = faults(&place.path, &json!({"reconnect_attempts": 3})).await;
    for number in 0..5 {
        assert_eq!(
            echo(&call(&plugin, "other", json!({"n": number})).await.unwrap())["n"],
            number
        );
        kill(server);
        server = start_at(&place.path);
    }
    kill(server);
    let gone = call(&plugin, "other", json!({})).await;
    assert!(matches!(gone, Err(CallError::Unreachable { .. })), "{gone:?}");
    assert!(!gone.unwrap_err().may_be_seen());
    let _server = start_at(&place.path);
    assert!(call(&plugin, "other", json!({})).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_during_which_the_server_was_killed_are_not_repeated_unless_they_may_be() {
    let place = place();
    let server = start_at(&place.path);
    let plugin = Arc::new(
        faults(
            &place.path,
            &json!({"reconnect_attempts": 5, "reconnect_delay": 0.2}),
        )
        .await,
    );
    let begin = |options: CallOptions| {
        let plugin = Arc::clone(&plugin);
        let args = json!({"milliseconds": 1000, "n": 7});
        tokio::spawn(async move { call_with(&*plugin, "wait", args, options).await })
    };
    let once: Vec<_> = (0..10).map(|_| begin(CallOptions::new())).collect();
    let repeated: Vec<_> = (0..10)
        .map(|_| begin(CallOptions::new().with_repeatable(true)))
        .collect();
    tokio::time::sleep(milliseconds(500)).await;
    kill(server);
    let _server = start_at(&place.path);
    for call in once {
        let lost = call.await.unwrap().unwrap_err();
        assert!(matches!(lost, CallError::ConnectionLost { .. }), "{lost:?}");
        assert!(lost.may_be_seen());
        assert!(lost.to_string().contains(place.path.to_str().unwrap()), "{lost}");
    }
    for call in repeated {
        assert_eq!(echo(&call.await.unwrap().unwrap())["n"], 7);
    }
}

#[tokio::test]
async fn connecting_is_tried_again_with_growing_pauses_and_ends() {
    let place = place();
    let section = json!({"reconnect_attempts": 4, "reconnect_delay": 0.05});
    let started = Instant::now();
    let HostError::Connect { plugin, error } =
        connect_to("Faults", &place.path, &section).await.err().unwrap()
    else {
        panic!("another error")
    };
    let elapsed = started.elapsed();
    assert_eq!(plugin, "Faults");
    assert!(matches!(error, CallError::Unreachable { .. }), "{error:?}");
    // 50, 100, 200 and 400 ms, each at least to the half.
    assert!(
        elapsed >= milliseconds(375) && elapsed < milliseconds(3000),
        "{elapsed:?}"
    );

    // No pause goes beyond the time of the call.
    let section = json!({"reconnect_attempts": 100, "reconnect_delay": 0.1, "timeout": 0.5});
    let started = Instant::now();
    let error = connect_to("Faults", &place.path, &section).await.err().unwrap();
    assert!(
        matches!(
            error,
            HostError::Connect {
                error: CallError::Unreachable { .. },
                ..
            }
        ),
        "{error:?}"
    );
    assert!(started.elapsed() < milliseconds(5000), "{:?}", started.elapsed());
}

/// A server that answers every frame with what `answer` makes of it: `None` closes the connection.
pub(super) fn serve(path: &Path, answer: impl Fn(&[u8]) -> Option<Vec<u8>> + Clone + Send + 'static) {
    let listener = UnixListener::bind(path).unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(converse(stream, answer.clone()));
        }
    });
}

async fn converse(mut stream: UnixStream, answer: impl Fn(&[u8]) -> Option<Vec<u8>>) -> std::io::Result<()> {
    loop {
        let length = stream.read_u32().await?;
        let mut message = vec![0; length as usize];
        stream.read_exact(&mut message).await?;
        let Some(answer) = answer(&message) else {
            return Ok(());
        };
        stream.write_u32(u32::try_from(answer.len()).unwrap()).await?;
        stream.write_all(&answer).await?;
    }
}

/// `error: {code: "UNKNOWN_MESSAGE"}` with a message, as the Python server answers what it does not know.
pub(super) fn unknown_message() -> Vec<u8> {
    let error = [b"\x0a\x01?\x1a\x0f".as_slice(), b"UNKNOWN_MESSAGE"].concat();
    [&[0x22, u8::try_from(error.len()).unwrap()], &*error].concat()
}

/// What a server without envelopes answers: the configuration, and `result` to calls.
fn bare_server(path: &Path, result: &'static [u8]) {
    serve(path, move |message| match message {
        [0x30, ..] => Some(unknown_message()),
        message if message.windows(2).any(|pair| pair == [0x12, 0x06]) => Some(result.to_vec()),
        _ => {
            let config = plugin_sdk::codec::to_struct(&json!({"name": "Faults", "kind": "x"})).unwrap();
            Some([&[0x08, 1, 0x12, u8::try_from(config.len()).unwrap()], &*config].concat())
        }
    });
}

#[tokio::test]
async fn what_is_no_answer_to_the_call_is_not_taken_for_one() {
    for (result, expected) in [
        // Of another plugin.
        (b"\x0a\x05Other\x12\x00".as_slice(), "another plugin"),
        // Neither a result nor an error.
        (b"\x0a\x06Faults", "neither a result nor an error"),
        // Not protobuf.
        (b"\xff\xff\xff", ""),
        // A decision that is none.
        (
            b"\x0a\x06Faults\x12\x1b\x0a\x19\x0a\x13continue_processing\x12\x02\x08\x00",
            "result.continue_processing",
        ),
    ] {
        let place = place();
        bare_server(&place.path, result);
        let plugin = faults(&place.path, &json!({})).await;
        let answer = call(&plugin, "other", json!({})).await.unwrap_err();
        assert!(matches!(answer, CallError::InvalidAnswer { .. }), "{answer:?}");
        assert!(answer.to_string().contains(expected), "{answer}");
    }
    // An empty result allows the call, as all hosts have it.
    let place = place();
    bare_server(&place.path, b"\x0a\x06Faults\x12\x00");
    let plugin = faults(&place.path, &json!({})).await;
    assert!(
        call(&plugin, "other", json!({}))
            .await
            .unwrap()
            .continue_processing
    );
}

#[tokio::test]
async fn what_is_no_server_of_plugins_is_not_taken_for_one() {
    let place = place();
    serve(&place.path, |_| Some(b"HTTP/1.1 400 Bad Request".to_vec()));
    let error = connect_to("Faults", &place.path, &json!({})).await.err().unwrap();
    assert!(
        error.to_string().contains("does not speak the protocol"),
        "{error}"
    );
    std::fs::remove_file(&place.path).unwrap();
    serve(&place.path, |_| None);
    let error = connect_to("Faults", &place.path, &json!({})).await.err().unwrap();
    assert!(
        error.to_string().contains("the server closed the connection"),
        "{error}"
    );
}

#[tokio::test]
async fn a_server_that_says_nothing_holds_nobody_up() {
    let place = place();
    let listener = UnixListener::bind(&place.path).unwrap();
    let started = Instant::now();
    let error = connect_to("Faults", &place.path, &json!({"timeout": 0.3}))
        .await
        .err()
        .unwrap();
    let HostError::Connect { error, .. } = error else {
        panic!("{error:?}")
    };
    let expected = CallError::Timeout {
        after: milliseconds(300),
        may_be_seen: false,
    };
    assert_eq!(error, expected);
    assert!(started.elapsed() < milliseconds(2000));
    drop(listener);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_told_to_stop_loses_no_call() {
    let place = place();
    let mut server = start_at(&place.path);
    let plugin = Arc::new(
        faults(
            &place.path,
            &json!({"reconnect_attempts": 20, "reconnect_delay": 0.05}),
        )
        .await,
    );
    let load: Vec<_> = (0..8)
        .map(|caller| {
            let plugin = Arc::clone(&plugin);
            tokio::spawn(async move {
                for number in 0..300 {
                    let args = json!({"milliseconds": 10, "caller": caller, "number": number});
                    let result = call(&*plugin, "wait", args.clone()).await.unwrap();
                    assert_eq!(echo(&result), args);
                }
            })
        })
        .collect();
    for _ in 0..3 {
        tokio::time::sleep(milliseconds(300)).await;
        let stop = std::process::Command::new("kill")
            .arg(server.id().to_string())
            .status()
            .unwrap();
        assert!(stop.success());
        assert!(
            tokio::task::spawn_blocking(move || server.wait())
                .await
                .unwrap()
                .unwrap()
                .success()
        );
        server = start_at(&place.path);
    }
    for caller in load {
        caller.await.unwrap();
    }
}

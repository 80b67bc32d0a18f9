//! Envelopes on the wire, as `docs/envelope.md` specifies them for any language.

use plugin_sdk::host::HostError;
use plugin_sdk_proto::cpex::{
    EnvelopeRequest, EnvelopeResponse, GetPluginConfigsRequest, HealthCheckRequest, InvokeHookResponse,
    envelope_request::Request, envelope_response::Response,
};
use plugin_sdk_tests::{
    frames::{FrameClient, frame},
    messages::fault,
};
use prost::Message;
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::UnixListener,
};

use super::{connect_to, fault_server};
use crate::vectors::bytes;

/// The lines of the examples in this language: the direction, and the whole frame.
fn examples(language: &str) -> Vec<Vec<(char, Vec<u8>)>> {
    let document =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/envelope.md")).unwrap();
    let fence = format!("```{language}\n");
    let blocks = document
        .split(&fence)
        .skip(1)
        .map(|rest| rest.split("```").next().unwrap());
    blocks.map(|block| block.lines().map(line).collect()).collect()
}

fn line(line: &str) -> (char, Vec<u8>) {
    let (direction, rest) = line.split_at(1);
    // What the bytes say stands behind several spaces.
    let hex = rest.trim_start().split("  ").next().unwrap();
    let frame = bytes(&hex.replace(' ', ""));
    (direction.chars().next().unwrap(), frame)
}

fn hex(bytes: &[u8]) -> String {
    let digits = bytes.iter().map(|byte| format!("{byte:02x}"));
    digits.collect::<Vec<_>>().concat()
}

#[test]
fn the_server_answers_the_examples_byte_for_byte() {
    let server = fault_server(&[]);
    let examples = examples("envelope");
    assert_eq!(examples.len(), 6);
    let mut client = server.connect().unwrap();
    for example in examples {
        for (direction, expected) in example {
            if direction == '>' {
                EnvelopeRequest::decode(&expected[4..]).unwrap();
                client.send_bytes(&expected).unwrap();
                continue;
            }
            let answer = client.receive().unwrap().expect("an answer");
            assert_eq!(hex(&frame(&answer).unwrap()), hex(&expected));
        }
    }
}

#[tokio::test]
async fn the_client_sends_what_the_examples_send() {
    let directory = tempfile::Builder::new()
        .prefix("plugin-")
        .tempdir_in("/tmp")
        .unwrap();
    for (at, language) in ["envelope", "envelope-unknown"].into_iter().enumerate() {
        let path = directory.path().join(format!("{at}.sock"));
        let listener = UnixListener::bind(&path).unwrap();
        let example = examples(language).swap_remove(0);
        let server = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            for (direction, frame) in example {
                if direction == '<' {
                    stream.write_all(&frame).await.unwrap();
                    continue;
                }
                let mut sent = vec![0; frame.len()];
                stream.read_exact(&mut sent).await.unwrap();
                assert_eq!(hex(&sent), hex(&frame));
            }
        });
        let outcome = connect_to("Faults", &path, &json!({})).await.err().unwrap();
        server.await.unwrap();
        match language {
            "envelope-unknown" => assert!(matches!(outcome, HostError::NotFound { .. }), "{outcome:?}"),
            // The example ends where the configuration would be asked for.
            _ => assert!(matches!(outcome, HostError::Connect { .. }), "{outcome:?}"),
        }
    }
}

fn send(client: &mut FrameClient, request_id: u64, request: Request) {
    let request = EnvelopeRequest {
        request_id,
        request: Some(request),
    };
    client.send(&request.encode_to_vec()).unwrap();
}

fn receive(client: &mut FrameClient) -> (u64, Response) {
    let answer = client.receive().unwrap().expect("an answer");
    let answer = EnvelopeResponse::decode(&*answer).unwrap();
    (answer.request_id, answer.response.unwrap())
}

/// A call of the plugin that misbehaves.
fn fault_call(name: &str, milliseconds: u64) -> Request {
    let call = fault(name, &json!({ "milliseconds": milliseconds }));
    Request::InvokeHook(Message::decode(&*call).unwrap())
}

fn code(response: &Response) -> &str {
    match response {
        Response::Error(error) => &error.code,
        other => panic!("{other:?} is no error"),
    }
}

#[test]
fn calls_beyond_the_bound_and_ids_that_are_taken_are_refused() {
    let server = fault_server(&[
        ("PLUGINS_MAX_CALLS_IN_FLIGHT", "2"),
        ("PLUGINS_MAX_MESSAGE_SIZE", "64kib"),
    ]);
    let mut client = server.connect().unwrap();
    send(&mut client, 1, fault_call("wait", 400));
    send(&mut client, 1, fault_call("wait", 0));
    let (id, refused) = receive(&mut client);
    assert_eq!((id, code(&refused)), (1, "TOO_MANY_CALLS"));
    send(&mut client, 2, fault_call("wait", 500));
    send(&mut client, 3, fault_call("wait", 0));
    let (id, refused) = receive(&mut client);
    assert_eq!((id, code(&refused)), (3, "TOO_MANY_CALLS"));
    send(
        &mut client,
        u64::MAX,
        Request::GetPluginConfigs(GetPluginConfigsRequest {}),
    );
    let (id, configs) = receive(&mut client);
    let Response::GetPluginConfigs(configs) = configs else {
        panic!("{configs:?}")
    };
    assert_eq!((id, configs.configs.len()), (u64::MAX, 1));
    // Two calls are given up, and there is room again.
    let name = "x".repeat(70_000);
    send(&mut client, 9, fault_call(&name, 0));
    let (id, refused) = receive(&mut client);
    assert_eq!((id, code(&refused)), (9, "MESSAGE_TOO_LARGE"));
    for id in [1, 2] {
        send(
            &mut client,
            id,
            Request::Cancel(plugin_sdk_proto::cpex::CancelRequest {}),
        );
        // The id may be used again at once, and the answer is that to its new call.
        send(&mut client, id, fault_call("other", id));
        let (answered, response) = receive(&mut client);
        let Response::InvokeHook(InvokeHookResponse {
            result: Some(result), ..
        }) = response
        else {
            panic!("{response:?}")
        };
        assert_eq!((answered, result.fields.contains_key("metadata")), (id, true));
    }
}

#[test]
fn a_client_that_ends_its_side_gets_its_answers_and_then_the_end() {
    let server = fault_server(&[]);
    let mut client = server.connect().unwrap();
    send(&mut client, 1, fault_call("wait", 400));
    send(&mut client, 2, fault_call("wait", 0));
    client.finish_sending().unwrap();
    for id in [2, 1] {
        let answer = client.receive().unwrap().expect("an answer");
        // The id tells whose answer it is: nothing is in front of a slow one.
        assert!(answer.len() < 1000, "{} bytes", answer.len());
        assert_eq!(EnvelopeResponse::decode(&*answer).unwrap().request_id, id);
    }
    assert_eq!(client.receive().unwrap(), None);
}

#[test]
fn a_message_without_an_envelope_ends_a_connection_that_has_them() {
    let server = fault_server(&[]);
    let mut client = server.connect().unwrap();
    // Until the first envelope, the connection is one like any other.
    client.call(&fault("other", &json!({}))).unwrap();
    send(
        &mut client,
        1,
        Request::HealthCheck(HealthCheckRequest::default()),
    );
    assert_eq!(receive(&mut client).0, 1);
    client.send(&fault("other", &json!({}))).unwrap();
    assert!(client.receive().unwrap().is_none());
    assert!(server.log().contains("without an envelope"), "{}", server.log());
}

#[test]
fn what_looks_like_an_envelope_but_is_none_is_answered_as_ever() {
    let server = fault_server(&[]);
    let mut client = server.connect().unwrap();
    // Two bytes list all configurations, whatever field they are.
    assert!(!client.call(&[0x30, 0x01]).unwrap().is_empty());
    // No id, an id of 0, a number as text: the error for what is not known.
    for message in [
        &[0x52, 0x02, 0x08, 0x01][..],
        &[0x30, 0x00, 0x52, 0x00],
        &[0x32, 0x01, 0x31, 0x52, 0x00],
    ] {
        let answer = client.call(message).unwrap();
        let answer = InvokeHookResponse::decode(&*answer).unwrap();
        assert_eq!(answer.error.unwrap().code, "UNKNOWN_MESSAGE", "{message:?}");
    }
    // A request without an envelope may have any field beside its own.
    let call = [&fault("other", &json!({}))[..], &[0x30, 0x01, 0x52, 0x00]].concat();
    let answer = InvokeHookResponse::decode(&*client.call(&call).unwrap()).unwrap();
    assert!(answer.result.is_some());
}

#[test]
fn a_client_may_ask_much_before_it_reads() {
    const QUESTIONS: u64 = 20_000;
    let server = fault_server(&[]);
    let mut client = server.connect().unwrap();
    let mut questions = Vec::new();
    for request_id in 1..=QUESTIONS {
        let request = Some(Request::GetPluginConfigs(GetPluginConfigsRequest {}));
        let question = EnvelopeRequest { request_id, request }.encode_to_vec();
        questions.extend(frame(&question).unwrap());
    }
    let mut writer = client.split().unwrap();
    let writing = std::thread::spawn(move || writer.send_bytes(&questions).unwrap());
    // Until everything on the way is full.
    std::thread::sleep(std::time::Duration::from_millis(300));
    for request_id in 1..=QUESTIONS {
        assert_eq!(receive(&mut client).0, request_id);
    }
    writing.join().unwrap();
}

//! Bytes on the Unix socket, as the chapter about the protocol shows them.

use plugin_sdk_tests::{frames::FrameClient, process::ServerProcess};

use super::{
    read,
    rules::{Rule, blocks_with},
};
use crate::vectors::bytes;

/// The program of the README answers them byte for byte, on one connection.
#[test]
fn the_server_answers_the_frames_of_the_book() {
    let configuration = read("examples/replace-words/config.yaml");
    let program = env!("CARGO_BIN_EXE_book-plugins");
    let server = ServerProcess::start(program, &configuration).unwrap();
    let mut client = FrameClient::connect(server.socket()).unwrap();
    let mut answers = 0;
    for block in blocks_with(Rule::Frames) {
        for line in block.text.lines() {
            let (direction, rest) = line.split_at(1);
            // What the bytes say stands behind several spaces.
            let hex = rest.trim_start().split("  ").next().unwrap();
            let frame = bytes(&hex.replace(' ', ""));
            let (length, message) = frame.split_at(4);
            assert_eq!(
                length,
                u32::try_from(message.len()).unwrap().to_be_bytes(),
                "{}: the length of {line}",
                block.place
            );
            if direction == ">" {
                client.send_bytes(&frame).unwrap();
                continue;
            }
            let answer = client.receive().unwrap().expect("an answer");
            let digits: Vec<String> = answer.iter().map(|byte| format!("{byte:02x}")).collect();
            let hex = digits.concat();
            assert_eq!(answer, message, "{}: the answer is {hex}", block.place);
            answers += 1;
        }
    }
    assert!(answers > 2);
}

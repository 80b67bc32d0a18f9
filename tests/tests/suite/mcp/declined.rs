//! Lines on standard input that are no messages.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    process::{Command, Stdio},
};

use plugin_sdk_tests::process::without_settings;

const LINES: usize = 30_000;

#[test]
fn they_leave_nothing_behind() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fault-plugin"));
    let mut server = without_settings(&mut command)
        .env("PLUGINS_TRANSPORT", "stdio")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut input = server.stdin.take().unwrap();
    let mut answers = BufReader::new(server.stdout.take().unwrap()).lines();
    let mut round = || {
        for _ in 0..LINES / 100 {
            input.write_all(&b"x\n".repeat(100)).unwrap();
            for _ in 0..100 {
                let answer = answers.next().unwrap().unwrap();
                assert!(answer.contains("-32700"), "{answer}");
            }
        }
    };
    let id = server.id();
    let resident = || {
        let status = fs::read_to_string(format!("/proc/{id}/status")).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap()
    };
    round();
    let before = resident();
    round();
    round();
    let grown = resident().saturating_sub(before);
    // 100 bytes that stay of each would be 6,000.
    assert!(grown < 6_000, "grew by {grown} kB from {before}");
    drop(input);
    assert!(server.wait().unwrap().success());
}

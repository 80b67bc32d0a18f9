//! `.env` files against the real python-dotenv, on thousands of random files; and what a server and a host make of one.

#![expect(
    clippy::unwrap_used,
    reason = "what the helpers of a test can't do is a failed test"
)]

// The same source as in the library, which does not make it public.
#[path = "../../../plugin-sdk/src/environment/dotenv.rs"]
mod reader;

use std::{collections::BTreeMap, fs};

use proptest::{
    prelude::*,
    strategy::ValueTree,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};

use self::reader::DotEnv;
use crate::{installation::Failed, real_host::GATEWAY_1_0_0};

const RANDOM_FILES: usize = 6_000;

/// What Python makes of a file: values and broken lines.
type Answer = (Vec<(String, Option<String>)>, Vec<usize>);

#[test]
fn files_mean_the_same_to_python() -> Result<(), Failed> {
    let variables = BTreeMap::from([
        ("HOME".to_owned(), "/home/a b".to_owned()),
        ("a".to_owned(), "${b}".to_owned()),
        ("EMPTY".to_owned(), String::new()),
    ]);
    let files = files();
    let directory = tempfile::tempdir().unwrap();
    let place = |name: &str| directory.path().join(name);
    let mut sent = Vec::new();
    for file in &files {
        sent.extend(u32::try_from(file.len()).unwrap().to_le_bytes());
        sent.extend(file);
    }
    fs::write(place("files"), sent).unwrap();
    fs::write(place("variables"), serde_json::to_string(&variables).unwrap()).unwrap();
    let ran = GATEWAY_1_0_0.run("read_dotenv.py", |command| {
        command.arg(directory.path());
    })?;
    if !ran {
        return Ok(());
    }
    let answers = fs::read_to_string(place("answers")).unwrap();
    let answers: Vec<Option<Answer>> = serde_json::from_str(&answers).unwrap();
    assert_eq!(answers.len(), files.len());
    let mut refused = 0;
    let mut read = 0;
    for (file, answer) in files.iter().zip(answers) {
        let found = DotEnv::read(file, &variables);
        let shown = String::from_utf8_lossy(file);
        let Some((values, lines)) = answer else {
            // Python does not start with such a file. Here it costs the values that are not UTF-8.
            refused += 1;
            assert!(std::str::from_utf8(file).is_err(), "{shown:?}");
            continue;
        };
        read += values.len();
        assert_eq!(found.values, values, "{shown:?}");
        let found: Vec<usize> = found.problems.iter().map(|problem| problem.line).collect();
        assert_eq!(found, lines, "{shown:?}");
    }
    // The files are neither trivial nor all broken.
    assert!(refused > 100 && read > files.len(), "{refused} {read}");
    Ok(())
}

/// The same ones in every run: each with all ends of lines, some with a byte order mark, some in Latin-1 or UTF-16.
fn files() -> Vec<Vec<u8>> {
    let seed = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(Config::default(), seed);
    let file = prop::collection::vec(prop_oneof![4 => statement(), 1 => pieces()], 0..6);
    (0..RANDOM_FILES)
        .map(|number| {
            let end = ["\n", "\r\n", "\r", "\n\n"][number % 4];
            let statements = file.new_tree(&mut runner).unwrap().current();
            let text = statements.concat().replace('\n', end);
            match number % 25 {
                0 => text
                    .chars()
                    .map(|letter| u8::try_from(letter).unwrap_or(0xe9))
                    .collect(),
                1 => format!("\u{feff}{text}")
                    .encode_utf16()
                    .flat_map(u16::to_le_bytes)
                    .collect(),
                2..7 => format!("\u{feff}{text}").into_bytes(),
                _ => text.into_bytes(),
            }
        })
        .collect()
}

/// What is mostly one statement.
fn statement() -> impl Strategy<Value = String> {
    let before = prop::sample::select(vec![
        "", "", "", " ", "export ", "export\t", "\n", "# c\n", "export",
    ]);
    let name = prop::sample::select(vec![
        "A",
        "a",
        "B",
        "PLUGINS_X",
        "é",
        "'A b'",
        "export",
        "HOME",
        "",
    ]);
    let equals = prop::sample::select(vec!["=", "=", "=", " = ", "= ", "=\u{a0}", "", "\u{1c}="]);
    let end = prop::sample::select(vec!["\n", "\n", " # c\n", "#c\n", " \t\n", " x\n", ""]);
    (before, name, equals, value(), end)
        .prop_map(|(before, name, equals, value, end)| [before, name, equals, &value, end].concat())
}

/// A value, mostly one in which quotes are closed.
fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        2 => pieces(),
        2 => pieces().prop_map(|text| format!("\"{}\"", text.replace('"', "\\\""))),
        2 => pieces().prop_map(|text| format!("'{}'", text.replace('\'', "\\'"))),
        1 => pieces().prop_map(|text| format!("\"{text}\"")),
        1 => pieces().prop_map(|text| format!("'{text}'")),
    ]
}

/// What means something somewhere, in any order.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "a",
        "b c",
        "'",
        "\"",
        "\\",
        "\\\\",
        "\\n",
        "\\'",
        "\\\"",
        "\\x",
        "\\a\\b\\f\\r\\t\\v",
        "$",
        "$a",
        "${a}",
        "${HOME}",
        "${A}",
        "${none:-d e}",
        "${EMPTY:-x}",
        "${none}",
        "${",
        "}",
        ":-",
        ":",
        "=",
        " ",
        "\t",
        "#",
        " #",
        "\n",
        ",",
        "é",
        "🦀",
        "\u{a0}",
        "\u{2028}",
        "\u{85}",
        "\u{1d}",
        "\u{b}",
        "\0",
    ]);
    prop::collection::vec(piece, 0..7).prop_map(|pieces| pieces.concat())
}

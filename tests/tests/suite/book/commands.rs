//! The commands of a page, and its programs in Python, in the order in which they stand there.

use std::{fmt::Write as _, fs, path::Path, process::Command, time::Duration};

use plugin_sdk_tests::process::without_settings;

use super::{
    Block,
    output::is_as_shown,
    pages,
    place::Place,
    root,
    rules::{Rule, ruled},
};
use crate::{
    installation::{Failed, output},
    real_host::CURRENT,
};

const PATIENCE: Duration = Duration::from_secs(180);

/// Ends what a block wrote.
const END: &str = "<<< end of block >>>";

/// A command that ends with `&` is a server: the next one waits until it listens.
const PRELUDE: &str = r#"
exec 2>&1
set -eu
servers=""
stop_servers() { for server in $servers; do kill "$server" 2>/dev/null || true; done; wait; }
trap stop_servers EXIT
until_ready() {
    for _ in $(seq 200); do
        if grep -q READY "$1" 2>/dev/null; then return; fi
        sleep 0.05
    done
    echo "the server did not say READY"; cat "$1.log" || true; exit 1
}
"#;

/// A page as a script of the shell.
fn script(blocks: &[&Block], place: &Place, python: Option<&Path>) -> String {
    let mut script = PRELUDE.to_owned();
    let mut servers = 0;
    for (number, block) in blocks.iter().enumerate() {
        if block.language() == "python" {
            if let Some(python) = python {
                let file = place.path().join(format!("block-{number}.py"));
                fs::write(&file, place.real(&block.text)).unwrap();
                let _ = writeln!(script, "'{}' '{}'", python.display(), file.display());
            }
        } else {
            for line in block.text.lines() {
                let line = place.real(line);
                let Some(server) = line.strip_suffix(" &") else {
                    let _ = writeln!(script, "{line}");
                    continue;
                };
                servers += 1;
                let file = place.path().join(format!("server-{servers}"));
                let file = file.display();
                let log = if server.contains("2>") {
                    String::new()
                } else {
                    format!("2>{file}.log")
                };
                let _ = writeln!(
                    script,
                    "{server} </dev/null >{file} {log} &\nservers=\"$servers $!\"\nuntil_ready {file}"
                );
            }
        }
        let _ = writeln!(script, "echo '{END}'");
    }
    script
}

/// Runs the commands of a page in the root of the checkout, and compares what they write.
fn run(page: &str) -> Result<(), Failed> {
    let ruled = ruled(page);
    let commands: Vec<&Block> = ruled
        .iter()
        .filter(|(rule, _)| *rule == Rule::Command)
        .map(|(_, block)| block)
        .collect();
    if commands.is_empty() {
        return Ok(());
    }
    let place = Place::make();
    let python = if commands.iter().any(|block| block.language() == "python") {
        CURRENT.python(page)?
    } else {
        None
    };
    let path = std::env::var("PATH").unwrap_or_default();
    let mut shell = Command::new("sh");
    without_settings(&mut shell)
        .args(["-c", &script(&commands, &place, python.as_deref())])
        .env("PATH", format!("{}:{path}", place.programs().display()))
        .env("NO_PROXY", "*")
        .env_remove("KUBERNETES_SERVICE_HOST")
        .current_dir(root());
    let written = output(&mut shell, PATIENCE).unwrap_or_else(|report| panic!("{page}: {report}"));
    let written = place.shown(&written);
    let end = format!("{END}\n");
    let mut parts = written.split(&end);
    let mut last = (String::new(), false);
    for (rule, block) in &ruled {
        match rule {
            Rule::Command => {
                let left_out = block.language() == "python" && python.is_none();
                last = (parts.next().unwrap_or_default().to_owned(), left_out);
            }
            Rule::Output if !last.1 => assert!(
                is_as_shown(&last.0, &block.text),
                "{}: what was written is\n{}",
                block.place,
                last.0
            ),
            _ => {}
        }
    }
    Ok(())
}

#[test]
fn the_commands_of_every_page_do_what_it_says() -> Result<(), Failed> {
    pages().iter().try_for_each(|page| run(page))
}

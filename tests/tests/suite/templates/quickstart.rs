//! `docs/quickstart.md`, followed to the letter: each command as it is printed, in order. Only the addresses are others: the repository
//! is a copy of this checkout, and the socket one of this run.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use plugin_sdk_tests::process::without_settings;

use super::{
    files::{Serving, commands, read, run_all},
    generate::{built_together, cargo_generate, fresh, root},
};
use crate::installation::{Failed, INSTALL_PATIENCE, left_out, output};

/// The socket of servers and gateways that are not told otherwise.
const USUAL_SOCKET: &str = "/tmp/mcpgateway-plugins.sock";

const REPOSITORY: &str = "https://github.com/contextforge-org/plugin-sdk-rust";

/// The only block of code in a language.
fn code<'a>(text: &'a str, language: &str) -> &'a str {
    let (_, rest) = text.split_once(&format!("```{language}\n")).unwrap();
    rest.split_once("```").unwrap().0
}

#[test]
fn the_quickstart_leads_to_a_call_by_the_real_host() -> Result<(), Failed> {
    if left_out("the quickstart with the real host", "PLUGIN_SDK_SKIP_HOST")? {
        return Ok(());
    }
    let text = read(&root().join("docs/quickstart.md"));
    let folder = fresh("quickstart");
    // Not part of the workspace around the target directory, as an empty folder of an author is not.
    fs::write(
        folder.join("Cargo.toml"),
        "[workspace]\nmembers = [\"word-filter\"]\nexclude = [\"plugin-sdk-rust\"]\nresolver = \"3\"\n",
    )
    .unwrap();
    let sockets = tempfile::Builder::new().prefix("q-").tempdir_in("/tmp").unwrap();
    let socket = sockets.path().join("plugin.sock");
    let repository = repository();

    let mut directory = folder.clone();
    let mut taken = Duration::ZERO;
    let mut serving = None;
    let mut called = String::new();
    for block in commands(&text) {
        let begun = Instant::now();
        let mut command = Command::new("bash");
        author(&mut command, &repository).env("PLUGINS_UNIX_SOCKET_PATH", &socket);
        if block.starts_with("cd ") || block.starts_with("cargo run") {
            // What is fetched is there: the checkout by the author, the rest by whoever built it.
            command.env("CARGO_NET_OFFLINE", "true");
        }
        if block.contains(" serve ") {
            command.args(["-e", "-c", block]).current_dir(&directory);
            serving = Some(Serving::start(&mut command));
            continue;
        }
        let arrived = sockets.path().join("directory");
        let script = format!("{block}\npwd > {}", arrived.display());
        command.args(["-e", "-c", &script]).current_dir(&directory);
        let said = output(&mut command, INSTALL_PATIENCE).unwrap_or_else(|error| panic!("{error}"));
        taken += begun.elapsed();
        println!("{:.1} s: {block}", begun.elapsed().as_secs_f64());
        // What frightens authors: Cargo, for one, complains of manifests in the repository that it can't read.
        assert!(!said.contains("error: "), "{said}");
        if block.contains("cargo generate") {
            prepare(&folder, &text, &socket);
        }
        if block.contains(" invoke ") {
            assert!(said.contains("\"query\": \"a ***\""), "{said}");
        }
        if block.contains("call.py") {
            assert!(text.contains(&format!("It prints `{}`", said.trim())), "{said}");
            called = said;
        }
        directory = PathBuf::from(read(&arrived).trim());
    }
    assert!(serving.is_some() && !called.is_empty());
    // A promise of the quickstart, which this can't hold it to: other tests build in the same directory, and at the same time.
    println!("{:.0} s in all", taken.as_secs_f64());
    drop(serving);

    // The project's own README, whose commands are those of every project of this template.
    run_all(&directory, &read(&directory.join("README.md")));
    Ok(())
}

/// What the test knows better than the author: the socket of this run, and the dependencies that are locked in this checkout.
fn prepare(folder: &Path, text: &str, socket: &Path) {
    let project = folder.join("word-filter");
    let main = read(&project.join("src/main.rs"));
    assert!(
        main.starts_with(code(text, "rust")),
        "the quickstart shows another program than\n{main}"
    );
    let manifest = read(&project.join("Cargo.toml"));
    assert!(
        manifest.contains(r#"authors = ["Miles O'Brien <miles@example.com>"]"#),
        "{manifest}"
    );
    fs::write(project.join("call.py"), code(text, "python")).unwrap();
    let stanza = read(&project.join("gateway.yaml"));
    assert!(stanza.contains(USUAL_SOCKET));
    fs::write(
        project.join("gateway.yaml"),
        stanza.replace(USUAL_SOCKET, socket.to_str().unwrap()),
    )
    .unwrap();
    fs::copy(root().join("Cargo.lock"), folder.join("Cargo.lock")).unwrap();
}

/// A command as the author gives it, who finds what is installed below the target directory and gets this checkout for the repository.
fn author<'a>(command: &'a mut Command, repository: &Path) -> &'a mut Command {
    let installed = cargo_generate();
    let path = std::env::var("PATH").unwrap_or_default();
    without_settings(built_together(command))
        .env("PATH", format!("{}:{path}", installed.join("bin").display()))
        .env("CARGO_INSTALL_ROOT", installed)
        .env_remove("CARGO_NAME")
        .env_remove("CARGO_EMAIL")
        .env("GIT_CONFIG_COUNT", "3")
        .env(
            "GIT_CONFIG_KEY_0",
            format!("url.file://{}.insteadOf", repository.display()),
        )
        .env("GIT_CONFIG_VALUE_0", REPOSITORY)
        .env("GIT_CONFIG_KEY_1", "user.name")
        .env("GIT_CONFIG_VALUE_1", "Miles O'Brien")
        .env("GIT_CONFIG_KEY_2", "user.email")
        .env("GIT_CONFIG_VALUE_2", "miles@example.com")
}

/// A repository with what is in this checkout now, committed or not.
fn repository() -> PathBuf {
    let directory = fresh("repository");
    let git = |arguments: &[&str]| {
        let mut command = Command::new("git");
        command.args([
            "-c",
            "user.name=test",
            "-c",
            "user.email=test@example.com",
            "-c",
            "commit.gpgsign=false",
        ]);
        command
            .arg("--git-dir")
            .arg(&directory)
            .arg("--work-tree")
            .arg(root())
            .args(arguments);
        output(&mut command, Duration::from_secs(60)).unwrap_or_else(|error| panic!("{error}"));
    };
    git(&["init", "--quiet", "--initial-branch", "main"]);
    git(&["add", "--all"]);
    git(&["commit", "--quiet", "--message", "The checkout"]);
    directory
}

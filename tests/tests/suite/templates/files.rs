//! The files beside the code say what the program says, and the commands in them work.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use serde_json::Value;

use super::{
    generate::{built_together, cargo, program},
    projects::{Projects, built, generated, started_in},
};
use crate::{
    installation::{Failed, output},
    real_host::CURRENT,
};

pub(crate) fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The blocks of commands in a text.
pub(crate) fn commands(text: &str) -> Vec<&str> {
    let blocks = text.split("```sh\n").skip(1);
    blocks
        .map(|rest| rest.split("```").next().unwrap().trim())
        .collect()
}

/// The payload with which a project's README calls its first hook.
pub(crate) fn sample(project: &Path) -> String {
    let readme = read(&project.join("README.md"));
    let (_, rest) = readme.split_once("--payload '").unwrap();
    rest.split_once('\'').unwrap().0.to_owned()
}

fn printed(project: &Path, arguments: &[&str]) -> String {
    let output = started_in(project).args(arguments).output().unwrap();
    let log = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "{}: {arguments:?}\n{log}",
        project.display()
    );
    String::from_utf8(output.stdout).unwrap()
}

fn all(projects: &Projects) -> impl Iterator<Item = (&Path, &str)> {
    let small = projects.small.iter();
    small
        .map(|small| (small.project.as_path(), small.transport))
        .chain([&projects.full, &projects.full_by_default].map(|full| (full.as_path(), "unix")))
}

#[test]
fn nothing_is_left_to_fill_in() {
    fn look_at(directory: &Path) {
        for entry in directory.read_dir().unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                look_at(&path);
            } else if path.extension().is_none_or(|extension| extension != "yml") {
                let text = read(&path);
                assert!(!text.contains("{{") && !text.contains("{%"), "{}", path.display());
                assert!(
                    text.ends_with('\n') && !text.contains("\n\n\n"),
                    "{}",
                    path.display()
                );
            }
        }
    }
    let projects = generated();
    for (project, _) in all(projects) {
        look_at(project);
    }
}

#[test]
fn the_stanza_is_the_one_that_the_program_prints() {
    for (project, transport) in all(built()) {
        let stanza = printed(project, &["gateway-config", "--transport", transport]);
        assert_eq!(read(&project.join("gateway.yaml")), stanza);
    }
}

/// The call in each README, by the program that `cargo run` has built.
#[test]
fn the_call_of_the_readme_does_something() {
    for (project, _) in all(built()) {
        let readme = read(&project.join("README.md"));
        let call = commands(&readme)
            .into_iter()
            .find(|block| block.contains(" invoke "));
        let program = program(project).display().to_string();
        let call = call.unwrap().replace("cargo run --", &program);
        let mut command = Command::new("sh");
        plugin_sdk_tests::process::without_settings(&mut command)
            .args(["-c", &call])
            .current_dir(project);
        let said = output(&mut command, Duration::from_secs(60)).unwrap_or_else(|error| panic!("{error}"));
        let signs = [
            "***",
            "FORBIDDEN_",
            "flagged",
            "\"granted\": false",
            "\"rejected\": true",
        ];
        assert!(signs.iter().any(|sign| said.contains(sign)), "{call}\n{said}");
    }
}

#[test]
fn the_configuration_has_nothing_to_complain_about() {
    for (project, _) in all(built()) {
        let said = printed(project, &["check"]);
        assert!(said.contains("ok: plugin ") && !said.contains("error"), "{said}");
    }
}

/// By the framework's own model, and the same as the program's but for the settings, which are those of the configuration.
#[test]
fn the_manifest_is_one_and_says_what_the_program_says() -> Result<(), Failed> {
    let projects: Vec<_> = all(built()).map(|(project, _)| project).collect();
    let paths: Vec<_> = projects.iter().map(|project| project.to_str().unwrap()).collect();
    let Some(read_back) = CURRENT.written_by("read_manifests.py", &paths)? else {
        return Ok(());
    };
    let read_back: Vec<Value> = read_back
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(read_back.len(), projects.len());
    for (project, mut read_back) in projects.into_iter().zip(read_back) {
        let mut own: Value =
            serde_json::from_str(&printed(project, &["manifest", "--format", "json"])).unwrap();
        let (manifest, config) = (read_back["manifest"].take(), read_back["config"].take());
        let settings = &manifest["default_config"];
        assert_eq!(*settings, config, "{}", project.display());
        assert_eq!(
            own["config_schema"].is_object(),
            !settings.as_object().unwrap().is_empty()
        );
        own["default_config"] = settings.clone();
        own.as_object_mut().unwrap().remove("config_schema");
        assert_eq!(manifest, own, "{}", project.display());
        assert_eq!(own["author"], "Miles '' O'Brien: #1 <miles@example.com>");
    }
    Ok(())
}

#[test]
fn the_links_lead_somewhere() {
    for (project, _) in all(generated()) {
        let readme = read(&project.join("README.md"));
        for link in readme
            .split("](")
            .skip(1)
            .filter_map(|rest| rest.split(')').next())
        {
            let elsewhere = link.starts_with("https://");
            assert!(
                elsewhere || project.join(link).exists(),
                "{}: {link}",
                project.display()
            );
        }
    }
}

#[test]
fn the_steps_of_the_workflow_pass() {
    let project = &built().full;
    let workflow = read(&project.join(".github/workflows/ci.yml"));
    let steps: Vec<_> = workflow
        .lines()
        .filter_map(|line| line.split_once("- run: "))
        .collect();
    assert_eq!(steps.len(), 4);
    for (_, step) in steps {
        let words: Vec<_> = step.strip_prefix("cargo ").unwrap().split(' ').collect();
        cargo(project, &words);
    }
}

/// Those of `plugin` are run with the quickstart.
#[test]
fn the_commands_of_the_readme_work() {
    run_all(&built().full, &read(&built().full.join("README.md")));
}

/// Runs the commands in a text in a project, in their order. Servers are stopped as soon as they listen.
pub(crate) fn run_all(project: &Path, text: &str) {
    let directory = tempfile::Builder::new().prefix("p-").tempdir_in("/tmp").unwrap();
    // A server runs until the next one is started: what comes after it may ask it.
    let mut serving = None;
    for block in commands(text) {
        let mut command = Command::new("bash");
        plugin_sdk_tests::process::without_settings(built_together(&mut command))
            .args(["-e", "-c", block])
            .current_dir(project)
            .env("PLUGINS_UNIX_SOCKET_PATH", directory.path().join("plugin.sock"));
        if block.contains(" serve ") {
            drop(serving.take());
            serving = Some(Serving::start(&mut command));
        } else {
            let said =
                output(&mut command, Duration::from_secs(600)).unwrap_or_else(|error| panic!("{error}"));
            if block.contains(" invoke ") {
                assert!(said.contains("***"), "{block}\n{said}");
            }
        }
    }
}

/// A command that serves, until it is dropped.
pub(crate) struct Serving(std::process::Child);

impl Serving {
    /// Starts it and waits until it says that it listens.
    pub(crate) fn start(command: &mut Command) -> Self {
        use std::{io::BufRead, os::unix::process::CommandExt};

        // In a group of its own, so that what the command starts ends with it.
        let child = command
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut serving = Self(child);
        let mut lines = std::io::BufReader::new(serving.0.stdout.take().unwrap()).lines();
        let ready = lines.next();
        assert!(
            matches!(&ready, Some(Ok(line)) if line == "READY"),
            "{command:?}: {ready:?}"
        );
        serving
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let group = format!("-{}", self.0.id());
        let ended = Command::new("kill").args(["-TERM", "--", &group]).status();
        assert!(ended.is_ok_and(|status| status.success()) || std::thread::panicking());
        let _ = self.0.wait();
    }
}

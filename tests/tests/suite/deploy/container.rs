//! The container file: what its last stage is, and that its entry point and its health check do what they are for.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    process::{Command, Stdio},
};

use parse_dockerfile::{HealthcheckArguments, Instruction, Source};
use plugin_sdk_tests::process::{ServerProcess, free_port, without_settings};

use super::{project::Project, tool};
use crate::{installation::Failed, templates::generate};

/// The address of the server, which a test must be able to choose.
const PORT: &str = "PLUGINS_GRPC_SERVER_PORT";

/// The container file in two halves: the stage that builds, and the one that becomes the image.
pub(super) struct Stages<'a> {
    pub(super) build: Vec<Instruction<'a>>,
    last: Vec<Instruction<'a>>,
}

impl<'a> Stages<'a> {
    pub(super) fn of(text: &'a str) -> Self {
        let file = parse_dockerfile::parse(text).unwrap();
        let mut build = file.instructions;
        let is_from = |instruction: &Instruction<'_>| matches!(instruction, Instruction::From(_));
        let stages: Vec<_> = (0..build.len()).filter(|index| is_from(&build[*index])).collect();
        assert_eq!(stages.len(), 2);
        let last = build.split_off(stages[1]);
        Self { build, last }
    }

    /// The one instruction of the last stage that `find` finds.
    fn only<T>(&self, find: impl FnMut(&Instruction<'a>) -> Option<T>) -> T {
        let mut found: Vec<_> = self.last.iter().filter_map(find).collect();
        assert_eq!(found.len(), 1);
        found.remove(0)
    }

    fn image(&self) -> String {
        self.only(|instruction| match instruction {
            Instruction::From(from) => Some(from.image.value.to_string()),
            _ => None,
        })
    }

    fn entry_point(&self) -> Vec<String> {
        self.only(|instruction| match instruction {
            Instruction::Entrypoint(entry) => Some(words(&entry.arguments)),
            _ => None,
        })
    }

    fn health_check(&self) -> Vec<String> {
        self.only(|instruction| match instruction {
            Instruction::Healthcheck(check) => match &check.arguments {
                HealthcheckArguments::Cmd { arguments, .. } => Some(words(arguments)),
                _ => panic!("the health check is switched off"),
            },
            _ => None,
        })
    }

    fn environment(&self) -> BTreeMap<String, String> {
        self.only(|instruction| match instruction {
            Instruction::Env(env) => {
                let pairs = env.arguments.value.split_whitespace();
                let pairs = pairs.map(|pair| pair.split_once('=').unwrap());
                Some(
                    pairs
                        .map(|(name, value)| (name.to_owned(), value.to_owned()))
                        .collect(),
                )
            }
            _ => None,
        })
    }

    /// What is copied: the stage that it comes from, the sources, and the destination.
    fn copies(&self) -> Vec<(Option<String>, Vec<String>, String)> {
        let all = self.build.iter().chain(&self.last);
        all.filter_map(|instruction| match instruction {
            Instruction::Copy(copy) => {
                let from = copy.options.iter().find(|option| option.name.value == "from");
                let from = from.map(|from| from.value.as_ref().unwrap().value.to_string());
                Some((from, sources(&copy.src), copy.dest.value.to_string()))
            }
            _ => None,
        })
        .collect()
    }
}

/// The words of a command in the form without a shell.
fn words(command: &parse_dockerfile::Command<'_>) -> Vec<String> {
    match command {
        parse_dockerfile::Command::Exec(words) => {
            words.value.iter().map(|word| word.value.to_string()).collect()
        }
        other => panic!("a shell would be needed: {other:?}"),
    }
}

pub(super) fn sources(sources: &[Source<'_>]) -> Vec<String> {
    let paths = sources.iter().map(|source| match source {
        Source::Path(path) => path.value.to_string(),
        other => panic!("not a file: {other:?}"),
    });
    paths.collect()
}

#[test]
fn hadolint_finds_nothing_and_would() -> Result<(), Failed> {
    let strict = ["--failure-threshold", "style"];
    let file = Project::get().directory.join("Containerfile");
    let bad = tempfile::NamedTempFile::new().unwrap();
    fs::write(&bad, "FROM debian\nENTRYPOINT serve\n").unwrap();
    if let Some(report) = tool("hadolint", &strict, &[&file])? {
        assert_eq!(report, Ok(String::new()));
        let report = tool("hadolint", &strict, &[bad.path()])?.unwrap().unwrap_err();
        assert!(report.contains("DL3006") && report.contains("DL3025"), "{report}");
    }
    Ok(())
}

#[test]
fn the_last_stage_has_no_shell_no_root_and_files_that_there_are() {
    let project = Project::get();
    let text = project.read("Containerfile");
    let stages = Stages::of(&text);
    assert!(
        stages.image().starts_with("gcr.io/distroless/"),
        "{}",
        stages.image()
    );
    for instruction in &stages.last {
        let runs = matches!(
            instruction,
            Instruction::Run(_) | Instruction::Cmd(_) | Instruction::Shell(_)
        );
        assert!(!runs, "{instruction:?}");
    }
    let user = stages.only(|instruction| match instruction {
        Instruction::User(user) => Some(user.arguments.value.to_string()),
        _ => None,
    });
    for id in user.split(':') {
        assert_ne!(id.parse::<u32>().unwrap(), 0);
    }
    let port = stages.only(|instruction| match instruction {
        Instruction::Expose(expose) => Some(expose.arguments[0].value.to_string()),
        _ => None,
    });
    assert_eq!(port, stages.environment()[PORT]);
    assert_eq!(stages.entry_point(), stages.health_check()[..1]);

    let (built, copied): (Vec<_>, Vec<_>) =
        stages.copies().into_iter().partition(|(from, ..)| from.is_some());
    let ignored = project.read(".dockerignore");
    assert!(ignored.lines().any(|line| line == "*"));
    let kept: BTreeSet<_> = ignored
        .lines()
        .filter_map(|line| line.strip_prefix('!'))
        .collect();
    let sources: BTreeSet<_> = copied
        .iter()
        .flat_map(|(_, sources, _)| sources)
        .map(String::as_str)
        .collect();
    assert_eq!(
        sources, kept,
        "what is copied is not ignored, and nothing else comes along"
    );
    for source in sources {
        assert!(project.directory.join(source).exists(), "{source}");
    }
    let [(_, program, place)] = &built[..] else {
        panic!("one program")
    };
    let name = project.program.file_name().unwrap().to_str().unwrap();
    assert_eq!(program[..], [format!("/src/target/release/{name}")]);
    assert_eq!(*place, stages.entry_point()[0]);
}

/// The other transports that a project may have: its image serves one of them, and only manifests that fit are there.
#[test]
fn the_image_serves_what_was_chosen() -> Result<(), Failed> {
    let built = Project::get();
    for (chosen, transport, manifests) in [
        ("mcp", "http", vec![]),
        ("unix", "unix", vec!["sidecar"]),
        ("unix,mcp", "http", vec!["sidecar"]),
        ("grpc", "grpc", vec!["service"]),
        ("unix,grpc,mcp", "grpc", vec!["service", "sidecar"]),
    ] {
        let name = format!("image-{}", chosen.replace(',', "-"));
        let project = generate::generate("plugin", &name, &[("transports", chosen)]);
        for folder in ["service", "sidecar"] {
            let is_there = project.join("kubernetes").join(folder).exists();
            assert_eq!(is_there, manifests.contains(&folder), "{chosen}: {folder}");
        }
        assert_eq!(
            project.join("resources/plugins/kustomization.yaml").exists(),
            !manifests.is_empty(),
            "{chosen}"
        );
        let file = project.join("Containerfile");
        if let Some(report) = tool("hadolint", &["--failure-threshold", "style"], &[&file])? {
            assert_eq!(report, Ok(String::new()), "{chosen}");
        }
        let text = fs::read_to_string(&file).unwrap();
        let stages = Stages::of(&text);
        let mut environment = stages.environment();
        assert_eq!(environment["PLUGINS_TRANSPORT"], transport, "{chosen}");

        let port = environment
            .iter()
            .find(|(variable, _)| variable.ends_with("_PORT"));
        let exposed = stages.last.iter().find_map(|instruction| match instruction {
            Instruction::Expose(expose) => Some(expose.arguments[0].value.to_string()),
            _ => None,
        });
        assert_eq!(port.map(|(_, port)| port), exposed.as_ref(), "{chosen}");
        let mode = environment.get("PLUGINS_UNIX_SOCKET_MODE").map(String::as_str);
        assert_eq!(mode, (transport == "unix").then_some("0660"), "{chosen}");

        // With a port or a socket of this run.
        let sockets = tempfile::Builder::new().prefix("i-").tempdir_in("/tmp").unwrap();
        for (variable, value) in &mut environment {
            if variable.ends_with("_PORT") {
                *value = free_port().unwrap().to_string();
            } else if variable.ends_with("_PATH") {
                *value = sockets.path().join("plugin.sock").display().to_string();
            }
        }
        let program = built.program.to_str().unwrap();
        let _server = ServerProcess::start_with(program, "", |command| {
            command
                .env_remove("PLUGINS_CONFIG_PATH")
                .env_remove("PLUGINS_UNIX_SOCKET_PATH");
            command.envs(&environment).current_dir(&built.directory);
        })
        .unwrap();
        let mut check = Command::new(program);
        without_settings(&mut check).args(&stages.health_check()[1..]);
        check.envs(&environment).current_dir(&built.directory);
        let asked = check.stdin(Stdio::null()).output().unwrap();
        assert!(
            asked.status.success(),
            "{chosen}: {}",
            String::from_utf8_lossy(&asked.stderr)
        );
    }
    Ok(())
}

/// In a directory with nothing but what the last stage copies, with its variables, and a port of the test's.
#[test]
fn the_entry_point_serves_and_the_health_check_asks_it() {
    let project = Project::get();
    let text = project.read("Containerfile");
    let stages = Stages::of(&text);
    let directory = tempfile::tempdir().unwrap();
    for (from, sources, to) in stages.copies() {
        // Files keep their paths below the working directory.
        if from.is_none() && sources == [to.clone()] && to != "src" {
            let place = directory.path().join(&to);
            fs::create_dir_all(place.parent().unwrap()).unwrap();
            fs::copy(project.directory.join(&to), place).unwrap();
        }
    }
    let mut environment = stages.environment();
    environment.insert(PORT.to_owned(), free_port().unwrap().to_string());

    let program = project.program.to_str().unwrap();
    let mut server = ServerProcess::start_with(program, "", |command| {
        command
            .args(&stages.entry_point()[1..])
            .current_dir(directory.path());
        for own in ["PLUGINS_CONFIG_PATH", "PLUGINS_UNIX_SOCKET_PATH"] {
            command.env_remove(own);
        }
        command.envs(&environment);
    })
    .unwrap();
    let check = || {
        let mut check = Command::new(program);
        without_settings(&mut check).args(&stages.health_check()[1..]);
        check.envs(&environment).current_dir(directory.path());
        check.stdin(Stdio::null()).output().unwrap()
    };
    let asked = check();
    assert!(
        asked.status.success(),
        "{}",
        String::from_utf8_lossy(&asked.stderr)
    );

    super::pod::terminate(&server);
    assert_eq!(server.wait().unwrap().code(), Some(0), "{}", server.log());
    assert_eq!(check().status.code(), Some(1));
}

//! Projects for every choice that the templates offer, in one workspace, which is built once.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

use plugin_sdk::hooks;
use plugin_sdk_tests::process::{free_port, without_settings};

use super::generate::{cargo, fresh, generate_in, workspace};

/// All hooks, as the templates write them.
pub(crate) fn hook_words() -> Vec<String> {
    hooks::NAMES.iter().map(|name| name.replace('.', "_")).collect()
}

/// What `plugin` is generated with: each hook, and the transports in turn.
pub(crate) struct Small {
    pub(crate) hook: &'static str,
    /// The transport of its stanza.
    pub(crate) transport: &'static str,
    pub(crate) project: PathBuf,
}

pub(crate) struct Projects {
    pub(crate) workspace: PathBuf,
    /// `plugin`, once for each hook.
    pub(crate) small: Vec<Small>,
    /// `plugin-full` with all hooks and transports.
    pub(crate) full: PathBuf,
    /// `plugin-full` as it is without an answer to any question.
    pub(crate) full_by_default: PathBuf,
    /// `plugin-full` with each hook alone.
    pub(crate) full_with_one: Vec<PathBuf>,
}

/// The projects, as they are generated.
pub(crate) fn generated() -> &'static Projects {
    static PROJECTS: OnceLock<Projects> = OnceLock::new();
    PROJECTS.get_or_init(|| {
        let workspace = workspace(&fresh("projects"));
        let words = hook_words();
        let mut small = Vec::new();
        let mut full_with_one = Vec::new();
        for (index, (hook, word)) in hooks::NAMES.iter().zip(&words).enumerate() {
            let (chosen, transport) = match index % 4 {
                // Python hosts let no secret out over the others.
                _ if *hook == "identity_resolve" => ("mcp", "http"),
                0 => ("unix,grpc,mcp", "unix"),
                1 => ("grpc", "grpc"),
                2 => ("mcp", "http"),
                _ => ("unix", "unix"),
            };
            let name = format!("small-{}", word.replace('_', "-"));
            let project = generate_in(
                &workspace,
                "plugin",
                &name,
                &[("hooks", word), ("transports", chosen)],
            );
            small.push(Small {
                hook,
                transport,
                project,
            });
            let name = format!("full-{}", word.replace('_', "-"));
            let defines = [("hooks", word.as_str()), ("transports", chosen)];
            full_with_one.push(generate_in(&workspace, "plugin-full", &name, &defines));
        }
        let all = words.join(",");
        let full = generate_in(&workspace, "plugin-full", "full", &[("hooks", &all)]);
        let full_by_default = generate_in(&workspace, "plugin-full", "full-by-default", &[]);
        // Not the usual port, which others may have.
        let config = full.join("tls/config.yaml");
        let text = fs::read_to_string(&config).unwrap();
        assert!(text.contains("port: 50051"));
        let port = format!("port: {}", free_port().unwrap());
        fs::write(&config, text.replace("port: 50051", &port)).unwrap();
        Projects {
            workspace,
            small,
            full,
            full_by_default,
            full_with_one,
        }
    })
}

/// The projects with their programs, after their tests have passed.
pub(crate) fn built() -> &'static Projects {
    static BUILT: OnceLock<()> = OnceLock::new();
    let projects = generated();
    BUILT.get_or_init(|| {
        // Those with one hook of `plugin-full` are linted and not built: the one with all hooks has the same files.
        let mut selection = vec!["--workspace", "--all-targets"];
        for project in &projects.full_with_one {
            selection.extend(["--exclude", project.file_name().unwrap().to_str().unwrap()]);
        }
        // With the features that tests need, so that the SDK is built once for programs and tests.
        let log = cargo(&projects.workspace, &[&["build"], &selection[..]].concat());
        // Here they are members of a workspace, whose own profiles are the ones that count.
        let mut warnings = log.lines().filter(|line| line.starts_with("warning"));
        assert!(
            warnings
                .all(|line| line.starts_with("warning: profiles for the non root package will be ignored")),
            "{log}"
        );
        let log = cargo(&projects.workspace, &[&["test"], &selection[..]].concat());
        assert_eq!(
            log.matches("test result: ok").count(),
            projects.small.len() + 2,
            "{log}"
        );
    });
    projects
}

/// A program of the projects, as its operator starts it.
pub(crate) fn started_in(project: &Path) -> Command {
    let mut command = Command::new(super::generate::program(project));
    without_settings(&mut command).current_dir(project);
    command
}

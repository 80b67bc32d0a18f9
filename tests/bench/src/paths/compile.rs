//! What compiling the smallest plugin costs, beside a program that has the same libraries and not ours.
//!
//! Programs are generated below the target directory, each with a target directory of its own, and built with the versions of this
//! workspace's lock file.

use std::{
    fmt::Write,
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Instant,
};

use crate::{
    Result,
    measure::{Compared, Effort},
    report::{Row, Target, Unit},
};

const PATH: &str = "compile";
/// What is changed between two builds.
const CHANGED: &str = "\"CHANGED";

/// One choice of transports.
struct Choice {
    name: &'static str,
    transports: &'static [&'static str],
    floor: &'static str,
}

const CHOICES: [Choice; 4] = [
    Choice {
        name: "Unix socket",
        transports: &["unix"],
        floor: "tokio + prost",
    },
    Choice {
        name: "Unix socket, gRPC",
        transports: &["unix", "grpc"],
        floor: "tokio + prost + tonic",
    },
    Choice {
        name: "Unix socket, MCP",
        transports: &["unix", "mcp"],
        floor: "tokio + prost + rmcp",
    },
    Choice {
        name: "all transports",
        transports: &["unix", "grpc", "mcp"],
        floor: "tokio + prost + tonic + rmcp",
    },
];

pub(super) fn measure(effort: Effort) -> Result<Vec<Row>> {
    let (mut builds, mut sizes, mut changes) = (Vec::new(), Vec::new(), Vec::new());
    for choice in &CHOICES {
        let (ours, floor) = (plugin(choice)?, without_ours(choice)?);
        let row = |what: &str, unit, rounds: &[(f64, f64)]| {
            Row::new(
                PATH,
                format!("{}: {what}", choice.name),
                choice.floor,
                unit,
                Compared::of(rounds),
            )
        };
        let all = choice.transports.len() == 3;

        // A round of all takes twenty minutes: only what has a target is built again.
        let smallest = choice.transports.len() == 1;
        let debug: Result<Vec<_>> = (0..if smallest { effort.rounds } else { 1 })
            .map(|_| Ok((ours.clean_build(&[])?, floor.clean_build(&[])?)))
            .collect();
        let target = smallest.then_some(Target::AtMost(25.0));
        builds.push(row("clean debug build", Unit::Seconds, &debug?).with_target(target));
        if all {
            let rounds: Result<Vec<_>> = (0..effort.rounds)
                .map(|round| Ok((ours.changed_build(round)?, floor.changed_build(round)?)))
                .collect();
            changes.push(
                row("debug build after a change in a hook", Unit::Seconds, &rounds?)
                    .with_target(Target::AtMost(2.0)),
            );
        }
        let release = (
            ours.clean_build(&["--release"])?,
            floor.clean_build(&["--release"])?,
        );
        builds.push(row("clean release build", Unit::Seconds, &[release]));
        sizes.push(row(
            "size, stripped",
            Unit::Bytes,
            &[(ours.size()?, floor.size()?)],
        ));
        // Gigabytes, otherwise.
        for package in [ours, floor] {
            fs::remove_dir_all(package.directory)?;
        }
    }
    Ok(builds.into_iter().chain(changes).chain(sizes).collect())
}

/// A generated program.
struct Package {
    directory: PathBuf,
    /// The file with the code that is changed, as it was generated.
    changing: (PathBuf, &'static str),
}

fn plugin(choice: &Choice) -> Result<Package> {
    let sdk = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../plugin-sdk")
        .canonicalize()?;
    let mut dependencies = format!(
        "plugin-sdk = {{ path = \"{}\", default-features = false, features = [\"cli\"",
        sdk.display()
    );
    for transport in choice.transports {
        write!(dependencies, ", \"{transport}\"")?;
    }
    dependencies.push_str("] }\n");
    let main = include_str!("../../generated/plugin.rs");
    Package::generate(
        "plugin",
        choice,
        &dependencies,
        &[("main.rs", main.to_owned())],
        ("main.rs", main),
    )
}

fn without_ours(choice: &Choice) -> Result<Package> {
    let mut dependencies = String::from(
        "tokio = { version = \"1\", features = [\"io-util\", \"macros\", \"net\", \"rt-multi-thread\"] }\n\
         prost = { version = \"0.14\", default-features = false, features = [\"derive\", \"std\"] }\n",
    );
    let mut main = String::new();
    let mut files = Vec::new();
    for transport in choice.transports {
        writeln!(main, "mod {transport};")?;
        let (code, more) = match *transport {
            "unix" => (include_str!("../../generated/unix.rs"), ""),
            "grpc" => (
                include_str!("../../generated/grpc.rs"),
                "tokio-stream = { version = \"0.1\", default-features = false, features = [\"net\"] }\n\
                 tonic = { version = \"0.14\", default-features = false, features = [\"codegen\", \"server\"] }\n\
                 tonic-prost = { version = \"0.14\", default-features = false }\n",
            ),
            _ => (
                include_str!("../../generated/mcp.rs"),
                "hyper = { version = \"1\", default-features = false, features = [\"http1\", \"server\"] }\n\
                 hyper-util = { version = \"0.1\", default-features = false, features = [\"service\", \"tokio\"] }\n\
                 rmcp = { version = \"3\", default-features = false, features = [\"server\", \"transport-streamable-http-server\"] }\n",
            ),
        };
        dependencies.push_str(more);
        files.push((format!("{transport}.rs"), code.to_owned()));
    }
    main.push_str("\n#[tokio::main]\nasync fn main() -> std::io::Result<()> {\n    tokio::try_join!(");
    for transport in choice.transports {
        write!(main, "{transport}::serve(), ")?;
    }
    main.push_str(")?;\n    Ok(())\n}\n");
    files.push(("main.rs".to_owned(), main));
    let files: Vec<_> = files
        .iter()
        .map(|(name, code)| (name.as_str(), code.clone()))
        .collect();
    let changing = ("unix.rs", include_str!("../../generated/unix.rs"));
    Package::generate("without", choice, &dependencies, &files, changing)
}

impl Package {
    fn generate(
        kind: &str,
        choice: &Choice,
        dependencies: &str,
        files: &[(&str, String)],
        changing: (&str, &'static str),
    ) -> Result<Self> {
        let name = format!("{kind}-{}", choice.transports.join("-"));
        let directory = crate::python::target()?.join("compile").join(name);
        let _ = fs::remove_dir_all(&directory);
        let source = directory.join("src");
        fs::create_dir_all(&source)?;
        fs::write(
            directory.join("Cargo.toml"),
            format!(
                "[package]\nname = \"smallest\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[workspace]\n\n[dependencies]\n{dependencies}\n\
                 [profile.dev]\ndebug = \"line-tables-only\"\n\n[profile.dev.package.\"*\"]\ndebug = false\n\n[profile.release]\nstrip = true\n"
            ),
        )?;
        // The same compiler and versions as everything else that is measured.
        let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        for file in ["Cargo.lock", "rust-toolchain.toml"] {
            fs::copy(workspace.join(file), directory.join(file))?;
        }
        for (name, code) in files {
            fs::write(source.join(name), code)?;
        }
        let package = Self {
            changing: (source.join(changing.0), changing.1),
            directory,
        };
        // Downloads are no part of a build.
        package.cargo(&["fetch"])?;
        Ok(package)
    }

    /// Seconds that cargo takes.
    fn cargo(&self, arguments: &[&str]) -> Result<f64> {
        let mut command = Command::new("cargo");
        for (name, _) in std::env::vars_os() {
            // Those of the cargo that runs this program.
            if name.to_string_lossy().starts_with("CARGO_") && name != "CARGO_HOME" {
                command.env_remove(name);
            }
        }
        command
            .args(arguments)
            .env("CARGO_TARGET_DIR", self.directory.join("target"))
            .current_dir(&self.directory)
            .stdin(Stdio::null());
        let started = Instant::now();
        let output = command.output()?;
        if output.status.success() {
            return Ok(started.elapsed().as_secs_f64());
        }
        let errors = String::from_utf8_lossy(&output.stderr);
        Err(format!("{}: {command:?}:\n{errors}", self.directory.display()).into())
    }

    fn clean_build(&self, arguments: &[&str]) -> Result<f64> {
        let _ = fs::remove_dir_all(self.directory.join("target"));
        self.cargo(&[&["build", "--quiet", "--offline"], arguments].concat())
    }

    /// A build after a change of one line.
    fn changed_build(&self, round: usize) -> Result<f64> {
        let (file, code) = &self.changing;
        fs::write(file, code.replace(CHANGED, &format!("{CHANGED} {round}")))?;
        self.cargo(&["build", "--quiet", "--offline"])
    }

    fn size(&self) -> Result<f64> {
        Ok(fs::metadata(self.directory.join("target/release/smallest"))?.len() as f64)
    }
}

//! The real `cargo generate`, installed once below the target directory, and projects that it makes of our templates.

use std::{
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::{Command, Output},
    sync::{
        OnceLock,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use crate::installation::{once, output, target};

/// The command of the quickstart, word by word: it then finds what is installed here.
pub(crate) const INSTALL: &str =
    "cargo install cargo-generate@0.26.0 --locked --no-default-features --ignore-rust-version --debug";

/// On two busy cores.
const PATIENCE: Duration = Duration::from_secs(900);

/// The project `name` of a template, with these values for its questions and the defaults for the others, in a directory of its own.
/// It depends on the SDK of this checkout.
///
/// Several calls may be made at the same time. What they make is below the target directory until the next run of the tests.
pub(crate) fn generate(template: &str, name: &str, defines: &[(&str, &str)]) -> PathBuf {
    static FRESH: OnceLock<PathBuf> = OnceLock::new();
    static NUMBER: AtomicUsize = AtomicUsize::new(0);
    let each = FRESH.get_or_init(|| fresh("each"));
    let directory = workspace(&each.join(NUMBER.fetch_add(1, Ordering::Relaxed).to_string()));
    generate_in(&directory, template, name, defines)
}

/// As [`generate`], in a directory that is there, for example one of [`workspace`].
pub(crate) fn generate_in(directory: &Path, template: &str, name: &str, defines: &[(&str, &str)]) -> PathBuf {
    let sdk = root().join("plugin-sdk").canonicalize().unwrap();
    let mut values = defines.to_vec();
    if !defines.iter().any(|(question, _)| *question == "sdk") {
        values.extend([("sdk", "path"), ("sdk_path", sdk.to_str().unwrap())]);
    }
    let output = try_generate(directory, template, name, &values);
    let log = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{template} {name} {defines:?}\n{log}");
    directory.join(name)
}

/// What `cargo generate` says to these values, without questions.
pub(crate) fn try_generate(directory: &Path, template: &str, name: &str, values: &[(&str, &str)]) -> Output {
    let mut command = Command::new(cargo_generate().join("bin/cargo-generate"));
    command
        // Without its own formatting: the templates must be well formatted by themselves.
        .args([
            "generate",
            "--silent",
            "--no-workspace",
            "--no-fmt",
            "--vcs",
            "none",
        ])
        .arg("--path")
        .arg(root().join("templates").join(template))
        .args(["--name", name, "--destination"])
        .arg(directory)
        // An author whose name needs care in TOML and YAML.
        .env("CARGO_NAME", r#"Miles "\" O'Brien: #1"#)
        .env("CARGO_EMAIL", "miles@example.com");
    for (question, answer) in values {
        command.args(["--define", &format!("{question}={answer}")]);
    }
    command.output().unwrap()
}

/// Where `cargo generate` is installed.
pub(crate) fn cargo_generate() -> &'static Path {
    static INSTALLED: OnceLock<PathBuf> = OnceLock::new();
    INSTALLED.get_or_init(|| {
        let usable = |place: &Path| {
            let version = Command::new(place.join("bin/cargo-generate"))
                .args(["generate", "--version"])
                .output();
            version.is_ok_and(|output| output.status.success())
        };
        let make = |place: &Path| {
            let mut command = Command::new("sh");
            // Nobody debugs it.
            command.args(["-c", INSTALL]).env("CARGO_PROFILE_DEV_DEBUG", "0");
            let built = target().join("cargo-generate-build");
            command
                .env("CARGO_INSTALL_ROOT", place)
                .env("CARGO_TARGET_DIR", &built);
            fs::create_dir_all(place).map_err(|error| error.to_string())?;
            output(command.current_dir(place), PATIENCE)?;
            let _ = fs::remove_dir_all(built);
            Ok(())
        };
        once("cargo-generate", INSTALL, usable, make).unwrap_or_else(|error| panic!("{error}"))
    })
}

/// An empty directory below the target directory.
pub(crate) fn fresh(name: &str) -> PathBuf {
    let directory = target().join("templates").join(name);
    let _ = fs::remove_dir_all(&directory);
    fs::create_dir_all(&directory).unwrap();
    directory
}

/// Makes a directory a workspace of the projects in it, so that they don't count as members of the one around the target directory.
/// They get the dependencies that are locked in this checkout.
pub(crate) fn workspace(directory: &Path) -> PathBuf {
    fs::create_dir_all(directory).unwrap();
    fs::write(
        directory.join("Cargo.toml"),
        "[workspace]\nresolver = \"3\"\nmembers = [\"*\"]\n",
    )
    .unwrap();
    fs::copy(root().join("Cargo.lock"), directory.join("Cargo.lock")).unwrap();
    directory.to_owned()
}

/// Has generated projects built by Cargo in one place, which is theirs, with as little as tests need.
pub(crate) fn built_together(command: &mut Command) -> &mut Command {
    command
        .env("CARGO_HOME", cargo_home())
        .env("CARGO_TARGET_DIR", target().join("templates/target"))
        .env("CARGO_INCREMENTAL", "0")
        .env("CARGO_PROFILE_DEV_DEBUG", "0")
        .env_remove("RUSTFLAGS")
}

/// Cargo's directory of whoever runs the tests, but for what is fetched with git: the repository of a test is not the real one.
fn cargo_home() -> &'static Path {
    static HOME: OnceLock<PathBuf> = OnceLock::new();
    HOME.get_or_init(|| {
        let usual = || Path::new(&std::env::var_os("HOME").unwrap_or_default()).join(".cargo");
        let real = std::env::var_os("CARGO_HOME").map_or_else(usual, PathBuf::from);
        let home = fresh("cargo-home");
        for entry in real.read_dir().unwrap() {
            let entry = entry.unwrap();
            if entry.file_name() != "git" {
                symlink(entry.path(), home.join(entry.file_name())).unwrap();
            }
        }
        home
    })
}

/// The program of a generated project, once it is built.
pub(crate) fn program(project: &Path) -> PathBuf {
    let name = project.file_name().unwrap();
    target().join("templates/target/debug").join(name)
}

/// Runs `cargo` on generated projects: what it wrote.
pub(crate) fn cargo(directory: &Path, arguments: &[&str]) -> String {
    let mut command = Command::new("cargo");
    built_together(&mut command)
        .args(arguments)
        .current_dir(directory);
    output(&mut command, PATIENCE).unwrap_or_else(|error| panic!("{error}"))
}

/// The root of the checkout.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

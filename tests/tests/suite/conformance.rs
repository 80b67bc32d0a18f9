//! The official conformance suite of MCP against our server, every scenario of every revision.
//!
//! The suite and a Node for it are installed once below the target directory; their versions are in `tests/conformance`. So are
//! the scenarios that do not apply to a server of the plugin protocol, each with its reason: whatever else fails, fails the test,
//! and so does one of these that passes.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use plugin_sdk_tests::process::{self, ServerProcess};

use crate::installation::{self, Failed, INSTALL_PATIENCE, output};

/// Leaves the suite out when set to something.
const SKIP: &str = "PLUGIN_SDK_SKIP_CONFORMANCE";
const PATIENCE: Duration = Duration::from_secs(120);
const SUITE: &str = "node_modules/@modelcontextprotocol/conformance/dist/index.js";
/// The configuration of the server, which the scenarios never get to.
const CONFIGURATION: &str = "plugins: [{name: P, kind: probe, hooks: [tool_pre_invoke]}]";

#[test]
fn revision_2025_06_18() -> Result<(), Failed> {
    run("2025-06-18")
}

#[test]
fn revision_2025_11_25() -> Result<(), Failed> {
    run("2025-11-25")
}

#[test]
fn revision_2026_07_28() -> Result<(), Failed> {
    run("2026-07-28")
}

/// The scenarios of a revision.
fn run(revision: &str) -> Result<(), Failed> {
    with_node(
        &format!("the MCP conformance suite of revision {revision}"),
        |suite| suite.run(revision),
    )
}

/// Runs what is installed from npm and prints its report, unless it is left out.
pub(crate) fn with_node(
    what: &str,
    run: impl FnOnce(&Installed) -> Result<String, String>,
) -> Result<(), Failed> {
    static INSTALLED: OnceLock<Result<Installed, String>> = OnceLock::new();
    if installation::left_out(what, SKIP)? {
        return Ok(());
    }
    let installed = INSTALLED.get_or_init(Installed::get).as_ref();
    match installed.map_err(Clone::clone).and_then(run) {
        Ok(report) => println!("{report}"),
        Err(report) => {
            println!("{report}");
            return Err(Failed);
        }
    }
    Ok(())
}

fn files() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("conformance")
}

/// What npm has installed.
pub(crate) struct Installed {
    node: PathBuf,
    directory: PathBuf,
}

impl Installed {
    fn get() -> Result<Self, String> {
        let lock = files().join("package-lock.json");
        let wanted = fs::read_to_string(&lock).map_err(|error| error.to_string())?;
        let directory = installation::once(
            "conformance",
            &wanted,
            |directory| directory.join(SUITE).is_file(),
            |directory| {
                fs::create_dir_all(directory).map_err(|error| error.to_string())?;
                for name in ["package.json", "package-lock.json"] {
                    fs::copy(files().join(name), directory.join(name)).map_err(|error| error.to_string())?;
                }
                let mut install = Command::new("npm");
                let arguments = ["ci", "--no-audit", "--no-fund", "--ignore-scripts"];
                output(install.args(arguments).current_dir(directory), INSTALL_PATIENCE)
                    .map(drop)
                    .map_err(|error| {
                        format!(
                            "the MCP conformance suite needs npm: install it, or set {SKIP}=1 to leave the suite out\n{error}"
                        )
                    })
            },
        )?;
        Ok(Self {
            node: node(&directory)?,
            directory,
        })
    }

    /// Runs the program `client.mjs` with the packages that are installed.
    pub(crate) fn run_client(&self, arguments: &[&str]) -> Result<String, String> {
        let client = fs::read_to_string(files().join("client.mjs")).map_err(|error| error.to_string())?;
        let mut command = Command::new(&self.node);
        command
            .args(["--input-type=module", "--eval", &client])
            .args(arguments)
            .current_dir(&self.directory);
        output(&mut command, PATIENCE)
    }

    fn run(&self, revision: &str) -> Result<String, String> {
        let describe = |error: std::io::Error| error.to_string();
        let port = process::free_port().map_err(describe)?.to_string();
        let _server =
            ServerProcess::start_with(env!("CARGO_BIN_EXE_probe-plugin"), CONFIGURATION, |command| {
                command
                    .env("PLUGINS_TRANSPORT", "http")
                    .env("PLUGINS_SERVER_PORT", &port);
            })
            .map_err(describe)?;
        let directory = tempfile::tempdir().map_err(describe)?;
        let mut command = Command::new(&self.node);
        command
            .arg(self.directory.join(SUITE))
            .args(["server", "--url", &format!("http://localhost:{port}/mcp")])
            .args(["--suite", "all", "--spec-version", revision])
            .arg("--expected-failures")
            .arg(files().join(format!("expected-failures-{revision}.yaml")))
            .arg("--output-dir")
            .arg(directory.path())
            .env("NO_COLOR", "1")
            .current_dir(directory.path());
        output(&mut command, PATIENCE).map_err(|report| {
            let failures = failures(directory.path());
            format!("{report}\nwhat failed, expected or not:\n{failures}")
        })
    }
}

/// The checks that did not succeed, with what the suite has to say about each.
fn failures(results: &Path) -> String {
    let mut lines = Vec::new();
    for scenario in fs::read_dir(results).into_iter().flatten().flatten() {
        let text = fs::read_to_string(scenario.path().join("checks.json")).unwrap_or_default();
        let checks: Vec<serde_json::Value> = serde_json::from_str(&text).unwrap_or_default();
        for check in checks {
            if matches!(check["status"].as_str(), Some("FAILURE" | "WARNING")) {
                let [id, message] = ["id", "errorMessage"].map(|key| check[key].as_str().unwrap_or_default());
                lines.push(format!("{}: {id}: {message}", scenario.file_name().display()));
            }
        }
    }
    lines.sort();
    lines.join("\n")
}

/// The Node that came with the suite, where there is one for this machine, or that of the machine.
fn node(directory: &Path) -> Result<PathBuf, String> {
    let installed = ["x64", "arm64"].map(|processor| {
        directory.join(format!(
            "node_modules/node-{}-{processor}/bin/node",
            std::env::consts::OS
        ))
    });
    let mut candidates: Vec<_> = installed.into_iter().filter(|path| path.is_file()).collect();
    candidates.push("node".into());
    candidates.into_iter().find(|node| new_enough(node)).ok_or_else(|| {
        format!("the MCP conformance suite needs Node 22 or newer: install it, or set {SKIP}=1 to leave the suite out")
    })
}

fn new_enough(node: &Path) -> bool {
    let check = "process.exit(parseInt(process.versions.node) < 22 ? 1 : 0)";
    let status = Command::new(node)
        .args(["-e", check])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    status.is_ok_and(|status| status.success())
}

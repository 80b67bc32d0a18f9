//! The container file and the manifests for Kubernetes of generated projects: held to the real schemas and rules, and done with a
//! real program as far as a machine without a cluster can do it.

mod container;
mod kubernetes;
mod kustomize;
mod pod;
mod project;
mod service;
mod sidecar;

use std::{
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

use plugin_sdk_tests::installation::python_environment;

use crate::{
    installation::{Failed, INSTALL_PATIENCE, left_out, output, target},
    real_host::SKIP,
};

/// What a tool says of files: its report, as an error if it finds something wrong; `None` when it is left out with all that needs
/// Python.
fn tool(name: &str, arguments: &[&str], files: &[&Path]) -> Result<Option<Result<String, String>>, Failed> {
    static PYTHON: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    if left_out(name, SKIP)? {
        return Ok(None);
    }
    let requirements = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/requirements.txt");
    let python = PYTHON.get_or_init(|| python_environment(target(), "deploy", &requirements, &[]));
    let tool = python.as_ref().map(|python| python.with_file_name(name));
    let tool = tool.map_err(|report| {
        println!("{report}\n{SKIP}=1 leaves out what needs Python");
        Failed
    })?;
    let mut command = Command::new(tool);
    Ok(Some(output(
        command.args(arguments).args(files),
        INSTALL_PATIENCE,
    )))
}

//! A pod's container as a process: its variables and arguments as the manifest has them, its volumes as directories.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use plugin_sdk_tests::process::{ServerProcess, without_settings};
use serde_json::Value;
use tempfile::TempDir;

use super::{kubernetes::of_kind, project::Project};

/// The container with the plugin.
pub(super) fn plugin(manifests: &[Value]) -> &Value {
    let spec = &of_kind(manifests, "Deployment")["spec"]["template"]["spec"];
    let containers = ["initContainers", "containers"].map(|key| spec[key].as_array());
    let mut containers = containers.into_iter().flatten().flatten();
    containers
        .find(|container| container["name"] == "plugin")
        .unwrap()
}

/// Tells a server to stop, as Kubernetes does.
pub(super) fn terminate(server: &ServerProcess) {
    let status = Command::new("kill")
        .arg(server.id().to_string())
        .status()
        .unwrap();
    assert!(status.success());
}

/// The file system and the environment of the container.
pub(super) struct Pod {
    root: TempDir,
    environment: BTreeMap<String, String>,
    container: Value,
}

impl Pod {
    /// With the volumes of the manifests; `empty` makes the directory of an `emptyDir`, `secret` the files of a secret.
    pub(super) fn new(manifests: &[Value], empty: impl Fn(&Path), secret: impl Fn(&Path)) -> Self {
        let container = plugin(manifests).clone();
        // The path of a socket has little room.
        let root = tempfile::Builder::new()
            .prefix("pod-")
            .tempdir_in("/tmp")
            .unwrap();
        let spec = &of_kind(manifests, "Deployment")["spec"]["template"]["spec"];
        let mut mounts = Vec::new();
        for mount in container["volumeMounts"].as_array().unwrap() {
            let path = mount["mountPath"].as_str().unwrap();
            let directory = root.path().join(path.trim_start_matches('/'));
            fs::create_dir_all(&directory).unwrap();
            let volumes = spec["volumes"].as_array().unwrap();
            let volume = volumes
                .iter()
                .find(|volume| volume["name"] == mount["name"])
                .unwrap();
            if let Some(name) = volume["configMap"]["name"].as_str() {
                let data = manifests
                    .iter()
                    .find(|manifest| manifest["metadata"]["name"] == name && manifest["kind"] == "ConfigMap");
                for (file, text) in data.unwrap()["data"].as_object().unwrap() {
                    fs::write(directory.join(file), text.as_str().unwrap()).unwrap();
                }
            } else if volume["emptyDir"].is_object() {
                empty(&directory);
            } else {
                assert!(volume["secret"].is_object(), "{volume}");
                secret(&directory);
            }
            mounts.push(path.to_owned());
        }
        let mut pod = Self {
            root,
            environment: BTreeMap::new(),
            container,
        };
        for variable in pod.container["env"].as_array().unwrap() {
            let value = variable["value"].as_str().unwrap();
            let is_mounted = mounts.iter().any(|mount| value.starts_with(&format!("{mount}/")));
            let value = if is_mounted {
                pod.path(value).display().to_string()
            } else {
                value.to_owned()
            };
            pod.environment
                .insert(variable["name"].as_str().unwrap().to_owned(), value);
        }
        pod
    }

    /// Where a path of the container is.
    pub(super) fn path(&self, path: &str) -> PathBuf {
        self.root.path().join(path.trim_start_matches('/'))
    }

    /// Changes a variable: a port that others may have taken.
    pub(super) fn set(&mut self, name: &str, value: &str) {
        assert!(
            self.environment
                .insert(name.to_owned(), value.to_owned())
                .is_some(),
            "{name}"
        );
    }

    pub(super) fn variable(&self, name: &str) -> &str {
        &self.environment[name]
    }

    /// Starts the program in the working directory of the container file.
    pub(super) fn start(&self) -> std::io::Result<ServerProcess> {
        assert!(self.container["command"].is_null() && self.container["args"].is_null());
        ServerProcess::start_with(Project::get().program.to_str().unwrap(), "", |command| {
            command
                .env_remove("PLUGINS_CONFIG_PATH")
                .env_remove("PLUGINS_UNIX_SOCKET_PATH");
            command.envs(&self.environment).current_dir(self.path("app"));
        })
    }

    /// Runs the command of a probe.
    pub(super) fn probe(&self, probe: &str) -> Output {
        let command = self.container[probe]["exec"]["command"].as_array().unwrap();
        let words: Vec<_> = command.iter().map(|word| word.as_str().unwrap()).collect();
        let program = &Project::get().program;
        assert!(words[0].ends_with(&format!("/{}", program.file_name().unwrap().to_str().unwrap())));
        let mut command = Command::new(program);
        without_settings(&mut command)
            .args(&words[1..])
            .envs(&self.environment);
        command
            .current_dir(self.path("app"))
            .stdin(Stdio::null())
            .output()
            .unwrap()
    }

    /// All probes run a command, and find the server well.
    pub(super) fn assert_well(&self) {
        for probe in PROBES {
            let output = self.probe(probe);
            assert!(
                output.status.success(),
                "{probe}: {}",
                String::from_utf8_lossy(&output.stderr)
            );
        }
    }
}

pub(super) const PROBES: [&str; 3] = ["startupProbe", "readinessProbe", "livenessProbe"];

/// Gives a directory a mode, whatever the umask.
pub(super) fn set_mode(directory: &Path, mode: u32) {
    fs::set_permissions(directory, fs::Permissions::from_mode(mode)).unwrap();
}

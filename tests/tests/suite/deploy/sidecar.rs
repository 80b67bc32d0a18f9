//! The plugin beside the gateway: a socket in a directory that both have, which the real host finds.

use std::{
    fs,
    os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt},
    path::Path,
    process::Command,
    sync::OnceLock,
};

use plugin_sdk_tests::process::without_settings;
use serde_json::{Value, json};

use super::{
    kustomize,
    pod::{Pod, plugin, set_mode},
    project::Project,
};
use crate::{
    installation::{Failed, INSTALL_PATIENCE, output},
    real_host::{Call, call_each},
};

const SOCKET: &str = "PLUGINS_UNIX_SOCKET_PATH";

/// What is applied, after the command that the kustomization names.
pub(super) fn manifests() -> Vec<Value> {
    static STANZA: OnceLock<()> = OnceLock::new();
    let project = Project::get();
    let directory = project.directory.join("kubernetes/sidecar");
    STANZA.get_or_init(|| {
        let text = project.read("kubernetes/sidecar/kustomization.yaml");
        let command = text.lines().find_map(|line| line.strip_prefix("#   ")).unwrap();
        // The program is built already, in another directory than the one in which this would build it again.
        let run = format!("'{}'", project.program.display());
        let command = command.replace("cargo run --", &run);
        assert!(command.contains(&run), "{command}");
        let mut shell = Command::new("sh");
        without_settings(&mut shell)
            .args(["-c", &command])
            .current_dir(&project.directory);
        output(&mut shell, INSTALL_PATIENCE).unwrap();
    });
    kustomize::build(&directory, false)
}

/// What the kubelet makes of an `emptyDir` in memory in a pod with `fsGroup`: the mode of a new tmpfs, and the group's bits.
fn in_memory(directory: &Path) {
    set_mode(directory, 0o3777);
}

#[test]
fn the_real_host_finds_the_socket() -> Result<(), Failed> {
    let manifests = manifests();
    let spec = &super::kubernetes::of_kind(&manifests, "Deployment")["spec"]["template"]["spec"];
    let (sidecar, gateway) = (plugin(&manifests), &spec["containers"][0]);
    // A sidecar, so that the gateway waits for it; both with users of their own and the group of the directory.
    assert_eq!(sidecar["restartPolicy"], "Always");
    assert_ne!(
        sidecar["securityContext"]["runAsUser"],
        gateway["securityContext"]["runAsUser"]
    );
    assert!(spec["securityContext"]["fsGroup"].is_u64());
    // Gateways up to 1.0.0 refuse the modes in the stanza.
    let (_, version) = gateway["image"].as_str().unwrap().rsplit_once(':').unwrap();
    let version: Vec<u32> = version.split('.').map(|part| part.parse().unwrap()).collect();
    assert!(version > vec![1, 0, 0], "{version:?}");
    let volumes = spec["volumes"].as_array().unwrap();
    let shared = volumes.iter().find(|volume| volume["name"] == "socket").unwrap();
    assert_eq!(shared["emptyDir"]["medium"], "Memory");
    let mounts = gateway["volumeMounts"].as_array().unwrap();
    let mounted = |name: &str| {
        mounts.iter().find(|mount| mount["name"] == name).unwrap()["mountPath"]
            .as_str()
            .unwrap()
    };
    let variables = gateway["env"].as_array().unwrap();
    let file = variables
        .iter()
        .find(|variable| variable["name"] == "PLUGINS_CONFIG_FILE")
        .unwrap();
    assert_eq!(
        file["value"],
        format!("{}/config.yaml", mounted("gateway-plugins"))
    );
    let stanza = manifests
        .iter()
        .find(|manifest| manifest["metadata"]["name"] == "gateway-plugins")
        .unwrap();
    let stanza = stanza["data"]["config.yaml"].as_str().unwrap();
    assert!(stanza.contains("0660"), "{stanza}");

    let pod = Pod::new(&manifests, in_memory, |_| {});
    let server = pod.start().unwrap();
    pod.assert_well();
    let socket = fs::metadata(pod.variable(SOCKET)).unwrap();
    assert!(socket.file_type().is_socket());
    assert_eq!(socket.permissions().mode() & 0o7777, 0o660);
    let directory = fs::metadata(pod.path(mounted("socket"))).unwrap();
    assert_eq!(
        socket.gid(),
        directory.gid(),
        "the directory hands its group down"
    );

    // The gateway sees the socket at the path of its own mount.
    let inside = format!("{}/plugin.sock", mounted("socket"));
    assert!(stanza.contains(&inside), "{stanza}");
    let gateway = stanza.replace(&inside, pod.variable(SOCKET));
    let answers = call_each(&[Call {
        gateway,
        hook: "prompt_pre_fetch".to_owned(),
        payload: json!({"prompt_id": "greeting", "args": {"text": "a secret"}}),
        context: Value::Null,
    }])?;
    if let Some([answer]) = answers.as_deref() {
        assert!(answer.contains(r#""text": "a ***""#), "{answer}");
    }
    drop(server);
    Ok(())
}

/// Why the directory is in memory: on disk anybody could replace the socket in it.
#[test]
fn on_disk_the_server_does_not_start() {
    let pod = Pod::new(&manifests(), |directory| set_mode(directory, 0o2777), |_| {});
    let error = pod.start().unwrap_err().to_string();
    assert!(error.contains("writable by everyone"), "{error}");
}

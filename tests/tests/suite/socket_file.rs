//! The socket in the file system: its mode, what it replaces, and that it goes.

use std::{
    fs,
    os::unix::{
        fs::{FileTypeExt, PermissionsExt, symlink},
        net::UnixListener,
    },
    path::Path,
    process::{Command, Output, Stdio},
};

use plugin_sdk_tests::{
    messages::{Answer, fault},
    process::without_settings,
};
use serde_json::json;

use crate::frames::{server, server_with};

fn mode(path: &Path) -> u32 {
    fs::symlink_metadata(path).unwrap().permissions().mode() & 0o7777
}

/// A server that can't start.
fn refused(path: &Path) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fault-plugin"));
    let output: Output = without_settings(&mut command)
        .arg("--socket")
        .arg(path)
        .current_dir(path.parent().unwrap())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(!output.status.success(), "the server started");
    assert!(output.stdout.is_empty(), "something on stdout");
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn only_the_owner_may_connect_unless_set_otherwise() {
    assert_eq!(mode(server().socket()), 0o600);
    assert_eq!(
        mode(server_with(&[("PLUGINS_UNIX_SOCKET_MODE", "0660")]).socket()),
        0o660
    );
}

/// The file is looked at all the time while servers start.
#[test]
fn the_mode_is_final_from_the_first_instant() {
    let directory = tempfile::tempdir_in("/tmp").unwrap();
    let path = directory.path().join("s");
    let stop = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        let watcher = scope.spawn(|| {
            let mut seen = std::collections::BTreeSet::new();
            while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                if let Ok(metadata) = fs::symlink_metadata(&path) {
                    seen.insert(metadata.permissions().mode() & 0o7777);
                }
            }
            seen
        });
        for _ in 0..10 {
            let mut command = Command::new(env!("CARGO_BIN_EXE_fault-plugin"));
            let mut child = without_settings(&mut command)
                .arg("--socket")
                .arg(&path)
                .current_dir(directory.path())
                .stdin(Stdio::null())
                .stdout(Stdio::piped())
                .stderr(Stdio::null())
                .spawn()
                .unwrap();
            let mut ready = String::new();
            let output = child.stdout.take().unwrap();
            std::io::BufRead::read_line(&mut std::io::BufReader::new(output), &mut ready).unwrap();
            assert_eq!(ready, "READY\n");
            // Killed, it leaves its socket behind for the next one to replace.
            child.kill().unwrap();
            child.wait().unwrap();
            fs::remove_file(&path).unwrap();
        }
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
        assert_eq!(watcher.join().unwrap().into_iter().collect::<Vec<_>>(), [0o600]);
    });
}

#[test]
fn a_dead_socket_is_replaced() {
    let directory = tempfile::tempdir_in("/tmp").unwrap();
    let path = directory.path().join("dead");
    drop(UnixListener::bind(&path).unwrap());
    assert!(path.exists());
    let server = server_with(&[("PLUGINS_UNIX_SOCKET_PATH", path.to_str().unwrap())]);
    let mut client = plugin_sdk_tests::frames::FrameClient::connect(&path).unwrap();
    assert!(Answer::read(&client.call(&fault("echo", &json!({}))).unwrap()).is_allow());
    drop(server);
}

#[test]
fn nothing_else_is_replaced() {
    let directory = tempfile::tempdir_in("/tmp").unwrap();
    let living = server();

    let file = directory.path().join("file");
    fs::write(&file, "precious").unwrap();
    assert!(refused(&file).contains("is not a socket"));
    assert_eq!(fs::read_to_string(&file).unwrap(), "precious");

    let folder = directory.path().join("folder");
    fs::create_dir(&folder).unwrap();
    assert!(refused(&folder).contains("is not a socket"));

    let link = directory.path().join("link");
    symlink(living.socket(), &link).unwrap();
    assert!(refused(&link).contains("is not a socket"));
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());

    assert!(refused(living.socket()).contains("another server is listening"));
    let mut client = living.connect().unwrap();
    assert!(Answer::read(&client.call(&fault("echo", &json!({}))).unwrap()).is_allow());
    assert!(
        fs::symlink_metadata(living.socket())
            .unwrap()
            .file_type()
            .is_socket()
    );
}

#[test]
fn the_directory_must_be_there_and_not_open_to_everyone() {
    let directory = tempfile::tempdir_in("/tmp").unwrap();
    let missing = directory.path().join("missing");
    let open = directory.path().join("open");
    fs::create_dir(&open).unwrap();
    fs::set_permissions(&open, fs::Permissions::from_mode(0o777)).unwrap();
    let message = refused(&open.join("socket"));
    assert!(
        message.contains("writable by everyone") && message.contains("chmod +t"),
        "{message}"
    );
    fs::set_permissions(&open, fs::Permissions::from_mode(0o1777)).unwrap();
    let server = server_with(&[("PLUGINS_UNIX_SOCKET_PATH", open.join("s").to_str().unwrap())]);
    drop(server);
    let mut command = Command::new(env!("CARGO_BIN_EXE_fault-plugin"));
    let output = without_settings(&mut command)
        .arg("--socket")
        .arg(missing.join("s"))
        .current_dir("/tmp")
        .output();
    let message = String::from_utf8(output.unwrap().stderr).unwrap();
    assert!(message.contains(missing.to_str().unwrap()), "{message}");
}

/// The file of a server that took the path over stays.
#[test]
fn only_the_own_file_is_removed() {
    let mut server = server();
    let path = server.socket().to_owned();
    fs::remove_file(&path).unwrap();
    let other = UnixListener::bind(&path).unwrap();
    Command::new("kill")
        .arg("-TERM")
        .arg(server.id().to_string())
        .status()
        .unwrap();
    assert_eq!(server.wait().unwrap().code(), Some(0));
    assert!(path.exists());
    drop(other);
}

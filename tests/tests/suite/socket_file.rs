//! The socket in the file system: its mode, what it replaces, and that it goes.

use std::{
    fs,
    io::{BufRead, BufReader},
    os::unix::{
        fs::{FileTypeExt, PermissionsExt, symlink},
        net::{UnixListener, UnixStream},
    },
    path::Path,
    process::{Child, Command, Output, Stdio},
    time::Duration,
};

use plugin_sdk_tests::{
    faults::Faults,
    messages::{Answer, fault},
    process::{wait, without_settings},
};
use serde_json::json;

use crate::{
    frames::{server, server_with},
    shutdown::signal,
};

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

#[tokio::test]
async fn a_server_whose_future_is_dropped_frees_its_path_at_once() {
    let directory = tempfile::tempdir_in("/tmp").unwrap();
    let path = directory.path().join("s");
    let bind = || Faults.into_unix_server().bind(&path).unwrap();
    let serving = bind().serve(std::future::pending());
    let served = tokio::time::timeout(Duration::from_millis(20), serving).await;
    assert!(served.is_err());
    assert!(!path.exists());
    drop(bind());
}

/// Not even root may make a file in `/proc`.
#[test]
fn a_directory_that_takes_no_files_is_named_with_the_way_out() {
    let log = refused(Path::new("/proc/plugin.sock"));
    assert!(log.contains("/proc"), "{log}");
    assert!(
        log.contains("choose another path (PLUGINS_UNIX_SOCKET_PATH)"),
        "{log}"
    );
    assert!(!log.contains("remove it"), "{log}");
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

/// The arguments that make a server of each transport listen on a socket.
fn on_each_transport(path: &Path) -> [[String; 4]; 3] {
    [
        ("unix", "--socket"),
        ("grpc", "--grpc-uds"),
        ("http", "--http-uds"),
    ]
    .map(|(transport, flag)| ["--transport", transport, flag, path.to_str().unwrap()].map(str::to_owned))
}

fn start(arguments: &[String], directory: &Path) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fault-plugin"));
    without_settings(&mut command)
        .args(arguments)
        .current_dir(directory)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Whether the server gets ready; if not, it ends.
fn is_ready(server: &mut Child) -> bool {
    let mut line = String::new();
    BufReader::new(server.stdout.as_mut().unwrap())
        .read_line(&mut line)
        .unwrap();
    line == "READY\n"
}

/// A socket that is bound and does not listen yet looks like a dead one.
#[test]
fn of_several_servers_that_start_at_once_one_gets_the_path() {
    let directory = tempfile::tempdir_in("/tmp").unwrap();
    let path = directory.path().join("s");
    for arguments in on_each_transport(&path) {
        for round in 0..8 {
            if round % 2 == 1 {
                drop(UnixListener::bind(&path).unwrap());
            }
            let mut servers: Vec<_> = (0..4).map(|_| start(&arguments, directory.path())).collect();
            let ready = servers.iter_mut().map(is_ready).filter(|ready| *ready).count();
            assert_eq!(ready, 1, "{arguments:?}: servers that are ready");
            assert!(
                UnixStream::connect(&path).is_ok(),
                "{arguments:?}: it does not listen"
            );
            for mut server in servers {
                if server.try_wait().unwrap().is_none() {
                    signal("TERM", server.id());
                }
                server.wait().unwrap();
            }
            let left = fs::read_dir(directory.path()).unwrap().count();
            assert_eq!(left, 0, "{arguments:?}: files left behind");
        }
    }
}

#[test]
fn a_server_that_was_killed_is_in_nobodys_way() {
    let directory = tempfile::tempdir_in("/tmp").unwrap();
    for arguments in on_each_transport(&directory.path().join("s")) {
        for _ in 0..2 {
            let mut server = start(&arguments, directory.path());
            assert!(is_ready(&mut server), "{arguments:?}");
            server.kill().unwrap();
            server.wait().unwrap();
        }
    }
}

#[test]
fn a_start_that_fails_leaves_nothing_and_answers_nobody() {
    let directory = tempfile::tempdir_in("/tmp").unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let path = directory.path().join("s");
    for arguments in on_each_transport(&path) {
        let other = if arguments[1] == "grpc" { "http" } else { "grpc" };
        let mut arguments = arguments.to_vec();
        arguments.extend(["--transport", other, &format!("--{other}-port"), &port].map(str::to_owned));
        for _ in 0..5 {
            let stop = std::sync::atomic::AtomicBool::new(false);
            let answered = std::thread::scope(|scope| {
                let asking = scope.spawn(|| {
                    let mut answered = 0;
                    while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                        let Ok(mut client) = plugin_sdk_tests::frames::FrameClient::connect(&path) else {
                            continue;
                        };
                        answered += u32::from(client.call(&fault("echo", &json!({}))).is_ok());
                    }
                    answered
                });
                let output = start(&arguments, directory.path()).wait_with_output().unwrap();
                stop.store(true, std::sync::atomic::Ordering::Relaxed);
                assert!(
                    !output.status.success() && output.stdout.is_empty(),
                    "{arguments:?}: started"
                );
                asking.join().unwrap()
            });
            assert_eq!(answered, 0, "{arguments:?}: calls that were answered");
            let left = fs::read_dir(directory.path()).unwrap().count();
            assert_eq!(left, 0, "{arguments:?}: files left behind");
        }
    }
}

/// A server that is alive, and takes no further connection.
#[test]
fn a_full_backlog_is_not_waited_for() {
    let directory = tempfile::tempdir_in("/tmp").unwrap();
    let path = directory.path().join("s");
    let socket = socket2::Socket::new(socket2::Domain::UNIX, socket2::Type::STREAM, None).unwrap();
    socket.bind(&socket2::SockAddr::unix(&path).unwrap()).unwrap();
    socket.listen(0).unwrap();
    let mut clients = Vec::new();
    loop {
        let client = socket2::Socket::new(socket2::Domain::UNIX, socket2::Type::STREAM, None).unwrap();
        client.set_nonblocking(true).unwrap();
        if client.connect(&socket2::SockAddr::unix(&path).unwrap()).is_err() {
            break;
        }
        clients.push(client);
    }
    for arguments in on_each_transport(&path) {
        let started = std::time::Instant::now();
        let mut server = start(&arguments, directory.path());
        let mut check = start(
            &[&["check".to_owned()], &arguments[2..]].concat(),
            directory.path(),
        );
        for process in [&mut server, &mut check] {
            let ended = wait(process, Duration::from_secs(10)).unwrap();
            let _ = process.kill();
            assert!(
                ended.is_some(),
                "{arguments:?}: still runs after {:?}",
                started.elapsed()
            );
        }
        let said = String::from_utf8(server.wait_with_output().unwrap().stderr).unwrap();
        assert!(said.contains("another server is listening"), "{said}");
        let said = String::from_utf8(check.wait_with_output().unwrap().stdout).unwrap();
        assert!(said.contains("a server answers on"), "{said}");
    }
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

/// Whoever may replace a directory above the socket can put another socket in its place.
#[test]
fn every_directory_above_must_be_safe() {
    let directory = tempfile::tempdir_in("/tmp").unwrap();
    let above = directory.path().join("above");
    let own = above.join("own");
    fs::create_dir_all(&own).unwrap();
    fs::set_permissions(&own, fs::Permissions::from_mode(0o700)).unwrap();
    let link = directory.path().join("link");
    symlink(&own, &link).unwrap();
    let ways = [own.join("s"), link.join("s"), above.join("own/../own/s")];
    let all_refuse = |said: &str| {
        for way in &ways {
            for arguments in on_each_transport(way) {
                let output = start(&arguments, directory.path()).wait_with_output().unwrap();
                let message = String::from_utf8(output.stderr).unwrap();
                assert!(
                    !output.status.success() && message.contains(said),
                    "{arguments:?}: {message}"
                );
                let check = [&["check".to_owned()], &arguments[2..]].concat();
                let output = start(&check, directory.path()).wait_with_output().unwrap();
                let message = String::from_utf8(output.stdout).unwrap();
                assert!(message.contains(said), "{check:?}: {message}");
            }
        }
    };
    fs::set_permissions(&above, fs::Permissions::from_mode(0o777)).unwrap();
    all_refuse("/above is writable by everyone");
    // What is in a directory with the sticky bit is its owner's.
    fs::set_permissions(&above, fs::Permissions::from_mode(0o1777)).unwrap();
    drop(server_with(&[(
        "PLUGINS_UNIX_SOCKET_PATH",
        ways[1].to_str().unwrap(),
    )]));
    let _ = fs::remove_file(own.join("s"));

    // Only root can give a directory away.
    if std::os::unix::fs::chown(&own, Some(65_534), None).is_ok() {
        all_refuse("/own belongs to the user 65534");
        std::os::unix::fs::chown(&own, Some(0), None).unwrap();
        std::os::unix::fs::chown(&above, Some(65_534), None).unwrap();
        all_refuse("/above belongs to the user 65534");
        std::os::unix::fs::chown(&above, Some(0), None).unwrap();
        std::os::unix::fs::lchown(&link, Some(65_534), None).unwrap();
        let message = refused(&ways[1]);
        assert!(message.contains("/link belongs to the user 65534"), "{message}");
    }
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

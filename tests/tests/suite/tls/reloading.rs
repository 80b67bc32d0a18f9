//! Files that change under a running server.

use std::{
    fs,
    io::{Read, Write},
    os::unix::fs::symlink,
    thread,
    time::{Duration, Instant},
};

use super::{Client, Files, PATIENCE, Server};
use crate::shutdown::signal;

const LOOKS_OFTEN: &str = ", reload_interval: 0.02";
const KEPT: &str = "what was loaded before stays in use";

fn until(what: &str, is_so: impl Fn() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < PATIENCE, "{what}");
        thread::sleep(Duration::from_millis(20));
    }
}

impl Files {
    fn serves(&self, server: &Server, client: &Client, name: &str) -> bool {
        client.visit(server).is_ok_and(|seen| seen == self.der(name))
    }

    fn comes_to_serve(&self, server: &Server, client: &Client, name: &str) {
        until("the new certificate is not used", || {
            self.serves(server, client, name)
        });
    }
}

#[test]
fn a_new_pair_is_used_for_new_connections() {
    let files = Files::new();
    let (server, client) = (files.serve(LOOKS_OFTEN, ""), files.client_with("client"));
    let mut established = client.begin(&server);
    established.conn.complete_io(&mut established.sock).unwrap();

    files.put("server-again");
    files.comes_to_serve(&server, &client, "server-again");

    // The one from before goes on.
    established
        .write_all(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
        .unwrap();
    let mut answer = [0; 15];
    established.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"HTTP/1.1 200 OK");
}

#[test]
fn a_broken_pair_leaves_the_old_in_use() {
    let files = Files::new();
    let (server, client) = (files.serve(LOOKS_OFTEN, ""), files.client_with("client"));
    let whole = files.read("server-again.pem");
    let broken: [&dyn Fn(); 7] = [
        &|| files.write("server.pem", &whole[..whole.len() / 2]),
        &|| files.write("server.pem", ""),
        &|| fs::remove_file(files.path("server.pem")).unwrap(),
        &|| files.put("server-expired"),
        &|| files.put("server-not-yet"),
        &|| files.put("client"),
        &|| files.put("authority"),
    ];
    // A pair may also be looked at while it is written.
    let settled = || {
        let mut length = 0;
        loop {
            let log = server.process.log();
            if log.len() == length {
                return log.matches(KEPT).count();
            }
            length = log.len();
            thread::sleep(Duration::from_millis(150));
        }
    };
    for (index, break_it) in broken.into_iter().enumerate() {
        let kept = settled();
        break_it();
        assert!(
            server.process.logs(KEPT, kept + 1),
            "{index}: {}",
            server.process.log()
        );
        assert!(files.serves(&server, &client, "server"), "{index}");
    }
    files.put("server-again");
    files.comes_to_serve(&server, &client, "server-again");
}

#[test]
fn certificate_and_key_may_come_one_after_the_other() {
    let files = Files::new();
    let (server, client) = (files.serve(LOOKS_OFTEN, ""), files.client_with("client"));
    files.write("server.pem", &files.read("server-again.pem"));
    assert!(server.process.logs(KEPT, 1), "{}", server.process.log());
    assert!(files.serves(&server, &client, "server"));
    files.write("server.key", &files.read("server-again.key"));
    files.comes_to_serve(&server, &client, "server-again");
}

/// A secret in a volume of Kubernetes: the names are links to a link, which is replaced at one stroke.
#[test]
fn a_volume_of_kubernetes_is_followed() {
    let files = Files::new();
    for (version, name) in [("..1", "server"), ("..2", "server-again")] {
        fs::create_dir(files.path(version)).unwrap();
        for kind in ["pem", "key"] {
            files.write(
                &format!("{version}/server.{kind}"),
                &files.read(&format!("{name}.{kind}")),
            );
        }
    }
    symlink("..1", files.path("..data")).unwrap();
    for name in ["server.pem", "server.key"] {
        fs::remove_file(files.path(name)).unwrap();
        symlink(format!("..data/{name}"), files.path(name)).unwrap();
    }
    let (server, client) = (files.serve(LOOKS_OFTEN, ""), files.client_with("client"));
    assert!(files.serves(&server, &client, "server"));

    symlink("..2", files.path("..data_tmp")).unwrap();
    fs::rename(files.path("..data_tmp"), files.path("..data")).unwrap();
    fs::remove_dir_all(files.path("..1")).unwrap();
    files.comes_to_serve(&server, &client, "server-again");
}

/// Another content with the same size and time: times alone would not tell.
#[test]
fn a_copy_with_the_old_time_is_noticed() {
    let files = Files::new();
    let (server, client) = (files.serve(LOOKS_OFTEN, ""), files.client_with("client"));
    let names = ["server.pem", "server.key"];
    let times = names.map(|name| fs::metadata(files.path(name)).unwrap().modified().unwrap());
    files.put("server-again");
    for (name, time) in names.iter().zip(times) {
        let file = fs::File::options().write(true).open(files.path(name)).unwrap();
        file.set_modified(time).unwrap();
    }
    files.comes_to_serve(&server, &client, "server-again");
}

#[test]
fn clients_are_checked_against_the_new_authorities() {
    let files = Files::new();
    let server = files.serve(LOOKS_OFTEN, "");
    let (old, new) = (
        files.client_with("client"),
        files.client_with("client-of-another"),
    );
    assert!(new.visit(&server).is_err());

    let other = files.read("other-authority.pem");
    files.write("ca.pem", &(files.read("authority.pem") + &other));
    files.comes_to_serve(&server, &new, "server");
    assert!(files.serves(&server, &old, "server"));

    files.write("ca.pem", &other);
    until("the old authority is still trusted", || {
        !files.serves(&server, &old, "server")
    });
    assert!(files.serves(&server, &new, "server"));
}

#[test]
fn a_server_that_looks_seldom_stops_at_once() {
    let mut server = Files::new().serve(", reload_interval: 3600", "");
    let begun = Instant::now();
    signal("TERM", server.process.id());
    assert_eq!(server.process.wait().unwrap().code(), Some(0));
    // Of the 5 s that there are.
    assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
}

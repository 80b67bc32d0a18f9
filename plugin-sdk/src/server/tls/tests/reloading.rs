//! Files that change under a running server.

use std::{fs, os::unix::fs::symlink, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    task::JoinHandle,
    time::sleep,
};

use super::{
    super::{Tls, TlsSettings},
    support::{Authority, Client, Files, PATIENCE, Pair, When, meet, serve_once},
};

const INTERVAL: Duration = Duration::from_millis(20);
/// Long enough for a change to have been noticed several times.
const A_WHILE: Duration = Duration::from_millis(300);

fn watch(tls: &Tls) -> JoinHandle<()> {
    let tls = tls.clone();
    tokio::spawn(async move { tls.watch(INTERVAL, std::future::pending()).await })
}

async fn serves(tls: &Tls, client: &Client, pair: &Pair) -> bool {
    meet(tls, client).await.0.is_ok_and(|seen| seen == pair.der())
}

async fn comes_to_serve(tls: &Tls, client: &Client, pair: &Pair) {
    let served = async {
        while !serves(tls, client, pair).await {
            sleep(INTERVAL).await;
        }
    };
    tokio::time::timeout(PATIENCE, served)
        .await
        .expect("the new certificate is not used");
}

#[tokio::test]
async fn a_new_pair_is_used_for_new_connections() {
    let files = Files::new();
    let (tls, client) = (files.load(), files.client());
    let _watch = watch(&tls);
    let (address, _server) = serve_once(&tls).await;
    let mut established = client.connect(address).await.unwrap();

    let renewed = files.authority.server(When::Now);
    files.write_server(&renewed);
    comes_to_serve(&tls, &client, &renewed).await;

    // The one from before goes on.
    established.write_all(b"still here").await.unwrap();
    let mut greeting = [0; 7];
    established.read_exact(&mut greeting).await.unwrap();
}

#[tokio::test]
async fn a_broken_pair_leaves_the_old_in_use() {
    let files = Files::new();
    let (tls, client) = (files.load(), files.client());
    let _watch = watch(&tls);
    let renewed = files.authority.server(When::Now);
    let half = &renewed.certificate[..renewed.certificate.len() / 2];
    let broken: [&dyn Fn(); 7] = [
        &|| files.write("server.pem", half),
        &|| files.write("server.pem", ""),
        &|| fs::remove_file(files.path("server.pem")).unwrap(),
        &|| files.write_server(&files.authority.server(When::Past)),
        &|| files.write_server(&files.authority.server(When::Future)),
        &|| files.write_server(&files.authority.client(When::Now)),
        &|| files.write_server(&files.authority.pair()),
    ];
    for break_it in broken {
        break_it();
        sleep(A_WHILE).await;
        assert!(serves(&tls, &client, &files.server).await);
    }
    files.write_server(&renewed);
    comes_to_serve(&tls, &client, &renewed).await;
}

#[tokio::test]
async fn certificate_and_key_may_come_one_after_the_other() {
    let files = Files::new();
    let (tls, client) = (files.load(), files.client());
    let _watch = watch(&tls);
    let renewed = files.authority.server(When::Now);
    files.write("server.pem", &renewed.certificate);
    sleep(A_WHILE).await;
    assert!(serves(&tls, &client, &files.server).await);
    files.write("server.key", &renewed.key);
    comes_to_serve(&tls, &client, &renewed).await;
}

/// A secret in a volume of Kubernetes: the names are links to a link, which is replaced at one stroke.
#[tokio::test]
async fn a_volume_of_kubernetes_is_followed() {
    let files = Files::new();
    let renewed = files.authority.server(When::Now);
    for (version, pair) in [("..1", &files.server), ("..2", &renewed)] {
        fs::create_dir(files.path(version)).unwrap();
        files.write(&format!("{version}/tls.crt"), &pair.certificate);
        files.write(&format!("{version}/tls.key"), &pair.key);
    }
    symlink("..1", files.path("..data")).unwrap();
    symlink("..data/tls.crt", files.path("tls.crt")).unwrap();
    symlink("..data/tls.key", files.path("tls.key")).unwrap();
    let settings =
        TlsSettings::new(files.path("tls.crt"), files.path("tls.key")).with_ca_bundle(files.path("ca.pem"));
    let (tls, client) = (Tls::load(settings, &["h2"]).unwrap(), files.client());
    let _watch = watch(&tls);
    assert!(serves(&tls, &client, &files.server).await);

    symlink("..2", files.path("..data_tmp")).unwrap();
    fs::rename(files.path("..data_tmp"), files.path("..data")).unwrap();
    fs::remove_dir_all(files.path("..1")).unwrap();
    comes_to_serve(&tls, &client, &renewed).await;
}

/// Another content with the same size and time: times alone would not tell.
#[tokio::test]
async fn a_copy_with_the_old_time_is_noticed() {
    let files = Files::new();
    let (tls, client) = (files.load(), files.client());
    let times = |name: &str| fs::metadata(files.path(name)).unwrap().modified().unwrap();
    let before = (times("server.pem"), times("server.key"));
    let renewed = files.authority.server(When::Now);
    files.write_server(&renewed);
    for (name, time) in [("server.pem", before.0), ("server.key", before.1)] {
        fs::File::options()
            .write(true)
            .open(files.path(name))
            .unwrap()
            .set_modified(time)
            .unwrap();
    }
    // Only now: what changed between the start and the first look counts as well.
    let _watch = watch(&tls);
    comes_to_serve(&tls, &client, &renewed).await;
}

#[tokio::test]
async fn clients_are_checked_against_the_new_authorities() {
    let files = Files::new();
    let tls = files.load();
    let _watch = watch(&tls);
    let other = Authority::new("other");
    let (old, new) = (
        files.client(),
        Client::of(&files.authority).with(&other.client(When::Now)),
    );
    assert!(meet(&tls, &new).await.0.is_err());

    files.write(
        "ca.pem",
        &format!("{}{}", files.authority.certificate, other.certificate),
    );
    comes_to_serve(&tls, &new, &files.server).await;
    assert!(serves(&tls, &old, &files.server).await);

    files.write("ca.pem", &other.certificate);
    let refused = async {
        while serves(&tls, &old, &files.server).await {
            sleep(INTERVAL).await;
        }
    };
    tokio::time::timeout(PATIENCE, refused)
        .await
        .expect("the old authority is still trusted");
    assert!(serves(&tls, &new, &files.server).await);
}

#[tokio::test]
async fn the_watcher_stops_when_it_is_told_to() {
    let tls = Files::new().load();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let watcher = tokio::spawn(async move {
        tls.watch(Duration::from_secs(3600), async {
            let _ = stopped.await;
        })
        .await;
    });
    stop.send(()).unwrap();
    tokio::time::timeout(PATIENCE, watcher)
        .await
        .expect("hangs")
        .unwrap();
}

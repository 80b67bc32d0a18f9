//! What the log says of files that change: everything, once.

use std::{
    fmt::Debug,
    sync::{Arc, Mutex},
    time::{Duration, SystemTime},
};

use tracing::{
    Event, Metadata, Subscriber,
    field::{Field, Visit},
    span,
};

use super::{
    super::{files, reload::Watched},
    support::{Files, When},
};
use crate::tls::certificate::Clock;

/// Keeps the messages of everything that is logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

impl Subscriber for Log {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }
    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }
    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
    fn event(&self, event: &Event<'_>) {
        event.record(&mut Message(event.metadata().level().to_string(), self));
    }
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}
}

struct Message<'a>(String, &'a Log);

impl Visit for Message<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        if field.name() == "message" {
            self.1.0.lock().unwrap().push(format!("{} {value:?}", self.0));
        }
    }
}

/// What is logged in a number of looks at the files.
fn looks(files: &Files, tls: &super::super::Tls, watched: &mut Watched, count: usize) -> Vec<String> {
    let log = Log::default();
    tracing::subscriber::with_default(log.clone(), || {
        for _ in 0..count {
            watched.look(&tls.shared, Duration::from_secs(1));
        }
    });
    let directory = format!("{}/", files.directory().display());
    log.0
        .lock()
        .unwrap()
        .iter()
        .map(|line| line.replace(&directory, ""))
        .collect()
}

#[test]
fn each_change_is_reported_once() {
    let files = Files::new();
    let tls = files.load();
    let mut watched = tls.shared.at_start.clone();
    let nothing: [&str; 0] = [];
    assert_eq!(looks(&files, &tls, &mut watched, 3), nothing);

    let renewed = files.authority.server(When::Now);
    files.write("server.pem", &renewed.certificate);
    // The first look only notices the change.
    assert_eq!(looks(&files, &tls, &mut watched, 1), nothing);
    let kept = "ERROR the TLS files can't be loaded again, what was loaded before stays in use: ";
    let mismatch = format!(
        "{kept}keyfile: server.key is not the key of the certificate in certfile: server.pem: name the two that belong \
         together, the server's own certificate first in its file"
    );
    assert_eq!(looks(&files, &tls, &mut watched, 5), [mismatch]);

    files.write("server.key", "");
    let lines = looks(&files, &tls, &mut watched, 5);
    assert_eq!(
        lines,
        [format!(
            "{kept}keyfile: server.key has no block BEGIN PRIVATE KEY, it has no PEM block at all: name \
                               another file"
        )]
    );

    files.write("server.key", &renewed.key);
    assert_eq!(
        looks(&files, &tls, &mut watched, 5),
        ["INFO the TLS files were loaded again"]
    );

    // The same again is no change.
    files.write("server.key", &renewed.key);
    assert_eq!(looks(&files, &tls, &mut watched, 5), nothing);
}

/// A certificate that expires, or begins to be valid, needs no new file to be judged anew.
#[test]
fn time_passing_is_a_change_too() {
    let files = Files::new();
    let tls = files.load();
    let mut watched = tls.shared.at_start.clone();
    let mut past = Clock::new(SystemTime::now());
    past.review_at = Some(SystemTime::now() - Duration::from_secs(1));
    let digest = files::Files::read(&tls.shared.settings).digest();
    watched.clone_from(&Watched::new(digest, &past));
    assert_eq!(
        looks(&files, &tls, &mut watched, 3),
        ["INFO the TLS files were loaded again"]
    );
}

#[test]
fn the_next_instant_that_matters_is_the_nearest_in_the_future() {
    let files = Files::new();
    let tls = files.load();
    let year = Duration::from_secs(365 * 24 * 3600);
    let review_at = |now: SystemTime| {
        let mut clock = Clock::new(now);
        let read = files::Files::read(&tls.shared.settings);
        let _ = super::super::load::server_config(&tls.shared.settings, &read, &[], &mut clock);
        clock.review_at
    };
    let now = SystemTime::now();
    let ends = review_at(now).expect("the certificates end some day");
    assert!(ends > now + 100 * year && ends < now + 150 * year);
    assert_eq!(review_at(ends + year), None);
}

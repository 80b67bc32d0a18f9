//! The files, read again when they change.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use super::{
    Tls,
    files::{Digest, Files},
    load::{Shared, server_config},
};
use crate::tls::certificate::Clock;

/// How often the files are looked at. They are small; what takes time is done only when they have changed.
pub(crate) const DEFAULT_RELOAD_INTERVAL: Duration = Duration::from_secs(5);

/// After a change the files must stay the same this long: most tools write one after the other, and not at one stroke.
const SETTLE: Duration = Duration::from_millis(500);

impl Tls {
    /// Looks at the files now and then, and uses what is new for new connections; established ones go on as they are. What
    /// can't be used is reported once, and the old stays in use. With a zero `interval` it never looks. Returns when `shutdown`
    /// does.
    pub(crate) async fn watch(&self, interval: Duration, shutdown: impl Future<Output = ()>) {
        if interval.is_zero() {
            return shutdown.await;
        }
        let forever = async {
            let mut watched = self.shared.at_start.clone();
            let mut pause = interval;
            loop {
                tokio::time::sleep(pause).await;
                (watched, pause) = self.look(watched, interval).await;
            }
        };
        tokio::select! {
            () = shutdown => {}
            () = forever => {}
        }
    }

    /// One look, on a thread that may block: a file system may be slow, and decrypting a key is so by intent.
    async fn look(&self, watched: Watched, interval: Duration) -> (Watched, Duration) {
        let shared = Arc::clone(&self.shared);
        let mut next = watched.clone();
        let look = tokio::task::spawn_blocking(move || {
            let pause = next.look(&shared, interval);
            (next, pause)
        });
        look.await.unwrap_or_else(|error| {
            tracing::error!(%error, "the TLS files could not be looked at");
            (watched, interval)
        })
    }
}

/// What is known of the files.
#[derive(Clone, Debug)]
pub(super) struct Watched {
    /// The files that were loaded last, successfully or not.
    judged: Digest,
    /// Other files that were seen once and have to stay the same for a while.
    settling: Option<Digest>,
    /// When the same files have to be judged again.
    review_at: Option<SystemTime>,
    /// What was reported of the files, not to be reported again.
    reported: Option<String>,
}

impl Watched {
    pub(super) fn new(digest: Digest, clock: &Clock) -> Self {
        Self {
            judged: digest,
            settling: None,
            review_at: clock.review_at,
            reported: None,
        }
    }

    /// Loads the files if they need to be. Returns the time until the next look.
    pub(super) fn look(&mut self, shared: &Shared, interval: Duration) -> Duration {
        let files = Files::read(&shared.settings);
        let digest = files.digest();
        let changed = digest != self.judged;
        if changed && self.settling != Some(digest) {
            self.settling = Some(digest);
            return SETTLE.min(interval);
        }
        self.settling = None;
        let mut clock = Clock::new(SystemTime::now());
        if changed || self.review_at.is_some_and(|review_at| clock.now >= review_at) {
            let loaded = server_config(&shared.settings, &files, &shared.alpn, &mut clock);
            self.judged = digest;
            self.review_at = clock.review_at;
            match loaded {
                Ok(config) => {
                    shared.current.send_replace(config);
                    self.reported = None;
                    tracing::info!(certfile = %shared.settings.certfile.display(), "the TLS files were loaded again");
                }
                Err(error) => {
                    let problem = error.to_string();
                    if changed || self.reported.as_ref() != Some(&problem) {
                        tracing::error!(
                            "the TLS files can't be loaded again, what was loaded before stays in use: {problem}"
                        );
                    }
                    self.reported = Some(problem);
                }
            }
        }
        interval
    }
}

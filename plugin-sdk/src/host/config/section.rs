//! Reads a section of an entry that says where a server is.

use std::{path::PathBuf, time::Duration};

use super::target::Reconnect;
use crate::{
    environment::{SECONDS, path},
    nearest::suggestion,
    yaml::{
        fields::Fields,
        node::{Content, Node},
    },
};

/// Values of a section's keys. A null is the same as no key only where it is so to hosts; what is wrong becomes a finding.
impl Fields<'_> {
    /// Notes keys that hosts ignore.
    pub(super) fn only(&mut self, known: &[&'static str]) {
        let entries = self.node.as_mapping().unwrap_or_default();
        for (key, _) in entries.iter().filter(|(key, _)| !known.contains(&key.as_str())) {
            let meant = suggestion(key, known.iter().copied());
            self.warning(key, format!("unknown key, ignored{meant}"));
        }
    }

    fn set(&self, key: &str) -> Option<&Node> {
        self.node.get(key).filter(|value| !value.is_null())
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.set(key).is_some()
    }

    /// A text, which may be empty.
    pub(super) fn text(&mut self, key: &str) -> Option<String> {
        self.optional_string(key);
        self.set(key)?.as_str().map(str::to_owned)
    }

    /// A text; an empty one is as good as none.
    pub(super) fn non_empty(&mut self, key: &str) -> Option<String> {
        self.text(key).filter(|text| !text.is_empty())
    }

    pub(super) fn flag(&mut self, key: &str, default: bool) -> bool {
        let Some(value) = self.not_null(key, "write true or false") else {
            return default;
        };
        let read = value.to_bool();
        read.unwrap_or_else(|| {
            self.wrong_type(key, "true or false", value);
            default
        })
    }

    /// A number, or a string that holds one.
    fn number(&mut self, key: &str) -> Option<f64> {
        let value = self.not_null(key, "write a number")?;
        let number = match &value.content {
            Content::Number(number) => number.as_f64(),
            Content::String(text) => text.trim().parse().ok().filter(|number: &f64| number.is_finite()),
            Content::Bool(value) => Some(f64::from(u8::from(*value))),
            _ => None,
        };
        if number.is_none() {
            self.wrong_type(key, "a number", value);
        }
        number
    }

    /// Seconds. Hosts check nothing of them; what can't be one is taken for the nearest that can.
    pub(super) fn seconds(&mut self, key: &str) -> Option<Duration> {
        const LONGEST: f64 = *SECONDS.end();
        let seconds = self.number(key)?;
        if !(0.0..=LONGEST).contains(&seconds) {
            self.warning(
                key,
                format!("{seconds} s is out of range: 0 to {LONGEST} are meant"),
            );
        }
        Some(Duration::from_secs_f64(seconds.clamp(0.0, LONGEST)))
    }

    /// `reconnect_attempts` and `reconnect_delay`.
    pub(super) fn reconnect(&mut self) -> Reconnect {
        const MOST: f64 = 1000.0;
        let mut reconnect = Reconnect::default();
        self.integer("reconnect_attempts");
        if self.has("reconnect_attempts")
            && let Some(attempts) = self.number("reconnect_attempts")
        {
            if !(0.0..=MOST).contains(&attempts) {
                self.warning(
                    "reconnect_attempts",
                    format!("{attempts} is out of range: 0 to {MOST} are meant"),
                );
            }
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "it is in range"
            )]
            let attempts = attempts.clamp(0.0, MOST) as u32;
            reconnect.attempts = attempts;
        }
        if let Some(delay) = self.seconds("reconnect_delay") {
            reconnect.delay = delay;
        }
        reconnect
    }

    /// A socket that a client of gRPC or MCP connects to.
    pub(super) fn uds(&mut self) -> Option<PathBuf> {
        let text = self.text("uds")?;
        if text.trim().is_empty() {
            self.problem("uds", "must not be blank; write the path of the server's socket");
            return None;
        }
        let path = path(&text)?;
        let parent = path.parent()?;
        match parent.metadata() {
            Ok(metadata) if metadata.is_dir() => {
                use std::os::unix::fs::PermissionsExt;
                if metadata.permissions().mode() & 0o002 != 0 {
                    let message = format!(
                        "anyone can put another socket in its place: the directory {} is writable by everyone; use one of mode \
                         0700",
                        parent.display()
                    );
                    self.warning("uds", message);
                }
                Some(path)
            }
            _ => {
                self.problem(
                    "uds",
                    format!("its directory {} does not exist", parent.display()),
                );
                None
            }
        }
    }

    /// A file that must be there.
    pub(super) fn file(&mut self, key: &str) -> Option<PathBuf> {
        let text = self.non_empty(key)?;
        let path = path(&text).filter(|path| path.is_file());
        if path.is_none() {
            self.problem(key, format!("there is no file {text}"));
        }
        path
    }
}

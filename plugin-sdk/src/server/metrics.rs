//! The metrics of the process in the text form of Prometheus ([protocol, section
//! 4.4](https://github.com/contextforge-org/plugin-sdk-rust/blob/main/docs/protocol.md#44-health-and-metrics)).
//!
//! Everything is counted with the `metrics` crate. So do authors: what their plugins count shows too, as long as the
//! recorder is the one that is installed here.

use std::{
    borrow::Cow,
    fmt::Write as _,
    sync::{Arc, OnceLock},
    time::Duration,
};

use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tokio::time::sleep;

use super::tasks::Tasks;
use crate::visible::is_hidden;

/// How often what the recorder keeps of histograms is summed up, so that it does not grow when the metrics are not read.
const UPKEEP_INTERVAL: Duration = Duration::from_secs(5);

/// `None` inside when the program has a recorder of its own.
static INSTALLED: OnceLock<Option<PrometheusHandle>> = OnceLock::new();

/// Makes this the recorder of the process, unless the program has one already. What is counted before is lost, so this comes
/// before the plugins are made.
pub(crate) fn install() {
    INSTALLED.get_or_init(|| {
        let recorder = PrometheusBuilder::new().build_recorder();
        let handle = recorder.handle();
        let is_installed = metrics::set_global_recorder(recorder).is_ok();
        if !is_installed {
            tracing::info!(
                "the program has a recorder of metrics of its own, which gets those of its plugins"
            );
        }
        is_installed.then_some(handle)
    });
}

/// The metrics as one server shows them. `Clone` is cheap.
#[derive(Clone, Debug)]
pub(crate) struct Metrics {
    /// `None` if there are none.
    info: Option<Arc<str>>,
}

impl Metrics {
    pub(crate) fn new(enabled: bool, transport: &str, ssl_enabled: bool) -> Self {
        let info = enabled.then(|| {
            format!(
                "# HELP plugin_info The plugin server\n# TYPE plugin_info gauge\n\
                 plugin_info{{server_name=\"MCP Plugin Server\",transport=\"{transport}\",ssl_enabled=\"{ssl_enabled}\"}} 1\n"
            )
            .into()
        });
        Self { info }
    }

    /// The text; nothing if metrics are switched off.
    pub(crate) fn render(&self) -> Option<String> {
        let mut text = self.info.as_deref()?.to_owned();
        match INSTALLED.get() {
            Some(Some(handle)) => text.push_str(&readable(&handle.render())),
            _ => {
                // Writing to a string does not fail.
                let _ = writeln!(
                    text,
                    "# The program has a recorder of its own; its metrics are there."
                );
            }
        }
        Some(text)
    }

    /// Keeps the recorder small for as long as the server runs.
    pub(crate) fn keep_up(&self, tasks: &mut Tasks) {
        if let (Some(_), Some(Some(handle))) = (&self.info, INSTALLED.get()) {
            let (handle, stop) = (handle.clone(), tasks.stop());
            tasks.spawn(async move {
                loop {
                    tokio::select! {
                        () = stop.clone().breaks_off() => return Ok(()),
                        () = sleep(UPKEEP_INTERVAL) => handle.run_upkeep(),
                    }
                }
            });
        }
    }
}

/// The text with what a terminal would act on written out. It stands in labels, where a backslash is two.
fn readable(text: &str) -> Cow<'_, str> {
    let is_readable = |letter: char| letter == '\n' || !is_hidden(letter);
    if text.chars().all(is_readable) {
        return text.into();
    }
    let mut readable = String::with_capacity(text.len() + 64);
    for letter in text.chars() {
        if is_readable(letter) {
            readable.push(letter);
        } else {
            readable.push('\\');
            readable.extend(letter.escape_default());
        }
    }
    readable.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_server_shows_itself_unless_metrics_are_off() {
        let text = Metrics::new(true, "http", false).render().unwrap();
        let line =
            "plugin_info{server_name=\"MCP Plugin Server\",transport=\"http\",ssl_enabled=\"false\"} 1";
        assert!(text.lines().any(|found| found == line), "{text}");
        assert_eq!(Metrics::new(false, "http", false).render(), None);
    }

    #[test]
    fn labels_show_what_a_terminal_would_act_on() {
        let text = "plugin_calls_total{plugin=\"a\u{1b}[31m\"} 1\n";
        assert_eq!(
            readable(text),
            "plugin_calls_total{plugin=\"a\\\\u{1b}[31m\"} 1\n"
        );
        assert!(matches!(readable("a 1\n"), Cow::Borrowed(_)));
    }
}

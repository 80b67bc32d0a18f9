//! A limit on log lines that repeat: what a client can cause again and again must not fill a disk.

use std::{
    borrow::Cow,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// The lines of one kind that are logged within an interval. Further ones are counted.
const LINES: u32 = 10;

const INTERVAL: Duration = Duration::from_secs(1);

/// Lines of one kind. `Clone` is cheap, and its clones count together.
#[derive(Clone, Debug)]
pub(crate) struct Repeated(Arc<Kind>);

#[derive(Debug)]
struct Kind {
    name: Cow<'static, str>,
    window: Mutex<Window>,
}

#[derive(Debug, Default)]
struct Window {
    began: Option<Instant>,
    logged: u32,
    left_out: u64,
}

impl Repeated {
    /// Lines of a kind, which is named where some of them were left out.
    pub(crate) fn new(name: impl Into<Cow<'static, str>>) -> Self {
        Self(Arc::new(Kind {
            name: name.into(),
            window: Mutex::default(),
        }))
    }

    /// Whether a line may be logged now. If not, it is counted, and the log says how many there were.
    pub(crate) fn may_log(&self) -> bool {
        let mut window = self.window();
        let passes = window.pass(Instant::now());
        match passes {
            Pass::Log { left_out } => {
                drop(window);
                self.report(left_out);
                true
            }
            Pass::LeaveOut { is_first } => {
                drop(window);
                if is_first {
                    self.report_later();
                }
                false
            }
        }
    }

    /// The report comes at the end of the interval, or where there is no runtime before the next line of the kind.
    #[cold]
    fn report_later(&self) {
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            let kind = self.clone();
            runtime.spawn(async move {
                tokio::time::sleep(INTERVAL).await;
                let left_out = std::mem::take(&mut kind.window().left_out);
                kind.report(left_out);
            });
        }
    }

    fn report(&self, left_out: u64) {
        if left_out > 0 {
            tracing::warn!(
                left_out,
                "further lines of this kind were left out: {}",
                self.0.name
            );
        }
    }

    fn window(&self) -> MutexGuard<'_, Window> {
        self.0.window.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Debug, PartialEq)]
enum Pass {
    Log { left_out: u64 },
    LeaveOut { is_first: bool },
}

impl Window {
    fn pass(&mut self, now: Instant) -> Pass {
        let is_over = self
            .began
            .is_none_or(|began| now.duration_since(began) >= INTERVAL);
        if is_over {
            self.began = Some(now);
            self.logged = 0;
        }
        if self.logged < LINES {
            self.logged += 1;
            let left_out = if is_over {
                std::mem::take(&mut self.left_out)
            } else {
                0
            };
            return Pass::Log { left_out };
        }
        self.left_out += 1;
        Pass::LeaveOut {
            is_first: self.left_out == 1,
        }
    }
}

/// Logs a line of a kind that may repeat. The kind is the text, or is named where the text differs from line to line:
/// `limited!(warn, "a message is not protobuf"; %error)`, `limited!(warn, kind: "requests over a limit"; "{message}")`.
macro_rules! limited {
    ($level:ident, kind: $kind:expr; $($event:tt)+) => {{
        static KIND: std::sync::LazyLock<$crate::repeated::Repeated> =
            std::sync::LazyLock::new(|| $crate::repeated::Repeated::new($kind));
        if KIND.may_log() {
            tracing::$level!($($event)+);
        }
    }};
    ($level:ident, $text:literal $(; $($field:tt)+)?) => {
        $crate::repeated::limited!($level, kind: $text; $($($field)+,)? $text)
    };
}
pub(crate) use limited;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_over_the_limit_are_counted_and_named_with_the_next() {
        let mut window = Window::default();
        let start = Instant::now();
        for _ in 0..LINES {
            assert_eq!(window.pass(start), Pass::Log { left_out: 0 });
        }
        assert_eq!(window.pass(start), Pass::LeaveOut { is_first: true });
        assert_eq!(
            window.pass(start + INTERVAL / 2),
            Pass::LeaveOut { is_first: false }
        );
        assert_eq!(window.pass(start + INTERVAL), Pass::Log { left_out: 2 });
        assert_eq!(window.pass(start + INTERVAL), Pass::Log { left_out: 0 });
    }
}

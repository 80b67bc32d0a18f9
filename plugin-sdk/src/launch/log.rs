//! Writing the log: by a thread of its own, so that nobody waits for standard error.
//!
//! Lines that can't be written, or that come faster than they are read, are lost and counted. The log says how many as soon as
//! it can be written again.

use std::{
    io::{self, ErrorKind, Write},
    sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError},
    thread,
    time::{Duration, Instant},
};

use tracing_subscriber::fmt::{
    format::Writer,
    time::{FormatTime, SystemTime},
};

/// Bytes of lines that wait at most while standard error is not read.
const BACKLOG: usize = 1024 * 1024;

/// Bytes of a line at most; the rest is cut off.
const LINE: usize = 16 * 1024;

/// Bytes written at once if there are several lines. What a pipe takes as a whole.
const CHUNK: usize = 4096;

/// Between two attempts on an output that is full and does not wait.
const PAUSE: Duration = Duration::from_millis(10);

/// How long the end of the process waits for lines that are not written yet.
const LAST_LINES: Duration = Duration::from_millis(500);

/// How long a panic does.
const PANIC: Duration = Duration::from_millis(10);

/// That of the process, once somebody asked for it.
static LOG: OnceLock<Option<Log>> = OnceLock::new();

/// A log.
pub(crate) struct Log(Arc<Shared>);

#[derive(Default)]
struct Shared {
    queue: Mutex<Queue>,
    changed: Condvar,
}

#[derive(Default)]
struct Queue {
    lines: Vec<u8>,
    /// Lines that found no room since the last were taken.
    lost: u64,
    is_writing: bool,
}

impl Log {
    /// The log on standard error. `None` if there is no thread for it.
    pub(crate) fn of_process() -> Option<&'static Self> {
        LOG.get_or_init(|| Self::start(io::stderr()).ok()).as_ref()
    }

    fn start(output: impl Write + Send + 'static) -> io::Result<Self> {
        let log = Self(Arc::default());
        let shared = Arc::clone(&log.0);
        let mut output = Output {
            to: output,
            is_inside_line: false,
            lost: 0,
        };
        thread::Builder::new()
            .name("log".to_owned())
            .spawn(move || shared.write(&mut output))?;
        Ok(log)
    }

    /// Adds a line, or several, which end with a line feed. Waits for nothing.
    pub(crate) fn put(&self, lines: &[u8]) {
        let cut;
        let lines = if lines.len() > LINE {
            cut = shortened(lines);
            &cut
        } else {
            lines
        };
        let mut queue = self.0.queue();
        // After a lost line none is taken until there is room again, so that the count stands where they would.
        if queue.lost > 0 || queue.lines.len() + lines.len() > BACKLOG {
            queue.lost += count(lines);
            return;
        }
        queue.lines.extend_from_slice(lines);
        if !queue.is_writing {
            self.0.changed.notify_all();
        }
    }

    /// Waits until everything is written, but not for long.
    pub(crate) fn finish(&self) {
        self.wait(LAST_LINES);
    }

    /// The same where the process may be about to abort.
    pub(crate) fn finish_panic(&self) {
        self.wait(PANIC);
    }

    fn wait(&self, patience: Duration) {
        let until = Instant::now() + patience;
        let mut queue = self.0.queue();
        while queue.is_writing || !queue.lines.is_empty() || queue.lost > 0 {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            queue = match self.0.changed.wait_timeout(queue, left) {
                Ok((queue, _)) => queue,
                Err(poisoned) => poisoned.into_inner().0,
            };
        }
    }
}

/// Waits for the last lines of the process's log where the program ends, also by a panic.
pub(crate) struct FinishOnDrop;

impl Drop for FinishOnDrop {
    fn drop(&mut self) {
        if let Some(Some(log)) = LOG.get() {
            log.finish();
        }
    }
}

/// For the subscriber. It never fails: the subscriber would print that.
impl Write for &Log {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.put(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Shared {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self, output: &mut Output<impl Write>) {
        let mut lines = Vec::new();
        loop {
            lines.clear();
            let lost = {
                let mut queue = self.queue();
                while queue.lines.is_empty() && queue.lost == 0 {
                    queue.is_writing = false;
                    self.changed.notify_all();
                    queue = self.changed.wait(queue).unwrap_or_else(PoisonError::into_inner);
                }
                queue.is_writing = true;
                std::mem::swap(&mut lines, &mut queue.lines);
                std::mem::take(&mut queue.lost)
            };
            output.write(&lines, lost);
        }
    }
}

/// Where the lines go.
struct Output<W> {
    to: W,
    /// The last line was not written to its end.
    is_inside_line: bool,
    /// Lines that the log does not tell of yet.
    lost: u64,
}

impl<W: Write> Output<W> {
    /// Writes lines, after which others were lost.
    fn write(&mut self, lines: &[u8], lost: u64) {
        if self.lost > 0 && !self.tell() {
            self.lost += count(lines) + lost;
            return;
        }
        for chunk in Chunks(lines) {
            // Each fails alone: a full disk may have room again.
            if !self.write_all(chunk) {
                self.lost += count(chunk);
            }
        }
        self.lost += lost;
        if lost > 0 {
            self.tell();
        }
    }

    /// Writes how many lines were lost. Returns whether that worked.
    fn tell(&mut self) -> bool {
        use std::fmt::Write as _;

        let mut line = String::new();
        // The time alone can fail, and nothing is lost with it.
        let _ = SystemTime.format_time(&mut Writer::new(&mut line));
        let lost = self.lost;
        let _ = writeln!(
            line,
            "  WARN {}: lines of the log were lost: standard error was not read in time, or could not be written lost={lost}",
            module_path!()
        );
        let told = self.write_all(line.as_bytes());
        if told {
            self.lost = 0;
        }
        told
    }

    fn write_all(&mut self, lines: &[u8]) -> bool {
        if self.is_inside_line && !self.write_part(b"\n") {
            return false;
        }
        self.write_part(lines)
    }

    fn write_part(&mut self, mut left: &[u8]) -> bool {
        while !left.is_empty() {
            match self.to.write(left) {
                Ok(0) => return false,
                Ok(written) => {
                    self.is_inside_line = left.get(written.wrapping_sub(1)) != Some(&b'\n');
                    left = left.get(written..).unwrap_or_default();
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => thread::sleep(PAUSE),
                Err(_) => return false,
            }
        }
        true
    }
}

/// Whole lines, several at once if they are short.
struct Chunks<'a>(&'a [u8]);

impl<'a> Iterator for Chunks<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let ends = |bytes: &[u8]| bytes.iter().rposition(|byte| *byte == b'\n');
        let end = ends(self.0.get(..CHUNK).unwrap_or(self.0))
            .or_else(|| self.0.iter().position(|byte| *byte == b'\n'))
            .map_or(self.0.len(), |end| end + 1);
        let (chunk, rest) = self.0.split_at_checked(end)?;
        self.0 = rest;
        (!chunk.is_empty()).then_some(chunk)
    }
}

fn count(lines: &[u8]) -> u64 {
    memchr::memchr_iter(b'\n', lines).count() as u64
}

fn shortened(line: &[u8]) -> Vec<u8> {
    let is_within_letter = |at: &usize| line.get(*at).is_some_and(|byte| byte & 0xc0 == 0x80);
    let end = (0..=LINE).rev().find(|at| !is_within_letter(at)).unwrap_or(0);
    let left_out = format!("… ({} bytes left out)\n", line.len() - end);
    [line.get(..end).unwrap_or_default(), left_out.as_bytes()].concat()
}

#[cfg(test)]
mod tests;

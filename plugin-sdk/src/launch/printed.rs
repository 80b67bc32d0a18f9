//! What plugins print to standard output while they are served: lines for the log. A `println!` waits for nobody, and does not
//! fail.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, PipeReader, Write},
    sync::mpsc::{Receiver, channel},
    thread,
    time::Duration,
};

use super::log::Log;

/// A part of a line that is handed on without its end.
const PART: u64 = 8 * 1024;

/// How long the end waits for what was printed last. Processes that a plugin started may go on printing.
const LAST_LINES: Duration = Duration::from_millis(200);

/// The standard output of everybody but the server itself. Dropping it hands on what was printed last.
pub(super) struct Printed {
    ended: Receiver<()>,
}

impl Printed {
    /// Puts a pipe in the place of standard output, and hands on its lines.
    pub(super) fn take() -> io::Result<Self> {
        let (reader, writer) = io::pipe()?;
        let (end, ended) = channel::<()>();
        thread::Builder::new().name("printed".to_owned()).spawn(move || {
            hand_on(reader);
            drop(end);
        })?;
        rustix::stdio::dup2_stdout(&writer)?;
        Ok(Self { ended })
    }
}

impl Drop for Printed {
    fn drop(&mut self) {
        // What has no line feed yet. Nothing can be done if it fails.
        let _ = io::stdout().flush();
        let nothing = File::options().write(true).open("/dev/null");
        if nothing.is_ok_and(|nothing| rustix::stdio::dup2_stdout(&nothing).is_ok()) {
            let _ = self.ended.recv_timeout(LAST_LINES);
        }
    }
}

fn hand_on(reader: PipeReader) {
    let mut reader = BufReader::new(reader);
    let mut line = Vec::new();
    loop {
        line.clear();
        match io::Read::take(&mut reader, PART).read_until(b'\n', &mut line) {
            Ok(0) | Err(_) => return,
            Ok(_) => {}
        }
        if !line.ends_with(b"\n") {
            line.push(b'\n');
        }
        if let Some(log) = Log::of_process() {
            log.put(&line);
        }
    }
}

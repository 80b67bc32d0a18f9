//! Lines on the standard input and output of a process that we start.

use std::{
    io::{BufRead, BufReader, Write},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    time::Duration,
};

use super::{Load, until};
use crate::{
    Result,
    measure::affinity::{Placement, on_core},
};

/// A server on pipes. It is killed when dropped.
pub(crate) struct Pipes {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    line: Vec<u8>,
}

impl Pipes {
    /// Starts a command on the core of servers.
    pub(crate) fn start(mut command: Command) -> Result<Self> {
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut child = on_core(Placement::SERVER, || Ok(command.spawn()?))?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err("a process without pipes".into());
        };
        Ok(Self {
            child,
            input,
            output: BufReader::with_capacity(256 << 10, output),
            line: Vec::new(),
        })
    }

    /// Sends a line that has no answer.
    pub(crate) fn send(&mut self, line: &str) -> Result<()> {
        Ok(self.input.write_all(format!("{line}\n").as_bytes())?)
    }

    /// Sends a line, with its end, and reads one.
    pub(crate) fn call(&mut self, line: &[u8]) -> Result<&[u8]> {
        self.input.write_all(line)?;
        self.line.clear();
        if self.output.read_until(b'\n', &mut self.line)? == 0 {
            return Err("the server closed its output".into());
        }
        Ok(&self.line)
    }

    pub(crate) fn ping_pong(&mut self, line: &[u8], sample: Duration) -> Result<Load> {
        until(sample, || {
            for _ in 0..16 {
                self.call(line)?;
            }
            Ok(16)
        })
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Pipes {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

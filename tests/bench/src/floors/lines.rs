//! MCP on standard input and output without a runtime: reads a line, answers it, reads the next.

use std::io::{BufRead, Write, stdin, stdout};

use crate::Result;
use plugin_sdk_instructions::json_rpc;

pub(super) fn serve() -> Result<()> {
    let (mut input, mut output) = (stdin().lock(), stdout().lock());
    let mut line = Vec::new();
    while input.read_until(b'\n', &mut line)? > 0 {
        let mut answer = json_rpc::handle(&line)?;
        answer.push(b'\n');
        output.write_all(&answer)?;
        output.flush()?;
        line.clear();
    }
    Ok(())
}

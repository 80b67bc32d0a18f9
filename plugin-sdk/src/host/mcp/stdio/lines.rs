//! Messages by the line, of which none is larger than a limit.

use tokio::io::{self, AsyncBufRead, AsyncBufReadExt};

/// So much of a line that is too long is kept, for its id.
const FRONT: usize = 256;

#[derive(Debug, PartialEq)]
pub(super) enum Line {
    Whole(Vec<u8>),
    /// The front of a line that is too long.
    TooLong(Vec<u8>),
    End,
}

/// Reads a line. What is left of one that is too long is read and forgotten.
pub(super) async fn next(reader: &mut (impl AsyncBufRead + Unpin), limit: usize) -> io::Result<Line> {
    let mut line = Vec::new();
    let mut is_too_long = false;
    loop {
        let available = reader.fill_buf().await?;
        if available.is_empty() {
            // A line that never ended is no message.
            return Ok(Line::End);
        }
        let end = available.iter().position(|byte| *byte == b'\n');
        let part = &available[..end.unwrap_or(available.len())];
        if !is_too_long {
            if line.len() + part.len() > limit {
                is_too_long = true;
                let missing = FRONT.saturating_sub(line.len()).min(part.len());
                line.extend_from_slice(&part[..missing]);
                line.truncate(FRONT);
            } else {
                line.extend_from_slice(part);
            }
        }
        let read = end.map_or(available.len(), |end| end + 1);
        reader.consume(read);
        if end.is_some() {
            return Ok(if is_too_long {
                Line::TooLong(line)
            } else {
                Line::Whole(line)
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn lines_are_bounded() {
        let input = format!("one\n\n{}\ntwo\nhalf", "x".repeat(3000));
        let mut reader = io::BufReader::with_capacity(7, input.as_bytes());
        for expected in [
            Line::Whole(b"one".to_vec()),
            Line::Whole(Vec::new()),
            Line::TooLong(vec![b'x'; FRONT]),
            Line::Whole(b"two".to_vec()),
            Line::End,
        ] {
            assert_eq!(next(&mut reader, 2000).await.unwrap(), expected);
        }
    }
}

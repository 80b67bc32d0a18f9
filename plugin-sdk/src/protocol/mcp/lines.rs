//! Lines out of a stream of bytes, of bounded length.

use bytes::{Buf, Bytes, BytesMut};

use super::{id::Id, request::id_of};

/// What text files of some systems begin with. It means nothing.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// One line that is not empty.
#[derive(Debug)]
pub(crate) enum Line {
    Message(Bytes),
    /// More than is read. The rest is skipped.
    TooLong {
        /// The id in what was read, if it was among that.
        id: Option<Id>,
    },
}

/// The lines in what was read so far.
#[derive(Debug)]
pub(crate) struct Lines {
    buffer: BytesMut,
    /// Length of the part of the buffer that is known to have no line feed.
    searched: usize,
    limit: usize,
    /// The end of a line that is too long is still to come.
    skips: bool,
}

impl Lines {
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            buffer: BytesMut::new(),
            searched: 0,
            limit,
            skips: false,
        }
    }

    /// Where to read to.
    pub(crate) fn buffer(&mut self) -> &mut BytesMut {
        &mut self.buffer
    }

    /// The next line that is complete.
    pub(crate) fn next(&mut self) -> Option<Line> {
        loop {
            let found = memchr::memchr(b'\n', &self.buffer[self.searched..]);
            let Some(found) = found else {
                return self.unfinished();
            };
            let mut line = self.buffer.split_to(self.searched + found + 1);
            line.truncate(line.len() - 1);
            self.searched = 0;
            if std::mem::take(&mut self.skips) {
                continue;
            }
            if let Some(line) = self.line(line.freeze()) {
                return Some(line);
            }
        }
    }

    /// What comes after the last line feed, once nothing more comes.
    pub(crate) fn rest(&mut self) -> Option<Line> {
        let rest = self.buffer.split().freeze();
        self.searched = 0;
        if self.skips { None } else { self.line(rest) }
    }

    fn line(&self, line: Bytes) -> Option<Line> {
        let line = trimmed(line);
        if line.is_empty() {
            return None;
        }
        Some(if line.len() > self.limit {
            Line::TooLong { id: id_of(&line) }
        } else {
            Line::Message(line)
        })
    }

    fn unfinished(&mut self) -> Option<Line> {
        self.searched = self.buffer.len();
        if !self.skips && self.buffer.len() <= self.limit {
            return None;
        }
        let is_new = !std::mem::replace(&mut self.skips, true);
        let line = is_new.then(|| Line::TooLong {
            id: id_of(&self.buffer),
        });
        // Also gives back the memory.
        self.buffer = BytesMut::new();
        self.searched = 0;
        line
    }
}

fn trimmed(mut line: Bytes) -> Bytes {
    if line.starts_with(BYTE_ORDER_MARK) {
        line.advance(BYTE_ORDER_MARK.len());
    }
    let end = line.trim_ascii_end().len();
    line.truncate(end);
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(line: Option<Line>) -> Option<String> {
        line.map(|line| match line {
            Line::Message(line) => String::from_utf8(line.to_vec()).unwrap(),
            Line::TooLong { id } => format!("too long: {}", id.map_or("?".to_owned(), |id| id.to_string())),
        })
    }

    #[test]
    fn lines_come_however_the_bytes_do() {
        let text = b"\xef\xbb\xbf{\"a\":1}\r\n\n \n{\"b\":2}\nrest";
        for size in 1..=text.len() {
            let mut lines = Lines::new(100);
            let mut found = Vec::new();
            for part in text.chunks(size) {
                lines.buffer().extend_from_slice(part);
                while let Some(line) = shown(lines.next()) {
                    found.push(line);
                }
            }
            assert_eq!(found, ["{\"a\":1}", "{\"b\":2}"], "{size}");
            assert_eq!(shown(lines.rest()), Some("rest".to_owned()));
            assert_eq!(shown(lines.rest()), None);
        }
    }

    #[test]
    fn a_line_that_is_too_long_is_told_once_with_its_id_and_the_next_is_read() {
        let long = "x".repeat(100);
        let with_id = format!("{{\"jsonrpc\":\"2.0\",\"id\":\"seven\",\"method\":\"{long}\"}}\n");
        let without = format!("{{\"method\":\"{long}\",\"id\":7}}\n");
        for size in [1, 7, 40, 1000] {
            let mut lines = Lines::new(60);
            let mut found = Vec::new();
            let text = [with_id.as_str(), "{}\n", without.as_str(), "{\"c\":3}\n"].concat();
            for part in text.as_bytes().chunks(size) {
                lines.buffer().extend_from_slice(part);
                assert!(lines.buffer().len() <= 60 + size);
                while let Some(line) = shown(lines.next()) {
                    found.push(line);
                }
            }
            // The id that comes after the length is only seen when the line came in one piece.
            let late = if size == 1000 {
                "too long: 7"
            } else {
                "too long: ?"
            };
            assert_eq!(found, ["too long: \"seven\"", "{}", late, "{\"c\":3}"], "{size}");
        }
        let mut lines = Lines::new(10);
        lines.buffer().extend_from_slice(long.as_bytes());
        assert!(lines.next().is_some());
        assert_eq!(shown(lines.rest()), None);
    }

    #[test]
    fn a_line_as_long_as_the_limit_is_read() {
        let mut lines = Lines::new(7);
        lines.buffer().extend_from_slice(b"{\"a\":1}\n{\"a\":12}\n");
        assert_eq!(shown(lines.next()), Some("{\"a\":1}".to_owned()));
        assert_eq!(shown(lines.next()), Some("too long: ?".to_owned()));
    }
}

//! Streams of events (`text/event-stream`), of which a server makes an answer.

/// Takes a stream apart as it comes in.
#[derive(Debug, Default)]
pub(super) struct Events {
    line: Vec<u8>,
    data: Vec<u8>,
    ended_with_return: bool,
}

impl Events {
    /// Takes in some bytes; `found` is called with the data of each event that is whole, and says whether that was the one.
    pub(super) fn push(&mut self, bytes: &[u8], mut found: impl FnMut(&[u8]) -> bool) -> bool {
        for &byte in bytes {
            // A line ends with a line feed, a carriage return, or both.
            let follows_return = std::mem::replace(&mut self.ended_with_return, byte == b'\r');
            match byte {
                b'\n' if follows_return => {}
                b'\n' | b'\r' => {
                    if self.end_line(&mut found) {
                        return true;
                    }
                }
                byte => self.line.push(byte),
            }
        }
        false
    }

    /// How much is held.
    pub(super) fn size(&self) -> usize {
        self.line.len() + self.data.len()
    }

    fn end_line(&mut self, found: &mut impl FnMut(&[u8]) -> bool) -> bool {
        if self.line.is_empty() {
            let data = std::mem::take(&mut self.data);
            return !data.is_empty() && found(&data);
        }
        if let Some(data) = self.line.strip_prefix(b"data:") {
            if !self.data.is_empty() {
                self.data.push(b'\n');
            }
            self.data
                .extend_from_slice(data.strip_prefix(b" ").unwrap_or(data));
        }
        self.line.clear();
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_come_in_any_pieces() {
        let stream = b": hello\r\n\r\nevent: message\r\ndata: one\r\n\r\ndata:two\ndata: three\n\nid: 1\rdata: four\r\r";
        for size in [1, 2, 3, 7, 100] {
            let mut events = Events::default();
            let mut all = Vec::new();
            for piece in stream.chunks(size) {
                events.push(piece, |data| {
                    all.push(String::from_utf8_lossy(data).into_owned());
                    false
                });
            }
            assert_eq!(all, ["one", "two\nthree", "four"], "{size}");
        }
    }

    #[test]
    fn it_ends_with_the_one_that_is_looked_for() {
        let mut events = Events::default();
        assert!(events.push(b"data: a\n\ndata: b\n\n", |data| data == b"a"));
    }
}

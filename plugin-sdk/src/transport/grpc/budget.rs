//! What a connection may cost beside its calls.

use tokio::time::Instant;

/// The length of what every HTTP/2 client says first.
pub(super) const PREFACE: usize = 24;

/// Three bytes of length, then type, flags and four bytes of stream.
const HEAD: usize = 9;
const SETTINGS: u8 = 4;
const ACK: u8 = 1;

/// The SETTINGS frames that a client may send in a row. Each may change the window of every stream, which takes the server a
/// thousand times as long as it takes to send. Clients send one, and a few in a second while they measure how wide the way is.
const IN_A_ROW: u32 = 100;
/// The same in a second, in the long run.
const IN_A_SECOND: u32 = 20;

/// A client has changed its settings too often.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Spent;

/// Counts the SETTINGS frames of a client, which arrive in pieces of any size.
#[derive(Debug)]
pub(super) struct Budget {
    /// The bytes until the head of the next frame.
    passed: usize,
    head: [u8; HEAD],
    read: usize,
    left: u32,
    counted_from: Instant,
}

impl Budget {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            passed: PREFACE,
            head: [0; HEAD],
            read: 0,
            left: IN_A_ROW,
            counted_from: now,
        }
    }

    /// Reads the next piece of what a client sends.
    pub(super) fn read(&mut self, mut bytes: &[u8], now: impl Fn() -> Instant) -> Result<(), Spent> {
        loop {
            let passed = self.passed.min(bytes.len());
            self.passed -= passed;
            bytes = &bytes[passed..];
            let read = bytes.len().min(HEAD - self.read);
            self.head[self.read..self.read + read].copy_from_slice(&bytes[..read]);
            self.read += read;
            bytes = &bytes[read..];
            if self.read < HEAD {
                return Ok(());
            }
            let [high, middle, low, kind, flags, ..] = self.head;
            self.passed = u32::from_be_bytes([0, high, middle, low]) as usize;
            self.read = 0;
            if kind == SETTINGS && flags & ACK == 0 {
                self.spend(now())?;
            }
        }
    }

    fn spend(&mut self, now: Instant) -> Result<(), Spent> {
        let seconds = now.duration_since(self.counted_from).as_secs();
        if seconds > 0 {
            let gained = u32::try_from(seconds)
                .unwrap_or(u32::MAX)
                .saturating_mul(IN_A_SECOND);
            self.left = self.left.saturating_add(gained).min(IN_A_ROW);
            self.counted_from = now;
        }
        self.left = self.left.checked_sub(1).ok_or(Spent)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn frame(kind: u8, flags: u8, payload: &[u8]) -> Vec<u8> {
        let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
        [&length[1..], &[kind, flags, 0, 0, 0, 0], payload].concat()
    }

    #[test]
    fn only_settings_count_in_pieces_of_any_size() {
        let settings = [
            frame(SETTINGS, 0, b"123456"),
            frame(SETTINGS, ACK, b""),
            // What looks like one within a frame.
            frame(0, 0, &frame(SETTINGS, 0, b"")),
            frame(6, 0, b"12345678"),
        ]
        .concat();
        let sent = [vec![b' '; PREFACE], settings.repeat(IN_A_ROW as usize + 1)].concat();
        let now = Instant::now();
        for piece in [1, 5, 9, 1000, usize::MAX] {
            let mut budget = Budget::new(now);
            let (all, last) = sent.split_at(sent.len() - settings.len());
            for piece in all.chunks(piece) {
                assert_eq!(budget.read(piece, || now), Ok(()));
            }
            assert_eq!(budget.left, 0);
            assert_eq!(budget.read(last, || now), Err(Spent));
        }
    }

    #[test]
    fn time_gives_some_back() {
        let now = Instant::now();
        let mut budget = Budget::new(now);
        for _ in 0..IN_A_ROW {
            assert_eq!(budget.spend(now), Ok(()));
        }
        assert_eq!(budget.spend(now + Duration::from_millis(900)), Err(Spent));
        for _ in 0..2 * IN_A_SECOND {
            assert_eq!(budget.spend(now + Duration::from_secs(2)), Ok(()));
        }
        assert_eq!(budget.spend(now + Duration::from_secs(2)), Err(Spent));
        assert_eq!(budget.spend(now + Duration::from_secs(1_000_000)), Ok(()));
        assert_eq!(budget.left, IN_A_ROW - 1);
    }
}

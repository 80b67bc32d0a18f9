//! Buffers that a connection keeps from one call to the next.

use bytes::BytesMut;

/// A buffer that grew larger than this is given back once it is empty.
const KEPT_CAPACITY: usize = 1024 * 1024;

/// Gives back a buffer that grew large, once nothing is in it. Its capacity alone does not tell: what was taken from its front is
/// no part of that, and is still there.
pub(super) fn give_back(buffer: &mut BytesMut) {
    if buffer.is_empty() && buffer.try_reclaim(KEPT_CAPACITY + 1) {
        *buffer = BytesMut::new();
    }
}

#[cfg(test)]
mod tests {
    use bytes::Buf;

    use super::*;

    #[test]
    fn only_a_large_buffer_is_given_back_and_only_when_it_is_empty() {
        let filled = |size| {
            let mut buffer = BytesMut::with_capacity(size);
            buffer.resize(size, 7);
            buffer
        };
        let kept = |mut buffer: BytesMut| {
            give_back(&mut buffer);
            buffer.try_reclaim(1)
        };
        let mut written = filled(KEPT_CAPACITY + 1);
        assert!(kept(BytesMut::with_capacity(1024)));
        written.advance(KEPT_CAPACITY);
        let rest = written.clone();
        give_back(&mut written);
        assert_eq!(written, rest);
        written.advance(1);
        assert!(!kept(written));

        let mut read = filled(KEPT_CAPACITY + 1);
        drop(read.split());
        assert!(!kept(read));
        let mut read = filled(1024);
        drop(read.split());
        assert!(kept(read));
    }
}

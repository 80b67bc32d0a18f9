//! The transports: bytes in, dispatch, bytes out. None knows another.

pub(crate) mod unix;

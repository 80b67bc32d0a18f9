//! A connection that carries one message at a time.

use std::{
    io,
    path::{Path, PathBuf},
};

use bytes::{Bytes, BytesMut};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::UnixStream,
};

use crate::protocol::frame::{Frames, Front};

/// So much is read at once.
const READ_SIZE: usize = 16 * 1024;

pub(super) struct Socket {
    pub(super) stream: UnixStream,
    pub(super) path: PathBuf,
    pub(super) frames: Frames,
    pub(super) input: BytesMut,
}

impl Socket {
    pub(super) fn new(stream: UnixStream, path: &Path, max_message_size: usize) -> Self {
        Self {
            stream,
            path: path.to_owned(),
            frames: Frames::new(max_message_size),
            input: BytesMut::new(),
        }
    }

    /// Writes whole frames.
    pub(super) async fn write(&mut self, frames: &[u8]) -> io::Result<()> {
        self.stream.write_all(frames).await
    }

    /// Reads one message, or the size of one that is over the limit.
    pub(super) async fn read(&mut self) -> Result<Result<Bytes, usize>, String> {
        loop {
            match self.frames.take(&mut self.input) {
                Front::Frame(message) => return Ok(Ok(message)),
                Front::TooLarge { size, .. } => return Ok(Err(size)),
                Front::NoFrame(size) => {
                    return Err(format!("the answer begins with a length of {size} bytes"));
                }
                Front::Incomplete => {}
            }
            self.input.reserve(READ_SIZE);
            match self.stream.read_buf(&mut self.input).await {
                Ok(0) => return Err("the server closed the connection".to_owned()),
                Ok(_) => {}
                Err(error) => return Err(error.to_string()),
            }
        }
    }

    /// Whether nothing came, not even the end, since the last answer.
    pub(super) fn is_fresh(&self) -> bool {
        let mut byte = [0];
        let nothing = self.stream.try_read(&mut byte);
        self.input.is_empty() && matches!(nothing, Err(error) if error.kind() == io::ErrorKind::WouldBlock)
    }
}

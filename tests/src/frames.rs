//! A client for the raw Unix socket that knows frames and nothing of what is in them.

use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

/// Longer than any answer takes; a test that waits for more has found a hang.
const PATIENCE: Duration = Duration::from_secs(20);

/// A connection on which frames go out and come in ([protocol, section
/// 3.1](https://github.com/contextforge-org/plugin-sdk-rust/blob/main/docs/protocol.md#31-frames)).
#[derive(Debug)]
pub struct FrameClient {
    stream: UnixStream,
}

impl FrameClient {
    /// Connects to the socket at `path`.
    ///
    /// # Errors
    ///
    /// When nobody listens there.
    pub fn connect(path: &Path) -> io::Result<Self> {
        let stream = UnixStream::connect(path)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        Ok(Self { stream })
    }

    /// The same connection once more, for another thread.
    ///
    /// # Errors
    ///
    /// When the system has no descriptors left.
    pub fn split(&self) -> io::Result<Self> {
        Ok(Self {
            stream: self.stream.try_clone()?,
        })
    }

    /// Sends bytes as they are: part of a frame, several frames, a length without a message.
    ///
    /// # Errors
    ///
    /// When the server closed the connection, or does not read.
    pub fn send_bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes)
    }

    /// Sends one message.
    ///
    /// # Errors
    ///
    /// Those of [`send_bytes`](Self::send_bytes), and a message whose length does not fit its four bytes.
    pub fn send(&mut self, message: &[u8]) -> io::Result<()> {
        self.send_bytes(&frame(message)?)
    }

    /// Receives one message; `None` when the server closed the connection instead.
    ///
    /// # Errors
    ///
    /// When nothing comes, or the connection ends within a frame.
    pub fn receive(&mut self) -> io::Result<Option<Vec<u8>>> {
        let mut length = [0; 4];
        if !self.read_or_end(&mut length)? {
            return Ok(None);
        }
        let mut message = vec![0; u32::from_be_bytes(length) as usize];
        self.stream.read_exact(&mut message)?;
        Ok(Some(message))
    }

    /// Sends one message and receives the answer.
    ///
    /// # Errors
    ///
    /// Those of [`send`](Self::send) and [`receive`](Self::receive), and a connection that is closed instead.
    pub fn call(&mut self, message: &[u8]) -> io::Result<Vec<u8>> {
        self.send(message)?;
        self.receive()?.ok_or_else(|| {
            io::Error::new(
                io::ErrorKind::UnexpectedEof,
                "the server closed the connection without an answer",
            )
        })
    }

    /// Ends the connection in the direction of the server, which then sees the end of the stream.
    ///
    /// # Errors
    ///
    /// When the connection is gone already.
    pub fn finish_sending(&mut self) -> io::Result<()> {
        self.stream.shutdown(std::net::Shutdown::Write)
    }

    fn read_or_end(&mut self, buffer: &mut [u8]) -> io::Result<bool> {
        let read = match self.stream.read(buffer) {
            Ok(read) => read,
            // A server that closes with unread bytes resets the connection.
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => 0,
            Err(error) => return Err(error),
        };
        if read == 0 {
            return Ok(false);
        }
        self.stream.read_exact(&mut buffer[read..])?;
        Ok(true)
    }
}

/// A message with its length in front.
///
/// # Errors
///
/// When the length does not fit its four bytes.
pub fn frame(message: &[u8]) -> io::Result<Vec<u8>> {
    let length = u32::try_from(message.len())
        .map_err(|_| io::Error::new(io::ErrorKind::InvalidInput, "the message is too long for a frame"))?;
    Ok([&length.to_be_bytes(), message].concat())
}

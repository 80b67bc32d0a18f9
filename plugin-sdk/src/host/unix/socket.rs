//! A connection that carries one message at a time.

use std::{future::poll_fn, io};

use bytes::Bytes;

use crate::{protocol::frame::Front, stream::framed::Framed};

/// Writes what was put.
pub(super) async fn flush(socket: &mut Framed) -> Result<(), String> {
    let write = async {
        while !socket.write(0)? {
            socket.stream.writable().await?;
        }
        io::Result::Ok(())
    };
    write.await.map_err(|error| error.to_string())
}

/// Reads one message, or the size of one that is over the limit.
pub(super) async fn read(socket: &mut Framed) -> Result<Result<Bytes, usize>, String> {
    loop {
        match socket.input.take() {
            Front::Frame(message) => return Ok(Ok(message)),
            Front::TooLarge { size, .. } => return Ok(Err(size)),
            Front::NoFrame(size) => {
                return Err(format!("the answer begins with a length of {size} bytes"));
            }
            Front::Incomplete if socket.input.at_end() => {
                return Err("the server closed the connection".to_owned());
            }
            Front::Incomplete => {}
        }
        poll_fn(|task| socket.poll_read(task))
            .await
            .map_err(|error| error.to_string())?;
    }
}

/// Whether nothing came, not even the end, since the last answer.
pub(super) fn is_fresh(socket: &mut Framed) -> bool {
    socket.input.is_empty() && matches!(socket.read_now(), Ok(false)) && !socket.input.at_end()
}

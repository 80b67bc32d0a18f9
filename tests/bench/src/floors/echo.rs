//! Frames on a Unix socket, each answered with the same bytes: what tokio and the socket cost.

use std::path::Path;

use bytes::{Buf, BytesMut};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{UnixListener, UnixStream},
};

use crate::{Result, load::frames};

pub(super) async fn serve(socket: &Path, answer: &[u8]) -> Result<()> {
    let listener = UnixListener::bind(socket)?;
    let answer: std::sync::Arc<[u8]> = frames::frame(answer)?.into();
    loop {
        let (stream, _) = listener.accept().await?;
        let answer = answer.clone();
        tokio::spawn(async move {
            // A client that goes away is the end of its connection.
            let _ = answer_frames(stream, &answer).await;
        });
    }
}

/// Answers all the frames that one read brings with one write.
async fn answer_frames(mut stream: UnixStream, answer: &[u8]) -> Result<()> {
    let mut input = BytesMut::with_capacity(64 << 10);
    let mut output = Vec::new();
    while stream.read_buf(&mut input).await? > 0 {
        while let Some(length) = frames::complete(&input) {
            input.advance(length);
            output.extend_from_slice(answer);
        }
        if !output.is_empty() {
            stream.write_all(&output).await?;
            output.clear();
        }
    }
    Ok(())
}

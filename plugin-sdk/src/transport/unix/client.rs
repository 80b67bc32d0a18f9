//! Calls a hook over a socket, for `invoke --transport unix`: the bytes are a host's, from one end of the socket to the other.

use std::{error::Error, io, path::Path};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::UnixStream,
};

use crate::transport::JsonCall;

/// Calls a hook and gives its answer in the form that MCP has.
pub(crate) async fn invoke(path: &Path, call: &JsonCall<'_>) -> Result<String, String> {
    call.over_socket(path, exchange).await
}

async fn exchange(mut stream: UnixStream, request: &[u8]) -> Result<Vec<u8>, Box<dyn Error + Send + Sync>> {
    let length = u32::try_from(request.len())?;
    stream.write_all(&length.to_be_bytes()).await?;
    stream.write_all(request).await?;
    let length = stream.read_u32().await?;
    let mut response = Vec::new();
    stream.take(length.into()).read_to_end(&mut response).await?;
    if response.len() < length as usize {
        return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
    }
    Ok(response)
}

//! Calls a hook over a socket, for `invoke --transport unix`: the bytes are a host's, from one end of the socket to the other.

use std::{io, path::Path};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::UnixStream,
};

use crate::{
    limits::Limits,
    transport::client::{answer, request},
};

/// Calls a hook and gives its answer in the form that MCP has.
pub(crate) async fn invoke_over_socket(
    path: &Path,
    hook_type: &str,
    plugin_name: &str,
    payload: &str,
    context: &str,
    limits: &Limits,
) -> Result<String, String> {
    let request = request(hook_type, plugin_name, payload, context, limits)?;
    let response = exchange(path, &request)
        .await
        .map_err(|error| format!("the call over {} failed: {error}", path.display()))?;
    answer(&response, limits)
}

async fn exchange(path: &Path, request: &[u8]) -> io::Result<Vec<u8>> {
    let mut stream = UnixStream::connect(path).await?;
    let length = u32::try_from(request.len()).map_err(io::Error::other)?;
    stream.write_all(&length.to_be_bytes()).await?;
    stream.write_all(request).await?;
    let length = stream.read_u32().await?;
    let mut response = Vec::new();
    stream.take(length.into()).read_to_end(&mut response).await?;
    if response.len() < length as usize {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(response)
}

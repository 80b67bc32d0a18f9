//! Calls a hook as a host does, for `invoke --transport http` and `stdio`: `tools/call` of `invoke_hook`.

use std::{error::Error, path::Path, sync::Arc};

use bytes::Bytes;
use http::{Request, header};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{UnixStream, unix::pipe},
};

use super::stdio::serve_pipes;
use crate::{dispatch::Dispatcher, transport::JsonCall};

type Failure = Box<dyn Error + Send + Sync>;

/// Calls a hook over a socket on which a server of HTTP listens.
pub(crate) async fn invoke(path: &Path, call: &JsonCall<'_>) -> Result<String, String> {
    over_socket(path, call)
        .await
        .map_err(|error| format!("the call over {} failed: {error}", path.display()))
}

async fn over_socket(path: &Path, call: &JsonCall<'_>) -> Result<String, Failure> {
    let stream = UnixStream::connect(path).await?;
    let (mut client, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let connection = tokio::spawn(connection);
    let request = Request::post("/mcp")
        .header(header::HOST, "localhost")
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::ACCEPT, "application/json, text/event-stream")
        .body(Full::new(Bytes::from(request(call)?)))?;
    let response = client.send_request(request).await?;
    let body = response.into_body().collect().await?.to_bytes();
    drop(client);
    connection.abort();
    answer(&body)
}

/// Calls a hook over pipes, with the server on the other side of them in the same process.
pub(crate) async fn invoke_over_pipes(
    dispatcher: &Arc<Dispatcher>,
    call: &JsonCall<'_>,
) -> Result<String, String> {
    over_pipes(dispatcher, call)
        .await
        .map_err(|error| format!("the call over pipes failed: {error}"))
}

async fn over_pipes(dispatcher: &Arc<Dispatcher>, call: &JsonCall<'_>) -> Result<String, Failure> {
    let (mut to_server, input) = pipe::pipe()?;
    let (output, from_server) = pipe::pipe()?;
    let server = tokio::spawn(serve_pipes((input, output), Arc::clone(dispatcher)));
    let mut request = request(call)?;
    // A message is one line, and payload and context are as somebody wrote them. No string of JSON has these two in it.
    for byte in &mut request {
        if matches!(byte, b'\n' | b'\r') {
            *byte = b' ';
        }
    }
    request.push(b'\n');
    // Both at once: a large answer may have to be read while the request is still written.
    let exchange = async {
        let write = async {
            to_server.write_all(&request).await?;
            Ok::<_, Failure>(())
        };
        let read = async {
            let mut line = Vec::new();
            let limit = u64::try_from(call.limits.max_message_size)?.saturating_mul(8);
            BufReader::new(from_server.take(limit))
                .read_until(b'\n', &mut line)
                .await?;
            Ok(line)
        };
        let ((), line) = tokio::try_join!(write, read)?;
        answer(&line)
    };
    let answer = exchange.await;
    drop(to_server);
    server.await??;
    answer
}

fn request(call: &JsonCall<'_>) -> serde_json::Result<Vec<u8>> {
    #[derive(Serialize)]
    struct Message<'a> {
        jsonrpc: &'a str,
        id: u8,
        method: &'a str,
        params: Params<'a>,
    }
    #[derive(Serialize)]
    struct Params<'a> {
        name: &'a str,
        arguments: Arguments<'a>,
    }
    #[derive(Serialize)]
    struct Arguments<'a> {
        hook_type: &'a str,
        plugin_name: &'a str,
        payload: &'a RawValue,
        context: &'a RawValue,
    }

    serde_json::to_vec(&Message {
        jsonrpc: "2.0",
        id: 1,
        method: "tools/call",
        params: Params {
            name: "invoke_hook",
            arguments: Arguments {
                hook_type: call.hook_type,
                plugin_name: call.plugin_name,
                payload: serde_json::from_str(call.payload)?,
                context: serde_json::from_str(call.context)?,
            },
        },
    })
}

/// The first text of an answer, which is what hosts read.
fn answer(message: &[u8]) -> Result<String, Failure> {
    #[derive(Deserialize)]
    struct Message {
        result: Option<CallResult>,
        error: Option<CallError>,
    }
    #[derive(Deserialize)]
    struct CallResult {
        content: Vec<Block>,
    }
    #[derive(Deserialize)]
    struct Block {
        text: Option<String>,
    }
    #[derive(Deserialize)]
    struct CallError {
        code: i64,
        message: String,
    }

    let message: Message =
        serde_json::from_slice(message).map_err(|error| format!("the answer can't be read: {error}"))?;
    match message {
        Message {
            error: Some(error), ..
        } => Err(format!("error {}: {}", error.code, error.message).into()),
        Message {
            result: Some(result), ..
        } => result
            .content
            .into_iter()
            .find_map(|block| block.text)
            .ok_or_else(|| "the answer has no text".into()),
        _ => Err("the answer has neither a result nor an error".into()),
    }
}

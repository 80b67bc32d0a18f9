//! HTTP/1.1 on bare hyper: an answer that is ready, and the least that answers a call of MCP in full.

use std::{convert::Infallible, future::Future, net::Ipv4Addr};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{
    Request, Response,
    body::Incoming,
    header::{CONTENT_TYPE, HeaderValue},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

use crate::Result;
use plugin_sdk_instructions::json_rpc;

/// Answers every request with the same bytes.
pub(super) async fn serve_fixed(port: u16, answer: Vec<u8>) -> Result<()> {
    let answer = Bytes::from(answer);
    serve(port, move |request| {
        let answer = answer.clone();
        async move {
            // A connection goes on after its request is read.
            request.into_body().collect().await.ok();
            answer
        }
    })
    .await
}

/// Reads the request, calls the hook, writes the answer.
pub(super) async fn serve_json_rpc(port: u16) -> Result<()> {
    serve(port, |request| async move {
        let Ok(body) = request.into_body().collect().await else {
            return Bytes::new();
        };
        json_rpc::handle(&body.to_bytes()).unwrap_or_default().into()
    })
    .await
}

async fn serve<F>(
    port: u16,
    handle: impl Fn(Request<Incoming>) -> F + Clone + Send + Sync + 'static,
) -> Result<()>
where
    F: Future<Output = Bytes> + Send,
{
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let handle = handle.clone();
        tokio::spawn(async move {
            let service = service_fn(|request| {
                let body = handle(request);
                async move {
                    let mut response = Response::new(Full::new(body.await));
                    let json = HeaderValue::from_static("application/json");
                    response.headers_mut().insert(CONTENT_TYPE, json);
                    Ok::<_, Infallible>(response)
                }
            });
            // A client that goes away is the end of its connection.
            let _ = http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}

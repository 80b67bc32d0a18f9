//! What a request of gRPC is known by, before its message.

use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, header};
use tonic::Status;

use super::calls::Answering;

const CONTENT_TYPE: &[u8] = b"application/grpc";

/// The answer to what is no request of gRPC (its specification, "PROTOCOL-HTTP2"): a status of HTTP for other clients, and one of
/// gRPC for its own.
pub(super) fn refusal<B>(request: &Request<B>) -> Option<Answering> {
    let (http, status, allow) = if request.method() != Method::POST {
        let status = Status::internal("a request of gRPC has the method POST");
        (StatusCode::METHOD_NOT_ALLOWED, status, Some("POST"))
    } else if !is_grpc(request.headers()) {
        let status = Status::internal("a request of gRPC has the content-type application/grpc");
        (StatusCode::UNSUPPORTED_MEDIA_TYPE, status, None)
    } else {
        return None;
    };
    tracing::debug!("a request is refused: {}", status.message());
    let mut response = status.into_http();
    *response.status_mut() = http;
    if let Some(allow) = allow {
        response
            .headers_mut()
            .insert(header::ALLOW, HeaderValue::from_static(allow));
    }
    Some(Box::pin(async { Ok(response) }))
}

/// Whether the type is that of gRPC, with or without the name of a format. `application/grpc-web` is another protocol.
fn is_grpc(headers: &HeaderMap) -> bool {
    let content_type = headers
        .get(header::CONTENT_TYPE)
        .map_or(&[][..], HeaderValue::as_bytes);
    content_type.get(..CONTENT_TYPE.len()).is_some_and(|begin| {
        begin.eq_ignore_ascii_case(CONTENT_TYPE)
            && matches!(
                content_type.get(CONTENT_TYPE.len()),
                None | Some(b'+' | b';' | b' ')
            )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_types() {
        let is_grpc = |value: &'static str| {
            is_grpc(&HeaderMap::from_iter([(
                header::CONTENT_TYPE,
                HeaderValue::from_static(value),
            )]))
        };
        for value in [
            "application/grpc",
            "application/grpc+proto",
            "application/grpc; charset=utf-8",
            "Application/GRPC+proto;a=b",
        ] {
            assert!(is_grpc(value), "{value}");
        }
        for value in [
            "",
            "application/grp",
            "application/grpc-web+proto",
            "application/json",
            "text/plain",
        ] {
            assert!(!is_grpc(value), "{value}");
        }
        assert!(!super::is_grpc(&HeaderMap::new()));
    }
}

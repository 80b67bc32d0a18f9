//! What a status of gRPC means to a call.

use std::error::Error;

use h2::Reason;
use tonic::{Code, Status};

use super::connection::SendError;
use crate::{
    error::INTERNAL_ERROR,
    host::{
        connect::is_refusal,
        transport::{Failure, Request},
    },
    protocol::error::ReportedError,
};

/// The failure that a status stands for. `place` is the address of the server.
pub(super) fn failure(status: &Status, place: &str, request: &Request<'_>) -> Failure {
    // A status with a source was not sent by the server: it is made up here of what happened to the connection.
    if let Some(source) = status.source() {
        let refusal = is_refusal(source);
        if refusal.is_some() || is_unseen(source) {
            request.mark_unseen();
        }
        let what = refusal.unwrap_or_else(|| innermost(source));
        return Failure::Connection(format!("{place}: {what}"));
    }
    let message = format!("{place}: gRPC status {:?}: {}", status.code(), status.message());
    match status.code() {
        Code::ResourceExhausted | Code::OutOfRange => Failure::TooLarge(message),
        Code::DeadlineExceeded => Failure::Timeout(None),
        // A server may have begun when it finds that it has to end.
        Code::Unavailable | Code::Cancelled | Code::Aborted | Code::DataLoss => Failure::Connection(message),
        Code::Ok | Code::Internal => Failure::Invalid(message),
        code => {
            let error = Box::new(ReportedError {
                message,
                code: format!("{code:?}"),
                mcp_error_code: INTERNAL_ERROR,
                ..ReportedError::default()
            });
            match code {
                Code::Unimplemented
                | Code::Unauthenticated
                | Code::PermissionDenied
                | Code::InvalidArgument => Failure::Refused(error),
                _ => Failure::Failed(error),
            }
        }
    }
}

/// Whether it is certain that the server did not act on the request.
fn is_unseen(error: &(dyn Error + 'static)) -> bool {
    chain(error).any(|error| {
        if let Some(error) = error.downcast_ref::<SendError>() {
            return !error.was_sent;
        }
        error.downcast_ref::<h2::Error>().is_some_and(|error| {
            // h2 gives a GOAWAY of the server to the streams above the last one that the server will act on.
            error.is_remote() && (error.reason() == Some(Reason::REFUSED_STREAM) || error.is_go_away())
        })
    })
}

fn innermost(error: &(dyn Error + 'static)) -> String {
    chain(error).last().map(ToString::to_string).unwrap_or_default()
}

fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    let mut next = Some(error);
    std::iter::from_fn(move || {
        let error = next?;
        next = error.source();
        Some(error)
    })
}

//! Connecting, and finding out whether the server knows envelopes.

use std::{path::Path, sync::Arc, time::Duration};

use bytes::Bytes;
use tokio::{net::UnixStream, sync::Semaphore};

use super::{Server, pool::Pool, shared::Shared, socket};
use crate::{
    host::{settings::HostSettings, transport::Failure},
    protocol::{
        envelope::{self, Envelope, Kind},
        response,
    },
    stream::framed::Framed,
};

/// The id of the question, which no call has.
const QUESTION: u64 = 1;

/// Connects, and asks the server in an envelope whether it is up. One that does not know envelopes says so, in an answer
/// without an envelope.
pub(super) async fn connect(
    path: &Path,
    settings: &HostSettings,
    permits: &Arc<Semaphore>,
) -> Result<Server, Failure> {
    let mut socket = open(path, settings).await?;
    let answer = within(settings.connect_timeout, path, ask(&mut socket)).await?;
    match Envelope::read(&answer) {
        Ok(Some(envelope)) if envelope.id == QUESTION => {
            let theirs = envelope
                .max_in_flight
                .and_then(|calls| usize::try_from(calls).ok());
            let calls = theirs
                .unwrap_or(usize::MAX)
                .clamp(1, settings.max_calls_in_flight.max(1));
            Ok(Server::Envelopes(Shared::start(socket, path, calls)))
        }
        Ok(None) if response::is_unknown_message(&answer) => {
            Ok(Server::Bare(Arc::new(Pool::new(socket, settings, permits))))
        }
        _ => Err(Failure::Invalid(format!(
            "{}: what listens there does not speak the protocol of plugins",
            path.display()
        ))),
    }
}

/// Opens a connection.
pub(super) async fn open(path: &Path, settings: &HostSettings) -> Result<Framed, Failure> {
    let connecting = async { UnixStream::connect(path).await.map_err(|error| error.to_string()) };
    let stream = within(settings.connect_timeout, path, connecting).await?;
    Ok(Framed::new(stream, settings.max_message_size))
}

async fn ask(socket: &mut Framed) -> Result<Bytes, String> {
    envelope::put(socket.output.buffer(), QUESTION, Kind::Health, &[], None);
    socket::flush(socket).await?;
    match socket::read(socket).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(size)) => Err(format!("its first answer has {size} bytes")),
        Err(message) => Err(message),
    }
}

async fn within<T>(
    limit: Duration,
    path: &Path,
    future: impl Future<Output = Result<T, String>>,
) -> Result<T, Failure> {
    match tokio::time::timeout(limit, future).await {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(message)) => Err(Failure::Connection(format!("{}: {message}", path.display()))),
        Err(_) => Err(Failure::Connection(format!(
            "{}: no connection within {} s",
            path.display(),
            limit.as_secs_f64()
        ))),
    }
}

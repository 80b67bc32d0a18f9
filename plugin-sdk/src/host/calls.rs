//! Calls over any transport: the deadline, retries, and what a failure means to the caller.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use bytes::Bytes;
use tokio::time::{Instant, sleep, timeout_at};

use super::{
    backoff::Backoff,
    call::CallOptions,
    config::target::Reconnect,
    error::CallError,
    settings::HostSettings,
    transport::{Failure, Method, Request, Transport},
};

/// The deadline of a call that has none.
const FOR_EVER: Duration = Duration::from_secs(30 * 365 * 24 * 60 * 60);

/// A transport, and how calls over it are made.
pub(super) struct Calls {
    pub(super) transport: Box<dyn Transport>,
    pub(super) reconnect: Reconnect,
    pub(super) timeout: Duration,
    pub(super) settings: HostSettings,
    pub(super) closed: AtomicBool,
}

impl Calls {
    /// Sends a request and gives its answer. It is sent again as long as the server can't have seen it, or the caller allows it;
    /// there are pauses in between, and all of it ends with the deadline.
    pub(super) async fn make(
        &self,
        method: Method,
        plugin_name: &str,
        message: Bytes,
        options: CallOptions,
    ) -> Result<Bytes, CallError> {
        let limit = self.settings.max_message_size;
        if message.len() > limit {
            let message = format!(
                "the request has {} bytes, more than the {limit} that may be sent",
                message.len()
            );
            return Err(CallError::TooLarge { message });
        }
        let after = options.timeout.unwrap_or(self.timeout);
        let now = Instant::now();
        let deadline = now.checked_add(after).unwrap_or(now + FOR_EVER);
        let mut backoff = Backoff::new(&self.reconnect, self.settings.max_backoff);
        loop {
            if self.closed.load(Ordering::Acquire) {
                return Err(CallError::Closed);
            }
            let request = Request::new(method, plugin_name, message.clone());
            let outcome = timeout_at(deadline, self.transport.exchange(&request)).await;
            let may_be_seen = request.may_be_seen();
            let error = match outcome {
                Ok(Ok(answer)) => return Ok(answer),
                Ok(Err(failure)) => call_error(failure, plugin_name, after, may_be_seen),
                Err(_) => return Err(CallError::Timeout { after, may_be_seen }),
            };
            if self.closed.load(Ordering::Acquire) && !error.may_be_seen() {
                return Err(CallError::Closed);
            }
            let is_worth_another = match error {
                CallError::Unreachable { .. } => true,
                CallError::ConnectionLost { .. } => options.repeatable,
                _ => false,
            };
            let pause = backoff.next().filter(|_| is_worth_another);
            // A pause beyond the deadline would only turn what is known into a timeout.
            match pause.filter(|pause| Instant::now() + *pause < deadline) {
                Some(pause) => sleep(pause).await,
                None => return Err(error),
            }
        }
    }
}

fn call_error(failure: Failure, plugin_name: &str, after: Duration, may_be_seen: bool) -> CallError {
    match failure {
        Failure::Connection(message) if may_be_seen => CallError::ConnectionLost { message },
        Failure::Connection(message) => CallError::Unreachable { message },
        Failure::TooLarge(message) => CallError::TooLarge { message },
        Failure::Refused(error) => CallError::Refused(error),
        Failure::Invalid(message) => CallError::InvalidAnswer { message },
        Failure::Failed(error) if !may_be_seen => CallError::Refused(error),
        Failure::Failed(mut error) => {
            plugin_name.clone_into(&mut error.plugin_name);
            CallError::Plugin(error)
        }
        Failure::Timeout(sooner) => CallError::Timeout {
            after: sooner.unwrap_or(after),
            may_be_seen,
        },
    }
}

//! Sessions for clients that need one, bounded in number and in the time that nothing happens in them.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use rmcp::{
    model::{ClientJsonRpcMessage, ServerJsonRpcMessage},
    transport::streamable_http_server::session::{
        ServerSseMessage, SessionId, SessionManager,
        local::{LocalSessionManager, LocalSessionManagerError},
    },
};
use tokio_stream::Stream;

use crate::repeated::limited;

/// The library's sessions, of which there are never more than so many: a further one takes the place of another.
pub(super) struct BoundedSessions {
    inner: LocalSessionManager,
    most: usize,
    uses: Mutex<HashMap<SessionId, Use>>,
    /// When it was last said that there are too many.
    told: Mutex<Option<Instant>>,
}

/// A flood of sessions is one line in the log in this time.
const LOG_INTERVAL: Duration = Duration::from_secs(10);

/// Sessions that nobody came back to, which is what a client leaves behind that only ever begins, have one part in so many of the
/// places. Beyond it, they make room for each other; below it, the session that was used longest ago does.
const NEW_SHARE: usize = 4;

/// How a session is used.
#[derive(Clone, Copy, Debug)]
struct Use {
    was_called: bool,
    last: Instant,
}

impl BoundedSessions {
    pub(super) fn new(most: usize, idle_timeout: Duration) -> Self {
        let mut inner = LocalSessionManager::default();
        inner.session_config.keep_alive = Some(idle_timeout);
        // Streams are not taken up again, and some clients stumble over the event that would let them.
        inner.session_config.sse_retry = None;
        Self {
            inner,
            most: most.max(1),
            uses: Mutex::default(),
            told: Mutex::default(),
        }
    }

    fn uses(&self) -> MutexGuard<'_, HashMap<SessionId, Use>> {
        self.uses.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, id: &SessionId, was_called: bool) {
        let mut uses = self.uses();
        if let Some(used) = uses.get_mut(id) {
            used.was_called |= was_called;
            used.last = Instant::now();
        }
    }

    fn tell(&self) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.is_none_or(|last| last.elapsed() >= LOG_INTERVAL) {
            *told = Some(Instant::now());
            limited!(warn, kind: "sessions over the limit"; "there are {} sessions (PLUGINS_SERVER_MAX_SESSIONS); further ones take the place of others",
                self.most);
        }
    }

    /// The session that must go for another to come.
    fn surplus(&self) -> Option<SessionId> {
        let uses = self.uses();
        if uses.len() < self.most {
            return None;
        }
        let new = uses.values().filter(|used| !used.was_called).count();
        let new_must_go = new >= (self.most / NEW_SHARE).max(1) || new == uses.len();
        let (id, _) = uses
            .iter()
            .filter(|(_, used)| used.was_called != new_must_go)
            .min_by_key(|(_, used)| used.last)?;
        Some(id.clone())
    }
}

impl SessionManager for BoundedSessions {
    type Error = LocalSessionManagerError;
    type Transport = <LocalSessionManager as SessionManager>::Transport;

    async fn create_session(&self) -> Result<(SessionId, Self::Transport), Self::Error> {
        while let Some(id) = self.surplus() {
            self.tell();
            self.close_session(&id).await?;
        }
        let (id, transport) = self.inner.create_session().await?;
        let new = Use {
            was_called: false,
            last: Instant::now(),
        };
        self.uses().insert(id.clone(), new);
        Ok((id, transport))
    }

    async fn initialize_session(
        &self,
        id: &SessionId,
        message: ClientJsonRpcMessage,
    ) -> Result<ServerJsonRpcMessage, Self::Error> {
        self.inner.initialize_session(id, message).await
    }

    async fn has_session(&self, id: &SessionId) -> Result<bool, Self::Error> {
        self.inner.has_session(id).await
    }

    async fn close_session(&self, id: &SessionId) -> Result<(), Self::Error> {
        self.uses().remove(id);
        self.inner.close_session(id).await
    }

    async fn create_stream(
        &self,
        id: &SessionId,
        message: ClientJsonRpcMessage,
    ) -> Result<impl Stream<Item = ServerSseMessage> + Send + Sync + 'static, Self::Error> {
        self.note(id, true);
        self.inner.create_stream(id, message).await
    }

    async fn accept_message(&self, id: &SessionId, message: ClientJsonRpcMessage) -> Result<(), Self::Error> {
        self.note(id, false);
        self.inner.accept_message(id, message).await
    }

    async fn create_standalone_stream(
        &self,
        id: &SessionId,
    ) -> Result<impl Stream<Item = ServerSseMessage> + Send + Sync + 'static, Self::Error> {
        self.note(id, false);
        self.inner.create_standalone_stream(id).await
    }

    async fn resume(
        &self,
        id: &SessionId,
        last_event_id: String,
    ) -> Result<impl Stream<Item = ServerSseMessage> + Send + Sync + 'static, Self::Error> {
        self.note(id, false);
        self.inner.resume(id, last_event_id).await
    }
}

//! Streamable HTTP, on TCP, with TLS or on a Unix socket. Variables that name a proxy are not read.
//!
//! Each request is a POST of its own, and its answer is JSON or a stream of events. Servers that begin a session with the handshake
//! are told its id with every request; one that forgot it gets a new handshake.

mod answer;
mod events;
mod pool;
mod url;

use std::{
    error::Error,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
#[cfg(feature = "cli")]
use http::StatusCode;
use http::{HeaderName, HeaderValue, Response, header};
use http_body_util::Full;
use hyper::body::Incoming as Body;

use self::{
    answer::{Problem, Reading},
    pool::{Lease, Pool},
    url::Url,
};
use super::message;
use crate::{
    codec::Encoding,
    host::{
        config::target::{ClientTls, HttpTarget},
        connect::{Authorities, Connector, Tls, is_refusal},
        settings::HostSettings,
        slot::Slot,
        transport::{Failure, Request, Transport},
    },
    protocol::mcp::{
        answer::negotiated,
        header as names,
        request::{cancelled, initialize, initialized},
    },
};

const SESSION_ID: HeaderName = HeaderName::from_static(names::SESSION_ID);
const PROTOCOL_VERSION: HeaderName = HeaderName::from_static(names::PROTOCOL_VERSION);

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const ACCEPTED: HeaderValue = HeaderValue::from_static("application/json, text/event-stream");

/// So long the server may take to be told that a call was given up, or that a session is over.
const FAREWELL: Duration = Duration::from_secs(1);

/// What a server is trusted with when nothing is said about it: its certificate comes from an authority of the system.
const DEFAULT_TLS: ClientTls = ClientTls {
    certfile: None,
    keyfile: None,
    keyfile_password: None,
    ca_bundle: None,
    verify: true,
    check_hostname: true,
};

pub(crate) struct HttpTransport(Arc<Client>);

struct Client {
    url: Url,
    pool: Pool,
    place: String,
    settings: HostSettings,
    timeout: Duration,
    session: Slot<Arc<Session>>,
    next_id: AtomicU64,
}

/// What came of a handshake.
struct Session {
    /// Servers that keep nothing about their hosts give none.
    id: Option<HeaderValue>,
    version: HeaderValue,
    is_lost: AtomicBool,
}

impl HttpTransport {
    pub(crate) fn new(plugin: &str, target: &HttpTarget, settings: &HostSettings) -> Result<Self, String> {
        let url = Url::read(target)?;
        let tls = if url.is_secure {
            let tls = target.tls.as_ref().unwrap_or(&DEFAULT_TLS);
            let tls = Tls::new(plugin, tls, Authorities::BundleAndSystem, "http/1.1", &url.name);
            Some(tls.map_err(|problem| format!("mcp.url: {problem}"))?)
        } else {
            None
        };
        let timeout = settings.connect_timeout.min(settings.http.connect_timeout);
        let connector = Connector {
            address: url.address.clone(),
            tls,
            timeout,
            allowed: target.addresses,
        };
        let place = connector.address.to_string();
        Ok(Self(Arc::new(Client {
            url,
            pool: Pool::new(connector, &settings.http),
            place,
            settings: settings.clone(),
            timeout,
            session: Slot::new(),
            next_id: AtomicU64::new(1),
        })))
    }
}

#[cfg(feature = "cli")]
impl HttpTransport {
    /// Asks for what is at a URL that is not MCP's, and gives the status.
    pub(crate) async fn status(&self) -> Result<StatusCode, Failure> {
        let client = &self.0;
        let mut lease = client.pool.lease().await?;
        let request = client.http_request(http::Method::GET, None, Bytes::new());
        match lease.connection.sender.send_request(request).await {
            Ok(response) => Ok(response.status()),
            Err(error) => Err(client
                .pool
                .failure(format_args!("this is no HTTP server: {error}"))),
        }
    }
}

impl Client {
    async fn make(self: &Arc<Self>, request: &Request<'_>) -> Result<Bytes, Failure> {
        let mut was_lost = false;
        loop {
            let session = self
                .session
                .get(
                    |session| !session.is_lost.load(Ordering::Relaxed),
                    self.initialize(),
                )
                .await?;
            let id = self.next_id();
            let mut given_up = GivenUp {
                client: self,
                session: &session,
                id,
                request: Some(request),
            };
            let outcome = self.ask(&session, id, request).await;
            given_up.request = None;
            match outcome {
                Ok(message) => {
                    let result = answer::result(&message, &self.place)?;
                    return message::content(request.method, result, self.settings.max_message_size);
                }
                Err(Problem::Failed(failure)) => return Err(failure),
                Err(Problem::ShuttingDown(failure)) => {
                    request.mark_unseen();
                    return Err(failure);
                }
                Err(Problem::SessionLost) => {
                    request.mark_unseen();
                    session.is_lost.store(true, Ordering::Relaxed);
                    if was_lost {
                        return Err(self.pool.failure("the server forgets its sessions at once"));
                    }
                    was_lost = true;
                }
            }
        }
    }

    async fn ask(&self, session: &Session, id: u64, request: &Request<'_>) -> Result<Bytes, Problem> {
        let message = message::request(id, request).into();
        let (response, lease) = self.post(message, Some(session), Some(request)).await?;
        let found = self.reading(id).answer(response, session.id.is_some()).await?;
        if found.is_finished {
            self.pool.keep(lease);
        }
        Ok(found.message)
    }

    /// The handshake.
    async fn initialize(&self) -> Result<Arc<Session>, Failure> {
        match tokio::time::timeout(self.timeout, self.shake_hands()).await {
            Ok(Ok(session)) => Ok(Arc::new(session)),
            Ok(Err(Problem::Failed(failure) | Problem::ShuttingDown(failure))) => Err(failure),
            Ok(Err(Problem::SessionLost)) => {
                Err(self.pool.failure("the server forgets its sessions at once"))
            }
            Err(_) => Err(self.pool.failure(format_args!(
                "the server did not answer to initialize within {} s",
                self.timeout.as_secs_f64()
            ))),
        }
    }

    async fn shake_hands(&self) -> Result<Session, Problem> {
        let id = self.next_id();
        let (response, lease) = self.post(initialize(id).into(), None, None).await?;
        let session_id = response.headers().get(SESSION_ID).cloned();
        let found = self.reading(id).answer(response, false).await?;
        let version = negotiated(answer::result(&found.message, &self.place)?).map_err(Failure::Invalid)?;
        let version = HeaderValue::from_str(&version)
            .map_err(|_| Failure::Invalid(format!("{}: a version {version:?}", self.place)))?;
        if found.is_finished {
            self.pool.keep(lease);
        }
        let session = Session {
            id: session_id,
            version,
            is_lost: AtomicBool::new(false),
        };
        self.notify(initialized().into(), &session).await?;
        Ok(session)
    }

    /// Sends what has no answer.
    async fn notify(&self, message: Bytes, session: &Session) -> Result<(), Problem> {
        let (response, lease) = self.post(message, Some(session), None).await?;
        let reading = self.reading(0);
        let response = reading.accepted(response, session.id.is_some()).await?;
        if reading.end(response.into_body()).await {
            self.pool.keep(lease);
        }
        Ok(())
    }

    /// Sends a message, over a connection that is there or a new one.
    async fn post(
        &self,
        message: Bytes,
        session: Option<&Session>,
        request: Option<&Request<'_>>,
    ) -> Result<(Response<Body>, Lease<'_>), Failure> {
        loop {
            let mut lease = self.pool.lease().await?;
            if let Err(error) = lease.connection.sender.ready().await {
                if lease.was_idle {
                    continue;
                }
                return Err(self.broken(&error));
            }
            let http = self.http_request(http::Method::POST, session, message.clone());
            if let Some(request) = request {
                request.mark_sent();
            }
            let sending = lease.connection.sender.try_send_request(http);
            let error = match tokio::time::timeout(self.settings.http.read_timeout, sending).await {
                Ok(Ok(response)) => return Ok((response, lease)),
                Ok(Err(error)) => error,
                Err(_) => return Err(Failure::Timeout(Some(self.settings.http.read_timeout))),
            };
            let mut error = error;
            let was_sent = error.take_message().is_none();
            let error = error.into_error();
            if let Some(request) = request
                && (!was_sent || is_refusal(&error).is_some())
            {
                request.mark_unseen();
            }
            // The server closed it while it was idle.
            if was_sent || !lease.was_idle {
                return Err(self.broken(&error));
            }
        }
    }

    fn http_request(
        &self,
        method: http::Method,
        session: Option<&Session>,
        body: Bytes,
    ) -> http::Request<Full<Bytes>> {
        let mut http = http::Request::new(Full::new(body));
        *http.method_mut() = method;
        *http.uri_mut() = self.url.path.clone();
        let headers = http.headers_mut();
        headers.insert(header::HOST, self.url.host.clone());
        headers.insert(header::CONTENT_TYPE, JSON);
        headers.insert(header::ACCEPT, ACCEPTED);
        if let Some(session) = session {
            headers.insert(PROTOCOL_VERSION, session.version.clone());
            if let Some(id) = &session.id {
                headers.insert(SESSION_ID, id.clone());
            }
        }
        http
    }

    fn reading(&self, id: u64) -> Reading<'_> {
        Reading {
            id,
            limit: self.settings.max_message_size,
            timeout: self.settings.http.read_timeout,
            place: &self.place,
        }
    }

    fn broken(&self, error: &hyper::Error) -> Failure {
        if let Some(refusal) = is_refusal(error) {
            return self.pool.failure(refusal);
        }
        let mut innermost: &dyn Error = error;
        while let Some(source) = innermost.source() {
            innermost = source;
        }
        self.pool.failure(innermost)
    }

    fn next_id(&self) -> u64 {
        self.next_id.fetch_add(1, Ordering::Relaxed)
    }

    /// Says that a session is over.
    async fn end(&self, session: &Session) -> Option<()> {
        let mut lease = self.pool.lease().await.ok()?;
        lease.connection.sender.ready().await.ok()?;
        let http = self.http_request(http::Method::DELETE, Some(session), Bytes::new());
        lease.connection.sender.send_request(http).await.ok()?;
        Some(())
    }
}

/// A request that waits for its answer. When it is given up, its connection is closed, which tells a server without sessions; one
/// with sessions is told in a message.
struct GivenUp<'a> {
    client: &'a Arc<Client>,
    session: &'a Arc<Session>,
    id: u64,
    request: Option<&'a Request<'a>>,
}

impl Drop for GivenUp<'_> {
    fn drop(&mut self) {
        if !self.request.is_some_and(Request::may_be_seen) || self.session.id.is_none() {
            return;
        }
        let (client, session) = (Arc::clone(self.client), Arc::clone(self.session));
        let message = cancelled(self.id).into();
        // Without a runtime nothing is left that could tell the server.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                let _ = tokio::time::timeout(FAREWELL, client.notify(message, &session)).await;
            });
        }
    }
}

#[async_trait]
impl Transport for HttpTransport {
    fn encoding(&self) -> Encoding {
        Encoding::Json
    }

    async fn exchange(&self, request: &Request<'_>) -> Result<Bytes, Failure> {
        self.0.make(request).await
    }

    async fn close(&self) {
        if let Some(session) = self.0.session.close().filter(|session| session.id.is_some()) {
            let _ = tokio::time::timeout(FAREWELL, self.0.end(&session)).await;
        }
        self.0.pool.close();
    }
}

//! gRPC, on TCP or a Unix socket ([protocol, section
//! 2](https://github.com/contextforge-org/plugin-sdk-rust/blob/main/docs/protocol.md#2-protobuf-and-grpc)).
//!
//! tonic frames messages and reads statuses, on a connection of hyper. tonic's own `Channel` hides behind a task when a request
//! leaves, and connects again by itself; a call here has to know both.

mod connection;
mod greeting;
mod status;
mod target;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use http::{Uri, uri::PathAndQuery};
use tokio::{sync::Semaphore, time::sleep};
use tonic::{Code, client::Grpc};

use self::connection::{Connection, Package};
use super::{
    config::{address::Allowed, target::GrpcTarget},
    connect::{Address, Authorities, Connector, Tls},
    settings::HostSettings,
    slot::Slot,
    transport::{Failure, Method, Request, Transport},
};
use crate::{
    codec::Encoding,
    protocol::grpc::{
        BytesCodec, CHECK, CURRENT_HEALTH, CURRENT_SERVICE, GET_PLUGIN_CONFIG, INVOKE_HOOK, OLDER_HEALTH,
        OLDER_SERVICE,
    },
};

/// What the host names on a Unix socket. Python hosts put the path of the socket there, which is not valid.
const SOCKET_AUTHORITY: &str = "localhost";

/// So long calls that still run may take to end when the plugin is closed.
const CLOSE_PATIENCE: Duration = Duration::from_secs(1);

pub(super) struct GrpcTransport {
    connector: Connector,
    origin: Uri,
    settings: HostSettings,
    connection: Slot<Arc<Connection>>,
    permits: Semaphore,
}

impl GrpcTransport {
    pub(super) fn new(plugin: &str, target: &GrpcTarget, settings: &HostSettings) -> Result<Self, String> {
        let address = target::address(&target.endpoint)?;
        let host = match &address {
            Address::Tcp { host, .. } => host.as_str(),
            Address::Socket(_) => SOCKET_AUTHORITY,
        };
        let tls = target
            .tls
            .as_ref()
            .map(|tls| Tls::new(plugin, tls, Authorities::Bundle, "h2", host))
            .transpose()
            .map_err(|problem| format!("grpc.target: {problem}"))?;
        let authority = match &address {
            Address::Tcp { .. } => address.to_string(),
            Address::Socket(_) => SOCKET_AUTHORITY.to_owned(),
        };
        let origin = Uri::builder()
            .scheme(if tls.is_some() { "https" } else { "http" })
            .authority(authority)
            .path_and_query("/")
            .build()
            .map_err(|error| format!("grpc.target: {address} can't be called: {error}"))?;
        Ok(Self {
            connector: Connector {
                address,
                tls,
                timeout: settings.connect_timeout,
                allowed: Allowed::All,
            },
            origin,
            settings: settings.clone(),
            connection: Slot::new(),
            permits: Semaphore::new(settings.max_calls_in_flight.clamp(1, Semaphore::MAX_PERMITS)),
        })
    }

    async fn make(&self, request: &Request<'_>) -> Result<Bytes, Failure> {
        let _permit = self
            .permits
            .acquire()
            .await
            .map_err(|_| self.connector.failure("closed by this process"))?;
        let connection = self
            .connection
            .get(
                |connection| connection.is_usable(&self.settings),
                Connection::open(&self.connector, &self.settings),
            )
            .await?;
        let outcome = self.call_known(&connection, request).await;
        if let Err(Failure::Connection(_)) = outcome
            && !request.may_be_seen()
        {
            connection.leave();
        }
        outcome
    }

    /// Calls the services by the name that the server has for them.
    async fn call_known(&self, connection: &Connection, request: &Request<'_>) -> Result<Bytes, Failure> {
        let known = connection.package();
        let first = match known {
            Package::Unknown | Package::Current => Package::Current,
            Package::Older => Package::Older,
        };
        match self.call(connection, first, request).await {
            Err(refused) if refused.code() == Code::Unimplemented && known == Package::Unknown => {
                // A server up to 1.0.0 has the same services under another name.
                match self.call(connection, Package::Older, request).await {
                    Err(status) if status.code() == Code::Unimplemented => {
                        Err(self.failure(&refused, request))
                    }
                    Err(status) => Err(self.failure(&status, request)),
                    Ok(answer) => {
                        connection.learn(Package::Older);
                        Ok(answer)
                    }
                }
            }
            Err(status) => Err(self.failure(&status, request)),
            Ok(answer) => {
                connection.learn(first);
                Ok(answer)
            }
        }
    }

    async fn call(
        &self,
        connection: &Connection,
        package: Package,
        request: &Request<'_>,
    ) -> Result<Bytes, tonic::Status> {
        let mut client = Grpc::with_origin(connection.sender(), self.origin.clone())
            .max_decoding_message_size(self.settings.max_message_size)
            .max_encoding_message_size(self.settings.max_message_size);
        let path = path(package, request.method);
        request.mark_sent();
        let message = tonic::Request::new(request.message.to_vec());
        let answer = client.unary(message, path, BytesCodec).await?;
        Ok(answer.into_inner())
    }

    fn failure(&self, status: &tonic::Status, request: &Request<'_>) -> Failure {
        status::failure(status, &self.connector.address.to_string(), request)
    }
}

/// The path of a method in a package.
fn path(package: Package, method: Method) -> PathAndQuery {
    let (service, health) = match package {
        Package::Older => (OLDER_SERVICE, OLDER_HEALTH),
        Package::Unknown | Package::Current => (CURRENT_SERVICE, CURRENT_HEALTH),
    };
    let path = match method {
        Method::InvokeHook => format!("/{service}/{INVOKE_HOOK}"),
        Method::GetPluginConfig => format!("/{service}/{GET_PLUGIN_CONFIG}"),
        Method::Health => format!("/{health}/{CHECK}"),
    };
    // The names are valid, as the servers' tests show.
    PathAndQuery::try_from(path).unwrap_or_else(|_| PathAndQuery::from_static("/"))
}

#[async_trait]
impl Transport for GrpcTransport {
    fn encoding(&self) -> Encoding {
        Encoding::Protobuf
    }

    async fn exchange(&self, request: &Request<'_>) -> Result<Bytes, Failure> {
        self.make(request).await
    }

    async fn close(&self) {
        self.permits.close();
        let Some(connection) = self.connection.close() else {
            return;
        };
        // Ends by itself once no call is left.
        let ended = async {
            while Arc::strong_count(&connection) > 1 && !connection.has_ended() {
                sleep(Duration::from_millis(10)).await;
            }
        };
        let _ = tokio::time::timeout(CLOSE_PATIENCE, ended).await;
        connection.end();
    }
}

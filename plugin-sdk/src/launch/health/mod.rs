//! `health`: asks a running server whether it is well, as a probe of a container does.

#[cfg(feature = "mcp")]
mod http;

use std::{fmt::Write as _, time::Duration};

use super::{
    settings::{Settings, Transport},
    transports::served,
};
use crate::environment::Environment;
#[cfg(feature = "grpc")]
use crate::host::config::target::{ClientTls, GrpcEndpoint, GrpcTarget};
#[cfg(feature = "unix")]
use crate::host::config::target::{Reconnect, UnixTarget};
use crate::host::{HostSettings, HttpSettings};
#[cfg(any(feature = "unix", feature = "grpc"))]
use crate::host::{
    config::target::Target,
    open::open,
    transport::{Method, Request},
};
#[cfg(any(feature = "unix", feature = "grpc"))]
use crate::protocol;
#[cfg(any(feature = "grpc", feature = "mcp"))]
use crate::server::listener::ListenSettings;
#[cfg(feature = "grpc")]
use crate::server::tls::ClientAuth;

/// Asks the server on each of the transports. The outcome has a line for each that is well; the error is about the first that is
/// not.
pub(crate) fn health(
    settings: &Settings,
    transports: &[Transport],
    timeout: Duration,
    environment: &Environment,
) -> Result<String, String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| format!("the runtime cannot be started: {error}"))?;
    let outcome = runtime.block_on(async {
        let mut lines = String::new();
        for transport in transports {
            let place = ask(*transport, settings, timeout, environment).await?;
            let _ = writeln!(lines, "ok: {place}");
        }
        Ok(lines)
    });
    // A name that is still being resolved must not keep the process alive.
    runtime.shutdown_background();
    outcome
}

/// Asks on one transport, and gives the place that was asked.
#[cfg_attr(
    not(any(feature = "unix", feature = "grpc", feature = "mcp")),
    allow(unreachable_code, unused_variables, reason = "there is nothing to ask")
)]
async fn ask(
    transport: Transport,
    settings: &Settings,
    timeout: Duration,
    environment: &Environment,
) -> Result<String, String> {
    let host = HostSettings::default()
        .with_connect_timeout(timeout)
        .with_http(HttpSettings::default().with_connect_timeout(timeout));
    let (place, asking): (String, crate::plugin::BoxFuture<'_, Result<(), String>>) = match transport {
        Transport::Stdio => {
            return Err(
                "a server on standard input and output belongs to the gateway that started it, and nobody else can ask it"
                    .to_owned(),
            );
        }
        #[cfg(feature = "unix")]
        Transport::Unix => {
            let target = Target::Unix(UnixTarget {
                path: settings.socket_path.clone(),
                reconnect: Reconnect::default(),
                timeout: None,
            });
            let place = format!("unix:{}", settings.socket_path.display());
            (place, Box::pin(by_message(target, host)))
        }
        #[cfg(feature = "grpc")]
        Transport::Grpc => {
            let listen = &settings.grpc.listen;
            let (place, target) = grpc(listen, environment)?;
            let shown = listen.tls.as_ref().map(|tls| tls.client_auth);
            let asking = async move {
                let outcome = by_message(Target::Grpc(target), host).await;
                outcome.map_err(|problem| {
                    let hint = if problem.contains("TLS") || problem.contains("certfile") {
                        certificate_hint(shown)
                    } else {
                        ""
                    };
                    problem + hint
                })
            };
            (place, Box::pin(asking))
        }
        #[cfg(feature = "mcp")]
        Transport::Http => {
            let (place, target) = http::target(&settings.http.listen)?;
            (place, Box::pin(http::get(target, host)))
        }
        #[allow(unreachable_patterns, reason = "without all features there are others")]
        _ => {
            let _ = (settings, environment);
            return served(transport).map(|()| String::new());
        }
    };
    match tokio::time::timeout(timeout, asking).await {
        Ok(Ok(())) => Ok(place),
        Ok(Err(problem)) => {
            // A host names the address too.
            let named = problem.split_once(": ");
            let named = named.filter(|(address, _)| place.trim_end_matches("/health").ends_with(address));
            Err(format!(
                "{place}: {}",
                named.map_or(problem.as_str(), |(_, rest)| rest)
            ))
        }
        Err(_) => Err(format!("{place}: no answer within {} s", timeout.as_secs_f64())),
    }
}

/// Asks by the message that the protocol has for it.
#[cfg(any(feature = "unix", feature = "grpc"))]
async fn by_message(target: Target, settings: HostSettings) -> Result<(), String> {
    let transport = open("health", &target, &settings).map_err(|error| error.to_string())?;
    let encoding = transport.encoding();
    let request = Request::new(Method::Health, "", protocol::health::request(encoding));
    let answer = transport
        .exchange(&request)
        .await
        .map_err(|failure| failure.to_string())?;
    match protocol::health::read(encoding, &answer) {
        Ok(true) => Ok(()),
        Ok(false) => Err("the server says that it is not serving: it starts or stops".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

/// What a server with these settings is reached at from the same machine.
#[cfg(any(feature = "grpc", feature = "mcp"))]
fn host_and_port(listen: &ListenSettings, transport: Transport) -> Result<(String, u16), String> {
    if listen.port == 0 {
        return Err(format!(
            "the port is 0, so the server took one that was free: name it with --{}-port",
            transport.name()
        ));
    }
    if listen.bare_host().contains('%') {
        return Err(format!(
            "the host {} has a zone, which a request can't name: ask another address of the server with --{}-host",
            listen.host,
            transport.name()
        ));
    }
    let host = match listen.bare_host() {
        "0.0.0.0" => "127.0.0.1",
        "::" => "::1",
        host => host,
    };
    Ok((host.to_owned(), listen.port))
}

#[cfg(any(feature = "grpc", feature = "mcp"))]
fn shown(host: &str, port: u16) -> String {
    if host.contains(':') {
        format!("[{host}]:{port}")
    } else {
        format!("{host}:{port}")
    }
}

#[cfg(feature = "grpc")]
fn grpc(listen: &ListenSettings, environment: &Environment) -> Result<(String, GrpcTarget), String> {
    if let Some(uds) = &listen.uds {
        let target = GrpcTarget {
            endpoint: GrpcEndpoint::Socket(uds.clone()),
            tls: None,
        };
        return Ok((format!("grpc+unix:{}", uds.display()), target));
    }
    let (host, port) = host_and_port(listen, Transport::Grpc)?;
    let address = shown(&host, port);
    let Some(server) = &listen.tls else {
        let target = GrpcTarget {
            endpoint: GrpcEndpoint::Target(address.clone()),
            tls: None,
        };
        return Ok((format!("grpc://{address}"), target));
    };
    let named = ClientTls::of_grpc_variables(environment)?.filter(|tls| tls.certfile.is_some());
    let certificate = named.unwrap_or_else(|| match server.client_auth {
        ClientAuth::Require => ClientTls {
            certfile: Some(server.certfile.clone()),
            keyfile: Some(server.keyfile.clone()),
            keyfile_password: server.keyfile_password.clone(),
            ..ClientTls::UNVERIFIED
        },
        ClientAuth::None | ClientAuth::Optional => ClientTls::UNVERIFIED,
    });
    let target = GrpcTarget {
        endpoint: GrpcEndpoint::Target(address.clone()),
        tls: Some(ClientTls {
            verify: false,
            check_hostname: false,
            ca_bundle: None,
            ..certificate
        }),
    };
    Ok((format!("grpc+tls://{address}"), target))
}

/// What to do about a server that refuses the certificate that it was shown.
#[cfg(feature = "grpc")]
fn certificate_hint(client_auth: Option<ClientAuth>) -> &'static str {
    match client_auth {
        None | Some(ClientAuth::None) => "",
        Some(_) => {
            "; the server checks certificates of clients (client_auth): name one that it accepts, with its key, in \
             PLUGINS_GRPC_CLIENT_MTLS_CERTFILE and PLUGINS_GRPC_CLIENT_MTLS_KEYFILE, or give the server's own certificate both \
             usages, serverAuth and clientAuth"
        }
    }
}

//! The path `/health` of a server of MCP over HTTP ([protocol, section
//! 4.4](https://github.com/contextforge-org/plugin-sdk-rust/blob/main/docs/protocol.md#44-health-and-metrics)).

use http::StatusCode;

use super::{Transport, host_and_port, shown};
use crate::{
    host::{
        HostSettings,
        config::{
            address::Allowed,
            target::{HttpTarget, Reconnect},
        },
        mcp::HttpTransport,
    },
    protocol::health::PORT_DISTANCE,
    server::listener::ListenSettings,
};

/// Where the path of a server with these settings is, in words and as a target.
pub(super) fn target(listen: &ListenSettings) -> Result<(String, HttpTarget), String> {
    let (place, url) = if let Some(uds) = &listen.uds {
        let place = format!("http+unix:{}", uds.display());
        (place, "http://localhost/health".to_owned())
    } else {
        let (host, port) = host_and_port(listen, Transport::Http)?;
        let distance = listen.tls.as_ref().map_or(0, |_| PORT_DISTANCE);
        let url = format!("http://{}/health", shown(&host, port.saturating_add(distance)));
        (url.clone(), url)
    };
    let target = HttpTarget {
        url,
        uds: listen.uds.clone(),
        tls: None,
        reconnect: Reconnect::default(),
        addresses: Allowed::All,
    };
    Ok((place, target))
}

/// Asks.
pub(super) async fn get(target: HttpTarget, settings: HostSettings) -> Result<(), String> {
    let transport = HttpTransport::new("health", &target, &settings)?;
    match transport.status().await {
        Ok(StatusCode::OK) => Ok(()),
        Ok(StatusCode::SERVICE_UNAVAILABLE) => Err("the server is stopping".to_owned()),
        Ok(status) => Err(format!(
            "the answer is {status}; something else than a plugin server listens there"
        )),
        Err(failure) => Err(failure.to_string()),
    }
}

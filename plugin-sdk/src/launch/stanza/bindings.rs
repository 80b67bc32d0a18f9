//! The section of a stanza by which the gateway reaches the server, for each transport.

use std::borrow::Cow;

use super::commented::Field;
#[cfg(feature = "grpc")]
use super::reach::reachable;
#[cfg(feature = "mcp")]
use super::reach::reachable_by_url;
#[cfg(any(feature = "grpc", feature = "mcp"))]
use crate::launch::settings::Settings;
use crate::launch::{configuration::Configuration, settings::Transport, transports::served};
#[cfg(any(feature = "grpc", feature = "mcp"))]
use crate::server::{
    listener::ListenSettings,
    tls::{ClientAuth, TlsSettings},
};

/// A section, and what is to be said above all of it.
pub(super) struct Binding {
    pub(super) remark: Cow<'static, str>,
    pub(super) section: Field,
}

/// The section for a server with these settings.
pub(super) fn binding(configuration: &Configuration, transport: Transport) -> Result<Binding, String> {
    match transport {
        #[cfg(feature = "unix")]
        Transport::Unix => Ok(unix(configuration)),
        #[cfg(feature = "grpc")]
        Transport::Grpc => Ok(grpc(&configuration.settings)),
        #[cfg(feature = "mcp")]
        Transport::Http => Ok(http(&configuration.settings)),
        #[cfg(feature = "mcp")]
        Transport::Stdio => stdio(configuration),
        #[allow(unreachable_patterns, reason = "without all features there are others")]
        _ => {
            let _ = configuration;
            served(transport).map(|()| Binding {
                remark: "".into(),
                section: Field::section("", "", Vec::new()),
            })
        }
    }
}

#[cfg(feature = "unix")]
fn unix(configuration: &Configuration) -> Binding {
    let settings = &configuration.settings;
    let call_timeout = settings.limits.call_timeout.as_secs_f64();
    let safe_timeout = crate::transport::unix::safe_timeout(&settings.limits).as_secs_f64();
    let fields = vec![
        Field::new(
            "path",
            format!(
                "Absolute, and on the same machine or in a directory that two containers share. The gateway must be allowed \
                 to connect: the file has the mode {:04o}.",
                settings.socket_mode
            ),
            settings.socket_path.display().to_string(),
        ),
        Field::new(
            "timeout",
            format!(
                "Seconds that an answer may take. Longer than the server's call_timeout, which is {call_timeout}, so that the \
                 server ends the call. From {safe_timeout} on it is safe, as is PLUGINS_PLUGIN_TIMEOUT: with a shorter one a \
                 gateway can take a late answer for that to its next call (late_answer_guard)."
            ),
            (call_timeout + 5.0).max(30.0),
        ),
    ];
    Binding {
        remark: "".into(),
        section: Field::section("unix_socket", "Framed messages on a Unix socket.", fields),
    }
}

#[cfg(any(feature = "grpc", feature = "mcp"))]
fn socket_field(listen: &ListenSettings, uds: &std::path::Path) -> Field {
    Field::new(
        "uds",
        format!(
            "The socket that the server listens on, on the same machine or in a directory that two containers share. Its \
             directory must exist when the gateway starts, and the gateway must be allowed to connect: the file has the \
             mode {:04o}.",
            listen.uds_mode
        ),
        uds.display().to_string(),
    )
}

#[cfg(feature = "grpc")]
fn grpc(settings: &Settings) -> Binding {
    let listen = &settings.grpc.listen;
    let mut remark = Cow::Borrowed("");
    let mut fields = Vec::new();
    if let Some(uds) = &listen.uds {
        fields.push(socket_field(listen, uds));
    } else {
        let target;
        (target, remark) = reachable(listen);
        fields.push(Field::new(
            "target",
            "Host and port of the server, without a scheme.",
            target,
        ));
        if let Some(tls) = &listen.tls {
            let checks = "The server has TLS. The name in target is always checked against its certificate.";
            fields.push(client_tls(tls, checks));
        }
    }
    Binding {
        remark,
        section: Field::section(
            "grpc",
            "gRPC. It sends no deadline: the server's call_timeout and the gateway's PLUGINS_PLUGIN_TIMEOUT end a call.",
            fields,
        ),
    }
}

/// MCP over HTTP.
#[cfg(feature = "mcp")]
fn http(settings: &Settings) -> Binding {
    let listen = &settings.http.listen;
    let mut remark = Cow::Borrowed("");
    let mut fields = vec![Field::new("proto", "In capitals.", "STREAMABLEHTTP")];
    if let Some(uds) = &listen.uds {
        fields.push(Field::new(
            "url",
            "Needed with a socket too, and the server takes no other name than localhost in it.",
            "http://localhost/mcp",
        ));
        fields.push(socket_field(listen, uds));
    } else {
        let (address, said) = reachable_by_url(listen);
        remark = said;
        let scheme = if listen.tls.is_some() { "https" } else { "http" };
        fields.push(Field::new(
            "url",
            "A gateway takes no literal private or loopback address here by default (PLUGINS_SSRF_PROTECTION_ENABLED), and \
             names always. On a loopback address, the server answers other names than its own only if they are in \
             --http-allowed-hosts.",
            format!("{scheme}://{address}/mcp"),
        ));
        if let Some(tls) = &listen.tls {
            let checks = "The server has TLS. The name in url is checked against its certificate, unless check_hostname is false.";
            fields.push(client_tls(tls, checks));
        }
    }
    Binding {
        remark,
        section: Field::section("mcp", "MCP over streamable HTTP.", fields),
    }
}

/// MCP over standard input and output: the gateway starts the server.
#[cfg(feature = "mcp")]
fn stdio(configuration: &Configuration) -> Result<Binding, String> {
    let program =
        std::env::current_exe().map_err(|error| format!("the path of this program is not known: {error}"))?;
    let mut command = vec![
        program.display().to_string(),
        "--transport".to_owned(),
        Transport::Stdio.name().to_owned(),
    ];
    if let Some(file) = configuration.file() {
        command.extend(["--config".to_owned(), file.display().to_string()]);
    }
    let fields = vec![
        Field::new("proto", "In capitals.", "STDIO"),
        Field::new(
            "cmd",
            "The program and its arguments, on the gateway's machine. It gets few of the gateway's variables: what the \
             configuration needs of them belongs into env, a mapping next to this key.",
            command,
        ),
    ];
    Ok(Binding {
        remark: "".into(),
        section: Field::section(
            "mcp",
            "MCP over standard input and output: the gateway starts this program, once for each entry.",
            fields,
        ),
    })
}

/// The section `tls` of a gateway whose server has this one.
#[cfg(any(feature = "grpc", feature = "mcp"))]
fn client_tls(tls: &TlsSettings, comment: &str) -> Field {
    let placeholder = |name: &str| format!("/path/on/the/gateway/{name}");
    let mut fields = vec![Field::new(
        "ca_bundle",
        "The authority that signed the server's certificate; without this key, those that the system trusts. Files must \
         exist when the gateway starts.",
        placeholder("authority-of-the-server.pem"),
    )];
    if tls.client_auth != ClientAuth::None {
        let wants = match tls.client_auth {
            ClientAuth::Optional => "The server checks a certificate if there is one",
            _ => "The server requires a certificate",
        };
        fields.push(Field::new(
            "certfile",
            format!("{wants}, by an authority of its ca_bundle."),
            placeholder("client.pem"),
        ));
        fields.push(Field::new("keyfile", "Its key.", placeholder("client.key")));
    }
    Field::section("tls", comment, fields)
}

//! TLS: what is trusted, and what is not.

use plugin_sdk::host::{CallError, HostError, HostSettings};
use serde_json::{Value as Json, json};

use super::{
    connect, connect_with, echo,
    servers::{Program, Server},
};
use crate::certificates::Certificates;

/// The paths of files of certificates.
fn tls(certificates: &Certificates, files: Json) -> Json {
    let Json::Object(mut files) = files else {
        panic!("no files")
    };
    for (_, value) in &mut files {
        if let Json::String(name) = value {
            *name = certificates.directory().join(&*name).display().to_string();
        }
    }
    Json::Object(files)
}

/// A server of gRPC with a certificate; `client_auth` as the operator writes it.
fn grpc(
    program: Program,
    certificates: &Certificates,
    name: &str,
    client_auth: &str,
) -> Option<(Server, u16)> {
    let file = |name: String| certificates.directory().join(name).display().to_string();
    let settings = [
        ("PLUGINS_GRPC_SERVER_SSL_ENABLED", "true".to_owned()),
        ("PLUGINS_GRPC_SERVER_SSL_CERTFILE", file(format!("{name}.pem"))),
        ("PLUGINS_GRPC_SERVER_SSL_KEYFILE", file(format!("{name}.key"))),
        (
            "PLUGINS_GRPC_SERVER_SSL_CA_CERTS",
            file("authority.pem".to_owned()),
        ),
        ("PLUGINS_GRPC_SERVER_SSL_CLIENT_AUTH", client_auth.to_owned()),
    ];
    let settings = settings.each_ref().map(|(name, value)| (*name, value.as_str()));
    let (server, port) = Server::grpc_tcp_with(program, &settings)?;
    Some((server.start(), port))
}

async fn refusal(section: &Json) -> String {
    let mut settings = HostSettings::default();
    settings.call_timeout = std::time::Duration::from_secs(5);
    match connect_with(section, &settings).await {
        Err(HostError::Connect {
            error: CallError::Unreachable { message },
            ..
        }) => message,
        Err(other) => panic!("{section}: {other:?}"),
        Ok(_) => panic!("{section}: connected"),
    }
}

async fn grpc_checks(program: Program) {
    let certificates = Certificates::make();
    let section = |port: u16, files: Json| {
        let files = tls(&certificates, files);
        json!({"grpc": {"target": format!("localhost:{port}"), "tls": files}})
    };
    let Some((_server, port)) = grpc(program, &certificates, "server", "none") else {
        return;
    };
    let plugin = connect(&section(port, json!({"ca_bundle": "authority.pem"}))).await;
    echo(&plugin, "trusted").await.unwrap();
    let plugin = connect(&section(
        port,
        json!({"ca_bundle": "other-authority.pem", "verify": false}),
    ))
    .await;
    echo(&plugin, "not checked").await.unwrap();
    for files in [
        json!({"ca_bundle": "other-authority.pem"}),
        json!({"verify": true}),
    ] {
        let refused = refusal(&section(port, files)).await;
        assert!(refused.contains("does not come from an authority"), "{refused}");
    }
    let plaintext = refusal(&json!({"grpc": {"target": format!("localhost:{port}")}})).await;
    assert!(
        plaintext.contains("wants TLS")
            || plaintext.contains("closed the connection")
            || plaintext.contains("reset"),
        "{plaintext}"
    );

    let (_elsewhere, port) = grpc(program, &certificates, "server-elsewhere", "none").unwrap();
    let refused = refusal(&section(port, json!({"ca_bundle": "authority.pem"}))).await;
    assert!(refused.contains("not valid for name \"localhost\""), "{refused}");
    let plugin = connect(&section(port, json!({"verify": false}))).await;
    echo(&plugin, "not checked").await.unwrap();

    let (_mutual, port) = grpc(program, &certificates, "server", "require").unwrap();
    let with = |name: &str| json!({"ca_bundle": "authority.pem", "certfile": format!("{name}.pem"), "keyfile": format!("{name}.key")});
    let plugin = connect(&section(port, with("client"))).await;
    echo(&plugin, "known").await.unwrap();
    let refused = refusal(&section(port, json!({"ca_bundle": "authority.pem"}))).await;
    if program == Program::Ours {
        assert!(refused.contains("wants a client certificate"), "{refused}");
    }
    refusal(&section(port, with("client-of-another"))).await;
}

/// Servers of MCP in Python can't start with TLS.
#[tokio::test]
async fn http_of_ours() {
    let certificates = Certificates::make();
    let server = |name: &str, requirement: &str| {
        let file = |name: String| certificates.directory().join(name).display().to_string();
        let settings = [
            ("PLUGINS_SERVER_SSL_ENABLED", "true".to_owned()),
            ("PLUGINS_SERVER_SSL_CERTFILE", file(format!("{name}.pem"))),
            ("PLUGINS_SERVER_SSL_KEYFILE", file(format!("{name}.key"))),
            ("PLUGINS_SERVER_SSL_CA_CERTS", file("authority.pem".to_owned())),
            ("PLUGINS_SERVER_SSL_CERT_REQS", requirement.to_owned()),
        ];
        let settings = settings.each_ref().map(|(name, value)| (*name, value.as_str()));
        let (server, port) = Server::http_tcp_with(Program::Ours, &settings).unwrap();
        (server.start(), port)
    };
    let section = |port: u16, files: Json| {
        let files = tls(&certificates, files);
        json!({"mcp": {"proto": "STREAMABLEHTTP", "url": format!("https://localhost:{port}/mcp"), "tls": files}})
    };

    let (_plain, port) = server("server", "0");
    let plugin = connect(&section(port, json!({"ca_bundle": "authority.pem"}))).await;
    echo(&plugin, "trusted").await.unwrap();
    for files in [
        json!({"ca_bundle": "other-authority.pem"}),
        json!({"check_hostname": false}),
    ] {
        let refused = refusal(&section(port, files)).await;
        assert!(refused.contains("does not come from an authority"), "{refused}");
    }
    let plugin = connect(&section(port, json!({"verify": false}))).await;
    echo(&plugin, "not checked").await.unwrap();

    let (_elsewhere, port) = server("server-elsewhere", "0");
    let refused = refusal(&section(port, json!({"ca_bundle": "authority.pem"}))).await;
    assert!(refused.contains("not valid for name \"localhost\""), "{refused}");
    let chain = json!({"ca_bundle": "authority.pem", "check_hostname": false});
    let plugin = connect(&section(port, chain)).await;
    echo(&plugin, "any name").await.unwrap();

    let (_mutual, port) = server("server", "2");
    let with = |name: &str| json!({"ca_bundle": "authority.pem", "certfile": format!("{name}.pem"), "keyfile": format!("{name}.key")});
    let plugin = connect(&section(port, with("client"))).await;
    echo(&plugin, "known").await.unwrap();
    let refused = refusal(&section(port, json!({"ca_bundle": "authority.pem"}))).await;
    assert!(refused.contains("wants a client certificate"), "{refused}");
    refusal(&section(port, with("client-of-another"))).await;
}

#[tokio::test]
async fn grpc_of_ours() {
    grpc_checks(Program::Ours).await;
}

#[tokio::test]
async fn grpc_of_python() {
    grpc_checks(Program::Python).await;
}

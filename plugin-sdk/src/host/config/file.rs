//! The keys of the gateway's file beside `plugins`. They are for servers, but hosts don't start with a mistake in them.

use crate::yaml::{fields::Fields, findings::Findings, node::Node};

/// Checks `root` by the rules of the hosts ([protocol, section
/// 9.3](https://github.com/contextforge-org/plugin-sdk-rust/blob/main/docs/protocol.md#93-file-of-the-server)).
pub(super) fn check(root: &Node, findings: &mut Findings) {
    let mut file = Fields {
        path: "",
        node: root,
        findings,
    };
    file.strings("plugin_dirs");
    let is_mapping = |file: &mut Fields<'_>, key| file.optional_mapping(key).is_some();
    for section in ["server_settings", "grpc_server_settings"] {
        if is_mapping(&mut file, section)
            && let Some(node) = root.get(section)
        {
            server(section, node, file.findings);
        }
    }
    let section = "unix_socket_server_settings";
    if is_mapping(&mut file, section)
        && let Some(node) = root.get(section)
    {
        let mut server = Fields {
            path: section,
            node,
            findings: file.findings,
        };
        server.string("path");
    }
}

fn server(path: &str, node: &Node, findings: &mut Findings) {
    let mut server = Fields { path, node, findings };
    server.string("host");
    server.integer("port");
    server.uds();
    if server.optional_mapping("tls").is_none() {
        return;
    }
    if server.has("uds") {
        server.problem("tls", "there is no TLS on a Unix socket; leave it out");
    }
    let path = server.place("tls");
    let Some(node) = node.get("tls") else { return };
    let mut tls = Fields {
        path: &path,
        node,
        findings: server.findings,
    };
    for key in ["certfile", "keyfile", "ca_bundle"] {
        tls.file(key);
    }
    tls.optional_string("keyfile_password");
    if tls.non_empty("keyfile").is_some() && tls.non_empty("certfile").is_none() {
        tls.problem(
            "keyfile",
            "needs certfile, the certificate that the key belongs to",
        );
    }
    if path.starts_with("grpc") {
        tls.string("client_auth");
        let known = ["none", "optional", "require"];
        if let Some(value) = node.get("client_auth").and_then(Node::as_str)
            && !known.contains(&value.to_lowercase().as_str())
        {
            tls.problem(
                "client_auth",
                crate::nearest::unknown("client_auth", value, known),
            );
        }
    } else {
        tls.integer("ssl_cert_reqs");
    }
}

impl Fields<'_> {
    /// A string that may be left out, but not be null.
    fn string(&mut self, key: &str) {
        if let Some(value) = self.not_null(key, "write a string")
            && value.as_str().is_none()
        {
            self.wrong_type(key, "a string", value);
        }
    }
}

//! The sections `unix_socket` and `grpc`, and the choice among the three.

use std::path::PathBuf;

use super::{
    mcp,
    target::{ClientTls, GrpcEndpoint, GrpcTarget, Target, UnixTarget},
    variables::Variables,
};
use crate::yaml::{fields::Fields, findings::Findings, node::Node};

/// Reads the section that an external plugin has. `None` if it can't be used; then the findings say why.
pub(super) fn read(
    entry_path: &str,
    entry: &Node,
    variables: &Variables,
    findings: &mut Findings,
) -> Option<Target> {
    let before = findings.problems.len();
    let readers: [(&str, Reader); 3] = [("grpc", grpc), ("unix_socket", unix), ("mcp", mcp::read)];
    let (key, read) = readers
        .into_iter()
        .find(|(key, _)| entry.get(key).is_some_and(|section| !section.is_null()))?;
    let path = match entry_path {
        "" => key.to_owned(),
        entry_path => format!("{entry_path}.{key}"),
    };
    let mut fields = Fields {
        path: &path,
        node: entry.get(key)?,
        findings,
    };
    let target = read(&mut fields, variables);
    target.filter(|_| findings.problems.len() == before)
}

type Reader = fn(&mut Fields<'_>, &Variables) -> Option<Target>;

fn unix(section: &mut Fields<'_>, _: &Variables) -> Option<Target> {
    section.only(&["path", "reconnect_attempts", "reconnect_delay", "timeout"]);
    let path = section.required("path");
    let reconnect = section.reconnect();
    let timeout = section.seconds("timeout");
    if timeout.is_some_and(|timeout| timeout.is_zero()) {
        section.warning(
            "timeout",
            "with 0 every call fails at once; leave the key out for 30 s",
        );
    }
    let path = PathBuf::from(path?);
    if !path.has_root() {
        let message = format!(
            "must be an absolute path (and `~` is not the home directory here), not \"{}\"",
            path.display()
        );
        section.problem("path", message);
        return None;
    }
    Some(Target::Unix(UnixTarget {
        path,
        reconnect,
        timeout,
    }))
}

fn grpc(section: &mut Fields<'_>, variables: &Variables) -> Option<Target> {
    section.only(&["target", "uds", "tls"]);
    let target = section.text("target");
    let uds = section.uds();
    let mut tls = ClientTls::read(section);
    let endpoint = match (target, section.has("uds")) {
        (Some(_), true) => {
            section.problem("uds", "there is also target; a server is at one of the two");
            return None;
        }
        (None, true) => {
            if section.has("tls") {
                section.problem("tls", "there is no TLS on a Unix socket; leave it out");
            }
            GrpcEndpoint::Socket(uds?)
        }
        (Some(target), false) => {
            if !target.contains(':') {
                let message = format!("must be HOST:PORT, such as localhost:50051, not \"{target}\"");
                section.problem("target", message);
                return None;
            }
            if tls.is_none() {
                tls = section.of_variables(variables.grpc_tls());
            }
            GrpcEndpoint::Target(target)
        }
        (None, false) => {
            // A target of the wrong type is noted already.
            if !section.has("target") {
                let message = "needs target (HOST:PORT) or uds (the path of a socket)";
                section.findings.problem(section.node.line, section.path, message);
            }
            return None;
        }
    };
    Some(Target::Grpc(GrpcTarget { endpoint, tls }))
}

impl Fields<'_> {
    /// What variables say in the place of `tls`. A mistake in them is one of this section, which they are used for.
    pub(super) fn of_variables(&mut self, tls: Result<Option<ClientTls>, String>) -> Option<ClientTls> {
        tls.unwrap_or_else(|message| {
            self.problem("tls", format!("is left to the environment, where {message}"));
            None
        })
    }
}

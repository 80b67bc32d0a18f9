//! `grpc.target` in the words of gRPC.

use std::path::PathBuf;

use super::super::{config::target::GrpcEndpoint, connect::Address};

/// The port of gRPC when a target has none.
const DEFAULT_PORT: u16 = 443;

/// Where an endpoint is.
pub(super) fn address(endpoint: &GrpcEndpoint) -> Result<Address, String> {
    let target = match endpoint {
        GrpcEndpoint::Socket(path) => return Ok(Address::Socket(path.clone())),
        GrpcEndpoint::Target(target) => target,
    };
    read(target).ok_or_else(|| {
        format!(
            "grpc.target: {target:?} is not an address that can be connected to: write host:port, [ipv6]:port, \
             dns:///host:port or unix:/path"
        )
    })
}

fn read(target: &str) -> Option<Address> {
    if let Some(path) = target.strip_prefix("unix:") {
        // With two slashes an authority follows, which is empty.
        let path = path.strip_prefix("//").unwrap_or(path);
        return (!path.is_empty()).then(|| Address::Socket(PathBuf::from(path)));
    }
    let schemes = ["dns:", "ipv4:", "ipv6:", "passthrough:"];
    let name = match schemes.iter().find_map(|scheme| target.strip_prefix(scheme)) {
        None => target,
        // What is between the slashes names a server of names, for which there is the system's.
        Some(rest) => match rest.strip_prefix("//") {
            Some(rest) => rest.split_once('/')?.1,
            None => rest,
        },
    };
    host_and_port(name)
}

fn host_and_port(name: &str) -> Option<Address> {
    if name.is_empty() {
        return None;
    }
    let (host, port) = match name.strip_prefix('[') {
        Some(rest) => {
            let (host, port) = rest.split_once(']')?;
            (
                host,
                if port.is_empty() {
                    None
                } else {
                    Some(port.strip_prefix(':')?)
                },
            )
        }
        None => match name.rsplit_once(':') {
            Some((host, port)) if !host.contains(':') => (host, Some(port)),
            // An IPv6 address without brackets has no port.
            _ => (name, None),
        },
    };
    let port = match port {
        Some(port) => port.parse().ok().filter(|port| *port != 0)?,
        None => DEFAULT_PORT,
    };
    // gRPC takes no host for this machine.
    let host = if host.is_empty() { "localhost" } else { host };
    let is_name = |character: char| !character.is_whitespace() && !"/,@?#[]".contains(character);
    host.chars().all(is_name).then(|| Address::Tcp {
        host: host.to_owned(),
        port,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_read_as_grpc_reads_them() {
        for (target, expected) in [
            ("localhost:50051", "localhost:50051"),
            ("10.0.0.1:5", "10.0.0.1:5"),
            ("[::1]:5", "[::1]:5"),
            ("[::1]", "[::1]:443"),
            ("::1", "[::1]:443"),
            (":1", "localhost:1"),
            ("dns:///name:1", "name:1"),
            ("dns://8.8.8.8/name:1", "name:1"),
            ("dns:name:1", "name:1"),
            ("ipv4:1.2.3.4:5", "1.2.3.4:5"),
            ("ipv6:[::1]:5", "[::1]:5"),
            ("unix:/run/p.sock", "/run/p.sock"),
            ("unix:///run/p.sock", "/run/p.sock"),
            ("unix:p.sock", "p.sock"),
        ] {
            let found = address(&GrpcEndpoint::Target(target.to_owned()));
            assert_eq!(found.map(|address| address.to_string()).as_deref(), Ok(expected));
        }
        for target in [
            "unix:",
            "dns://name:1",
            "name:port",
            "name:70000",
            "name:0",
            "https://name:1",
            "a:1,b:2",
        ] {
            let found = address(&GrpcEndpoint::Target(target.to_owned()));
            assert!(found.is_err(), "{target}: {found:?}");
        }
    }
}

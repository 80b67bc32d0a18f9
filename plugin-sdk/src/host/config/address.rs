//! Addresses that a URL in the gateway's file must not lead to (`PLUGINS_SSRF_PROTECTION_ENABLED`).

use std::net::{IpAddr, Ipv4Addr};

/// Whether the protection refuses connections to this address: private networks, this machine, and the link, where clouds keep
/// their credentials.
pub(crate) fn is_refused(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_refused_v4(address),
        IpAddr::V6(address) => match address.to_ipv4() {
            // The same address in other words.
            Some(mapped) if !address.is_loopback() => is_refused_v4(mapped),
            _ => {
                address.is_loopback()
                    || address.is_unspecified()
                    || address.is_unique_local()
                    || address.is_unicast_link_local()
            }
        },
    }
}

fn is_refused_v4(address: Ipv4Addr) -> bool {
    address.is_private() || address.is_loopback() || address.is_link_local() || address.is_unspecified()
}

/// Whether the operator says with the name itself that a private address is meant: `localhost`, or one of the names in
/// `PLUGINS_SSRF_ALLOWED_HOSTS`, in which `*.` stands for any name before the rest.
pub(super) fn is_exempt<'a>(host: &str, allowed: impl Iterator<Item = &'a str>) -> bool {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    if host == "localhost" || host.ends_with(".localhost") {
        return true;
    }
    allowed
        .map(str::to_ascii_lowercase)
        .any(|allowed| match allowed.strip_prefix('*') {
            Some(suffix) if suffix.starts_with('.') => host.len() > suffix.len() && host.ends_with(suffix),
            _ => host == allowed,
        })
}

/// What is said of a refused address.
pub(crate) fn refusal(host: &str, address: IpAddr) -> String {
    let leads_to = if host.parse() == Ok(address) {
        String::new()
    } else {
        format!(" leads to {address}, which")
    };
    format!(
        "{host}{leads_to} is an address of a private network, of this machine or of its link, and such are refused \
         (PLUGINS_SSRF_PROTECTION_ENABLED); write http://localhost for this machine, or list the name in \
         PLUGINS_SSRF_ALLOWED_HOSTS"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_addresses_are_refused_however_they_are_written() {
        for address in [
            "127.0.0.1",
            "127.9.9.9",
            "10.1.2.3",
            "172.31.0.1",
            "192.168.0.1",
            "169.254.169.254",
            "0.0.0.0",
            "::1",
            "::",
            "fe80::1",
            "fd00::1",
            "::ffff:10.0.0.1",
            "::ffff:169.254.169.254",
        ] {
            assert!(is_refused(address.parse().unwrap()), "{address}");
        }
        for address in ["8.8.8.8", "172.32.0.1", "2001:4860:4860::8888", "::ffff:8.8.8.8"] {
            assert!(!is_refused(address.parse().unwrap()), "{address}");
        }
    }

    #[test]
    fn names_that_are_meant_are_exempt() {
        let exempt = |host: &str| is_exempt(host, ["plugins", "*.svc.cluster.local"].into_iter());
        for host in [
            "localhost",
            "LocalHost.",
            "a.localhost",
            "plugins",
            "x.svc.cluster.local",
        ] {
            assert!(exempt(host), "{host}");
        }
        for host in [
            "127.0.0.1",
            "localhost.example.com",
            "svc.cluster.local",
            "xplugins",
        ] {
            assert!(!exempt(host), "{host}");
        }
    }
}

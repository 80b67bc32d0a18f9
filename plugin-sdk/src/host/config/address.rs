//! Addresses that a URL in the gateway's file must not lead to (`PLUGINS_SSRF_PROTECTION_ENABLED`).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Which addresses connections may go to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Allowed {
    All,
    /// Public ones, and those of this machine.
    PublicAndLoopback,
    Public,
}

impl Allowed {
    /// What a name may lead to. With `localhost` the operator says that this machine is meant; with one of the names in
    /// `PLUGINS_SSRF_ALLOWED_HOSTS`, in which `*.` stands for any name before the rest, that a private address is.
    pub(super) fn to<'a>(host: &str, mut allowed: impl Iterator<Item = &'a str>) -> Self {
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        let is_listed = allowed.any(|allowed| {
            let allowed = allowed.to_ascii_lowercase();
            match allowed.strip_prefix('*') {
                Some(suffix) if suffix.starts_with('.') => {
                    host.len() > suffix.len() && host.ends_with(suffix)
                }
                _ => host == allowed,
            }
        });
        if is_listed {
            Self::All
        } else if host == "localhost" || host.ends_with(".localhost") {
            Self::PublicAndLoopback
        } else {
            Self::Public
        }
    }

    pub(crate) fn refuses(self, address: IpAddr) -> bool {
        match self {
            Self::All => false,
            Self::PublicAndLoopback => !address.is_loopback() && is_private(address),
            Self::Public => is_private(address),
        }
    }
}

/// Addresses of private networks, of this machine, and of the link, where clouds keep their credentials; and those that are no
/// single machine.
pub(super) fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_private_v4(address),
        IpAddr::V6(address) => {
            let site_local = address.segments()[0] & 0xffc0 == 0xfec0;
            address.is_loopback()
                || address.is_unspecified()
                || address.is_unique_local()
                || address.is_unicast_link_local()
                || address.is_multicast()
                || site_local
                || embedded_v4(address).is_some_and(is_private_v4)
        }
    }
}

/// The same address in other words: mapped, compatible, behind NAT64, and of 6to4.
fn embedded_v4(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let segments = address.segments();
    let of = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        Ipv4Addr::new(a, b, c, d)
    };
    match segments {
        [0x0064, 0xff9b, 0, 0, 0, 0, high, low] | [0x2002, high, low, ..] => Some(of(high, low)),
        _ => address.to_ipv4(),
    }
}

fn is_private_v4(address: Ipv4Addr) -> bool {
    let [first, second, ..] = address.octets();
    // Networks of providers; one cloud has its credentials there.
    let is_shared = first == 100 && (64..128).contains(&second);
    let is_this_network = first == 0;
    address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_multicast()
        || address.is_broadcast()
        || is_this_network
        || is_shared
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
            "100.100.100.200",
            "64:ff9b::a00:1",
            "2002:a9fe:a9fe::1",
            "fec0::1",
            "ff02::1",
            "224.0.0.1",
            "255.255.255.255",
        ] {
            assert!(is_private(address.parse().unwrap()), "{address}");
        }
        for address in ["8.8.8.8", "172.32.0.1", "2001:4860:4860::8888", "::ffff:8.8.8.8"] {
            assert!(!is_private(address.parse().unwrap()), "{address}");
        }
    }

    #[test]
    fn names_say_what_they_may_lead_to() {
        let to = |host: &str| Allowed::to(host, ["plugins", "*.svc.cluster.local"].into_iter());
        for host in ["plugins", "x.svc.cluster.local", "Plugins."] {
            assert_eq!(to(host), Allowed::All, "{host}");
        }
        for host in ["localhost", "LocalHost.", "a.localhost"] {
            assert_eq!(to(host), Allowed::PublicAndLoopback, "{host}");
        }
        for host in [
            "127.0.0.1",
            "localhost.example.com",
            "svc.cluster.local",
            "xplugins",
        ] {
            assert_eq!(to(host), Allowed::Public, "{host}");
        }
        let refused = |allowed: Allowed, address: &str| allowed.refuses(address.parse().unwrap());
        assert!(!refused(Allowed::PublicAndLoopback, "::1"));
        assert!(refused(Allowed::PublicAndLoopback, "169.254.169.254"));
        assert!(refused(Allowed::Public, "127.0.0.1"));
        assert!(!refused(Allowed::All, "169.254.169.254"));
    }
}

//! Whom the server answers, by the headers `Host` and `Origin`: a page in somebody's browser must not reach a server that listens
//! on the same machine, whatever name it gives it (DNS rebinding; [protocol, section
//! 4.3](https://github.com/contextforge-org/plugin-sdk-rust/blob/main/docs/protocol.md#43-streamable-http)).

use std::net::IpAddr;

use http::{HeaderMap, Uri, header};

use crate::transport::mcp::settings::McpSettings;

/// Which values of the two headers are answered.
#[derive(Debug)]
pub(super) struct HostRules {
    hosts: Option<Vec<Allowed>>,
    origins: Option<Vec<AllowedOrigin>>,
}

/// A name with its port.
#[derive(Debug, PartialEq)]
struct Allowed {
    name: String,
    port: Port,
}

#[derive(Debug, PartialEq)]
enum Port {
    /// Any, or none.
    Any,
    /// Any, but one there must be.
    Some,
    Exactly(u16),
}

#[derive(Debug, PartialEq)]
struct AllowedOrigin {
    scheme: String,
    at: Allowed,
}

/// The names of the machine itself.
const LOOPBACK: [&str; 3] = ["127.0.0.1", "localhost", "[::1]"];

/// An entry that stands for all.
const ALL: &str = "*";

impl HostRules {
    /// The rules of a server. On a Unix socket and on an address of the machine itself, only its own names are answered and
    /// those that are listed; on any other address everything is, unless something is listed.
    pub(super) fn of(settings: &McpSettings) -> Self {
        let listen = &settings.listen;
        let host = listen.bare_host().to_lowercase();
        let is_uds = listen.uds.is_some();
        let is_local =
            is_uds || host == "localhost" || host.parse::<IpAddr>().is_ok_and(|host| host.is_loopback());
        let port = || if is_uds { Port::Any } else { Port::Some };
        let mut own: Vec<String> = LOOPBACK.map(str::to_owned).into();
        let bracketed = if host.contains(':') {
            format!("[{host}]")
        } else {
            host
        };
        if is_local && !is_uds && !own.contains(&bracketed) {
            own.push(bracketed);
        }
        let own_hosts = || {
            own.iter().map(|name| Allowed {
                name: name.clone(),
                port: port(),
            })
        };
        let schemes: &[&str] = if listen.tls.is_some() {
            &["http", "https"]
        } else {
            &["http"]
        };
        let all = |entries: &[String]| entries.iter().any(|entry| entry.trim() == ALL);
        let checked = |entries: &[String]| (is_local || !entries.is_empty()) && !all(entries);
        let hosts = checked(&settings.allowed_hosts).then(|| {
            own_hosts()
                .chain(
                    settings
                        .allowed_hosts
                        .iter()
                        .filter_map(|entry| Allowed::of(entry)),
                )
                .collect()
        });
        let origins = checked(&settings.allowed_origins).then(|| {
            let own = schemes.iter().flat_map(|scheme| {
                own_hosts().map(|at| AllowedOrigin {
                    scheme: (*scheme).to_owned(),
                    at,
                })
            });
            own.chain(
                settings
                    .allowed_origins
                    .iter()
                    .filter_map(|entry| AllowedOrigin::of(entry)),
            )
            .collect()
        });
        Self { hosts, origins }
    }

    /// Whether a request to this host is answered.
    pub(super) fn allow_host(&self, uri: &Uri, headers: &HeaderMap) -> bool {
        let Some(allowed) = &self.hosts else { return true };
        let is_allowed = |host: &str| {
            parts(host).is_some_and(|(name, port)| allowed.iter().any(|allowed| allowed.matches(name, port)))
        };
        // A request may name the host in its first line too, and nobody but an attacker has two headers.
        let in_line = uri.authority().is_none_or(|host| is_allowed(host.as_str()));
        in_line && matches!(said(headers, &header::HOST), Said::Once(host) if is_allowed(host))
    }

    /// Whether a request from a page of this origin is answered. Only browsers say where a request comes from.
    pub(super) fn allow_origin(&self, headers: &HeaderMap) -> bool {
        let Some(allowed) = &self.origins else { return true };
        let is_allowed = |origin: &str| {
            let (scheme, host) = origin.split_once("://")?;
            let (name, port) = parts(host)?;
            let is_allowed = |allowed: &AllowedOrigin| {
                allowed.scheme.eq_ignore_ascii_case(scheme) && allowed.at.matches(name, port)
            };
            Some(allowed.iter().any(is_allowed))
        };
        match said(headers, &header::ORIGIN) {
            Said::Nothing => true,
            Said::Once(origin) => is_allowed(origin).unwrap_or(false),
            Said::Nonsense => false,
        }
    }
}

/// What a header says.
enum Said<'a> {
    Nothing,
    Once(&'a str),
    /// It is there twice, or is no text.
    Nonsense,
}

fn said<'a>(headers: &'a HeaderMap, name: &header::HeaderName) -> Said<'a> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (None, _) => Said::Nothing,
        (Some(value), None) => value.to_str().map_or(Said::Nonsense, Said::Once),
        (Some(_), Some(_)) => Said::Nonsense,
    }
}

impl Allowed {
    /// An entry of the settings. One without a port is meant for any: the name is what matters.
    fn of(entry: &str) -> Option<Self> {
        let entry = entry.trim();
        let (entry, any) = match entry.strip_suffix(":*") {
            Some(name) => (name, true),
            None => (entry, false),
        };
        let (name, port) = parts(entry)?;
        Some(Self {
            name: name.to_lowercase(),
            port: match port {
                Some(_) if any => return None,
                Some(port) => Port::Exactly(port),
                None => Port::Any,
            },
        })
    }

    fn matches(&self, name: &str, port: Option<u16>) -> bool {
        let port_matches = match self.port {
            Port::Any => true,
            Port::Some => port.is_some(),
            // Clients leave out a port that goes without saying.
            Port::Exactly(expected) => port.map_or(matches!(expected, 80 | 443), |port| port == expected),
        };
        port_matches && self.name.eq_ignore_ascii_case(name)
    }
}

impl AllowedOrigin {
    fn of(entry: &str) -> Option<Self> {
        let (scheme, host) = entry.trim().split_once("://")?;
        Some(Self {
            scheme: scheme.to_lowercase(),
            at: Allowed::of(host)?,
        })
    }
}

/// Whether an entry of `allowed_hosts` can be understood.
pub(crate) fn is_host_entry(entry: &str) -> bool {
    entry.trim() == ALL || Allowed::of(entry).is_some()
}

/// Whether an entry of `allowed_origins` can be understood.
pub(crate) fn is_origin_entry(entry: &str) -> bool {
    entry.trim() == ALL || AllowedOrigin::of(entry).is_some()
}

/// The name, with the brackets of an IPv6 address, and the port.
fn parts(host: &str) -> Option<(&str, Option<u16>)> {
    let (name, port) = match host.rfind(']') {
        Some(end) if host.starts_with('[') => host.split_at(end + 1),
        _ => host.split_at(host.find(':').unwrap_or(host.len())),
    };
    let port = match port.strip_prefix(':') {
        Some(digits) if digits.bytes().all(|digit| digit.is_ascii_digit()) => Some(digits.parse().ok()?),
        None if port.is_empty() => None,
        _ => return None,
    };
    let is_name = |name: &str| !name.is_empty() && !name.contains(['/', '@', '?', '#', '*', ' ', ',', '\\']);
    is_name(name).then_some((name, port))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn rules(host: &str, hosts: &[&str], origins: &[&str]) -> HostRules {
        let mut settings = McpSettings::default();
        settings.listen.host = host.to_owned();
        settings.allowed_hosts = hosts.iter().map(|&entry| entry.to_owned()).collect();
        settings.allowed_origins = origins.iter().map(|&entry| entry.to_owned()).collect();
        HostRules::of(&settings)
    }

    fn on_a_socket() -> HostRules {
        let mut settings = McpSettings::default();
        settings.listen.uds = Some("/run/p/mcp.sock".into());
        HostRules::of(&settings)
    }

    fn headers(name: &header::HeaderName, values: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(name.clone(), HeaderValue::from_str(value).unwrap());
        }
        headers
    }

    fn host(rules: &HostRules, host: &str) -> bool {
        rules.allow_host(&Uri::from_static("/mcp"), &headers(&header::HOST, &[host]))
    }

    fn origin(rules: &HostRules, origin: &str) -> bool {
        rules.allow_origin(&headers(&header::ORIGIN, &[origin]))
    }

    #[test]
    fn on_the_machine_itself_only_its_own_names_are_answered_and_with_a_port() {
        for bound in ["127.0.0.1", "localhost", "LOCALHOST", "::1", "[::1]", "127.0.0.2"] {
            let rules = rules(bound, &[], &[]);
            for allowed in ["127.0.0.1:8000", "localhost:1", "LocalHost:8000", "[::1]:8000"] {
                assert!(host(&rules, allowed), "{bound}: {allowed}");
                assert!(origin(&rules, &format!("http://{allowed}")), "{bound}: {allowed}");
            }
            for refused in [
                "localhost",
                "127.0.0.1",
                "[::1]",
                "::1",
                "evil.example",
                "evil.example:8000",
                "localhost.evil.example:8000",
                "localhost:8000.evil.example",
                "evil.example@localhost:8000",
                "localhost:",
                "localhost:*",
                "localhost:99999",
                "",
                "*",
                "10.0.0.1:8000",
            ] {
                assert!(!host(&rules, refused), "{bound}: {refused}");
            }
            for refused in [
                "null",
                "https://localhost:1",
                "http://localhost",
                "http://evil.example:8000",
                "localhost:1",
                "",
            ] {
                assert!(!origin(&rules, refused), "{bound}: {refused}");
            }
            assert!(rules.allow_origin(&HeaderMap::new()));
        }
        assert!(host(&rules("127.0.0.2", &[], &[]), "127.0.0.2:8000"));
        assert!(!host(&rules("127.0.0.1", &[], &[]), "127.0.0.2:8000"));
    }

    #[test]
    fn on_a_unix_socket_no_port_is_needed() {
        let rules = on_a_socket();
        for allowed in ["localhost", "127.0.0.1", "[::1]", "localhost:80"] {
            assert!(host(&rules, allowed), "{allowed}");
            assert!(origin(&rules, &format!("http://{allowed}")), "{allowed}");
        }
        for refused in ["gateway", "unix", "evil.example"] {
            assert!(!host(&rules, refused), "{refused}");
        }
    }

    #[test]
    fn on_any_other_address_everything_is_answered_unless_something_is_listed() {
        for bound in ["0.0.0.0", "::", "10.1.2.3", "plugins.internal"] {
            let open = rules(bound, &[], &[]);
            assert!(host(&open, "anything") && open.allow_host(&Uri::from_static("/"), &HeaderMap::new()));
            assert!(origin(&open, "null"));
            let listed = rules(bound, &["plugins.internal"], &[]);
            assert!(host(&listed, "plugins.internal:8000") && host(&listed, "localhost:8000"));
            assert!(!host(&listed, "evil.example"));
            assert!(origin(&listed, "https://anywhere.example"));
        }
    }

    #[test]
    fn what_is_listed_is_answered() {
        let listed = rules(
            "127.0.0.1",
            &["plugins", "exact.example:8443", "any.example:*", "[fd00::1]"],
            &["https://app.example", "http://other.example:8080"],
        );
        for allowed in [
            "plugins",
            "plugins:8000",
            "PLUGINS:1",
            "exact.example:8443",
            "any.example:1",
            "any.example",
            "[fd00::1]:5",
        ] {
            assert!(host(&listed, allowed), "{allowed}");
        }
        for refused in [
            "exact.example",
            "exact.example:8000",
            "plugins.evil.example",
            "xplugins",
        ] {
            assert!(!host(&listed, refused), "{refused}");
        }
        assert!(origin(&listed, "https://app.example") && origin(&listed, "https://app.example:8443"));
        assert!(origin(&listed, "http://other.example:8080"));
        assert!(!origin(&listed, "http://app.example") && !origin(&listed, "http://other.example"));
        assert!(host(&rules("127.0.0.1", &["*"], &[]), "evil.example"));
        assert!(origin(&rules("127.0.0.1", &[], &["*"]), "null"));
    }

    #[test]
    fn a_host_must_be_named_once_and_everywhere_alike() {
        let rules = rules("127.0.0.1", &[], &[]);
        let here = headers(&header::HOST, &["localhost:1"]);
        assert!(rules.allow_host(&Uri::from_static("http://localhost:1/mcp"), &here));
        assert!(!rules.allow_host(&Uri::from_static("http://evil.example/mcp"), &here));
        assert!(!rules.allow_host(&Uri::from_static("/mcp"), &HeaderMap::new()));
        let twice = headers(&header::HOST, &["localhost:1", "evil.example"]);
        assert!(!rules.allow_host(&Uri::from_static("/mcp"), &twice));
        assert!(!rules.allow_origin(&headers(
            &header::ORIGIN,
            &["http://localhost:1", "http://localhost:2"]
        )));
    }

    #[test]
    fn entries_that_mean_nothing_are_known_as_such() {
        for entry in ["a", "a:1", "a:*", "*", "[::1]:*", " a "] {
            assert!(is_host_entry(entry), "{entry}");
        }
        for entry in ["", "http://a", "a:b", "a:1:*", "a b", "*.example", "a:70000"] {
            assert!(!is_host_entry(entry), "{entry}");
        }
        assert!(is_origin_entry("https://a:1") && is_origin_entry("http://a:*") && is_origin_entry("*"));
        assert!(!is_origin_entry("a:1") && !is_origin_entry("null"));
    }
}

//! The rules of the hosts for `mcp.url` ([protocol, section
//! 9.5](https://github.com/contextforge-org/plugin-sdk-rust/blob/main/docs/protocol.md#95-entry-of-the-gateway)).

use std::net::Ipv4Addr;

use super::address;

const LONGEST: usize = 2048;
const SCHEMES: [&str; 4] = ["http://", "https://", "ws://", "wss://"];

/// Names of protocols that may stand nowhere in a URL, so that nobody who prints it makes a link of it.
const DANGEROUS: [&str; 8] = [
    "javascript:",
    "data:",
    "vbscript:",
    "about:",
    "chrome:",
    "file:",
    "ftp:",
    "mailto:",
];

/// Checks a URL and gives its host. With `protects`, addresses of private networks are refused.
pub(super) fn check(url: &str, protects: bool) -> Result<String, String> {
    if url.len() > LONGEST {
        return Err(format!("is longer than {LONGEST} bytes"));
    }
    let lower = url.to_ascii_lowercase();
    let Some(scheme) = SCHEMES.into_iter().find(|scheme| lower.starts_with(scheme)) else {
        return Err(format!(
            "must begin with one of {}, such as http://localhost:8000/mcp",
            SCHEMES.join(", ")
        ));
    };
    if let Some(protocol) = DANGEROUS.into_iter().find(|protocol| lower.contains(protocol)) {
        return Err(format!("must not contain \"{protocol}\""));
    }
    if url.contains(['[', ']']) {
        return Err("must not contain brackets: hosts take no IPv6 addresses; write a name".to_owned());
    }
    if url.contains(['\r', '\n']) {
        return Err("must not contain line breaks".to_owned());
    }
    let before_query = url.split('?').next().unwrap_or_default();
    if before_query.contains(' ') {
        return Err("must not contain spaces; write %20".to_owned());
    }
    if has_markup(&lower) {
        return Err("must not contain HTML or scripts".to_owned());
    }
    let authority = &url[scheme.len()..];
    let end = authority.find(['/', '?', '#']).unwrap_or(authority.len());
    host(&authority[..end], protects)
}

fn host(authority: &str, protects: bool) -> Result<String, String> {
    if authority.contains('@') {
        return Err("must not contain credentials".to_owned());
    }
    let (host, port) = match authority.split_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (authority, None),
    };
    if host.is_empty() {
        return Err("has no host".to_owned());
    }
    if let Some(port) = port.filter(|port| !port.is_empty())
        && !port.parse::<u16>().is_ok_and(|port| port > 0)
    {
        return Err(format!("the port must be 1 to 65535, not \"{port}\""));
    }
    if let Ok(literal) = host.parse::<Ipv4Addr>() {
        if literal.is_unspecified() {
            return Err("0.0.0.0 is no address to connect to; write localhost".to_owned());
        }
        if protects && address::is_private(literal.into()) {
            return Err(address::refusal(host, literal.into()));
        }
    }
    Ok(host.to_owned())
}

/// Tags, and attributes that hold scripts (`onload=`).
fn has_markup(lower: &str) -> bool {
    let is_tag = |rest: &str| {
        rest.trim_start_matches('/')
            .starts_with(|first: char| first.is_ascii_alphabetic())
    };
    if lower.match_indices('<').any(|(at, _)| is_tag(&lower[at + 1..])) {
        return true;
    }
    lower
        .match_indices(|before: char| before.is_whitespace() || "\"'`<>=".contains(before))
        .any(|(at, before)| {
            lower[at + before.len()..].strip_prefix("on").is_some_and(|rest| {
                let after = rest.trim_start_matches(|letter: char| letter.is_ascii_lowercase());
                after.len() < rest.len() && after.trim_start().starts_with('=')
            })
        })
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn the_host_is_what_stands_before_port_and_path() {
        for (url, expected) in [
            ("http://localhost:8000/mcp", "localhost"),
            ("HTTPS://h", "h"),
            ("http://h:/x", "h"),
            ("wss://a.b?c=d:e", "a.b"),
            ("http://h/?q=1&one=1", "h"),
        ] {
            assert_eq!(check(url, true).as_deref(), Ok(expected), "{url}");
        }
        for url in [
            "http://",
            "http://:80/",
            "http://h:x/",
            "http://h:-1/",
            "http://h/<script>",
            "http://h/</body>",
            "http://h/?q=\"onload = x",
            "http://h/\r\nx",
        ] {
            assert!(check(url, true).is_err(), "{url}");
        }
        assert!(check("http://127.0.0.1/", false).is_ok());
        assert!(check("http://127.0.0.1/", true).is_err());
    }
}

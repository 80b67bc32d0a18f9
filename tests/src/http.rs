//! A client for HTTP that sends what it is told and knows nothing of what is in it.

use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

/// Longer than any answer takes; a test that waits for more has found a hang.
const PATIENCE: Duration = Duration::from_secs(20);

/// An answer.
#[derive(Debug)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The headers, with their names in small letters.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
}

impl Answer {
    /// The value of a header, whose name is in small letters.
    pub fn header(&self, name: &str) -> Option<&str> {
        let (_, value) = self.headers.iter().find(|(known, _)| known == name)?;
        Some(value)
    }
}

/// Sends one request on a connection of its own, and reads to its end.
///
/// # Errors
///
/// When nobody listens, nothing comes back, or what comes back is no answer.
pub fn exchange(
    address: impl ToSocketAddrs,
    line: &str,
    headers: &[(String, String)],
    body: &str,
) -> io::Result<Answer> {
    let stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    exchange_on(stream, line, headers, body)
}

/// Sends one request on a connection, and reads to its end.
///
/// # Errors
///
/// When nothing comes back, or what comes back is no answer.
pub fn exchange_on(
    mut stream: impl Read + Write,
    line: &str,
    headers: &[(String, String)],
    body: &str,
) -> io::Result<Answer> {
    let length = body.len();
    let head = head(line, headers) + &format!("Content-Length: {length}\r\nConnection: close\r\n\r\n");
    stream.write_all(&[head.as_bytes(), body.as_bytes()].concat())?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    parse(&String::from_utf8_lossy(&answer))
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "what came back is no answer"))
}

/// The first line of a request and headers, to which more can be added.
pub fn head(line: &str, headers: &[(String, String)]) -> String {
    let first = format!("{line} HTTP/1.1\r\n");
    headers
        .iter()
        .fold(first, |head, (name, value)| head + name + ": " + value + "\r\n")
}

fn parse(answer: &str) -> Option<Answer> {
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let mut lines = head.split("\r\n");
    let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let headers = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
        .collect();
    Some(Answer {
        status,
        headers,
        body: body.to_owned(),
    })
}

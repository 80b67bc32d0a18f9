//! What a connection costs that changes its settings over and over, on TCP and on a Unix socket.

use std::{
    fs,
    io::{Read, Write},
    net::TcpStream,
    os::unix::net::UnixStream,
    thread,
    time::{Duration, Instant},
};

use plugin_sdk_tests::process::ServerProcess;

use super::client::{Address, servers};

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const HEADERS: u8 = 1;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const CONTINUATION: u8 = 9;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;
const INITIAL_WINDOW_SIZE: u16 = 4;

const FRAMES: usize = 20_000;

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

fn window(size: u32) -> Vec<u8> {
    let setting = [&INITIAL_WINDOW_SIZE.to_be_bytes()[..], &size.to_be_bytes()].concat();
    frame(SETTINGS, 0, 0, &setting)
}

/// The fields of a call.
fn fields() -> Vec<u8> {
    let literal = |(name, value): (&str, &str)| {
        let text = |text: &str| [&[u8::try_from(text.len()).unwrap()], text.as_bytes()].concat();
        [vec![0], text(name), text(value)].concat()
    };
    [
        (":method", "POST"),
        (":scheme", "http"),
        (":path", "/cpex.PluginService/InvokeHook"),
        (":authority", "localhost"),
        ("content-type", "application/grpc"),
        ("te", "trailers"),
    ]
    .map(literal)
    .concat()
}

/// Processor time that the server has used.
fn used(server: &ServerProcess) -> Duration {
    let stat = fs::read_to_string(format!("/proc/{}/stat", server.id())).unwrap();
    let (_, fields) = stat.rsplit_once(')').unwrap();
    let ticks = |index: usize| fields.split(' ').nth(index).unwrap().parse::<u64>().unwrap();
    Duration::from_millis((ticks(12) + ticks(13)) * 10)
}

trait Stream: Read + Write + Send {}

impl<S: Read + Write + Send> Stream for S {}

/// A connection whose answers are read and thrown away; ends when the server closes it.
struct Flood {
    output: Box<dyn Stream>,
    reading: thread::JoinHandle<usize>,
}

impl Flood {
    fn begin(address: &Address) -> Self {
        let (mut output, mut input): (Box<dyn Stream>, Box<dyn Stream>) = match address {
            Address::Tcp(address) => {
                let stream = TcpStream::connect(address).unwrap();
                (Box::new(stream.try_clone().unwrap()), Box::new(stream))
            }
            Address::Unix(path) => {
                let stream = UnixStream::connect(path).unwrap();
                (Box::new(stream.try_clone().unwrap()), Box::new(stream))
            }
        };
        output.write_all(PREFACE).unwrap();
        output.write_all(&frame(SETTINGS, 0, 0, &[])).unwrap();
        let reading = thread::spawn(move || {
            let mut read = Vec::new();
            // A reset is an end, too.
            let _ = input.read_to_end(&mut read);
            read.len()
        });
        Self { output, reading }
    }

    /// Sends frames, until the server takes no more.
    fn send(&mut self, frames: &[u8]) {
        let _ = self.output.write_all(frames);
    }

    fn is_closed(&self) -> bool {
        self.reading.is_finished()
    }
}

/// What it costs the server until it is quiet again.
fn cost(server: &ServerProcess, flood: impl FnOnce()) -> Duration {
    let before = used(server);
    flood();
    let begun = Instant::now();
    let mut last = used(server);
    loop {
        thread::sleep(Duration::from_millis(500));
        let now = used(server);
        if now == last {
            return now.saturating_sub(before);
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "still busy");
        last = now;
    }
}

#[test]
fn windows_that_swing_on_many_streams() {
    for (address, server) in servers(&[]) {
        let mut flood = Flood::begin(&address);
        // Their messages never come.
        for number in 0..1000 {
            flood.send(&frame(HEADERS, END_HEADERS, 2 * number + 1, &fields()));
        }
        cost(&server, || {});
        let cost = cost(&server, || {
            let swings: Vec<u8> = (0..FRAMES)
                .flat_map(|turn| window([0, 65_535][turn % 2]))
                .collect();
            flood.send(&swings);
        });
        assert!(cost < Duration::from_secs(1), "{address:?}: {cost:?}");
        assert!(flood.is_closed(), "{address:?}");
        assert!(server.log().contains("changes the settings"), "{}", server.log());
    }
}

#[test]
fn updates_of_the_table_of_headers() {
    let update = |turn: usize| [&[0x20][..], &[0x3f, 0xe1, 0x1f]][turn % 2];
    for (address, server) in servers(&[]) {
        let mut flood = Flood::begin(&address);
        let cost = cost(&server, || {
            // All in one block, and then one in each of many.
            let updates: Vec<u8> = (0..FRAMES).flat_map(update).copied().collect();
            let (first, rest) = updates.split_at(16_000);
            flood.send(&frame(HEADERS, END_STREAM, 1, first));
            for part in rest.chunks(16_000) {
                flood.send(&frame(CONTINUATION, 0, 1, part));
            }
            flood.send(&frame(CONTINUATION, END_HEADERS, 1, &fields()));
            let mut flood = Flood::begin(&address);
            for turn in 0..FRAMES {
                let block = [update(turn), &fields()].concat();
                let stream = u32::try_from(2 * turn + 1).unwrap();
                flood.send(&frame(HEADERS, END_STREAM | END_HEADERS, stream, &block));
            }
            flood.send(&frame(PING, 0, 0, b"the end."));
        });
        assert!(cost < Duration::from_secs(3), "{address:?}: {cost:?}");
    }
}

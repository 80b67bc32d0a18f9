//! What a connection costs that changes its settings over and over, on TCP and on a Unix socket.

use std::{
    fs,
    io::{self, Read, Write},
    net::TcpStream,
    os::unix::net::UnixStream,
    sync::mpsc,
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

const PATIENCE: Duration = Duration::from_secs(20);

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

/// A connection whose answers are counted and thrown away.
struct Flood {
    output: Box<dyn Stream>,
    /// Has something for each answer, and ends when the server closes the connection.
    answers: mpsc::Receiver<()>,
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
        let (answered, answers) = mpsc::channel();
        thread::spawn(move || {
            let mut head = [0; 9];
            // A reset is an end, too.
            while input.read_exact(&mut head).is_ok() {
                let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
                let _ = io::copy(&mut Read::by_ref(&mut input).take(length.into()), &mut io::sink());
                if head[3] == HEADERS && head[4] & END_STREAM != 0 {
                    // Nobody may wait for it.
                    let _ = answered.send(());
                }
            }
        });
        Self { output, answers }
    }

    /// Sends frames, until the server takes no more.
    fn send(&mut self, frames: &[u8]) {
        let _ = self.output.write_all(frames);
    }

    fn wait_for_an_answer(&self) {
        self.answers.recv_timeout(PATIENCE).unwrap();
    }

    fn wait_until_closed(&self) {
        let answer = self.answers.recv_timeout(PATIENCE);
        assert_eq!(answer, Err(mpsc::RecvTimeoutError::Disconnected));
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
        let opening = cost(&server, || {
            for number in 0..1000 {
                flood.send(&frame(HEADERS, END_HEADERS, 2 * number + 1, &fields()));
            }
        });
        let swinging = cost(&server, || {
            let swings: Vec<u8> = (0..FRAMES)
                .flat_map(|turn| window([0, 65_535][turn % 2]))
                .collect();
            flood.send(&swings);
        });
        assert!(
            swinging < 5 * opening,
            "{address:?}: {swinging:?} for streams that cost {opening:?}"
        );
        flood.wait_until_closed();
        assert!(server.log().contains("changes the settings"), "{}", server.log());
    }
}

/// They cost little beside the blocks that they are in.
#[test]
fn updates_of_the_table_of_headers() {
    let update = |turn: usize| [&[0x20][..], &[0x3f, 0xe1, 0x1f]][turn % 2];
    for (address, server) in servers(&[]) {
        let plain = cost(&server, || blocks(&address, |_| &[]));
        let updated = cost(&server, || blocks(&address, update));
        assert!(
            updated < 2 * plain,
            "{address:?}: {updated:?} instead of {plain:?}"
        );
    }
}

/// Many things before the fields of one block, and then one in each of many.
fn blocks(address: &Address, before: impl Fn(usize) -> &'static [u8]) {
    let mut flood = Flood::begin(address);
    let many: Vec<u8> = (0..FRAMES).flat_map(&before).copied().collect();
    let (first, rest) = many.split_at(many.len().min(16_000));
    flood.send(&frame(HEADERS, END_STREAM, 1, first));
    for part in rest.chunks(16_000) {
        flood.send(&frame(CONTINUATION, 0, 1, part));
    }
    flood.send(&frame(CONTINUATION, END_HEADERS, 1, &fields()));

    let mut flood = Flood::begin(address);
    // So few at once that none is refused.
    for turn in 0..FRAMES / 4 {
        let block = [before(turn), &fields()].concat();
        let stream = u32::try_from(2 * turn + 1).unwrap();
        flood.send(&frame(HEADERS, END_STREAM | END_HEADERS, stream, &block));
        if turn % 50 == 49 {
            (0..50).for_each(|_| flood.wait_for_an_answer());
        }
    }
}

/// What a library notices of each frame is not a line of the log for each.
#[test]
fn answers_to_pings_that_the_server_did_not_send() {
    const ACK: u8 = 1;
    for (address, server) in servers(&[]) {
        let mut flood = Flood::begin(&address);
        cost(&server, || {
            flood.send(&frame(PING, ACK, 0, b"unasked!").repeat(FRAMES));
        });
        let log = server.log();
        assert!(log.lines().count() < 50, "{address:?}: {log}");
    }
}

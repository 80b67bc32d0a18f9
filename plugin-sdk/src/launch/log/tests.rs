use std::sync::mpsc::{Receiver, Sender, channel};

use super::*;

/// An output that takes what it is allowed to, and fails when it is told to.
#[derive(Clone, Default)]
struct Disk {
    written: Arc<Mutex<Vec<u8>>>,
    room: Arc<Mutex<usize>>,
}

impl Write for Disk {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut room = self.room.lock().unwrap();
        let taken = bytes.len().min(*room);
        if taken == 0 {
            return Err(ErrorKind::StorageFull.into());
        }
        *room -= taken;
        self.written.lock().unwrap().extend_from_slice(&bytes[..taken]);
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn text(disk: &Disk) -> String {
    String::from_utf8(disk.written.lock().unwrap().clone()).unwrap()
}

#[test]
fn a_full_disk_loses_lines_and_says_how_many_when_it_has_room() {
    let disk = Disk::default();
    *disk.room.lock().unwrap() = 13;
    let log = Log::start(disk.clone()).unwrap();
    for line in ["first\n", "second line\n", "third\n"] {
        log.put(line.as_bytes());
        log.finish();
    }
    assert_eq!(text(&disk), "first\nsecond ");
    *disk.room.lock().unwrap() = 1000;
    log.put(b"fourth\n");
    log.finish();
    let text = text(&disk);
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines[..2], ["first", "second "]);
    assert!(lines[2].ends_with(" lost=2"), "{text}");
    assert_eq!(lines[3..], ["fourth"]);
}

/// An output that waits for a permission before each write.
struct Pipe {
    permits: Receiver<()>,
    written: Sender<Vec<u8>>,
}

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.permits.recv().map_err(|_| ErrorKind::BrokenPipe)?;
        self.written.send(bytes.to_vec()).unwrap();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn lines_that_nobody_reads_are_bounded_counted_and_waited_for_only_briefly() {
    let (permit, permits) = channel();
    let (written, read) = channel();
    let log = Log::start(Pipe { permits, written }).unwrap();
    let line = [b"x".repeat(1023), b"\n".to_vec()].concat();
    let began = Instant::now();
    for _ in 0..5000 {
        log.put(&line);
    }
    log.finish();
    assert!(began.elapsed() < LAST_LINES * 4, "it took {:?}", began.elapsed());
    for _ in 0..10_000 {
        permit.send(()).unwrap();
    }
    log.put(&line);
    log.finish();
    let written: Vec<u8> = read.try_iter().flatten().collect();
    let text = String::from_utf8(written).unwrap();
    let told = text.lines().filter_map(|line| line.split("lost=").nth(1));
    let lost: usize = told.map(|count| count.parse::<usize>().unwrap()).sum();
    let lines = text.lines().filter(|line| line.starts_with('x')).count();
    // The last line may come before there is room again.
    assert_eq!(lines + lost, 5001);
    assert!(lines <= 2 * BACKLOG / 1024 + 1, "{lines} lines waited");
}

#[test]
fn a_line_is_bounded() {
    let line = format!("{}é\n", "x".repeat(LINE - 1));
    let cut = String::from_utf8(shortened(line.as_bytes())).unwrap();
    assert_eq!(cut, format!("{}… (3 bytes left out)\n", "x".repeat(LINE - 1)));
}

#[test]
fn chunks_are_whole_lines() {
    let long = format!("{}\n", "y".repeat(5000));
    let text = format!("a\nb\n{long}c\n");
    let chunks: Vec<_> = Chunks(text.as_bytes()).collect();
    assert_eq!(chunks, [b"a\nb\n", long.as_bytes(), b"c\n"]);
}

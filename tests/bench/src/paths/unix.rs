//! The Unix socket against a server that answers every frame with the same bytes.

use plugin_sdk_instructions::requests::{self, Size};

use crate::{
    Result,
    floors::Floor,
    load::frames::{Connection, connections, envelope, frame},
    measure::{Effort, affinity::Placement},
    report::{Row, Target, Unit},
    server::{Server, Transport},
};

const PATH: &str = "unix";
const FLOOR: &str = "framed echo on tokio";
const PLUGIN: &str = "ReplaceWords";

/// What a client does.
#[derive(Clone, Copy)]
enum Shape {
    PingPong,
    Connections(usize),
    Envelopes(u8),
}

impl Shape {
    fn name(self) -> String {
        match self {
            Self::PingPong => "1 connection".to_owned(),
            Self::Connections(count) => format!("{count} connections"),
            Self::Envelopes(count) => format!("{count} in flight in envelopes"),
        }
    }
}

pub(super) fn measure(effort: Effort) -> Result<Vec<Row>> {
    use Placement::{CrossCore, SameCore};
    let at_least = |ratio| Some(Target::RatioAtLeast(ratio));
    let mut rows = Vec::new();
    for (size, large) in [(Size::Small, false), (Size::OneText, true)] {
        let pair = Pair::start(size, false)?;
        let half = at_least(0.5).filter(|_| large);
        rows.push(pair.row(effort, Shape::PingPong, SameCore, half.or(at_least(0.92)))?);
        rows.push(pair.row(effort, Shape::Connections(8), SameCore, half.or(at_least(0.75)))?);
        rows.push(pair.row(effort, Shape::Connections(8), CrossCore, None)?);
        if !large {
            rows.push(pair.row(effort, Shape::PingPong, CrossCore, None)?);
            let pair = Pair::start(size, true)?;
            rows.push(pair.row(effort, Shape::Envelopes(64), SameCore, None)?);
            rows.push(pair.row(effort, Shape::Envelopes(64), CrossCore, None)?);
        }
    }
    Ok(rows)
}

/// Our server and its floor, which gives the answer of ours.
struct Pair {
    ours: Server,
    floor: Server,
    size: Size,
    request: Vec<u8>,
}

impl Pair {
    fn start(size: Size, in_envelopes: bool) -> Result<Self> {
        let message = requests::protobuf(PLUGIN, size)?;
        let request = frame(&message)?;
        let mut ours = Server::ours(Transport::Unix)?;
        let mut answer =
            ours.wait(|address| Ok(Connection::open(address.socket()?)?.call(&request)?.to_vec()))?;
        requests::check_protobuf(&answer, true)?;
        if in_envelopes {
            answer = Connection::open(ours.address.socket()?)?
                .call(&envelope(1, &message)?)?
                .to_vec();
        }
        let mut floor = Server::floor(Floor::Echo, Transport::Unix, &answer)?;
        floor.wait(|address| Connection::open(address.socket()?)?.call(&request).map(drop))?;
        Ok(Self {
            ours,
            floor,
            size,
            request,
        })
    }

    fn row(&self, effort: Effort, shape: Shape, placement: Placement, target: Option<Target>) -> Result<Row> {
        let [calls, processor] = super::against(effort, placement, (&self.ours, &self.floor), |server| {
            let socket = server.address.socket()?;
            match shape {
                Shape::PingPong => Connection::open(socket)?.ping_pong(&self.request, effort.sample),
                Shape::Connections(count) => connections(socket, &self.request, count, effort.sample),
                Shape::Envelopes(count) => {
                    let requests: Result<Vec<_>> =
                        (1..=count).map(|id| envelope(id, &self.request[4..])).collect();
                    Connection::open(socket)?.window(&requests?, effort.sample)
                }
            }
        })?;
        let case = format!("{}, {}, {}", shape.name(), self.size.name(), placement.name());
        Ok(Row::new(PATH, case, FLOOR, Unit::CallsPerSecond, calls)
            .with_processor(processor)
            .with_target(target))
    }
}

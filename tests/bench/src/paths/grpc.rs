//! gRPC over TCP and a Unix socket against tonic with nothing in it.

use bytes::Bytes;

use plugin_sdk_instructions::requests::{self, Size};

use crate::{
    Result,
    floors::Floor,
    load::grpc::{concurrent, once, prefixed},
    measure::{Effort, affinity::Placement},
    report::{Row, Target, Unit},
    server::{Server, Transport},
};

const PATH: &str = "grpc";
const FLOOR: &str = "bare tonic, fixed answer";

pub(super) fn measure(effort: Effort) -> Result<Vec<Row>> {
    use Placement::{CrossCore, SameCore};
    let mut rows = Vec::new();
    for (transport, name) in [(Transport::Grpc, "TCP"), (Transport::GrpcUnix, "Unix socket")] {
        let pair = Pair::start(transport, name, Size::Small)?;
        rows.push(pair.row(effort, 1, SameCore, Some(0.95))?);
        rows.push(pair.row(effort, 8, SameCore, Some(0.90))?);
        rows.push(pair.row(effort, 64, SameCore, Some(0.90))?);
        rows.push(pair.row(effort, 64, CrossCore, None)?);
        let pair = Pair::start(transport, name, Size::OneText)?;
        rows.push(pair.row(effort, 1, SameCore, None)?);
    }
    Ok(rows)
}

/// Our server and its floor, which gives the answer of ours.
struct Pair {
    ours: Server,
    floor: Server,
    name: &'static str,
    size: Size,
    request: Bytes,
}

impl Pair {
    fn start(transport: Transport, name: &'static str, size: Size) -> Result<Self> {
        let request = prefixed(&requests::protobuf("ReplaceWords", size)?)?;
        let mut ours = Server::ours(transport)?;
        let answer = ours.wait(|address| once(address, &request))?;
        requests::check_protobuf(&answer, true)?;
        let mut floor = Server::floor(Floor::Grpc, transport, &answer)?;
        floor.wait(|address| once(address, &request))?;
        Ok(Self {
            ours,
            floor,
            name,
            size,
            request,
        })
    }

    fn row(
        &self,
        effort: Effort,
        concurrency: usize,
        placement: Placement,
        target: Option<f64>,
    ) -> Result<Row> {
        let [calls, processor] = super::against(effort, placement, (&self.ours, &self.floor), |server| {
            concurrent(&server.address, &self.request, concurrency, effort.sample)
        })?;
        let case = format!(
            "{}, {concurrency} at a time, {}, {}",
            self.name,
            self.size.name(),
            placement.name()
        );
        Ok(Row::new(PATH, case, FLOOR, Unit::CallsPerSecond, calls)
            .with_processor(processor)
            .with_target(target.map(Target::RatioAtLeast)))
    }
}

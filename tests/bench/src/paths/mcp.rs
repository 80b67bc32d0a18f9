//! MCP over HTTP/1.1 against bare hyper, with an answer that is ready and with the least that makes one.

use plugin_sdk_instructions::requests::{self, Size};

use crate::{
    Result,
    floors::Floor,
    load::http::{connections, once, post},
    measure::{Effort, affinity::Placement},
    report::{Row, Target, Unit},
    server::{Address, Server, Transport},
};

const PATH: &str = "mcp";
const FIXED: &str = "bare hyper, fixed answer";
const JSON_RPC: &str = "minimal JSON-RPC handler on hyper";

pub(super) fn measure(effort: Effort) -> Result<Vec<Row>> {
    use Placement::{CrossCore, SameCore};
    let mut rows = Vec::new();
    for size in [Size::Small, Size::OneText] {
        let body = requests::json_rpc("ReplaceWords", size);
        let request = |address: &Address| match address {
            Address::Port(port) => Ok(post(*port, "MCP-Protocol-Version: 2025-11-25\r\n", &body)),
            Address::Socket(_) => Err("the server has no port"),
        };
        let call = |address: &Address| {
            let answer = once(address, &request(address)?)?;
            match answer.status {
                200 => Ok(answer.body),
                status => Err(format!("status {status}: {}", String::from_utf8_lossy(&answer.body)).into()),
            }
        };
        let mut ours = Server::ours(Transport::Http)?;
        let answer = ours.wait(call)?;
        requests::check_result(&answer, true)?;
        let mut json_rpc = Server::floor(Floor::JsonRpc, Transport::Http, &answer)?;
        requests::check_result(&json_rpc.wait(call)?, true)?;
        let mut fixed = Server::floor(Floor::Http, Transport::Http, &answer)?;
        fixed.wait(call)?;

        let mut row =
            |(floor, name): (&Server, _), count: usize, placement: Placement, target: Option<f64>| {
                let [calls, processor] = super::against(effort, placement, (&ours, floor), |server| {
                    connections(&server.address, &request(&server.address)?, count, effort.sample)
                })?;
                let plural = if count == 1 { "" } else { "s" };
                let case = format!(
                    "{count} connection{plural}, {}, {}",
                    size.name(),
                    placement.name()
                );
                rows.push(
                    Row::new(PATH, case, name, Unit::CallsPerSecond, calls)
                        .with_processor(processor)
                        .with_target(target.map(Target::RatioAtLeast)),
                );
                Ok::<_, crate::Error>(())
            };
        let target = (size == Size::Small).then_some(0.8);
        let counts: &[usize] = if size == Size::Small { &[1, 8, 32] } else { &[1] };
        for count in counts {
            row((&json_rpc, JSON_RPC), *count, SameCore, target)?;
        }
        for count in counts {
            row((&fixed, FIXED), *count, SameCore, None)?;
        }
        if size == Size::Small {
            row((&json_rpc, JSON_RPC), 8, CrossCore, None)?;
        }
    }
    Ok(rows)
}

//! One call in process: the bytes of a request in, a hook that replaces a word, the bytes of the answer out.

use bytes::Bytes;
use plugin_sdk::{__private::InProcess, Plugin};
use tokio::runtime::Runtime;

use crate::{
    Result,
    floors::naive,
    measure::{
        Effort,
        affinity::{Placement, on_core},
        interleaved, nanoseconds,
    },
    plugins::{Allow, ReplaceInQuery, ReplaceWords},
    report::{Row, Target, Unit},
    requests::{self, Size},
};

const PATH: &str = "in-process";
const NAIVE: &str = "prost `Struct` → `serde_json::Value` → type and back";
const COPY: &str = "copy of request and answer";
const SIZES: [Size; 3] = [Size::Small, Size::OneText, Size::ManyObjects];

/// A plugin in this process, its request, and whether it changes the payload.
pub(crate) struct Subject {
    plugin: InProcess,
    runtime: Runtime,
    request: Bytes,
}

impl Subject {
    fn of<P: Plugin>(plugin: P, name: &str, size: Size, modifies: bool) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let subject = Self {
            plugin: runtime.block_on(async { InProcess::of(plugin) })?,
            runtime,
            request: requests::protobuf(name, size)?,
        };
        requests::check_protobuf(&subject.call()?, modifies)?;
        Ok(subject)
    }

    /// All arguments are looked at, and one is changed.
    pub(crate) fn full(size: Size) -> Result<Self> {
        Self::of(ReplaceWords, "ReplaceWords", size, true)
    }

    /// One argument is looked at and changed.
    pub(crate) fn part(size: Size) -> Result<Self> {
        Self::of(ReplaceInQuery, "ReplaceInQuery", size, true)
    }

    /// Nothing is changed.
    pub(crate) fn allow(size: Size) -> Result<Self> {
        Self::of(Allow, "Allow", size, false)
    }

    pub(crate) fn request(&self) -> &Bytes {
        &self.request
    }

    pub(crate) fn call(&self) -> Result<Vec<u8>> {
        Ok(self
            .runtime
            .block_on(self.plugin.protobuf(self.request.clone()))?)
    }

    /// As many calls as one likes on one entry into the runtime, which a server enters once too.
    pub(crate) fn calls(&self, calls: u32) -> Result<()> {
        self.runtime.block_on(async {
            for _ in 0..calls {
                std::hint::black_box(self.plugin.protobuf(self.request.clone()).await?);
            }
            Ok(())
        })
    }
}

/// Calls on one entry into the runtime.
const BATCH: u32 = 16;

pub(super) fn measure(effort: Effort) -> Result<Vec<Row>> {
    on_core(Placement::SERVER, || {
        let mut rows = Vec::new();
        for size in SIZES {
            let name = size.name();
            rows.push(against_naive(
                effort,
                &Subject::full(size)?,
                &format!("{name}: all arguments read"),
                (size == Size::Small).then_some(Target::RatioAtMost(1.0 / 6.0)),
            )?);
            rows.push(against_naive(
                effort,
                &Subject::part(size)?,
                &format!("{name}: one argument read"),
                (size == Size::Small).then_some(Target::RatioAtMost(1.0 / 12.0)),
            )?);
            rows.push(against_naive(
                effort,
                &Subject::allow(size)?,
                &format!("{name}: let pass"),
                None,
            )?);
        }
        for size in SIZES {
            rows.push(against_copy(
                effort,
                &Subject::full(size)?,
                &format!("{}: all arguments read", size.name()),
            )?);
        }
        Ok(rows)
    })
}

fn ours(effort: Effort, subject: &Subject) -> Result<[f64; 1]> {
    let batch = nanoseconds(effort.sample, || subject.calls(BATCH))?;
    Ok([batch / f64::from(BATCH)])
}

fn against_naive(effort: Effort, subject: &Subject, case: &str, target: Option<Target>) -> Result<Row> {
    requests::check_protobuf(&naive::handle(subject.request())?, true)?;
    let [time] = interleaved(
        effort.rounds,
        || ours(effort, subject),
        || {
            let call = || {
                std::hint::black_box(naive::handle(subject.request())?);
                Ok(())
            };
            Ok([nanoseconds(effort.sample, call)?])
        },
    )?;
    Ok(Row::new(PATH, case, NAIVE, Unit::Nanoseconds, time).with_target(target))
}

fn against_copy(effort: Effort, subject: &Subject, case: &str) -> Result<Row> {
    let answer = subject.call()?;
    let (mut request_copy, mut answer_copy) = (vec![0; subject.request().len()], vec![0; answer.len()]);
    let [time] = interleaved(
        effort.rounds,
        || ours(effort, subject),
        || {
            let copy = || {
                request_copy.copy_from_slice(std::hint::black_box(subject.request()));
                answer_copy.copy_from_slice(std::hint::black_box(&answer));
                std::hint::black_box((&request_copy, &answer_copy));
                Ok(())
            };
            Ok([nanoseconds(effort.sample, copy)?])
        },
    )?;
    Ok(Row::new(PATH, case, COPY, Unit::Nanoseconds, time))
}

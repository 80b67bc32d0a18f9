//! One call in process: the bytes of a request in, a hook that replaces a word, the bytes of the answer out.

use plugin_sdk_instructions::{
    in_process::Subject,
    naive,
    requests::{self, Size},
};

use crate::{
    Result,
    measure::{
        Effort,
        affinity::{Placement, on_core},
        interleaved, nanoseconds,
    },
    report::{Row, Target, Unit},
};

const PATH: &str = "in-process";
const NAIVE: &str = "prost `Struct` → `serde_json::Value` → type and back";
const COPY: &str = "copy of request and answer";
const SIZES: [Size; 3] = [Size::Small, Size::OneText, Size::ManyObjects];

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

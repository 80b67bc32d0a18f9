//! What is counted.

use bytes::Bytes;
use plugin_sdk::__private::InProcess;

use crate::{
    Result, in_process, json_rpc, naive,
    plugins::ReplaceWords,
    requests::{self, Size},
};

/// Something that is called so often.
pub struct Subject {
    /// What it is called on the command line.
    pub name: &'static str,
    /// What it is called in tables.
    pub title: &'static str,
    /// So many calls make a steady count.
    pub calls: u32,
    /// What it is compared with.
    pub floor: &'static str,
    make: fn() -> Result<Work>,
}

/// Makes so many calls.
type Work = Box<dyn Fn(u32) -> Result<()>>;

/// All there are.
pub const SUBJECTS: [Subject; 10] = [
    Subject {
        name: "full",
        title: "517 B: all arguments read",
        calls: 1000,
        floor: "naive",
        make: || in_process_work(in_process::Subject::full(Size::Small)),
    },
    Subject {
        name: "part",
        title: "517 B: one argument read",
        calls: 1000,
        floor: "naive",
        make: || in_process_work(in_process::Subject::part(Size::Small)),
    },
    Subject {
        name: "allow",
        title: "517 B: let pass",
        calls: 1000,
        floor: "naive",
        make: || in_process_work(in_process::Subject::allow(Size::Small)),
    },
    Subject {
        name: "context",
        title: "517 B: let pass, the context read",
        calls: 1000,
        floor: "naive",
        make: || in_process_work(in_process::Subject::context(Size::Small)),
    },
    Subject {
        name: "full-objects",
        title: "64 KiB, 640 objects: all arguments read",
        calls: 20,
        floor: "naive-objects",
        make: || in_process_work(in_process::Subject::full(Size::ManyObjects)),
    },
    Subject {
        name: "part-objects",
        title: "64 KiB, 640 objects: one argument read",
        calls: 20,
        floor: "naive-objects",
        make: || in_process_work(in_process::Subject::part(Size::ManyObjects)),
    },
    Subject {
        name: "json",
        title: "517 B as JSON: all arguments read",
        calls: 1000,
        floor: "json-rpc",
        make: json,
    },
    Subject {
        name: "naive",
        title: "517 B: the naive path",
        calls: 1000,
        floor: "",
        make: || naive_work(Size::Small),
    },
    Subject {
        name: "naive-objects",
        title: "64 KiB, 640 objects: the naive path",
        calls: 20,
        floor: "",
        make: || naive_work(Size::ManyObjects),
    },
    Subject {
        name: "json-rpc",
        title: "517 B as JSON-RPC: the minimal handler",
        calls: 1000,
        floor: "",
        make: || {
            let request = requests::json_rpc("ReplaceWords", Size::Small);
            requests::check_result(&json_rpc::handle(request.as_bytes())?, true)?;
            Ok(Box::new(move |calls| {
                for _ in 0..calls {
                    std::hint::black_box(json_rpc::handle(request.as_bytes())?);
                }
                Ok(())
            }))
        },
    },
];

/// Makes calls of one subject, in a process of its own.
pub fn repeat(name: &str, calls: u32) -> Result<()> {
    let subject = SUBJECTS
        .iter()
        .find(|subject| subject.name == name)
        .ok_or("nothing of this name is counted")?;
    (subject.make)()?(calls)
}

fn in_process_work(subject: Result<in_process::Subject>) -> Result<Work> {
    let subject = subject?;
    Ok(Box::new(move |calls| subject.calls(calls)))
}

fn naive_work(size: Size) -> Result<Work> {
    let request = requests::protobuf("ReplaceWords", size)?;
    requests::check_protobuf(&naive::handle(&request)?, true)?;
    Ok(Box::new(move |calls| {
        for _ in 0..calls {
            std::hint::black_box(naive::handle(&request)?);
        }
        Ok(())
    }))
}

/// What the MCP transport hands over, and what it gets back.
fn json() -> Result<Work> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let plugin = runtime.block_on(async { InProcess::new(ReplaceWords) });
    let (payload, context) = requests::json(Size::Small);
    let (payload, context) = (Bytes::from(payload), Bytes::from(context));
    let call = plugin.json(
        "tool_pre_invoke",
        "ReplaceWords",
        payload.clone(),
        context.clone(),
    );
    requests::check_result(runtime.block_on(call).as_bytes(), true)?;
    let work = move |calls| {
        runtime.block_on(async {
            for _ in 0..calls {
                let call = plugin.json(
                    "tool_pre_invoke",
                    "ReplaceWords",
                    payload.clone(),
                    context.clone(),
                );
                std::hint::black_box(call.await);
            }
        });
        Ok(())
    };
    work(in_process::WARM_UP)?;
    Ok(Box::new(work))
}

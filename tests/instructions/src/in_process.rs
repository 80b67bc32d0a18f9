//! One call in process: the bytes of a request in, a hook that replaces a word, the bytes of the answer out.

use bytes::Bytes;
use plugin_sdk::{__private::InProcess, Plugin};
use tokio::runtime::Runtime;

use crate::{
    Result,
    plugins::{Allow, ReadContext, ReplaceInQuery, ReplaceWords},
    requests::{self, Size},
};

/// A hook runs on the task of its caller once so many calls were fast.
pub(crate) const WARM_UP: u32 = 1200;

/// A plugin in this process, its request, and whether it changes the payload.
pub struct Subject {
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
            plugin: runtime.block_on(async { InProcess::new(plugin) }),
            runtime,
            request: requests::protobuf(name, size)?,
        };
        requests::check_protobuf(&subject.call()?, modifies)?;
        let small = requests::protobuf(name, Size::Small)?;
        subject.runtime.block_on(async {
            for _ in 0..WARM_UP {
                subject.plugin.protobuf(small.clone()).await?;
            }
            Ok::<_, Box<dyn std::error::Error + Send + Sync>>(())
        })?;
        Ok(subject)
    }

    /// All arguments are looked at, and one is changed.
    pub fn full(size: Size) -> Result<Self> {
        Self::of(ReplaceWords, "ReplaceWords", size, true)
    }

    /// One argument is looked at and changed.
    pub fn part(size: Size) -> Result<Self> {
        Self::of(ReplaceInQuery, "ReplaceInQuery", size, true)
    }

    /// Nothing is changed.
    pub fn allow(size: Size) -> Result<Self> {
        Self::of(Allow, "Allow", size, false)
    }

    /// Nothing is changed, and the context is looked at.
    pub fn context(size: Size) -> Result<Self> {
        Self::of(ReadContext, "ReadContext", size, false)
    }

    /// The bytes of the request.
    pub fn request(&self) -> &Bytes {
        &self.request
    }

    /// One call: the bytes of the answer.
    pub fn call(&self) -> Result<Vec<u8>> {
        Ok(self
            .runtime
            .block_on(self.plugin.protobuf(self.request.clone()))?)
    }

    /// As many calls as one likes on one entry into the runtime, which a server enters once too.
    pub fn calls(&self, calls: u32) -> Result<()> {
        self.runtime.block_on(async {
            for _ in 0..calls {
                std::hint::black_box(self.plugin.protobuf(self.request.clone()).await?);
            }
            Ok(())
        })
    }
}

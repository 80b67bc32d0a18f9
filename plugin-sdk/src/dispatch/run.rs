//! Runs one hook: inline or on a thread of its own, to its deadline at the latest, its panics caught.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use tokio::time::{Instant, Sleep, sleep_until};

use super::{
    Call, guard,
    instance::{Instance, InstanceHook},
    occupancy::{HookId, Occupancy},
};
use crate::plugin::ErasedPlugin;

/// How a hook ended.
pub(crate) enum Ended {
    /// It returned; the call has its outcome.
    Returned(Call),
    Panicked(String),
    TimedOut,
}

/// Runs a hook on the task that this is called on. Nothing is spawned, and there is no timer for a hook that ends in its
/// first poll.
pub(crate) async fn inline(
    occupancy: &Occupancy,
    id: HookId,
    instance: &Instance,
    (plugin, hook): (&Arc<dyn ErasedPlugin>, &InstanceHook),
    mut call: Call,
    deadline: Instant,
) -> Ended {
    let mut future = plugin.invoke(hook.index, &mut call);
    let mut timer: Option<Pin<Box<Sleep>>> = None;
    let ended = std::future::poll_fn(|task| {
        let polled = occupancy.hold(id, instance, hook, || guard::poll(future.as_mut(), task));
        match polled {
            Poll::Ready(ended) => Poll::Ready(Some(ended)),
            Poll::Pending => wait(&mut timer, deadline, task).map(|()| None),
        }
    })
    .await;
    guard::discard(future);
    match ended {
        Some(Err(panic)) => {
            guard::discard(call);
            Ended::Panicked(panic)
        }
        // A hook that blocked its thread may return long after its deadline; its caller has gone by then.
        Some(Ok(())) if hook.was_seen_blocking() && Instant::now() > deadline => Ended::TimedOut,
        Some(Ok(())) => Ended::Returned(call),
        None => Ended::TimedOut,
    }
}

fn wait(timer: &mut Option<Pin<Box<Sleep>>>, deadline: Instant, task: &mut Context<'_>) -> Poll<()> {
    timer
        .get_or_insert_with(|| Box::pin(sleep_until(deadline)))
        .as_mut()
        .poll(task)
}

/// Runs a hook that its author declared blocking on a thread for such hooks. At the deadline the caller is answered; the
/// thread goes on until the hook returns, because nothing can stop it.
pub(crate) async fn on_own_thread(
    plugin: &Arc<dyn ErasedPlugin>,
    hook: &InstanceHook,
    mut call: Call,
    deadline: Instant,
) -> Ended {
    let plugin = Arc::clone(plugin);
    let index = hook.index;
    let runtime = tokio::runtime::Handle::current();
    let task = tokio::task::spawn_blocking(move || {
        let ended = runtime.block_on(guard::no_panic(async {
            plugin.invoke(index, &mut call).await;
        }));
        match ended {
            Ok(()) => Ended::Returned(call),
            Err(panic) => {
                guard::discard(call);
                Ended::Panicked(panic)
            }
        }
    });
    match tokio::time::timeout_at(deadline, task).await {
        Ok(Ok(ended)) => ended,
        Ok(Err(error)) => Ended::Panicked(error.to_string()),
        Err(_) => {
            tracing::warn!(
                hook_type = hook.name,
                "a blocking hook goes on after its deadline; its thread is not free yet"
            );
            Ended::TimedOut
        }
    }
}

//! Runs one hook: inline or on a thread of its own, to its deadline at the latest, its panics caught.

use std::{
    pin::Pin,
    sync::{Arc, Mutex},
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
        Some(Ok(())) if Instant::now() > deadline => Ended::TimedOut,
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
    call: Call,
    deadline: Instant,
) -> Ended {
    let plugin = Arc::clone(plugin);
    let index = hook.index;
    let runtime = tokio::runtime::Handle::current();
    // Whoever takes the call has it: the thread that begins it, or the deadline while it still waits for a thread.
    let waiting = Arc::new(Mutex::new(Some(call)));
    let for_thread = Arc::clone(&waiting);
    let task = tokio::task::spawn_blocking(move || {
        let Some(mut call) = take(&for_thread) else {
            return Ended::TimedOut;
        };
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
            let is_running = take(&waiting).is_none();
            let problem = if is_running {
                "a blocking hook goes on after its deadline; its thread is not free yet"
            } else {
                "a blocking hook got no thread before its deadline (PLUGINS_BLOCKING_THREADS) and was not called"
            };
            tracing::warn!(hook_type = hook.name, "{problem}");
            Ended::TimedOut
        }
    }
}

fn take(waiting: &Mutex<Option<Call>>) -> Option<Call> {
    // Nothing can panic while it holds the lock.
    waiting.lock().ok()?.take()
}

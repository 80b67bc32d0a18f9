//! Runs one hook: on the task of its connection or on another thread, to its deadline at the latest, its panics caught.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
    time::Duration,
};

use tokio::{
    runtime::Handle,
    sync::Notify,
    task::JoinHandle,
    time::{Instant, Sleep, sleep_until, timeout, timeout_at},
};

use super::{
    guard::{self, Panic},
    instance::{Instance, InstanceHook},
    occupancy::{Held, HookId, Occupancy, WATCH_INTERVAL, report},
    threads::{Permit, Threads, TooMany},
};
use crate::{
    plugin::{BoxFuture, Call, ErasedPlugin},
    repeated::limited,
};

/// How a hook ended.
pub(crate) enum Ended {
    /// It returned; the call has its outcome.
    Returned(Call),
    Panicked(Panic),
    TimedOut,
    /// There are too many calls of hooks that block.
    Refused,
}

/// The hook of a call, and where it may run.
pub(crate) struct Running<'a> {
    pub(crate) occupancy: &'a Occupancy,
    pub(crate) threads: &'a Threads,
    pub(crate) instance: &'a Instance,
    pub(crate) plugin: &'a Arc<dyn ErasedPlugin>,
    pub(crate) hook: &'a InstanceHook,
    pub(crate) id: HookId,
}

/// How long a hook waits for a place that was polled before and finds none.
const RETRY: Duration = Duration::from_millis(1);

impl Running<'_> {
    /// Runs the hook. One that gave its thread back soon often enough runs on the task that this is called on: nothing is spawned,
    /// and there is no timer if it ends in its first poll. Any other is polled on another thread, so that its caller is answered at
    /// the deadline even if it never gives that thread back.
    pub(crate) async fn to_end(&self, call: Call, deadline: Instant) -> Ended {
        if self.hook.conduct.is_trusted()
            && let Some(place) = self.occupancy.take(self.id)
        {
            return self.inline(Some(place), call, deadline).await;
        }
        if Handle::try_current().is_err() {
            self.hook.conduct.trust();
            return self.inline(None, call, deadline).await;
        }
        // Boxed, so that the future of a call on its connection's task stays small.
        Box::pin(self.apart(call, deadline)).await
    }

    async fn inline(&self, mut place: Option<Held<'_>>, mut call: Call, deadline: Instant) -> Ended {
        let mut future = self.plugin.invoke(self.hook.index, &mut call);
        let mut timer: Option<Pin<Box<Sleep>>> = None;
        let mut retry: Option<Pin<Box<Sleep>>> = None;
        let ended = std::future::poll_fn(|task| {
            let place = place.take().or_else(|| self.occupancy.take(self.id));
            if place.is_none() && self.occupancy.keeps_places() {
                if wait(&mut retry, Instant::now() + RETRY, task).is_ready() {
                    retry = None;
                    task.waker().wake_by_ref();
                }
            } else if let Poll::Ready(ended) = guard::poll(future.as_mut(), task) {
                return Poll::Ready(Some(ended));
            }
            drop(place);
            wait(&mut timer, deadline, task).map(|()| None)
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

    /// At the deadline the caller is answered. A thread that the hook holds then is free when the hook gives it back: nothing can
    /// stop it. A call that still waits for a thread is forgotten at its deadline, or when its caller cancels it.
    async fn apart(&self, call: Call, deadline: Instant) -> Ended {
        let polls = AtomicBool::new(false);
        let ended = timeout_at(deadline, self.on_threads(call, &polls)).await;
        ended.unwrap_or_else(|_| {
            let problem = if polls.load(Ordering::Relaxed) {
                "a hook holds its thread after its deadline; the thread is free when the hook returns or awaits"
            } else {
                "a blocking hook got no thread before its deadline (PLUGINS_BLOCKING_THREADS)"
            };
            if self.hook.conduct.blocks() {
                limited!(
                    warn,
                    kind: "blocking hooks after their deadline";
                    plugin_name = &*self.instance.name,
                    hook_type = self.hook.name,
                    "{problem}"
                );
            }
            Ended::TimedOut
        })
    }

    async fn on_threads(&self, mut call: Call, polls: &AtomicBool) -> Ended {
        let (plugin, index) = (Arc::clone(self.plugin), self.hook.index);
        let mut future = Left(Some(Box::pin(async move {
            plugin.invoke(index, &mut call).await;
            call
        })));
        let woken = Arc::new(Woken::default());
        let mut counted = None;
        loop {
            let permit = match self.threads.permit(&self.hook.conduct, &mut counted).await {
                Ok(permit) => permit,
                Err(TooMany) => return Ended::Refused,
            };
            polls.store(true, Ordering::Relaxed);
            let Some((left, polled, held)) = self.watched(poll_apart(future, &woken, permit)).await else {
                // The runtime ends.
                return Ended::TimedOut;
            };
            polls.store(false, Ordering::Relaxed);
            self.hook.conduct.note(held);
            match polled {
                Poll::Ready(Ok(call)) => return Ended::Returned(call),
                Poll::Ready(Err(panic)) => return Ended::Panicked(panic),
                Poll::Pending => future = left,
            }
            woken.0.notified().await;
        }
    }

    /// Waits for a poll on another thread, and reports a hook that holds it for long although it is not declared.
    async fn watched(&self, mut poll: JoinHandle<Polled>) -> Option<Polled> {
        while !self.hook.conduct.blocks() {
            match timeout(WATCH_INTERVAL, &mut poll).await {
                Ok(polled) => return polled.ok(),
                Err(_) => report(self.instance, self.hook),
            }
        }
        poll.await.ok()
    }
}

fn wait(timer: &mut Option<Pin<Box<Sleep>>>, deadline: Instant, task: &mut Context<'_>) -> Poll<()> {
    timer
        .get_or_insert_with(|| Box::pin(sleep_until(deadline)))
        .as_mut()
        .poll(task)
}

/// What a poll on another thread leaves, what came of it, and how long it held the thread.
type Polled = (Left, Poll<Result<Call, Panic>>, Duration);

fn poll_apart(mut left: Left, woken: &Arc<Woken>, permit: Permit) -> JoinHandle<Polled> {
    let waker = Waker::from(Arc::clone(woken));
    let span = tracing::Span::current();
    tokio::task::spawn_blocking(move || {
        let _permit = permit;
        let _entered = span.enter();
        let began = Instant::now();
        let polled = left.poll(&mut Context::from_waker(&waker));
        if polled.is_ready() {
            // On this thread, because its destructors may block too.
            left = Left(None);
        }
        (left, polled, began.elapsed())
    })
}

/// What is left of a call of a hook. Its destructors are author code and may panic.
struct Left(Option<BoxFuture<'static, Call>>);

impl Left {
    fn poll(&mut self, task: &mut Context<'_>) -> Poll<Result<Call, Panic>> {
        match &mut self.0 {
            Some(future) => guard::poll(future.as_mut(), task),
            None => Poll::Pending,
        }
    }
}

impl Drop for Left {
    fn drop(&mut self) {
        guard::discard(self.0.take());
    }
}

/// Wakes a call whose hook is polled on another thread.
#[derive(Default)]
struct Woken(Notify);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.notify_one();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.notify_one();
    }
}

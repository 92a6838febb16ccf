//! Waiting for answers that come soon.
//!
//! A statement goes to SQLite's thread and back in less time than it takes to put a thread to sleep and to wake it up
//! again. So whoever waits for one looks out for its answer for a moment before it sleeps.

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock};
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};

use futures::task::AtomicWaker;

/// How long it looks out: several statements, and less than a commit to a disk.
const MOMENT: Duration = Duration::from_micros(60);
/// So often it looks before it looks at the clock.
const LOOKS: u32 = 64;

/// With one core, whoever is waited for needs it. Asked once: it is read from files.
static IS_WORTHWHILE: LazyLock<bool> =
    LazyLock::new(|| std::thread::available_parallelism().is_ok_and(|cores| cores.get() > 1));

/// Polls this future again as soon as it can go on, without sleeping in between where that is within a moment. The
/// thread does nothing else meanwhile: for a thread of one's own.
pub(super) async fn attentive<F: Future>(work: F) -> F::Output {
    // There is nobody else to poll meanwhile, so there is nobody to make way for.
    let work = std::pin::pin!(tokio::task::coop::unconstrained(work));
    Attentive { work, call: Arc::default(), is_worthwhile: *IS_WORTHWHILE }.await
}

struct Attentive<'f, F> {
    work: Pin<&'f mut F>,
    call: Arc<Call>,
    is_worthwhile: bool,
}

/// Whether the future can go on, and whom to tell where nobody looks.
#[derive(Default)]
struct Call {
    is_made: AtomicBool,
    sleeper: AtomicWaker,
}

impl Wake for Call {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.is_made.store(true, Ordering::Release);
        self.sleeper.wake();
    }
}

impl Call {
    fn is_made(&self) -> bool {
        self.is_made.load(Ordering::Acquire)
    }

    fn comes_soon(&self) -> bool {
        let began = Instant::now();
        loop {
            for _ in 0..LOOKS {
                if self.is_made() {
                    return true;
                }
                std::hint::spin_loop();
            }
            if began.elapsed() > MOMENT {
                return self.is_made();
            }
        }
    }
}

impl<F: Future> Future for Attentive<'_, F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let call = Arc::clone(&self.call);
        let waker = Waker::from(Arc::clone(&call));
        loop {
            // Read as well: what a call before this moment tells is seen by the poll, and no later call is overwritten.
            call.is_made.swap(false, Ordering::AcqRel);
            if let Poll::Ready(output) = self.work.as_mut().poll(&mut Context::from_waker(&waker)) {
                return Poll::Ready(output);
            }
            if self.is_worthwhile && call.comes_soon() {
                continue;
            }
            // Registered before looking once more: whoever calls after that tells the sleeper.
            call.sleeper.register(context.waker());
            if !call.is_made() {
                return Poll::Pending;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::mpsc;

    use super::*;

    #[tokio::test]
    async fn answers_are_met_whether_they_come_soon_or_late() {
        let (ask, mut asked) = mpsc::unbounded_channel::<u64>();
        let (answer, mut answered) = mpsc::unbounded_channel::<u64>();
        let other = std::thread::spawn(move || {
            while let Some(number) = asked.blocking_recv() {
                if number.is_multiple_of(16) {
                    std::thread::sleep(3 * MOMENT);
                }
                assert!(answer.send(number).is_ok());
            }
        });
        attentive(async {
            for number in 0..1_000 {
                assert!(ask.send(number).is_ok());
                assert_eq!(answered.recv().await, Some(number));
            }
        })
        .await;
        drop(ask);
        assert!(other.join().is_ok());
    }

    /// Only the thread's own runtime can call it, which has to be left for that.
    #[tokio::test]
    async fn what_sleeps_is_woken_by_the_runtime() {
        let slept = attentive(async {
            tokio::time::sleep(Duration::from_millis(2)).await;
            true
        });
        assert!(slept.await);
    }
}

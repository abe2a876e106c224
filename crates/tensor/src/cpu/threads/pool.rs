//! Threads that claim the parts of a job one by one.
//!
//! Each thread begins with parts of its own, the same ones in every job of as many parts: what it wrote in
//! one job lies in its cache in the next. Then it takes what others have not begun. The caller takes part, so
//! a job ends even where no other thread gets a core; threads that come late find the job closed and go back
//! to waiting. A thread waits awake for a moment, since jobs tend to follow each other closely, then sleeps.
//!
//! A fork copies the memory of the threads into the child, and no thread but the caller: there every job runs
//! on the caller's thread alone, and nobody is waited for.

use crate::cpu::ExactFloats;
use std::{
    any::Any,
    cell::UnsafeCell,
    io, mem,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    process,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

/// How long a thread waits awake. A sleeping one takes up to a hundred microseconds to come, too late for a
/// job of that length; were it to sleep again before the next, it would come too late for every one.
const AWAKE: Duration = Duration::from_micros(300);
/// For how long of it a thread keeps its core to itself; then whatever else wants to run there goes first.
const ALONE: Duration = Duration::from_micros(20);

type Job = *const (dyn Fn(usize) + Sync);

/// A fixed number of threads, the caller's included.
#[derive(Debug)]
pub(in crate::cpu) struct Pool {
    shared: Arc<Shared>,
    workers: Vec<JoinHandle<()>>,
    /// Held while a job runs.
    running: Mutex<()>,
}

/// The next of a thread's parts, in a cache line of its own.
#[repr(align(64))]
struct Next(AtomicUsize);

struct Shared {
    /// The current job and its number of parts. Written while no thread is inside, read by threads inside.
    job: UnsafeCell<(Job, usize)>,
    /// For each thread, the caller first.
    next: Box<[Next]>,
    /// Whether parts may be claimed.
    open: AtomicBool,
    /// Threads that may be using the job.
    inside: AtomicUsize,
    /// Counts jobs, so that a waiting thread sees a new one.
    epoch: AtomicUsize,
    asleep: Box<[AtomicBool]>,
    /// Workers that have started.
    started: AtomicUsize,
    quit: AtomicBool,
    panic: Mutex<Option<Box<dyn Any + Send>>>,
    /// The process that has the workers.
    process: u32,
}

// SAFETY: `job` is written by the holder of `Pool::running` while the job is closed and nobody is inside, and
// read only by threads that are inside and then found it open.
unsafe impl Sync for Shared {}
// SAFETY: the job's pointer is used only while its caller waits in `run`.
unsafe impl Send for Shared {}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").field("epoch", &self.epoch).finish_non_exhaustive()
    }
}

impl Pool {
    /// A pool of `threads` threads, the caller's included, but no more than there are cores: what is cut for
    /// more takes its turn. Fewer where the system grants no more.
    pub(in crate::cpu) fn new(threads: usize) -> Pool {
        let cores = thread::available_parallelism().map_or(threads, usize::from);
        Pool::start(threads.min(cores), |builder, work| builder.spawn(work))
    }

    /// A pool whose workers are started by `spawn`.
    fn start(
        threads: usize,
        mut spawn: impl FnMut(thread::Builder, Box<dyn FnOnce() + Send>) -> io::Result<JoinHandle<()>>,
    ) -> Pool {
        fn nothing(_: usize) {}
        let helpers = threads.saturating_sub(1);
        let shared = Arc::new(Shared {
            job: UnsafeCell::new((&nothing as &(dyn Fn(usize) + Sync), 0)),
            next: (0..=helpers).map(|_| Next(AtomicUsize::new(0))).collect(),
            open: AtomicBool::new(false),
            inside: AtomicUsize::new(0),
            epoch: AtomicUsize::new(0),
            asleep: (0..helpers).map(|_| AtomicBool::new(false)).collect(),
            started: AtomicUsize::new(0),
            quit: AtomicBool::new(false),
            panic: Mutex::new(None),
            process: own_process(),
        });
        let start = |i: usize| {
            let shared = Arc::clone(&shared);
            let builder = thread::Builder::new().name(format!("minutia-{}", i + 1));
            spawn(builder, Box::new(move || shared.work(i))).ok()
        };
        let workers: Vec<_> = (0..helpers).map_while(start).collect();
        // A thread allocates while it starts, and jobs shall not see that.
        while shared.started.load(SeqCst) < workers.len() {
            thread::yield_now();
        }
        Pool { shared, workers, running: Mutex::new(()) }
    }

    /// Calls `f(0)` to `f(parts - 1)`, in any order and on any of the threads, and returns when all are done.
    /// A job inside a job, or beside one of another thread, runs on the calling thread.
    ///
    /// # Panics
    /// When `f` does.
    pub(in crate::cpu) fn run(&self, parts: usize, f: &(dyn Fn(usize) + Sync)) {
        let guard = if self.workers.is_empty() || parts < 2 { None } else { self.running.try_lock().ok() };
        let Some(_guard) = guard else {
            (0..parts).for_each(f);
            return;
        };
        let shared = &*self.shared;
        // SAFETY: only the lifetime changes; nobody uses the job after `close`.
        let job = unsafe { std::mem::transmute::<&(dyn Fn(usize) + Sync), Job>(f) };
        // SAFETY: this thread holds the lock, and the last job was closed with nobody inside.
        unsafe { *shared.job.get() = (job, parts) };
        for (thread, next) in shared.next.iter().enumerate() {
            next.0.store(shared.first(parts, thread), SeqCst);
        }
        shared.open.store(true, SeqCst);
        shared.epoch.fetch_add(1, SeqCst);
        for (asleep, worker) in shared.asleep.iter().zip(&self.workers) {
            if asleep.swap(false, SeqCst) && !shared.forked() {
                worker.thread().unpark();
            }
        }
        shared.claim(0);
        shared.close();
        let panic = shared.panic.lock().map_or(None, |mut p| p.take());
        drop(_guard);
        if let Some(payload) = panic {
            resume_unwind(payload);
        }
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        if self.shared.forked() {
            // Their stacks may be those of other threads by now.
            mem::forget(mem::take(&mut self.workers));
            return;
        }
        self.shared.quit.store(true, SeqCst);
        self.shared.epoch.fetch_add(1, SeqCst);
        for worker in self.workers.drain(..) {
            worker.thread().unpark();
            // A worker catches the panics of jobs, so it has none of its own to report.
            let _ = worker.join();
        }
    }
}

/// The process, where there are processes that fork.
fn own_process() -> u32 {
    if cfg!(unix) { process::id() } else { 0 }
}

impl Shared {
    /// Whether the workers were left behind in another process.
    fn forked(&self) -> bool {
        own_process() != self.process
    }

    /// The first of a thread's own parts, which end where the next thread's begin.
    fn first(&self, parts: usize, thread: usize) -> usize {
        (parts * thread).div_ceil(self.next.len())
    }

    /// Runs parts until none is left, a thread's own first. The job must be open, and the thread its caller,
    /// which has number 0, or inside.
    fn claim(&self, thread: usize) {
        // SAFETY: nobody writes the job while it is open or anyone is inside.
        let (job, parts) = unsafe { *self.job.get() };
        for owner in (thread..self.next.len()).chain(0..thread) {
            let (next, end) = (&self.next[owner].0, self.first(parts, owner + 1));
            // A look costs less than a claim, where others have been before.
            while next.load(SeqCst) < end {
                let part = next.fetch_add(1, SeqCst);
                if part >= end {
                    break;
                }
                // SAFETY: the caller of `run` keeps the closure alive until all are outside.
                let result = catch_unwind(AssertUnwindSafe(|| unsafe { (*job)(part) }));
                if let Err(payload) = result {
                    self.next.iter().for_each(|next| next.0.store(parts, SeqCst));
                    if let Ok(mut panic) = self.panic.lock() {
                        panic.get_or_insert(payload);
                    }
                }
            }
        }
    }

    /// Lets no thread in any more and waits until all are outside.
    fn close(&self) {
        self.open.store(false, SeqCst);
        let mut tries = 0_u32;
        while self.inside.load(SeqCst) != 0 {
            tries = tries.wrapping_add(1);
            if tries < 10_000 {
                std::hint::spin_loop();
                continue;
            }
            // Those that were inside when the process was forked do not come out here.
            if tries.is_multiple_of(10_000) && self.forked() {
                self.inside.store(0, SeqCst);
            }
            thread::yield_now();
        }
    }

    fn work(&self, worker: usize) {
        // A thread starts with the state of its maker.
        let _exact = ExactFloats::enter();
        self.started.fetch_add(1, SeqCst);
        let mut seen = 0;
        loop {
            seen = self.wait(worker, seen);
            if self.quit.load(SeqCst) {
                return;
            }
            self.inside.fetch_add(1, SeqCst);
            if self.open.load(SeqCst) {
                self.claim(worker + 1);
            }
            self.inside.fetch_sub(1, SeqCst);
        }
    }

    /// Waits for the epoch to pass `seen`.
    fn wait(&self, worker: usize, seen: usize) -> usize {
        let start = Instant::now();
        loop {
            let epoch = self.epoch.load(SeqCst);
            if epoch != seen {
                return epoch;
            }
            let waited = start.elapsed();
            if waited < AWAKE {
                if waited < ALONE {
                    std::hint::spin_loop()
                } else {
                    thread::yield_now()
                }
                continue;
            }
            self.asleep[worker].store(true, SeqCst);
            // A job that began before the flag was set did not see it.
            if self.epoch.load(SeqCst) == seen {
                thread::park();
            }
            self.asleep[worker].store(false, SeqCst);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As many threads, however few cores there are.
    fn pool(threads: usize) -> Pool {
        Pool::start(threads, |builder, work| builder.spawn(work))
    }

    #[test]
    fn no_more_threads_are_started_than_there_are_cores() {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        assert_eq!(Pool::new(1).workers.len(), 0);
        assert_eq!(Pool::new(8 * cores).workers.len(), cores - 1);
    }

    #[test]
    fn every_part_runs_once() {
        for threads in [1, 2, 5] {
            let pool = pool(threads);
            for parts in [0, 1, 2, 3, 100] {
                for _ in 0..50 {
                    let counts: Vec<_> = (0..parts).map(|_| AtomicUsize::new(0)).collect();
                    pool.run(parts, &|i| {
                        counts[i].fetch_add(1, SeqCst);
                    });
                    assert!(counts.iter().all(|c| c.load(SeqCst) == 1), "{threads} threads, {parts} parts");
                }
            }
        }
    }

    #[test]
    fn a_system_that_grants_fewer_threads_leaves_nothing_undone() {
        for granted in [0, 1, 3] {
            let mut started = 0;
            let pool = Pool::start(5, |builder, work| {
                started += 1;
                if started > granted { Err(io::ErrorKind::WouldBlock.into()) } else { builder.spawn(work) }
            });
            assert_eq!(pool.workers.len(), granted);
            let counts: Vec<_> = (0..100).map(|_| AtomicUsize::new(0)).collect();
            pool.run(100, &|i| {
                counts[i].fetch_add(1, SeqCst);
            });
            assert!(counts.iter().all(|count| count.load(SeqCst) == 1), "{granted} threads granted");
        }
    }

    #[test]
    fn jobs_inside_jobs_and_beside_each_other_finish() {
        let pool = pool(3);
        let count = AtomicUsize::new(0);
        let add = |_: usize| {
            count.fetch_add(1, SeqCst);
        };
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..100).for_each(|_| pool.run(4, &|_| pool.run(3, &add))));
            }
        });
        assert_eq!(count.load(SeqCst), 4 * 100 * 4 * 3);
    }

    #[test]
    fn a_panic_reaches_the_caller_and_the_pool_lives_on() {
        let pool = pool(2);
        let result = catch_unwind(AssertUnwindSafe(|| pool.run(8, &|i| assert!(i != 5, "part five"))));
        let payload = result.expect_err("the panic was lost");
        assert_eq!(payload.downcast_ref::<&str>(), Some(&"part five"));
        let count = AtomicUsize::new(0);
        pool.run(8, &|_| {
            count.fetch_add(1, SeqCst);
        });
        assert_eq!(count.load(SeqCst), 8);
    }
}

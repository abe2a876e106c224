//! How a program with many ranks ends.

use crate::{Communicator, Error};
use signal_hook::{consts::SIGTERM, iterator::Signals, low_level};
use std::{
    error,
    io::{self, Write},
    ops::Deref,
    panic::{AssertUnwindSafe, catch_unwind},
    process::ExitCode,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

/// Runs what a rank does, and sees to it that no rank waits for one that has failed.
///
/// An error that [all ranks have been given](Error::is_shared) is printed by rank 0, and every rank ends with
/// it. Any other error, and a panic, is printed by the rank that has it, with its number, and ends the job.
/// Where another rank was killed, launchers end the others by SIGTERM: each then says so.
///
/// Errors are boxed ones, or `anyhow`'s, which show what they were made of.
///
/// ```
/// use minutia_mpi::{Alone, agree, launch};
/// let code = launch(&Alone, || {
///     agree(&Alone, &[("seed".to_string(), "7".to_string())])?;
///     Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
/// });
/// assert_eq!(code, std::process::ExitCode::SUCCESS);
/// ```
pub fn launch<E: Deref<Target = dyn error::Error + Send + Sync>>(
    communicator: &dyn Communicator,
    main: impl FnOnce() -> Result<(), E>,
) -> ExitCode {
    let rank = communicator.rank();
    let failed = Arc::new(AtomicBool::new(false));
    if communicator.size() > 1 {
        watch(rank, failed.clone());
    }
    // Nothing of a program that has panicked is used any more.
    let result = catch_unwind(AssertUnwindSafe(main));
    failed.store(!matches!(result, Ok(Ok(()))), Ordering::Relaxed);
    match result {
        Ok(Ok(())) => ExitCode::SUCCESS,
        Ok(Err(error)) => {
            if is_shared(&*error) {
                if rank == 0 {
                    say(&format!("error: {}", &*error));
                }
                return ExitCode::FAILURE;
            }
            say(&format!("error: rank {rank}: {}", &*error));
            communicator.abort(1)
        }
        Err(_) => {
            say(&format!("error: rank {rank} has panicked"));
            communicator.abort(101)
        }
    }
}

fn is_shared(error: &(dyn error::Error + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        if error.downcast_ref::<Error>().is_some_and(Error::is_shared) {
            return true;
        }
        next = error.source();
    }
    false
}

/// Held while a file is written.
static WRITING: Mutex<()> = Mutex::new(());

/// Keeps the launcher's signal from ending the process until this is dropped: a file that is being written is
/// brought to its end, and leaves nothing unfinished.
pub(crate) fn writing() -> MutexGuard<'static, ()> {
    WRITING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Writes to standard error, at once: what ranks write in pieces, the launcher mixes. Nobody may be there to
/// read it.
fn say(message: &str) {
    let _ = io::stderr().write_all(format!("{message}\n").as_bytes());
}

/// Waits for the launcher's signal beside what the process does. A rank that has failed knows of a better
/// reason.
fn watch(rank: usize, failed: Arc<AtomicBool>) {
    // Without the watch, the signal ends the process without a word.
    let Ok(mut signals) = Signals::new([SIGTERM]) else { return };
    let watch = move || {
        if signals.forever().next().is_some() {
            if failed.load(Ordering::Relaxed) {
                low_level::exit(1);
            }
            say(&format!(
                "error: rank {rank} was ended by the launcher (SIGTERM), as all are when one has died\n  hint: start the job \
                 again, with any number of ranks; training goes on from its last checkpoint"
            ));
            let _written = writing();
            low_level::exit(128 + SIGTERM);
        }
    };
    // The same holds for a thread that cannot be started.
    drop(thread::Builder::new().name("signals".to_string()).spawn(watch));
}

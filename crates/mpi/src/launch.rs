//! How a program with many ranks ends.

use crate::{Communicator, Error};
use signal_hook::{consts::SIGTERM, iterator::Signals, low_level};
use std::{
    error,
    panic::{AssertUnwindSafe, catch_unwind},
    process::ExitCode,
    thread,
};

/// Runs what a rank does, and sees to it that no rank waits for one that has failed.
///
/// An error that [all ranks have been given](Error::is_shared) is printed by rank 0, and every rank ends with
/// it. Any other error, and a panic, is printed by the rank that has it, with its number, and ends the job.
/// Where another rank was killed, launchers end the others by SIGTERM: each then says so.
///
/// ```
/// use minutia_mpi::{Alone, launch};
/// let code = launch(&Alone, || Ok::<(), minutia_mpi::Error>(()));
/// assert_eq!(code, std::process::ExitCode::SUCCESS);
/// ```
pub fn launch<E: Into<Box<dyn error::Error + Send + Sync>>>(
    communicator: &dyn Communicator,
    main: impl FnOnce() -> Result<(), E>,
) -> ExitCode {
    let rank = communicator.rank();
    if communicator.size() > 1 {
        watch(rank);
    }
    // Nothing of a program that has panicked is used any more.
    match catch_unwind(AssertUnwindSafe(main)) {
        Ok(Ok(())) => ExitCode::SUCCESS,
        Ok(Err(error)) => {
            let error: Box<dyn error::Error + Send + Sync> = error.into();
            if is_shared(&*error) {
                if rank == 0 {
                    eprintln!("error: {error}");
                }
                return ExitCode::FAILURE;
            }
            eprintln!("error: rank {rank}: {error}");
            communicator.abort(1)
        }
        Err(_) => {
            eprintln!("error: rank {rank} has panicked");
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

/// Waits for the launcher's signal beside what the process does.
fn watch(rank: usize) {
    // Without the watch, the signal ends the process without a word.
    let Ok(mut signals) = Signals::new([SIGTERM]) else { return };
    let watch = move || {
        if signals.forever().next().is_some() {
            eprintln!(
                "error: rank {rank} was ended by the launcher (SIGTERM), as all are when one has died\n  hint: start the job \
                 again, with any number of ranks; training goes on from its last checkpoint"
            );
            low_level::exit(128 + SIGTERM);
        }
    };
    // The same holds for a thread that cannot be started.
    drop(thread::Builder::new().name("signals".to_string()).spawn(watch));
}

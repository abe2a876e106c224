//! The driver's functions that `cust` is linked with, forwarded to a library that is opened when the first of
//! them is called: a program starts, and says that there is no device, where there is no driver.

mod codes;
mod functions;
mod library;

pub(super) use codes::name;
pub(super) use library::{Absent, absent, choose};

use std::cell::Cell;

/// A call that the driver refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Failure {
    /// The driver's function.
    pub(super) function: &'static str,
    /// Its error code, which `cust` may not know.
    pub(super) code: i32,
}

thread_local! {
    static LAST: Cell<Option<Failure>> = const { Cell::new(None) };
}

/// This thread's last failed call, which is then forgotten.
pub(super) fn take_failure() -> Option<Failure> {
    LAST.take()
}

/// Remembers a failure, and turns its code into one that `cust` can hold.
fn answer(function: &'static str, code: i32) -> i32 {
    if code != codes::SUCCESS {
        LAST.set(Some(Failure { function, code }));
    }
    if codes::known(code) { code } else { codes::UNKNOWN }
}

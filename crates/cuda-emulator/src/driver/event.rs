//! Events.

use super::{
    Handle,
    code::Code,
    give, in_context,
    state::{Context, Refusal, as_handle, new_handle, number},
};
use std::{
    ffi::{c_int, c_uint},
    time::Instant,
};

fn no_event(event: Handle) -> Refusal {
    Code::INVALID_HANDLE.because(format!("{event:?} is no event"))
}

/// When an event was recorded; nothing if it never was.
fn time(context: &Context, event: Handle) -> Result<Option<Instant>, Refusal> {
    context.events.get(&number(event)).copied().ok_or_else(|| no_event(event))
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuEventCreate(event: *mut Handle, _flags: c_uint) -> c_int {
    in_context(|context| {
        let handle = new_handle();
        context.events.insert(handle, None);
        // SAFETY: the caller's pointer.
        unsafe { give(event, as_handle(handle)) }
    })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuEventRecord(event: Handle, stream: Handle) -> c_int {
    in_context(|context| {
        context.stream(stream)?;
        *context.events.get_mut(&number(event)).ok_or_else(|| no_event(event))? = Some(Instant::now());
        Ok(())
    })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuEventSynchronize(event: Handle) -> c_int {
    in_context(|context| time(context, event).map(drop))
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuEventQuery(event: Handle) -> c_int {
    in_context(|context| time(context, event).map(drop))
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuStreamWaitEvent(stream: Handle, event: Handle, _flags: c_uint) -> c_int {
    in_context(|context| {
        context.stream(stream)?;
        time(context, event).map(drop)
    })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuEventElapsedTime(milliseconds: *mut f32, start: Handle, end: Handle) -> c_int {
    in_context(|context| {
        let (Some(start), Some(end)) = (time(context, start)?, time(context, end)?) else {
            return Err(Code::INVALID_HANDLE.because("an event that was not recorded"));
        };
        // SAFETY: the caller's pointer.
        unsafe { give(milliseconds, end.saturating_duration_since(start).as_secs_f32() * 1e3) }
    })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuEventDestroy_v2(event: Handle) -> c_int {
    in_context(|context| context.events.remove(&number(event)).map(drop).ok_or_else(|| no_event(event)))
}

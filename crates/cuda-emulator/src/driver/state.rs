//! What the driver knows.

use super::{Handle, code::Code, device::Devices};
use crate::{exec::Loaded, memory::Memory};
use std::{
    cell::Cell,
    collections::{BTreeMap, BTreeSet},
    ffi::{CString, c_int},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Instant,
};

/// Bytes of memory that the device has.
pub(super) const DEVICE_BYTES: u64 = 1 << 30;

/// A call that is not carried out, or that reports what an earlier one did.
#[derive(Clone, Debug)]
pub(super) struct Refusal {
    pub(super) code: Code,
    pub(super) reason: String,
}

/// The driver of some devices, each of which has one context.
#[derive(Debug)]
pub(super) struct Driver {
    pub(super) initialized: bool,
    pub(super) devices: Devices,
    /// By the device's number.
    pub(super) contexts: BTreeMap<c_int, Context>,
    /// The last refusal's text for each code; texts that C was given must stay.
    pub(super) texts: BTreeMap<c_int, &'static std::ffi::CStr>,
    /// Faults and leaks, as they were found.
    pub(super) reports: Vec<String>,
    /// PTX to load in place of what a program gives.
    pub(super) substitute: Option<String>,
}

/// The primary context of a device.
#[derive(Debug)]
pub(super) struct Context {
    pub(super) device: c_int,
    pub(super) handle: u64,
    /// How many times it was retained.
    pub(super) references: usize,
    pub(super) memory: Memory,
    pub(super) modules: BTreeMap<u64, Loaded>,
    /// A module and the number of a kernel in it.
    pub(super) functions: BTreeMap<u64, (u64, usize)>,
    pub(super) streams: BTreeSet<u64>,
    /// When each event was last recorded.
    pub(super) events: BTreeMap<u64, Option<Instant>>,
    /// A fault that ended the context and that no call has reported yet, or that all report since.
    pub(super) fault: Option<Refusal>,
}

static DRIVER: Mutex<Option<Driver>> = Mutex::new(None);

thread_local! {
    /// The context that this thread's calls are for.
    pub(super) static CURRENT: Cell<u64> = const { Cell::new(0) };
}

/// The driver, locked.
pub(super) fn lock() -> Locked {
    let mut driver = DRIVER.lock().unwrap_or_else(PoisonError::into_inner);
    driver.get_or_insert_with(|| Driver {
        initialized: false,
        devices: Devices::from_env(),
        contexts: BTreeMap::new(),
        texts: BTreeMap::new(),
        reports: Vec::new(),
        substitute: None,
    });
    Locked(driver)
}

/// Access to the driver.
pub(super) struct Locked(MutexGuard<'static, Option<Driver>>);

impl std::ops::Deref for Locked {
    type Target = Driver;
    fn deref(&self) -> &Driver {
        self.0.as_ref().expect("made when it was locked")
    }
}

impl std::ops::DerefMut for Locked {
    fn deref_mut(&mut self) -> &mut Driver {
        self.0.as_mut().expect("made when it was locked")
    }
}

/// A number that was never a handle before.
pub(super) fn new_handle() -> u64 {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NEXT: AtomicU64 = AtomicU64::new(0x1000);
    NEXT.fetch_add(16, Ordering::Relaxed)
}

pub(super) fn as_handle(number: u64) -> Handle {
    std::ptr::without_provenance_mut(number as usize)
}

pub(super) fn number(handle: Handle) -> u64 {
    handle.addr() as u64
}

impl Driver {
    /// Answers with a refusal's code, and keeps its text.
    pub(super) fn refuse(&mut self, refusal: Refusal) -> c_int {
        let meaning = refusal.code.describe().map_or("an error", |(_, meaning)| meaning);
        let text = format!("{meaning}: {}", refusal.reason).replace('\0', " ");
        let text = CString::new(text).expect("zeros were replaced");
        self.texts.insert(refusal.code.0, Box::leak(text.into_boxed_c_str()));
        refusal.code.0
    }

    /// Prints a fault or a leak, unless it is that of a kernel which was put in another's place, and keeps
    /// it.
    pub(super) fn report(&mut self, what: String) {
        if self.substitute.is_none() {
            eprintln!("minutia-cuda-emulator: {what}");
        }
        self.reports.push(what);
    }

    pub(super) fn initialized(&mut self) -> Result<&mut Driver, Refusal> {
        match self.initialized {
            true => Ok(self),
            false => Err(Code::NOT_INITIALIZED.because("cuInit comes first")),
        }
    }

    /// The context that is current on this thread.
    pub(super) fn current(&mut self) -> Result<&mut Context, Refusal> {
        let driver = self.initialized()?;
        let current = CURRENT.get();
        match driver.contexts.values_mut().find(|context| context.handle == current) {
            Some(context) => match &context.fault {
                Some(fault) => Err(fault.clone()),
                None => Ok(context),
            },
            _ if current == 0 => Err(Code::INVALID_CONTEXT.because("no context is current on this thread")),
            _ => Err(Code::INVALID_CONTEXT.because("the thread's current context is destroyed")),
        }
    }

    /// Ends the context, and reports what was left in it.
    pub(super) fn destroy(&mut self, device: c_int) {
        let Some(mut context) = self.contexts.remove(&device) else { return };
        for (_, loaded) in std::mem::take(&mut context.modules) {
            loaded.unload(&mut context.memory);
        }
        let (count, bytes) = context.memory.live();
        if count > 0 && context.fault.is_none() {
            self.report(format!("leak: {count} allocations of {bytes} bytes in all were not freed"));
        }
    }
}

impl Context {
    pub(super) fn new(device: c_int) -> Context {
        Context {
            device,
            handle: new_handle(),
            references: 0,
            memory: Memory::new(),
            modules: BTreeMap::new(),
            functions: BTreeMap::new(),
            streams: BTreeSet::new(),
            events: BTreeMap::new(),
            fault: None,
        }
    }

    /// Bytes of memory that are free.
    pub(super) fn free(&self) -> u64 {
        DEVICE_BYTES.saturating_sub(self.memory.live().1)
    }

    /// Checks a stream; null is the default one.
    pub(super) fn stream(&self, stream: Handle) -> Result<(), Refusal> {
        let known = stream.is_null() || self.streams.contains(&number(stream));
        if known { Ok(()) } else { Err(Code::INVALID_HANDLE.because(format!("{stream:?} is no stream"))) }
    }
}

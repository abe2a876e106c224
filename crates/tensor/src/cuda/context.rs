//! The state of a GPU in this process: its context, its queue of work, its kernels and its memory.

use super::{
    driver::{self, Absent},
    failure::failed,
    kernels::Kernels,
    pool::MemoryPool,
    queue::{Entered, Queue},
    record::Checks,
};
use crate::Error;
use cust::{
    CudaFlags,
    context::CurrentContext,
    device::{Device, DeviceAttribute},
    error::CudaError,
    memory::DeviceBuffer,
};
use std::{
    mem::{self, ManuallyDrop},
    process,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
};

/// The least compute capability that the kernels are compiled for, times ten.
const LEAST_CAPABILITY: i32 = 75;

/// The state of one GPU in this process.
#[derive(Debug)]
pub(super) struct Context {
    pub(super) pool: ManuallyDrop<Mutex<MemoryPool>>,
    pub(super) kernels: ManuallyDrop<Kernels>,
    pub(super) queue: ManuallyDrop<Queue>,
    checks: Checks,
    ordinal: usize,
    name: String,
    multiprocessors: u32,
    /// The process that opened it: a fork cannot use it.
    process: u32,
    inner: ManuallyDrop<cust::context::Context>,
}

/// Access to what a mutex holds, which nothing can leave half changed.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How many GPUs there are.
pub(super) fn count() -> Result<usize, Error> {
    match driver::absent() {
        Some(Absent { named: true, reason }) => return Err(Error::Driver { reason }),
        Some(Absent { named: false, .. }) => return Ok(0),
        None => {}
    }
    match cust::init(CudaFlags::empty()).and_then(|()| Device::num_devices()) {
        Err(CudaError::NoDevice) => Ok(0),
        result => result.map(|n| n as usize).map_err(|e| failed("counting the GPUs", None, e)),
    }
}

impl Context {
    /// The context of a GPU, which all who ask for it share.
    pub(super) fn open(ordinal: usize) -> Result<Arc<Context>, Error> {
        static OPEN: Mutex<Vec<Weak<Context>>> = Mutex::new(Vec::new());
        let mut open = lock(&OPEN);
        open.retain(|context| context.strong_count() > 0);
        let usable = |c: &Arc<Context>| c.ordinal == ordinal && !c.forked();
        if let Some(context) = open.iter().filter_map(Weak::upgrade).find(usable) {
            return Ok(context);
        }
        let context = Arc::new(Context::new(ordinal)?);
        open.push(Arc::downgrade(&context));
        Ok(context)
    }

    fn new(ordinal: usize) -> Result<Context, Error> {
        let none = |reason: String| Error::NoDevice { ordinal, reason };
        if let Some(Absent { named: false, reason }) = driver::absent() {
            let cure = "install NVIDIA's driver, or name it in MINUTIA_CUDA_DRIVER";
            return Err(none(format!("{reason}; {cure}")));
        }
        let count = count()?;
        if ordinal >= count {
            let hidden = "nvidia-smi lists them, CUDA_VISIBLE_DEVICES hides some";
            return Err(none(format!("the driver knows {count}, which are counted from 0; {hidden}")));
        }
        let refused = |error| failed(format!("opening GPU {ordinal}"), None, error);
        let device = Device::get_device(ordinal as u32).map_err(refused)?;
        let name = device.name().map_err(refused)?;
        let attribute = |attribute| device.get_attribute(attribute).map_err(refused);
        let capability = 10 * attribute(DeviceAttribute::ComputeCapabilityMajor)?
            + attribute(DeviceAttribute::ComputeCapabilityMinor)?;
        if capability < LEAST_CAPABILITY {
            let [found, least] = [capability, LEAST_CAPABILITY].map(|c| format!("{}.{}", c / 10, c % 10));
            let cure = "use a newer GPU, or the CPU, which gives the same bits";
            return Err(none(format!("{name} has compute capability {found}; {least} is needed; {cure}")));
        }
        let multiprocessors = attribute(DeviceAttribute::MultiprocessorCount)?.max(1) as u32;
        let inner = cust::context::Context::new(device).map_err(refused)?;
        // Opening does this too, but does not say whether it went well.
        CurrentContext::set_current(&inner).map_err(refused)?;
        let (kernels, queue) = (Kernels::load()?, Queue::new().map_err(refused)?);
        Ok(Context {
            pool: ManuallyDrop::default(),
            kernels: ManuallyDrop::new(kernels),
            queue: ManuallyDrop::new(queue),
            checks: Checks::default(),
            ordinal,
            name,
            multiprocessors,
            process: process::id(),
            inner: ManuallyDrop::new(inner),
        })
    }

    pub(super) fn ordinal(&self) -> usize {
        self.ordinal
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn multiprocessors(&self) -> u32 {
        self.multiprocessors
    }

    /// What the programs of this GPU check.
    pub(super) fn checks(&self) -> &Checks {
        &self.checks
    }

    /// Makes the GPU this thread's, as it must be whenever it is asked for something.
    pub(super) fn enter(&self) -> Result<Entered<'_>, Error> {
        if self.forked() {
            let reason = "it was opened before this process was forked; open it in this one".to_string();
            return Err(Error::NoDevice { ordinal: self.ordinal, reason });
        }
        CurrentContext::set_current(&*self.inner)
            .map_err(|error| failed(format!("entering GPU {}", self.ordinal), None, error))?;
        Ok(Entered::new(self))
    }

    /// Takes memory back.
    pub(super) fn recycle(&self, memory: DeviceBuffer<u8>) {
        if self.forked() {
            // It is the other process's.
            mem::forget(memory);
        } else {
            lock(&self.pool).give(memory);
        }
    }

    fn forked(&self) -> bool {
        process::id() != self.process
    }
}

impl Drop for Context {
    fn drop(&mut self) {
        if self.forked() {
            // All of it is the other process's.
            return;
        }
        // What is freed after this must find its context; an error would be the same again for each.
        let _ = CurrentContext::set_current(&*self.inner);
        // SAFETY: each is dropped once, and nothing uses it after this.
        unsafe {
            ManuallyDrop::drop(&mut self.pool);
            ManuallyDrop::drop(&mut self.kernels);
            ManuallyDrop::drop(&mut self.queue);
            ManuallyDrop::drop(&mut self.inner);
        }
    }
}

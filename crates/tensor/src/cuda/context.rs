//! The state of a GPU in this process: its context, its queue of work, its kernels and its memory.

use super::{
    driver,
    failure::failed,
    kernels::Kernels,
    pool::Pool,
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
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

/// The least compute capability that the kernels are compiled for, times ten.
const LEAST_CAPABILITY: i32 = 75;

/// The state of one GPU in this process. Fields are dropped in this order, and the context last.
#[derive(Debug)]
pub(super) struct Context {
    pub(super) pool: Mutex<Pool>,
    pub(super) kernels: Kernels,
    pub(super) queue: Queue,
    checks: Checks,
    ordinal: usize,
    name: String,
    multiprocessors: u32,
    inner: cust::context::Context,
}

/// Access to what a mutex holds, which nothing can leave half changed.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How many GPUs there are.
pub(super) fn count() -> Result<usize, Error> {
    if driver::absent().is_some() {
        return Ok(0);
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
        if let Some(context) = open.iter().filter_map(Weak::upgrade).find(|c| c.ordinal == ordinal) {
            return Ok(context);
        }
        let context = Arc::new(Context::new(ordinal)?);
        open.push(Arc::downgrade(&context));
        Ok(context)
    }

    fn new(ordinal: usize) -> Result<Context, Error> {
        let none = |reason: String| Error::NoDevice { ordinal, reason };
        if let Some(reason) = driver::absent() {
            let cure = "install NVIDIA's driver, or name it in MINUTIA_CUDA_DRIVER";
            return Err(none(format!("{reason}; {cure}")));
        }
        let count = count()?;
        if ordinal >= count {
            return Err(none(format!("the driver knows {count}, which are counted from 0")));
        }
        let refused = |error| failed(format!("opening GPU {ordinal}"), None, error);
        let device = Device::get_device(ordinal as u32).map_err(refused)?;
        let name = device.name().map_err(refused)?;
        let attribute = |attribute| device.get_attribute(attribute).map_err(refused);
        let capability = 10 * attribute(DeviceAttribute::ComputeCapabilityMajor)?
            + attribute(DeviceAttribute::ComputeCapabilityMinor)?;
        if capability < LEAST_CAPABILITY {
            let [found, least] = [capability, LEAST_CAPABILITY].map(|c| format!("{}.{}", c / 10, c % 10));
            return Err(none(format!("{name} has compute capability {found}; {least} is needed")));
        }
        let multiprocessors = attribute(DeviceAttribute::MultiprocessorCount)?.max(1) as u32;
        let inner = cust::context::Context::new(device).map_err(refused)?;
        // Opening does this too, but does not say whether it went well.
        CurrentContext::set_current(&inner).map_err(refused)?;
        Ok(Context {
            pool: Mutex::default(),
            kernels: Kernels::load()?,
            queue: Queue::new().map_err(refused)?,
            checks: Checks::default(),
            ordinal,
            name,
            multiprocessors,
            inner,
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
        CurrentContext::set_current(&self.inner)
            .map_err(|error| failed(format!("entering GPU {}", self.ordinal), None, error))?;
        Ok(Entered::new(self))
    }

    /// Takes memory back.
    pub(super) fn recycle(&self, memory: DeviceBuffer<u8>) {
        lock(&self.pool).give(memory);
    }
}

impl Drop for Context {
    fn drop(&mut self) {
        // What is freed after this must find its context; an error would be the same again for each.
        let _ = CurrentContext::set_current(&self.inner);
    }
}

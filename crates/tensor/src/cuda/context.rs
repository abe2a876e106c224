//! A GPU's context: its queue of work, its kernels and its memory.

use super::{driver, failure::failed, kernels::Kernels, pool::Pool, record::Checks};
use crate::Error;
use cust::{
    CudaFlags,
    context::CurrentContext,
    device::{Device, DeviceAttribute},
    error::CudaError,
    memory::{AsyncCopyDestination, DeviceBuffer, DevicePointer, DeviceSlice},
    stream::{Stream, StreamFlags},
    sys,
};
use minutia_kernels::abi::{Arguments, Kernel};
use std::{
    ffi::c_void,
    marker::PhantomData,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
};

/// The least compute capability that the kernels are compiled for, times ten.
const LEAST_CAPABILITY: i32 = 75;

/// The state of one GPU in this process. Fields are dropped in this order, and the context last.
#[derive(Debug)]
pub(super) struct Context {
    pool: Mutex<Pool>,
    kernels: Kernels,
    checks: Checks,
    stream: Stream,
    unfinished: Mutex<Unfinished>,
    ordinal: usize,
    name: String,
    multiprocessors: u32,
    inner: cust::context::Context,
}

/// Kernels that were launched since the host last waited.
#[derive(Clone, Copy, Debug, Default)]
struct Unfinished {
    /// First and last with the steps that they belong to.
    ends: Option<[(Kernel, usize); 2]>,
    count: usize,
}

/// One launch.
#[derive(Clone, Copy, Debug)]
pub(super) struct Launch {
    pub(super) kernel: Kernel,
    /// The step of the program that it belongs to, for messages.
    pub(super) step: usize,
    /// Blocks of threads.
    pub(super) blocks: u32,
    /// Threads in each.
    pub(super) threads: u32,
    /// Bytes of shared memory for each block of threads.
    pub(super) shared: u32,
    pub(super) arguments: Arguments,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing that is kept under a lock can be left half changed.
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
            checks: Checks::default(),
            stream: Stream::new(StreamFlags::DEFAULT, None).map_err(refused)?,
            unfinished: Mutex::default(),
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
        Ok(Entered { context: self, thread: PhantomData })
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

/// A GPU on the thread that it was made current on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entered<'a> {
    context: &'a Context,
    thread: PhantomData<*const ()>,
}

impl Entered<'_> {
    /// Memory with undefined contents; see [`Context::recycle`].
    pub(super) fn allocate(self, bytes: usize) -> Result<DeviceBuffer<u8>, Error> {
        lock(&self.context.pool).take(bytes, || self.synchronize())
    }

    /// Clears memory, after all that was launched before.
    ///
    /// # Safety
    /// So many bytes at the address must be allocated.
    pub(super) unsafe fn clear(self, address: u64, bytes: usize) -> Result<(), Error> {
        if bytes == 0 {
            return Ok(());
        }
        // SAFETY: the caller's promise; the stream orders this among what else touches the memory.
        let result = unsafe {
            let pointer = DevicePointer::<u8>::from_raw(address);
            DeviceSlice::from_raw_parts_mut(pointer, bytes).set_8_async(0, &self.context.stream)
        };
        result.map_err(|error| self.unfinished("clearing memory", error))
    }

    /// Copies to the GPU, after all that was launched before, and waits until the host's bytes were read.
    ///
    /// # Safety
    /// As many bytes at the address must be allocated.
    pub(super) unsafe fn upload(self, address: u64, bytes: &[u8]) -> Result<(), Error> {
        if bytes.is_empty() {
            return Ok(());
        }
        // SAFETY: the caller's promise; the bytes are borrowed until the copy is over.
        let result = unsafe {
            let pointer = DevicePointer::<u8>::from_raw(address);
            let mut target = DeviceSlice::from_raw_parts_mut(pointer, bytes.len());
            target.async_copy_from(bytes, &self.context.stream)
        };
        result.map_err(|error| self.unfinished("copying to the GPU", error))?;
        self.synchronize()
    }

    /// Copies from the GPU, after all that was launched before.
    ///
    /// # Safety
    /// As many bytes at the address must be allocated.
    pub(super) unsafe fn download(self, address: u64, bytes: &mut [u8]) -> Result<(), Error> {
        if bytes.is_empty() {
            return Ok(());
        }
        // SAFETY: the caller's promise; the bytes are borrowed until the copy is over.
        let result = unsafe {
            let pointer = DevicePointer::<u8>::from_raw(address);
            DeviceSlice::from_raw_parts(pointer, bytes.len()).async_copy_to(bytes, &self.context.stream)
        };
        result.map_err(|error| self.unfinished("copying from the GPU", error))?;
        self.synchronize()
    }

    /// Puts a kernel behind all that was launched before.
    ///
    /// # Safety
    /// The arguments must be addresses of what the kernel expects there, and all that these name must be allocated until
    /// the kernel has run.
    pub(super) unsafe fn launch(self, launch: Launch) -> Result<(), Error> {
        let Launch { kernel, step, blocks, threads, shared, arguments } = launch;
        let mut bytes = size_of::<Arguments>();
        // The keys of a list: a buffer, its length, the end. With it the driver reads so many bytes and no more.
        let mut list: [*mut c_void; 5] = [
            std::ptr::without_provenance_mut(1),
            (&raw const arguments).cast_mut().cast(),
            std::ptr::without_provenance_mut(2),
            (&raw mut bytes).cast(),
            std::ptr::null_mut(),
        ];
        let no_pointers = std::ptr::null_mut();
        // SAFETY: the function and the stream are those of the current context; the list is as above, and what it points
        // to lives until the call returns, which copies it. For the rest the caller answers.
        let result = unsafe {
            sys::cuLaunchKernel(
                self.context.kernels.function(kernel),
                blocks,
                1,
                1,
                threads,
                1,
                1,
                shared,
                self.context.stream.as_inner(),
                no_pointers,
                list.as_mut_ptr(),
            )
        };
        if result != sys::cudaError_enum::CUDA_SUCCESS {
            let action = format!("launching the kernel '{}' of step {step}", kernel.name());
            return Err(failed(action, Some(step), CudaError::UnknownError));
        }
        let mut unfinished = lock(&self.context.unfinished);
        let first = unfinished.ends.map_or((kernel, step), |[first, _]| first);
        *unfinished = Unfinished { ends: Some([first, (kernel, step)]), count: unfinished.count + 1 };
        Ok(())
    }

    /// Waits for all that was launched.
    pub(super) fn synchronize(self) -> Result<(), Error> {
        let result = self.context.stream.synchronize();
        result.map_err(|error| self.unfinished("waiting for the GPU", error))?;
        *lock(&self.context.unfinished) = Unfinished::default();
        Ok(())
    }

    /// An error that may be that of any kernel which was launched before.
    fn unfinished(self, action: &str, error: CudaError) -> Error {
        let unfinished = *lock(&self.context.unfinished);
        let name = |(kernel, step): (Kernel, usize)| format!("'{}' of step {step}", kernel.name());
        match unfinished.ends {
            None => failed(action, None, error),
            Some([first, last]) if unfinished.count == 1 => {
                failed(format!("{action} and the kernel {}", name(first)), Some(last.1), error)
            }
            Some([first, last]) => {
                let range = format!("{} kernels, from {} to {}", unfinished.count, name(first), name(last));
                failed(format!("{action} and {range}"), None, error)
            }
        }
    }
}

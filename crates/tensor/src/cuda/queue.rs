//! What can be asked of a GPU: memory, copies and kernels, in the order of one queue.

use super::{
    context::{Context, lock},
    failure::failed,
};
use crate::Error;
use cust::{
    error::{CudaError, CudaResult},
    memory::{AsyncCopyDestination, DeviceBuffer, DevicePointer, DeviceSlice},
    stream::{Stream, StreamFlags},
    sys,
};
use minutia_kernels::abi::{Arguments, Kernel};
use std::{ffi::c_void, marker::PhantomData, sync::Mutex};

/// The queue of a GPU.
#[derive(Debug)]
pub(super) struct Queue {
    stream: Stream,
    unfinished: Mutex<Unfinished>,
}

impl Queue {
    /// A queue of the current context.
    pub(super) fn new() -> CudaResult<Queue> {
        Ok(Queue { stream: Stream::new(StreamFlags::DEFAULT, None)?, unfinished: Mutex::default() })
    }
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

/// A GPU on the thread that it was made current on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entered<'a> {
    context: &'a Context,
    thread: PhantomData<*const ()>,
}

impl<'a> Entered<'a> {
    /// The context must be current on this thread.
    pub(super) fn new(context: &'a Context) -> Entered<'a> {
        Entered { context, thread: PhantomData }
    }

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
            DeviceSlice::from_raw_parts_mut(pointer, bytes).set_8_async(0, &self.context.queue.stream)
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
            target.async_copy_from(bytes, &self.context.queue.stream)
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
            DeviceSlice::from_raw_parts(pointer, bytes.len()).async_copy_to(bytes, &self.context.queue.stream)
        };
        result.map_err(|error| self.unfinished("copying from the GPU", error))?;
        self.synchronize()
    }

    /// Puts a kernel behind all that was launched before.
    ///
    /// # Safety
    /// The arguments must be addresses of what the kernel expects there, and all that these name must be
    /// allocated until the kernel has run.
    pub(super) unsafe fn launch(self, launch: Launch) -> Result<(), Error> {
        let Launch { kernel, step, blocks, threads, shared, arguments } = launch;
        let mut bytes = size_of::<Arguments>();
        // The keys of a list: a buffer, its length, the end. With it the driver reads so many bytes and no
        // more.
        let mut list: [*mut c_void; 5] = [
            std::ptr::without_provenance_mut(1),
            (&raw const arguments).cast_mut().cast(),
            std::ptr::without_provenance_mut(2),
            (&raw mut bytes).cast(),
            std::ptr::null_mut(),
        ];
        let no_pointers = std::ptr::null_mut();
        // SAFETY: the function and the stream are those of the current context; the list is as above, and
        // what it points to lives until the call returns, which copies it. For the rest the caller answers.
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
                self.context.queue.stream.as_inner(),
                no_pointers,
                list.as_mut_ptr(),
            )
        };
        if result != sys::cudaError_enum::CUDA_SUCCESS {
            let action = format!("launching the kernel '{}' of step {step}", kernel.name());
            let before = lock(&self.context.queue.unfinished).ends;
            return Err(match before {
                None => failed(action, Some(step), CudaError::UnknownError),
                // It may be an earlier one that failed.
                Some(_) => self.unfinished(&action, CudaError::UnknownError),
            });
        }
        let mut unfinished = lock(&self.context.queue.unfinished);
        let first = unfinished.ends.map_or((kernel, step), |[first, _]| first);
        *unfinished = Unfinished { ends: Some([first, (kernel, step)]), count: unfinished.count + 1 };
        Ok(())
    }

    /// Waits for all that was launched.
    pub(super) fn synchronize(self) -> Result<(), Error> {
        let result = self.context.queue.stream.synchronize();
        result.map_err(|error| self.unfinished("waiting for the GPU", error))?;
        *lock(&self.context.queue.unfinished) = Unfinished::default();
        Ok(())
    }

    /// An error that may be that of any kernel which was launched before.
    fn unfinished(self, action: &str, error: CudaError) -> Error {
        let unfinished = *lock(&self.context.queue.unfinished);
        let name = |(kernel, step): (Kernel, usize)| format!("'{}' of step {step}", kernel.name());
        match unfinished.ends {
            None => failed(action, None, error),
            Some([first, last]) if unfinished.count == 1 => {
                failed(format!("{action} after the kernel {}", name(first)), Some(last.1), error)
            }
            Some([first, last]) => {
                let range = format!("{} kernels, from {} to {}", unfinished.count, name(first), name(last));
                failed(format!("{action} after {range}"), None, error)
            }
        }
    }
}

use crate::{
    Element, Error, Executable, MemoryLayout, Tensor,
    backend::{Backend, BackendExecutable, BackendMemory},
    cpu, cuda,
    program::{Numbering, Program},
};

/// Where programs run. Cloning is cheap and refers to the same device.
///
/// ```
/// use minutia_tensor::Device;
/// let device = Device::cpu()?;
/// assert!(device.to_string().starts_with("cpu"));
/// # Ok::<(), minutia_tensor::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Device(On<cpu::Cpu, cuda::Cuda>);

/// Something of one of the backends.
#[derive(Clone, Debug)]
enum On<C, G> {
    Cpu(C),
    Cuda(G),
}

/// Does the same with whichever it is.
macro_rules! either {
    ($on:expr, $it:ident => $do:expr) => {
        match $on {
            On::Cpu($it) => $do,
            On::Cuda($it) => $do,
        }
    };
}

/// Makes something of whichever it is, for the same backend.
macro_rules! map_either {
    ($on:expr, $it:ident => $do:expr) => {
        match $on {
            On::Cpu($it) => On::Cpu($do),
            On::Cuda($it) => On::Cuda($do),
        }
    };
}

impl Device {
    /// The CPU, with the instructions and threads that `MINUTIA_SIMD` and `MINUTIA_THREADS` name, else all it
    /// has.
    ///
    /// # Errors
    /// [`Error::Option`] for a variable with a senseless value, [`Error::Simd`] for instructions that this
    /// CPU lacks.
    pub fn cpu() -> Result<Device, Error> {
        Device::cpu_with(cpu::Options::from_env()?)
    }

    /// The CPU with explicit options.
    ///
    /// # Errors
    /// [`Error::Simd`] for instructions that this CPU lacks.
    ///
    /// ```
    /// use minutia_tensor::{Device, cpu::Options};
    /// let device = Device::cpu_with(Options { threads: Some(2), ..Options::default() })?;
    /// assert!(device.to_string().ends_with("2 threads)"));
    /// # Ok::<(), minutia_tensor::Error>(())
    /// ```
    pub fn cpu_with(options: cpu::Options) -> Result<Device, Error> {
        cpu::Cpu::new(options).map(On::Cpu).map(Device)
    }

    /// The NVIDIA GPU that the driver counts as `ordinal`, from 0; see [`cuda`] for the driver.
    ///
    /// ```
    /// use minutia_tensor::Device;
    /// // The first GPU where there is one, else the CPU, which gives the same bits.
    /// let device = if Device::cuda_count()? > 0 { Device::cuda(0)? } else { Device::cpu()? };
    /// println!("{device}");
    /// # Ok::<(), minutia_tensor::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::NoDevice`] where there is none, or the feature `cuda` is off; [`Error::Driver`] when a driver
    /// is named that cannot be opened; [`Error::Cuda`] when it cannot be used.
    pub fn cuda(ordinal: usize) -> Result<Device, Error> {
        cuda::Cuda::new(ordinal).map(On::Cuda).map(Device)
    }

    /// How many NVIDIA GPUs there are: 0 where the feature `cuda` is off, or where there is no driver.
    ///
    /// # Errors
    /// [`Error::Cuda`] when the driver is there and does not work, [`Error::Driver`] when one is named and
    /// cannot be opened.
    pub fn cuda_count() -> Result<usize, Error> {
        cuda::Cuda::count()
    }

    /// Checks a program and prepares it for this device.
    ///
    /// # Errors
    /// [`Error::Program`] when a step is invalid.
    pub fn compile(&self, program: &Program) -> Result<Executable, Error> {
        program.check()?;
        Executable::new(program, Numbering::From(0), &|program, numbering| {
            Ok(Straight(map_either!(&self.0, device => device.compile(program, numbering)?)))
        })
    }

    /// How the device wants tensors to lie in its memory: for speed alone, programs may lay them out
    /// otherwise.
    #[must_use]
    pub fn layout(&self) -> MemoryLayout {
        either!(&self.0, device => device.layout())
    }
}

impl std::fmt::Display for Device {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        either!(&self.0, device => device.fmt(f))
    }
}

/// A program without loops, made ready for a device.
#[derive(Debug)]
pub(crate) struct Straight(On<<cpu::Cpu as Backend>::Executable, <cuda::Cuda as Backend>::Executable>);

impl Straight {
    /// Bytes of the device's memory that it holds for itself.
    pub(crate) fn bytes(&self) -> usize {
        either!(&self.0, executable => executable.bytes())
    }

    /// See [`Executable::run`].
    pub(crate) fn run(&mut self, memory: &mut Memory, slots: &[Slot]) -> Result<(), Error> {
        match (&mut self.0, &mut memory.0) {
            (On::Cpu(executable), On::Cpu(memory)) if executable.runs_over(memory) => {
                executable.run(memory, slots)
            }
            (On::Cuda(executable), On::Cuda(memory)) if executable.runs_over(memory) => {
                executable.run(memory, slots)
            }
            (executable, memory) => {
                let program = either!(executable, executable => executable.compiled_for());
                let memory = either!(memory, memory => memory.lies_on());
                Err(Error::WrongDevice { program, memory })
            }
        }
    }
}

/// A buffer in a [`Memory`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Slot(pub(crate) usize);

/// Device memory: what programs read and write. [`Executable`] has an example of a run over it.
///
/// ```
/// use minutia_tensor::{Device, Memory, Tensor};
/// let mut memory = Memory::new(&Device::cpu()?);
/// let slot = memory.allocate(16)?;
/// memory.store(slot, &[1.5_f32, 2.5])?;
/// let mut numbers = [0.0_f32; 4];
/// memory.load(slot, 0, &mut numbers)?;
/// assert_eq!(numbers, [1.5, 2.5, 0.0, 0.0]);
///
/// let shared = memory.share(&Tensor::from([7_u8, 8]))?;
/// assert!(memory.write(shared, &[0]).is_err(), "what is shared with the host is read-only");
/// memory.replace(shared, &Tensor::from([9_u8, 10]))?;
/// let mut bytes = [0];
/// memory.read(shared, 1, &mut bytes)?;
/// assert_eq!(bytes, [10]);
/// memory.free(shared);
/// # Ok::<(), minutia_tensor::Error>(())
/// ```
#[derive(Debug)]
pub struct Memory(On<<cpu::Cpu as Backend>::Memory, <cuda::Cuda as Backend>::Memory>);

impl Memory {
    /// Empty memory of a device.
    #[must_use]
    #[allow(unreachable_code, reason = "without the feature `cuda` there is no GPU to make memory of")]
    pub fn new(device: &Device) -> Memory {
        Memory(map_either!(&device.0, device => device.memory()))
    }

    /// Reserves a buffer of zeros, aligned to 64 bytes.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`].
    pub fn allocate(&mut self, bytes: usize) -> Result<Slot, Error> {
        either!(&mut self.0, memory => memory.allocate(bytes))
    }

    /// Makes a host tensor readable by programs, without a copy where the device can read host memory.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`], [`Error::Cuda`].
    pub fn share(&mut self, tensor: &Tensor) -> Result<Slot, Error> {
        either!(&mut self.0, memory => memory.share(tensor))
    }

    /// Whether programs read host tensors where they lie, without a copy.
    #[must_use]
    pub fn reads_host(&self) -> bool {
        either!(&self.0, memory => memory.reads_host())
    }

    /// Puts another host tensor into a slot that [`Memory::share`] made. Allocates nothing on the CPU.
    ///
    /// # Errors
    /// [`Error::Binding`] when the slot was not shared, [`Error::OutOfMemory`].
    pub fn replace(&mut self, slot: Slot, tensor: &Tensor) -> Result<(), Error> {
        either!(&mut self.0, memory => memory.replace(slot, tensor))
    }

    /// Waits until everything that was run over this memory is finished.
    ///
    /// # Errors
    /// [`Error::IndexOutOfRange`] when a gather met a bad index on a GPU, [`Error::Cuda`] when a GPU failed.
    pub fn wait(&self) -> Result<(), Error> {
        either!(&self.0, memory => memory.wait())
    }

    /// Releases a slot, whose number may be given out again.
    pub fn free(&mut self, slot: Slot) {
        either!(&mut self.0, memory => memory.free(slot));
    }

    /// Copies raw bytes to the start of an allocated slot.
    ///
    /// # Errors
    /// [`Error::Binding`] when the slot is smaller, [`Error::ReadOnly`] when it is a host tensor.
    pub fn write(&mut self, slot: Slot, bytes: &[u8]) -> Result<(), Error> {
        either!(&mut self.0, memory => memory.write(slot, bytes))
    }

    /// Copies raw bytes from a slot, starting `offset` bytes in.
    ///
    /// # Errors
    /// [`Error::Binding`] when the slot ends before.
    pub fn read(&self, slot: Slot, offset: usize, bytes: &mut [u8]) -> Result<(), Error> {
        either!(&self.0, memory => memory.read(slot, offset, bytes))
    }

    /// Copies elements to the start of an allocated slot. Allocates nothing.
    ///
    /// # Errors
    /// As [`Memory::write`].
    pub fn store<T: Element>(&mut self, slot: Slot, elements: &[T]) -> Result<(), Error> {
        self.write(slot, crate::bytes::of_slice(elements))
    }

    /// Copies elements from a slot, starting `offset` bytes in. Allocates nothing on the CPU.
    ///
    /// # Errors
    /// As [`Memory::read`].
    pub fn load<T: Element>(&self, slot: Slot, offset: usize, elements: &mut [T]) -> Result<(), Error> {
        let bytes = size_of_val(elements);
        match &self.0 {
            On::Cpu(memory) => decode(memory.view(slot, offset, bytes)?, elements),
            On::Cuda(memory) => {
                // Each copy waits for the device: there had better be one.
                let mut copy = vec![0; bytes];
                memory.read(slot, offset, &mut copy)?;
                decode(&copy, elements);
            }
        }
        Ok(())
    }
}

/// Takes as many elements from their bytes.
fn decode<T: Element>(bytes: &[u8], elements: &mut [T]) {
    elements.iter_mut().zip(bytes.chunks_exact(T::DTYPE.size())).for_each(|(e, b)| *e = T::decode(b));
}

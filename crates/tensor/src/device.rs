use crate::{Element, Error, Tensor, cpu, cuda, program::Program};

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

/// Something of either kind of device.
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
    pub fn cpu_with(options: cpu::Options) -> Result<Device, Error> {
        cpu::Cpu::new(options).map(On::Cpu).map(Device)
    }

    /// The NVIDIA GPU that the driver counts as `ordinal`, from 0; see [`cuda`] for the driver.
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
        Ok(Executable(match &self.0 {
            On::Cpu(cpu) => On::Cpu(cpu.compile(program)?),
            On::Cuda(cuda) => On::Cuda(cuda.compile(program)?),
        }))
    }
}

impl std::fmt::Display for Device {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        either!(&self.0, device => device.fmt(f))
    }
}

/// A program made ready for a device. Running it allocates nothing.
#[derive(Debug)]
pub struct Executable(On<cpu::Executable, cuda::Executable>);

impl Executable {
    /// Bytes of the device's memory that it holds for itself, besides the buffers that it is run over.
    #[must_use]
    pub fn bytes(&self) -> usize {
        either!(&self.0, executable => executable.bytes())
    }

    /// Runs the program: its buffer `i` is `slots[i]` of the memory.
    ///
    /// # Errors
    /// [`Error::Binding`] when a slot is smaller than declared, [`Error::ReadOnly`] when a written one is a
    /// host tensor, [`Error::Aliased`] when it is another buffer's slot too, [`Error::IndexOutOfRange`] when
    /// a gather meets a bad index (what ran before it has run), [`Error::WrongDevice`] when the memory is
    /// another device's, [`Error::Cuda`] when a GPU fails.
    ///
    /// A GPU runs the program while the host goes on, and tells of a bad index at the next [`Memory::wait`],
    /// `read`, `write` or `replace`; whatever was run over the memory after it has done nothing.
    pub fn run(&mut self, memory: &mut Memory, slots: &[Slot]) -> Result<(), Error> {
        match (&mut self.0, &mut memory.0) {
            (On::Cpu(executable), On::Cpu(memory)) => executable.run(memory, slots),
            (On::Cuda(executable), On::Cuda(memory)) if executable.cuda().is(memory.cuda()) => {
                executable.run(memory, slots)
            }
            (executable, memory) => {
                let name =
                    |cuda: Option<&cuda::Cuda>| cuda.map_or("the CPU".to_string(), |cuda| cuda.to_string());
                let program = match executable {
                    On::Cpu(_) => name(None),
                    On::Cuda(executable) => name(Some(executable.cuda())),
                };
                let memory = match memory {
                    On::Cpu(_) => name(None),
                    On::Cuda(memory) => name(Some(memory.cuda())),
                };
                Err(Error::WrongDevice { program, memory })
            }
        }
    }
}

/// A buffer in a [`Memory`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Slot(pub(crate) usize);

/// Device memory: what programs read and write.
#[derive(Debug)]
pub struct Memory(On<cpu::Memory, cuda::Memory>);

impl Memory {
    /// Empty memory of a device.
    #[must_use]
    #[allow(unreachable_code, reason = "without the feature `cuda` there is no GPU to make memory of")]
    pub fn new(device: &Device) -> Memory {
        Memory(match &device.0 {
            On::Cpu(_) => On::Cpu(cpu::Memory::default()),
            On::Cuda(cuda) => On::Cuda(cuda::Memory::new(cuda)),
        })
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
        matches!(self.0, On::Cpu(_))
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
        match &self.0 {
            On::Cpu(_) => Ok(()),
            On::Cuda(memory) => memory.wait(),
        }
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
        match &self.0 {
            // Zeros for more than these would take longer than the rest.
            On::Cpu(_) if elements.len() <= 4 => self.load_by(&mut [0; 16], slot, offset, elements),
            On::Cpu(_) => self.load_by(&mut [0; 1024], slot, offset, elements),
            // Each copy waits for the GPU: there had better be one.
            On::Cuda(_) => self.load_by(&mut vec![0; size_of_val(elements)], slot, offset, elements),
        }
    }

    /// Copies elements by way of a buffer, whose length is a multiple of an element's.
    fn load_by<T: Element>(
        &self,
        buffer: &mut [u8],
        slot: Slot,
        mut offset: usize,
        elements: &mut [T],
    ) -> Result<(), Error> {
        let size = T::DTYPE.size();
        for chunk in elements.chunks_mut((buffer.len() / size).max(1)) {
            let bytes = &mut buffer[..chunk.len() * size];
            self.read(slot, offset, bytes)?;
            offset += bytes.len();
            chunk.iter_mut().zip(bytes.chunks_exact(size)).for_each(|(e, b)| *e = T::decode(b));
        }
        Ok(())
    }
}

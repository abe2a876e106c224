use crate::{Element, Error, Tensor, cpu, program::Program};

/// Where programs run. Cloning is cheap and refers to the same device.
///
/// ```
/// use minutia_tensor::Device;
/// let device = Device::cpu()?;
/// assert!(device.to_string().starts_with("cpu"));
/// # Ok::<(), minutia_tensor::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Device(cpu::Cpu);

impl Device {
    /// The CPU, with the instructions and threads that `MINUTIA_SIMD` and `MINUTIA_THREADS` name, else all it
    /// has.
    ///
    /// # Errors
    /// [`Error::Option`] for a variable with a senseless value, [`Error::Simd`] for instructions that this CPU
    /// lacks.
    pub fn cpu() -> Result<Device, Error> {
        cpu::Cpu::new(cpu::Options::from_env()?).map(Device)
    }

    /// The CPU with explicit options.
    ///
    /// # Errors
    /// [`Error::Simd`] for instructions that this CPU lacks.
    pub fn cpu_with(options: cpu::Options) -> Result<Device, Error> {
        cpu::Cpu::new(options).map(Device)
    }

    /// Checks a program and prepares it for this device.
    ///
    /// # Errors
    /// [`Error::Program`] when a step is invalid.
    pub fn compile(&self, program: &Program) -> Result<Executable, Error> {
        program.check()?;
        self.0.compile(program).map(Executable)
    }
}

impl std::fmt::Display for Device {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// A program made ready for a device. Running it allocates nothing.
#[derive(Debug)]
pub struct Executable(cpu::Executable);

impl Executable {
    /// Runs the program: its buffer `i` is `slots[i]` of the memory.
    ///
    /// # Errors
    /// [`Error::Binding`] when a slot is smaller than declared, [`Error::ReadOnly`] when a written one is a host
    /// tensor, [`Error::Aliased`] when it is another buffer's slot too, [`Error::IndexOutOfRange`] when a gather meets a bad index (what ran before it has run).
    pub fn run(&mut self, memory: &mut Memory, slots: &[Slot]) -> Result<(), Error> {
        self.0.run(&mut memory.0, slots)
    }
}

/// A buffer in a [`Memory`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Slot(pub(crate) usize);

/// Device memory: what programs read and write.
#[derive(Debug)]
pub struct Memory(cpu::Memory);

impl Memory {
    /// Empty memory of a device.
    #[must_use]
    pub fn new(_device: &Device) -> Memory {
        Memory(cpu::Memory::default())
    }

    /// Reserves a buffer of zeros, aligned to 64 bytes.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`].
    pub fn allocate(&mut self, bytes: usize) -> Result<Slot, Error> {
        self.0.allocate(bytes)
    }

    /// Makes a host tensor readable by programs, without a copy where the device can read host memory.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`].
    pub fn share(&mut self, tensor: &Tensor) -> Result<Slot, Error> {
        self.0.share(tensor)
    }

    /// Puts another host tensor into a slot that [`Memory::share`] made. Allocates nothing on the CPU.
    ///
    /// # Errors
    /// [`Error::Binding`] when the slot was not shared, [`Error::OutOfMemory`].
    pub fn replace(&mut self, slot: Slot, tensor: &Tensor) -> Result<(), Error> {
        self.0.replace(slot, tensor)
    }

    /// Releases a slot, whose number may be given out again.
    pub fn free(&mut self, slot: Slot) {
        self.0.free(slot);
    }

    /// Copies raw bytes to the start of an allocated slot.
    ///
    /// # Errors
    /// [`Error::Binding`] when the slot is smaller, [`Error::ReadOnly`] when it is a host tensor.
    pub fn write(&mut self, slot: Slot, bytes: &[u8]) -> Result<(), Error> {
        self.0.write(slot, bytes)
    }

    /// Copies raw bytes from a slot, starting `offset` bytes in.
    ///
    /// # Errors
    /// [`Error::Binding`] when the slot ends before.
    pub fn read(&self, slot: Slot, offset: usize, bytes: &mut [u8]) -> Result<(), Error> {
        self.0.read(slot, offset, bytes)
    }
    /// Copies elements to the start of an allocated slot. Allocates nothing.
    ///
    /// # Errors
    /// As [`Memory::write`].
    pub fn store<T: Element>(&mut self, slot: Slot, elements: &[T]) -> Result<(), Error> {
        self.write(slot, cpu::bytes::of_slice(elements))
    }

    /// Copies elements from a slot, starting `offset` bytes in. Allocates nothing.
    ///
    /// # Errors
    /// As [`Memory::read`].
    pub fn load<T: Element>(&self, slot: Slot, offset: usize, elements: &mut [T]) -> Result<(), Error> {
        let size = T::DTYPE.size();
        let mut bytes = [0; 1024];
        for (i, chunk) in elements.chunks_mut(bytes.len() / size).enumerate() {
            let bytes = &mut bytes[..chunk.len() * size];
            self.read(slot, offset + i * 1024, bytes)?;
            chunk.iter_mut().zip(bytes.chunks_exact(size)).for_each(|(e, b)| *e = T::decode(b));
        }
        Ok(())
    }
}

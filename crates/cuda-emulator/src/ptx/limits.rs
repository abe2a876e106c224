//! The most that a text may ask for: what a text names is checked against these before it is made.

/// Kernels of a module.
pub(crate) const KERNELS: usize = 1024;
/// Variables of a module, and shared ones of a kernel.
pub(crate) const VARIABLES: usize = 1024;
/// Bytes of a module's variables, and of a single one: more than any table of constants has.
pub(crate) const VARIABLE_BYTES: usize = 16 << 20;
/// Registers of a kernel, constants included: each takes up to 8 KiB in a block of 1024 threads.
pub(crate) const REGISTERS: usize = 16 << 10;
/// Registers of all kernels of a module, each of which has a name.
pub(crate) const MODULE_REGISTERS: usize = 1 << 20;
/// Bytes of a kernel's parameters, as PTX has it.
pub(crate) const PARAMETER_BYTES: usize = 32_764;
/// An alignment in bytes: that of memory itself.
pub(crate) const ALIGNMENT: usize = 256;

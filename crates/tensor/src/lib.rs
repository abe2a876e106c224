//! Shapes, host tensors, devices and the kernel primitives of minutia.

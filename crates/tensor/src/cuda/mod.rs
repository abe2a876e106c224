//! NVIDIA's GPUs as devices.
#![allow(unsafe_code)]

mod encode;

//! The driver's functions, called as a program does.
#![allow(unsafe_code)]

mod common;

use common::kernel;
use std::{
    ffi::{CStr, CString, c_char, c_int, c_uint, c_void},
    ptr::{null, null_mut},
    sync::{Mutex, MutexGuard, PoisonError},
};

// What is defined in the library must be linked.
use minutia_cuda_emulator as _;

type Handle = *mut c_void;

unsafe extern "C" {
    safe fn cuInit(flags: c_uint) -> c_int;
    safe fn cuDeviceGet(device: &mut c_int, ordinal: c_int) -> c_int;
    safe fn cuDevicePrimaryCtxRetain(context: &mut Handle, device: c_int) -> c_int;
    safe fn cuDevicePrimaryCtxRelease_v2(device: c_int) -> c_int;
    safe fn cuCtxSetCurrent(context: Handle) -> c_int;
    safe fn cuCtxSynchronize() -> c_int;
    fn cuModuleLoadDataEx(
        module: &mut Handle,
        image: *const c_char,
        count: c_uint,
        options: *const c_int,
        values: *const *mut c_void,
    ) -> c_int;
    fn cuModuleGetFunction(function: &mut Handle, module: Handle, name: *const c_char) -> c_int;
    safe fn cuModuleUnload(module: Handle) -> c_int;
    safe fn cuMemAlloc_v2(address: &mut u64, bytes: usize) -> c_int;
    safe fn cuMemFree_v2(address: u64) -> c_int;
    safe fn cuMemsetD32Async(address: u64, value: c_uint, count: usize, stream: Handle) -> c_int;
    safe fn cuMemcpyDtoD_v2(to: u64, from: u64, bytes: usize) -> c_int;
    fn cuMemcpyDtoH_v2(to: *mut c_void, from: u64, bytes: usize) -> c_int;
    safe fn cuStreamCreate(stream: &mut Handle, flags: c_uint) -> c_int;
    safe fn cuStreamDestroy_v2(stream: Handle) -> c_int;
    safe fn cuEventCreate(event: &mut Handle, flags: c_uint) -> c_int;
    safe fn cuEventRecord(event: Handle, stream: Handle) -> c_int;
    safe fn cuEventElapsedTime(milliseconds: &mut f32, start: Handle, end: Handle) -> c_int;
    fn cuLaunchKernel(
        function: Handle,
        grid_x: c_uint,
        grid_y: c_uint,
        grid_z: c_uint,
        block_x: c_uint,
        block_y: c_uint,
        block_z: c_uint,
        shared: c_uint,
        stream: Handle,
        arguments: *const *const c_void,
        extra: *const *const c_void,
    ) -> c_int;
    safe fn cuGetErrorString(code: c_int, text: &mut *const c_char) -> c_int;
    fn minutiaEmulatorReports(count: &mut usize, text: *mut c_char, length: usize) -> c_int;
}

/// The primary context, current on this thread, for one test at a time.
struct Session {
    _alone: MutexGuard<'static, ()>,
}

impl Session {
    fn new() -> Session {
        static ALONE: Mutex<()> = Mutex::new(());
        let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        let mut context = null_mut();
        assert_eq!(cuInit(0), 0);
        assert_eq!(cuDevicePrimaryCtxRetain(&mut context, 0), 0);
        assert_eq!(cuCtxSetCurrent(context), 0);
        Session { _alone: alone }
    }

    /// Memory of so many words, each of which is `value`.
    fn words(&self, count: usize, value: u32) -> u64 {
        let mut address = 0;
        assert_eq!(cuMemAlloc_v2(&mut address, 4 * count), 0);
        assert_eq!(cuMemsetD32Async(address, value, count, null_mut()), 0);
        address
    }

    fn word(&self, address: u64) -> Result<u32, c_int> {
        let mut word = 0_u32;
        // SAFETY: the place has four bytes.
        match unsafe { cuMemcpyDtoH_v2((&raw mut word).cast(), address, 4) } {
            0 => Ok(word),
            code => Err(code),
        }
    }

    /// Loads a kernel with this body; its module, and itself.
    fn load(&self, body: &str) -> (Handle, Handle) {
        let text = CString::new(kernel(body)).unwrap();
        let (mut module, mut function) = (null_mut(), null_mut());
        // SAFETY: both texts end with zeros; there are no options.
        unsafe {
            assert_eq!(cuModuleLoadDataEx(&mut module, text.as_ptr(), 0, null(), null()), 0);
            assert_eq!(cuModuleGetFunction(&mut function, module, c"k".as_ptr()), 0);
        }
        (module, function)
    }

    /// Launches a kernel of one parameter for one block of `threads` threads.
    fn launch(&self, function: Handle, threads: u32, words: u64) -> c_int {
        let arguments = [(&raw const words).cast::<c_void>()];
        // SAFETY: there is one parameter, of eight bytes.
        unsafe {
            cuLaunchKernel(function, 1, 1, 1, threads, 1, 1, 256, null_mut(), arguments.as_ptr(), null())
        }
    }

    /// Launches with a buffer of parameters that is said to have so many bytes.
    fn launch_with_buffer(&self, function: Handle, words: u64, bytes: usize) -> c_int {
        let key = |key: usize| std::ptr::without_provenance::<c_void>(key);
        let extra = [key(1), (&raw const words).cast(), key(2), (&raw const bytes).cast(), key(0)];
        // SAFETY: the list is well formed, and the buffer at most as long as it says.
        unsafe { cuLaunchKernel(function, 1, 1, 1, 1, 1, 1, 0, null_mut(), null(), extra.as_ptr()) }
    }

    fn reports(&self) -> (usize, String) {
        let (mut count, mut text) = (0, [0; 256]);
        // SAFETY: the text has as many bytes as is said.
        assert_eq!(unsafe { minutiaEmulatorReports(&mut count, text.as_mut_ptr().cast(), text.len()) }, 0);
        (count, CStr::from_bytes_until_nul(&text).unwrap().to_string_lossy().into_owned())
    }
}

fn message(code: c_int) -> String {
    let mut text = null();
    assert_eq!(cuGetErrorString(code, &mut text), 0);
    // SAFETY: the driver's texts end with zeros and stay.
    unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned()
}

impl Drop for Session {
    fn drop(&mut self) {
        cuDevicePrimaryCtxRelease_v2(0);
    }
}

#[test]
fn kernels_run_with_either_kind_of_parameters() {
    let session = Session::new();
    let (module, function) =
        session.load("ld.global.u32 %r2, [%rd2]; add.s32 %r2, %r2, 1; st.global.u32 [%rd2], %r2;");
    let words = session.words(4, 41);
    assert_eq!(session.launch(function, 4, words), 0);
    assert_eq!(session.word(words + 12), Ok(42));
    assert_eq!(session.launch_with_buffer(function, words, 8), 0);
    assert_eq!((session.word(words), session.word(words + 4)), (Ok(43), Ok(42)));
    assert_eq!(session.launch_with_buffer(function, words, 4), 1);
    assert_eq!(message(1), "invalid argument: kernel 'k' takes 8 bytes of parameters, 4 were given");
    let copy = session.words(4, 0);
    assert_eq!(cuMemcpyDtoD_v2(copy, words, 16), 0);
    assert_eq!(session.word(copy), Ok(43));
    assert_eq!((cuMemFree_v2(words), cuMemFree_v2(copy), cuModuleUnload(module)), (0, 0, 0));
    assert_eq!(session.launch(function, 1, words), 400, "a function of a module that is gone");
}

#[test]
fn a_fault_ends_the_context_and_another_begins() {
    let session = Session::new();
    let (_, function) = session.load("st.global.u32 [%rd2], %r1;");
    let words = session.words(1, 0);
    assert_eq!(session.launch(function, 2, words), 0, "the launch itself");
    assert_eq!(cuCtxSynchronize(), 700);
    assert_eq!(session.word(words), Err(700), "what comes after");
    assert!(message(700).starts_with("an illegal memory access was encountered: out of bounds: 4 bytes at"));
    let (count, first) = session.reports();
    assert_eq!(count, 1);
    assert!(first.contains("kernel 'k', block [0, 0, 0], thread [1, 0, 0], PTX line"), "{first}");
    drop(session);
    let session = Session::new();
    assert_eq!(cuCtxSynchronize(), 0, "a new context");
    assert_eq!(session.word(words), Err(1), "nothing of the old one");
    assert_eq!(session.reports(), (0, String::new()), "no leak is told of a context that ended in a fault");
}

#[test]
fn memory_that_is_left_is_reported() {
    let session = Session::new();
    session.words(3, 0);
    let freed = session.words(5, 0);
    assert_eq!(cuMemFree_v2(freed), 0);
    assert_eq!(cuMemFree_v2(freed), 1, "twice");
    drop(session);
    let report = Session::new().reports();
    assert_eq!(report, (1, "leak: 1 allocations of 12 bytes in all were not freed".to_string()));
}

#[test]
fn ptx_that_is_wrong_is_explained() {
    let _session = Session::new();
    let text = CString::new(kernel("add.f32 %r2, %r1, %r1;")).unwrap();
    let mut log = [0_u8; 64];
    let options = [5, 6];
    let values = [log.as_mut_ptr().cast(), std::ptr::without_provenance_mut(log.len())];
    let mut module = null_mut();
    // SAFETY: the text ends with a zero; the options name a buffer and its length.
    let code =
        unsafe { cuModuleLoadDataEx(&mut module, text.as_ptr(), 2, options.as_ptr(), values.as_ptr()) };
    assert_eq!(code, 218);
    let log = CStr::from_bytes_until_nul(&log).unwrap().to_string_lossy();
    assert_eq!(log, "PTX line 15: kernel 'k': unknown instruction 'add.f32'");
    assert_eq!(message(218), format!("a PTX JIT compilation failed: {log}"));
}

#[test]
fn streams_and_events_are_known_by_their_handles() {
    let session = Session::new();
    let (mut stream, mut start, mut end) = (null_mut(), null_mut(), null_mut());
    assert_eq!(
        (cuStreamCreate(&mut stream, 1), cuEventCreate(&mut start, 0), cuEventCreate(&mut end, 0)),
        (0, 0, 0)
    );
    let mut time = -1.0;
    assert_eq!(cuEventElapsedTime(&mut time, start, end), 400, "events that were not recorded");
    assert_eq!((cuEventRecord(start, stream), cuEventRecord(end, stream)), (0, 0));
    assert_eq!(cuEventElapsedTime(&mut time, start, end), 0);
    assert!(time >= 0.0);
    assert_eq!(cuStreamDestroy_v2(stream), 0);
    assert_eq!(cuEventRecord(start, stream), 400, "a stream that is gone");
    assert_eq!(session.launch(stream, 1, 0), 400, "a stream is no function");
}

#[test]
fn what_is_not_there_is_refused() {
    let _session = Session::new();
    let mut device = 0;
    assert_eq!(cuDeviceGet(&mut device, 1), 101);
    assert_eq!(message(101), "invalid device ordinal: there is no device 1");
    std::thread::spawn(|| assert_eq!(cuCtxSynchronize(), 201, "a thread without a context")).join().unwrap();
    let mut address = 0;
    assert_eq!(cuMemAlloc_v2(&mut address, 1 << 40), 2);
    assert_eq!(cuMemAlloc_v2(&mut address, 0), 1);
}

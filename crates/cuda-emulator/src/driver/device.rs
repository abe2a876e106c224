//! The driver and its devices.

use super::{
    Refusal, call,
    code::Code,
    give,
    state::{DEVICE_BYTES, Driver},
};
use std::ffi::{c_char, c_int, c_uint};

/// The driver version that is claimed: 12.0.
const VERSION: c_int = 12_000;
const NAME: &str = "minutia CUDA emulator";
/// The environment variable that names the devices there are: words of [`Kind`] with commas between; one
/// `fine` by default.
pub(super) const VARIABLE: &str = "MINUTIA_EMULATOR_DEVICES";

/// What becomes of who opens a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// It works.
    Fine,
    /// Its compute capability is 6.1.
    Old,
    /// Other programs have all its memory.
    Full,
    /// Another program has it for itself.
    Busy,
}

/// The devices that there are.
#[derive(Clone, Debug)]
pub(super) struct Devices(Vec<Kind>);

impl Devices {
    /// What the environment says; one that works if it says nothing of sense.
    pub(super) fn from_env() -> Devices {
        let text = std::env::var(VARIABLE).ok();
        Devices::read(text.as_deref()).unwrap_or_else(|refusal| {
            eprintln!("minutia-cuda-emulator: {}", refusal.reason);
            Devices(vec![Kind::Fine])
        })
    }

    pub(super) fn read(text: Option<&str>) -> Result<Devices, Refusal> {
        let kind = |word: &str| match word {
            "fine" => Ok(Kind::Fine),
            "old" => Ok(Kind::Old),
            "full" => Ok(Kind::Full),
            "busy" => Ok(Kind::Busy),
            _ => Err(Code::INVALID_VALUE
                .because(format!("'{word}' is no kind of device: fine, old, full or busy"))),
        };
        let words = text.unwrap_or("fine").split(',').filter(|word| !word.is_empty());
        Ok(Devices(words.map(kind).collect::<Result<_, _>>()?))
    }
}

impl Kind {
    /// Refuses a context where there can be none.
    pub(super) fn opens(self) -> Result<(), Refusal> {
        match self {
            Kind::Fine | Kind::Old => Ok(()),
            Kind::Full => Err(Code::OUT_OF_MEMORY.because("other programs have the device's memory")),
            Kind::Busy => Err(Code::DEVICE_UNAVAILABLE.because("another program has the device for itself")),
        }
    }
}

impl Driver {
    /// A device by its number.
    pub(super) fn device(&self, device: c_int) -> Result<Kind, Refusal> {
        let found = usize::try_from(device).ok().and_then(|number| self.devices.0.get(number));
        found.copied().ok_or_else(|| Code::INVALID_DEVICE.because(format!("there is no device {device}")))
    }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuInit(flags: c_uint) -> c_int {
    call(|driver| {
        if flags != 0 {
            return Err(Code::INVALID_VALUE.because(format!("cuInit knows no flags {flags:#x}")));
        }
        driver.initialized = true;
        match driver.devices.0.is_empty() {
            true => Err(Code::NO_DEVICE.because("there is none")),
            false => Ok(()),
        }
    })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuDriverGetVersion(version: *mut c_int) -> c_int {
    // SAFETY: the caller's pointer.
    call(|_| unsafe { give(version, VERSION) })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuDeviceGetCount(count: *mut c_int) -> c_int {
    // SAFETY: the caller's pointer.
    call(|driver| unsafe { give(count, driver.initialized()?.devices.0.len() as c_int) })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuDeviceGet(device: *mut c_int, ordinal: c_int) -> c_int {
    call(|driver| {
        driver.initialized()?;
        driver.device(ordinal)?;
        // SAFETY: the caller's pointer.
        unsafe { give(device, ordinal) }
    })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuDeviceGetName(name: *mut c_char, length: c_int, device: c_int) -> c_int {
    call(|driver| {
        driver.initialized()?.device(device)?;
        let length = usize::try_from(length).unwrap_or(0);
        if length == 0 || name.is_null() {
            return Err(Code::INVALID_VALUE.because("the name has no place to go"));
        }
        let bytes = &NAME.as_bytes()[..NAME.len().min(length - 1)];
        // SAFETY: the caller's array has `length` characters.
        unsafe {
            name.cast::<u8>().copy_from_nonoverlapping(bytes.as_ptr(), bytes.len());
            name.add(bytes.len()).write(0);
        }
        Ok(())
    })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuDeviceTotalMem_v2(bytes: *mut usize, device: c_int) -> c_int {
    call(|driver| {
        driver.initialized()?.device(device)?;
        // SAFETY: the caller's pointer.
        unsafe { give(bytes, DEVICE_BYTES as usize) }
    })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuDeviceGetAttribute(value: *mut c_int, attribute: c_int, device: c_int) -> c_int {
    call(|driver| {
        let kind = driver.initialized()?.device(device)?;
        let found = match attribute {
            // Threads of a block, and its extents; extents of a grid.
            1..=3 => 1024,
            4 => 64,
            5 => c_int::MAX,
            6 | 7 => 65_535,
            // Shared memory of a block in bytes, threads of a warp, registers of a block.
            8 => crate::exec::MAX_SHARED as c_int,
            10 => 32,
            12 => 65_536,
            // Multiprocessors, and the threads of each.
            16 => 4,
            39 => 1024,
            75 if kind == Kind::Old => 6,
            76 if kind == Kind::Old => 1,
            // Compute capability 7.5.
            75 => 7,
            76 => 5,
            _ => return Err(Code::INVALID_VALUE.because(format!("the attribute {attribute} is not known"))),
        };
        // SAFETY: the caller's pointer.
        unsafe { give(value, found) }
    })
}

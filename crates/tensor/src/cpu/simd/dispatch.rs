/// Compiles a loop once for each level: `by_level! { fn name(x: T, ..) -> R { .. } }` makes a module `name`
/// with `at(level)`, the function to call. In the loop, `F` is the level's way to multiply and add. The
/// functions are unsafe: their level must be one that the CPU has.
macro_rules! by_level {
    ($(#[$meta:meta])* fn $name:ident($($arg:ident: $type:ty),* $(,)?) $(-> $out:ty)? $body:block) => {
        $(#[$meta])*
        #[allow(clippy::extra_unused_type_parameters)]
        mod $name {
            #[allow(unused_imports)]
            use super::*;

            /// # Safety
            /// What the loop itself asks for.
            #[inline(always)]
            unsafe fn body<F: minutia_kernels::math::Fma>($($arg: $type),*) $(-> $out)? $body

            /// # Safety
            /// As for `body`.
            unsafe fn scalar($($arg: $type),*) $(-> $out)? {
                // SAFETY: passed on to the caller.
                unsafe { body::<minutia_kernels::math::Portable>($($arg),*) }
            }

            /// # Safety
            /// As for `body`; the CPU must have the instructions.
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx2,fma")]
            unsafe fn avx2($($arg: $type),*) $(-> $out)? {
                // SAFETY: passed on to the caller.
                unsafe { body::<$crate::cpu::simd::HardwareFma>($($arg),*) }
            }

            /// # Safety
            /// As for `body`; the CPU must have the instructions.
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")]
            unsafe fn avx512($($arg: $type),*) $(-> $out)? {
                // SAFETY: passed on to the caller.
                unsafe { body::<$crate::cpu::simd::HardwareFma>($($arg),*) }
            }

            /// The function for a level. Every aarch64 has NEON and fused multiply-add: the compiler makes
            /// vectors of the plain loop already, so that `neon` and `scalar` are one function.
            pub(in crate::cpu) fn at(level: $crate::cpu::Level) -> unsafe fn($($type),*) $(-> $out)? {
                match level {
                    #[cfg(target_arch = "x86_64")]
                    $crate::cpu::Level::Avx2 => avx2,
                    #[cfg(target_arch = "x86_64")]
                    $crate::cpu::Level::Avx512 => avx512,
                    _ => scalar,
                }
            }
        }
    };
}
pub(in crate::cpu) use by_level;

/// Compiles a function over [`Vector`](super::vector::Vector) once for each level: `by_vector! { fn
/// name(x: T, ..) = generic; }` makes a module `name` with `at(level)`, the function to call, which is
/// `generic::<V>` for the level's vectors. The functions are unsafe: their level must be one that the CPU
/// has.
macro_rules! by_vector {
    ($(#[$meta:meta])* fn $name:ident($($arg:ident: $type:ty),* $(,)?) = $generic:ident;) => {
        $(#[$meta])*
        mod $name {
            #[allow(unused_imports)]
            use super::*;
            use $crate::cpu::simd::vector;

            unsafe fn plain($($arg: $type),*) {
                // SAFETY: passed on to the caller.
                unsafe { $generic::<vector::Baseline>($($arg),*) }
            }

            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx2,fma,popcnt")]
            unsafe fn avx2($($arg: $type),*) {
                // SAFETY: passed on to the caller.
                unsafe { $generic::<vector::Avx2>($($arg),*) }
            }

            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx512f,avx2,fma,popcnt")]
            unsafe fn avx512($($arg: $type),*) {
                // SAFETY: passed on to the caller.
                unsafe { $generic::<vector::Avx512>($($arg),*) }
            }

            #[cfg(target_arch = "aarch64")]
            #[target_feature(enable = "neon")]
            unsafe fn neon($($arg: $type),*) {
                // SAFETY: passed on to the caller.
                unsafe { $generic::<vector::Neon>($($arg),*) }
            }

            /// The function for a level.
            pub(in crate::cpu) fn at(level: $crate::cpu::Level) -> unsafe fn($($type),*) {
                match level {
                    #[cfg(target_arch = "x86_64")]
                    $crate::cpu::Level::Avx2 => avx2,
                    #[cfg(target_arch = "x86_64")]
                    $crate::cpu::Level::Avx512 => avx512,
                    #[cfg(target_arch = "aarch64")]
                    $crate::cpu::Level::Neon => neon,
                    _ => plain,
                }
            }
        }
    };
}
pub(in crate::cpu) use by_vector;

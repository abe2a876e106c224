//! A dense product of faer, and of the crate gemm: `peer-products LAYOUT M K N THREADS` prints a line of JSON
//! for each.

use faer::linalg::matmul::matmul;
use faer::{Accum, MatMut, MatRef, Par};
use std::time::Instant;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [layout, sizes @ ..] = arguments.as_slice() else { panic!("call it with LAYOUT M K N THREADS") };
    let sizes: Vec<usize> = sizes.iter().map(|size| size.parse().expect("a number")).collect();
    let [m, k, n, threads] = sizes[..] else { panic!("call it with LAYOUT M K N THREADS") };
    let (a, b) = (numbers(m * k, 1), numbers(k * n, 2));
    let mut c = vec![0.0_f32; m * n];

    let lhs = match layout.as_str() {
        "tn" => MatRef::from_row_major_slice(&a, k, m).transpose(),
        _ => MatRef::from_row_major_slice(&a, m, k),
    };
    let rhs = match layout.as_str() {
        "nt" => MatRef::from_row_major_slice(&b, n, k).transpose(),
        _ => MatRef::from_row_major_slice(&b, k, n),
    };
    let par = if threads == 1 { Par::Seq } else { Par::rayon(threads) };
    report("faer", [m, k, n], || {
        let out = MatMut::from_row_major_slice_mut(&mut c, m, n);
        matmul(out, Accum::Replace, lhs, rhs, 1.0, par);
    });
    // The last number of the result, added up in double precision.
    let last: f64 = (0..k).map(|p| f64::from(lhs[(m - 1, p)]) * f64::from(rhs[(p, n - 1)])).sum();
    let check =
        |c: &[f32]| assert!((f64::from(c[m * n - 1]) - last).abs() < 1e-4 * k as f64, "a wrong product");
    check(&c);

    c.fill(0.0);
    let parallelism = if threads == 1 { gemm::Parallelism::None } else { gemm::Parallelism::Rayon(threads) };
    let strides = |of: MatRef<f32>| (of.col_stride(), of.row_stride());
    let ((a_cs, a_rs), (b_cs, b_rs)) = (strides(lhs), strides(rhs));
    report("gemm", [m, k, n], || {
        // SAFETY: the operands are those matrices, and the result has `m` rows of `n` numbers.
        unsafe {
            gemm::gemm(
                m,
                n,
                k,
                c.as_mut_ptr(),
                1,
                n as isize,
                false,
                a.as_ptr(),
                a_cs,
                a_rs,
                b.as_ptr(),
                b_cs,
                b_rs,
                0.0_f32,
                1.0_f32,
                false,
                false,
                false,
                parallelism,
            );
        }
    });
    check(&c);
}

/// The rate of the fastest of many calls.
fn report(name: &str, [m, k, n]: [usize; 3], mut multiply: impl FnMut()) {
    let operations = 2.0 * m as f64 * n as f64 * k as f64;
    let calls = (1e8 / operations).ceil() as usize;
    let (begin, mut best) = (Instant::now(), f64::INFINITY);
    while best.is_infinite() || begin.elapsed().as_secs_f64() < 0.5 {
        let start = Instant::now();
        (0..calls).for_each(|_| multiply());
        best = best.min(start.elapsed().as_secs_f64() / calls as f64);
    }
    println!("{}", serde_json::json!({"peer": name, "gflops": operations / best / 1e9}));
}

/// Numbers from -1 to 1.
fn numbers(count: usize, seed: u32) -> Vec<f32> {
    let mut state = seed;
    let next = |_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / 8_388_608.0 - 1.0
    };
    (0..count).map(next).collect()
}

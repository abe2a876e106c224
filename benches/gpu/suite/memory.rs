//! Maps and a reduction that do little more than move bytes.

use minutia::prelude::{DType, Device, Tensor};
use minutia::tensor::program::{Map, MapBuilder, MapProgram, Primitive, Reduce, ReduceOp};
use minutia_kernels::map::Code;

use super::common::access;
use super::primitive::{Measurement, numbers};
use super::report::{self, Report};
use super::{Failure, Settings};

/// Elements: more than any cache holds.
const COUNT: usize = 1 << 26;
/// The same for a test.
const TINY: usize = 1000;

/// Measures them.
///
/// # Errors
/// When nothing was timed.
pub fn measure(device: &Device, settings: &Settings, report: &mut Report) -> Result<(), Failure> {
    let count = if settings.tiny { TINY } else { COUNT };
    let maps: [(&str, MapProgram, usize); 3] =
        [("copy", MapProgram::identity(), 1), ("axpy", axpy(), 1), ("adagrad", adagrad(), 2)];
    let bytes = |buffers: usize| (4 * count * buffers) as f64 / 1e9;
    for (name, program, outputs) in maps {
        let inputs = program.inputs();
        let primitive = Primitive::Map(Map {
            dims: vec![count],
            inputs: (0..inputs).map(|i| access(i, &[1])).collect(),
            program,
            outputs: (inputs..inputs + outputs).map(|i| access(i, &[1])).collect(),
        });
        let map = Measurement {
            section: report::MEMORY,
            key: format!("{name}_gbps"),
            title: format!("{name}, {count} elements, {inputs} read and {outputs} written"),
            primitive,
            inputs: (0..inputs).map(|_| Tensor::from(numbers(count))).collect(),
            outputs: vec![count; outputs],
            work: bytes(inputs + outputs),
            unit: "GB/s",
            peak: settings.peak_gbps,
        };
        map.measure(device, settings, report)?;
    }
    let sum = Measurement {
        section: report::MEMORY,
        key: "sum_gbps".to_string(),
        title: format!("sum of {count} elements"),
        primitive: Primitive::Reduce(Reduce {
            op: ReduceOp::Sum,
            dtype: DType::F32,
            dims: vec![],
            reduced: vec![count],
            inputs: vec![access(0, &[1])],
            program: MapProgram::identity(),
            epilogue_inputs: Vec::new(),
            epilogue: MapProgram::identity(),
            outputs: vec![access(1, &[])],
        }),
        inputs: vec![Tensor::from(numbers(count))],
        outputs: vec![1],
        work: bytes(1),
        unit: "GB/s",
        peak: settings.peak_gbps,
    };
    sum.measure(device, settings, report)
}

/// 0.5 x + y.
fn axpy() -> MapProgram {
    let mut m = MapBuilder::new(2);
    let a = m.constant(0.5);
    let value = m.apply(Code::Fma, &[a, m.input(0), m.input(1)]);
    m.finish(&[value])
}

/// Adagrad's update of a variable and of its sum of squares, which starts at 1 plus what is there so that no
/// root is of a negative number.
fn adagrad() -> MapProgram {
    let mut m = MapBuilder::new(3);
    let (x, sum, gradient) = (m.input(0), m.input(1), m.input(2));
    let one = m.constant(1.0);
    let start = m.apply(Code::Add, &[sum, one]);
    let sum = m.apply(Code::Fma, &[gradient, gradient, start]);
    let root = m.apply(Code::Sqrt, &[sum]);
    let rate = m.constant(0.01);
    let change = m.apply(Code::Mul, &[gradient, rate]);
    let change = m.apply(Code::Div, &[change, root]);
    let next = m.apply(Code::Sub, &[x, change]);
    m.finish(&[next, sum])
}

//! Epilogues that products meet in registers.

use crate::{
    DType,
    cpu::gemm::Epilogue,
    program::{Access, Gemm, MapBuilder, Value},
};
use minutia_kernels::map::Code;

/// An epilogue that products can meet in registers, and its output: rows of neighbours.
#[derive(Debug)]
pub(in crate::cpu) struct FusedEpilogue {
    how: EpilogueKind,
    output: Access,
}

#[derive(Debug)]
enum EpilogueKind {
    /// `w - product * rate` over `w`: a step of gradient descent.
    SubtractScaled { rate: f32 },
    /// `product + bias`, or no less than zero.
    Bias { bias: Access, relu: bool },
    /// `product` where another number is above zero, and zero elsewhere: the gradient of what was made so.
    ReluGradient { of: Access },
}

impl FusedEpilogue {
    /// What a product's epilogue is, if it is such a one.
    pub(in crate::cpu) fn of(step: &Gemm) -> Option<FusedEpilogue> {
        let ([input], [output]) = (&step.epilogue_inputs[..], &step.outputs[..]) else { return None };
        if (input.operand.dtype, output.operand.dtype) != (DType::F32, DType::F32)
            || output.strides.len() != 2
            || output.strides[1] != 1
        {
            return None;
        }
        let is = |build: &dyn Fn(&mut MapBuilder, [Value; 2]) -> Value| {
            let mut m = MapBuilder::new(2);
            let inputs = [m.input(0), m.input(1)];
            let result = build(&mut m, inputs);
            m.finish(&[result]) == step.epilogue
        };
        let output = output.clone();
        if input == &output {
            let &[rate] = step.epilogue.constants() else { return None };
            let rate = f32::from_bits(rate);
            let take = |m: &mut MapBuilder, [product, w]: [Value; 2]| {
                let rate = m.constant(rate);
                let change = m.apply(Code::Mul, &[product, rate]);
                m.apply(Code::Sub, &[w, change])
            };
            return is(&take).then_some(FusedEpilogue { how: EpilogueKind::SubtractScaled { rate }, output });
        }
        let add = |m: &mut MapBuilder, [product, bias]: [Value; 2]| m.apply(Code::Add, &[product, bias]);
        let above = |m: &mut MapBuilder, inputs: [Value; 2]| {
            let (zero, sum) = (m.constant(0.0), add(m, inputs));
            m.apply(Code::Max, &[zero, sum])
        };
        let relu = is(&above);
        let mask = |m: &mut MapBuilder, [product, of]: [Value; 2]| {
            let zero = m.constant(0.0);
            let above = m.apply(Code::Lt, &[zero, of]);
            m.apply(Code::Select, &[above, product, zero])
        };
        if input.strides[1] == 1 && is(&mask) {
            return Some(FusedEpilogue { how: EpilogueKind::ReluGradient { of: input.clone() }, output });
        }
        let fits = input.strides == [0, 1] && (relu || is(&add));
        fits.then(|| FusedEpilogue { how: EpilogueKind::Bias { bias: input.clone(), relu }, output })
    }

    /// Where the results go.
    pub(in crate::cpu) fn output(&self) -> &Access {
        &self.output
    }

    /// What strips are asked for; `start` says where an operand lies.
    pub(in crate::cpu) fn epilogue(&self, start: impl Fn(&Access) -> *mut f32) -> Epilogue {
        match &self.how {
            EpilogueKind::SubtractScaled { rate } => Epilogue::SubtractScaled(*rate),
            EpilogueKind::Bias { bias, relu } => Epilogue::Bias(start(bias), *relu),
            EpilogueKind::ReluGradient { of } => Epilogue::ReluGradient(start(of), of.strides[0]),
        }
    }
}

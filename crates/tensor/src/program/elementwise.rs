//! The elementwise part of a primitive, which maps can be fused with.

use super::*;
use std::borrow::Cow;

/// A program over a nest of loops that makes a primitive's outputs: all of a map, the epilogue of a product
/// or a reduction, the map over the rows of a gather. It borrows from the primitive, of which a planner looks
/// at many that it leaves as they are.
#[derive(Clone, Debug, PartialEq)]
pub struct ElementwisePart<'a> {
    /// Extents of the loop nest, outermost first.
    pub dims: Cow<'a, [usize]>,
    /// Inputs of the program that come before those of `inputs`: what the primitive itself computes or loads.
    pub given: usize,
    /// The other inputs of the program.
    pub inputs: Cow<'a, [Access]>,
    /// What is computed for each element.
    pub program: Cow<'a, MapProgram>,
    /// Where the program's outputs go.
    pub outputs: Cow<'a, [Access]>,
}

impl Primitive {
    /// The part that makes the outputs, if it is elementwise.
    #[must_use]
    pub fn elementwise_part(&self) -> Option<ElementwisePart<'_>> {
        let (dims, given, inputs, program, outputs) = match self {
            Primitive::Map(s) => (s.dims[..].into(), 0, &s.inputs[..], &s.program, s.outputs[..].into()),
            Primitive::Gemm(s) => {
                (s.dims().into(), 1, &s.epilogue_inputs[..], &s.epilogue, s.outputs[..].into())
            }
            Primitive::Reduce(s) => {
                (s.dims[..].into(), 1, &s.epilogue_inputs[..], &s.epilogue, s.outputs[..].into())
            }
            Primitive::GatherRows(s) => {
                let output = Access { operand: s.output, strides: vec![s.width, 1] };
                (vec![s.count, s.width].into(), 1, &[][..], &s.program, vec![output].into())
            }
            Primitive::ArgReduce(_)
            | Primitive::ScatterAddRows(_)
            | Primitive::Scan(_)
            | Primitive::ArgSort(_)
            | Primitive::UpdateRows(_)
            | Primitive::FirstPositions(_)
            | Primitive::Random(_)
            | Primitive::Loop(_) => return None,
        };
        Some(ElementwisePart { dims, given, inputs: inputs.into(), program: Cow::Borrowed(program), outputs })
    }

    /// The primitive with another elementwise part; none where it has no place for that.
    #[must_use]
    pub fn with_elementwise_part(&self, part: ElementwisePart<'_>) -> Option<Primitive> {
        let program = part.program.into_owned();
        let (inputs, outputs) = (part.inputs.into_owned(), part.outputs.into_owned());
        Some(match self {
            Primitive::Map(_) => {
                Primitive::Map(Map { dims: part.dims.into_owned(), inputs, program, outputs })
            }
            Primitive::Gemm(s) => {
                Primitive::Gemm(Gemm { epilogue_inputs: inputs, epilogue: program, outputs, ..s.clone() })
            }
            Primitive::Reduce(s) => {
                let s = s.clone();
                Primitive::Reduce(Reduce { epilogue_inputs: inputs, epilogue: program, outputs, ..s })
            }
            Primitive::GatherRows(s) => {
                let [output] = &outputs[..] else { return None };
                if !inputs.is_empty() || output.strides != [s.width, 1] {
                    return None;
                }
                Primitive::GatherRows(GatherRows { program, output: output.operand, ..s.clone() })
            }
            Primitive::ArgReduce(_)
            | Primitive::ScatterAddRows(_)
            | Primitive::Scan(_)
            | Primitive::ArgSort(_)
            | Primitive::UpdateRows(_)
            | Primitive::FirstPositions(_)
            | Primitive::Random(_)
            | Primitive::Loop(_) => return None,
        })
    }
}

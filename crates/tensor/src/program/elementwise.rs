//! The elementwise part of a primitive, which maps can be fused with.

use super::*;

/// A program over a nest of loops that makes a primitive's outputs: all of a map, the epilogue of a product
/// or a reduction, the map over the rows of a gather.
#[derive(Clone, Debug, PartialEq)]
pub struct ElementwisePart {
    /// Extents of the loop nest, outermost first.
    pub dims: Vec<usize>,
    /// Inputs of the program that come before those of `inputs`: what the primitive itself computes or loads.
    pub given: usize,
    /// The other inputs of the program.
    pub inputs: Vec<Access>,
    /// What is computed for each element.
    pub program: MapProgram,
    /// Where the program's outputs go.
    pub outputs: Vec<Access>,
}

impl Primitive {
    /// The part that makes the outputs, if it is elementwise.
    #[must_use]
    pub fn elementwise_part(&self) -> Option<ElementwisePart> {
        let (dims, given, inputs, program, outputs) = match self {
            Primitive::Map(s) => (s.dims.clone(), 0, &s.inputs[..], &s.program, s.outputs.clone()),
            Primitive::Gemm(s) => (vec![s.m, s.n], 1, &s.epilogue_inputs[..], &s.epilogue, s.outputs.clone()),
            Primitive::Reduce(s) => {
                (s.dims.clone(), 1, &s.epilogue_inputs[..], &s.epilogue, s.outputs.clone())
            }
            Primitive::GatherRows(s) => {
                let output = Access { operand: s.output, strides: vec![s.width, 1] };
                (vec![s.count, s.width], 1, &[][..], &s.program, vec![output])
            }
            Primitive::ArgReduce(_) | Primitive::ScatterAddRows(_) | Primitive::Random(_) => return None,
        };
        Some(ElementwisePart { dims, given, inputs: inputs.to_vec(), program: program.clone(), outputs })
    }

    /// The primitive with another elementwise part; none where it has no place for that.
    #[must_use]
    pub fn with_elementwise_part(&self, part: ElementwisePart) -> Option<Primitive> {
        let ElementwisePart { dims, inputs, program, outputs, .. } = part;
        Some(match self.clone() {
            Primitive::Map(_) => Primitive::Map(Map { dims, inputs, program, outputs }),
            Primitive::Gemm(s) => {
                Primitive::Gemm(Gemm { epilogue_inputs: inputs, epilogue: program, outputs, ..s })
            }
            Primitive::Reduce(s) => {
                Primitive::Reduce(Reduce { epilogue_inputs: inputs, epilogue: program, outputs, ..s })
            }
            Primitive::GatherRows(s) => {
                let [output] = &outputs[..] else { return None };
                if !inputs.is_empty() || output.strides != [s.width, 1] {
                    return None;
                }
                Primitive::GatherRows(GatherRows { program, output: output.operand, ..s })
            }
            Primitive::ArgReduce(_) | Primitive::ScatterAddRows(_) | Primitive::Random(_) => return None,
        })
    }
}

//! The proof that a program stays inside its buffers.

use super::*;
use crate::Error;

impl Program {
    /// Checks every step: accesses inside their buffers, shapes that fit each other, written buffers declared as
    /// such, outputs that overlap nothing but the same access.
    ///
    /// # Errors
    /// [`Error::Program`] with the first step that is invalid, and why.
    pub fn check(&self) -> Result<(), Error> {
        for (step, s) in self.steps.iter().enumerate() {
            self.check_step(s).map_err(|reason| Error::Program { step, reason })?;
        }
        Ok(())
    }

    fn check_step(&self, step: &Step) -> Result<(), String> {
        match step {
            Step::Map(s) => {
                arity("program", &s.program, s.inputs.len(), s.outputs.len())?;
                self.read_all(&s.inputs, &s.dims)?;
                self.write_all(&s.outputs, &s.dims, &s.inputs, &s.dims)
            }
            Step::Reduce(s) => {
                let nest = [&s.dims[..], &s.reduced[..]].concat();
                if !matches!(s.dtype, DType::F32 | DType::I32) {
                    return Err(format!("a reduction of {}", s.dtype));
                }
                arity("program", &s.program, s.inputs.len(), 1)?;
                arity("epilogue", &s.epilogue, s.epilogue_inputs.len() + 1, s.outputs.len())?;
                self.read_all(&s.inputs, &nest)?;
                self.read_all(&s.epilogue_inputs, &s.dims)?;
                self.apart(&s.outputs, &s.dims, &s.inputs, &nest)?;
                self.write_all(&s.outputs, &s.dims, &s.epilogue_inputs, &s.dims)
            }
            Step::ArgReduce(s) => {
                let nest = [&s.dims[..], &[s.length]].concat();
                if s.length == 0 {
                    return Err("an extremum of no elements".into());
                }
                if !matches!(s.input.operand.dtype, DType::F32 | DType::I32) {
                    return Err(format!("an extremum of {}", s.input.operand.dtype));
                }
                if s.output.operand.dtype != DType::I32 {
                    return Err(format!("indices of type {}", s.output.operand.dtype));
                }
                self.read_all(std::slice::from_ref(&s.input), &nest)?;
                let output = std::slice::from_ref(&s.output);
                self.apart(output, &s.dims, std::slice::from_ref(&s.input), &nest)?;
                self.write_all(output, &s.dims, &[], &[])
            }
            Step::Gemm(s) => {
                let nest = [s.m, s.n];
                arity("epilogue", &s.epilogue, s.epilogue_inputs.len() + 1, s.outputs.len())?;
                for (operand, dims) in [(&s.a, [s.m, s.k]), (&s.b, [s.k, s.n])] {
                    if operand.operand.dtype != DType::F32 {
                        return Err(format!("a matrix product of {}", operand.operand.dtype));
                    }
                    self.read_all(std::slice::from_ref(operand), &dims)?;
                    self.apart(&s.outputs, &nest, std::slice::from_ref(operand), &dims)?;
                }
                self.read_all(&s.epilogue_inputs, &nest)?;
                self.write_all(&s.outputs, &nest, &s.epilogue_inputs, &nest)
            }
            Step::GatherRows(s) => {
                arity("program", &s.program, 1, 1)?;
                if s.indices.dtype != DType::I32 {
                    return Err(format!("row indices of type {}", s.indices.dtype));
                }
                let (table, indices) = ([s.rows, s.width], [s.count]);
                let inputs = [contiguous(s.table, &table), contiguous(s.indices, &indices)];
                self.read_all(&inputs[..1], &table)?;
                self.read_all(&inputs[1..], &indices)?;
                let (output, dims) = ([contiguous(s.output, &[s.count, s.width])], [s.count, s.width]);
                self.apart(&output, &dims, &inputs[..1], &table)?;
                self.apart(&output, &dims, &inputs[1..], &indices)?;
                self.write_all(&output, &dims, &[], &[])
            }
            Step::ScatterAddRows(s) => {
                if (s.updates.dtype, s.output.dtype) != (DType::F32, DType::F32) {
                    return Err(format!("rows of {} added up as {}", s.updates.dtype, s.output.dtype));
                }
                if s.indices.dtype != DType::I32 {
                    return Err(format!("row indices of type {}", s.indices.dtype));
                }
                let (updates, indices, sums) = ([s.count, s.width], [s.count], [s.rows, s.width]);
                let inputs = [contiguous(s.updates, &updates), contiguous(s.indices, &indices)];
                self.read_all(&inputs[..1], &updates)?;
                self.read_all(&inputs[1..], &indices)?;
                let output = [contiguous(s.output, &sums)];
                self.apart(&output, &sums, &inputs[..1], &updates)?;
                self.apart(&output, &sums, &inputs[1..], &indices)?;
                self.write_all(&output, &sums, &[], &[])
            }
            Step::Random(s) => {
                if (s.counter.dtype, s.output.dtype) != (DType::I32, DType::F32) {
                    return Err(format!("random {} counted by {}", s.output.dtype, s.counter.dtype));
                }
                let (counter, output) = (contiguous(s.counter, &[1]), contiguous(s.output, &[s.count]));
                self.write_all(std::slice::from_ref(&counter), &[1], &[], &[])?;
                self.apart(std::slice::from_ref(&output), &[s.count], &[counter], &[1])?;
                self.write_all(&[output], &[s.count], &[], &[])
            }
        }
    }

    fn read_all(&self, accesses: &[Access], dims: &[usize]) -> Result<(), String> {
        accesses.iter().try_for_each(|a| self.span(a, dims).map(|_| ()))
    }

    /// Outputs must not broadcast, must not overlap each other, and may touch `inputs` only as the same access.
    fn write_all(
        &self,
        outputs: &[Access],
        dims: &[usize],
        inputs: &[Access],
        input_dims: &[usize],
    ) -> Result<(), String> {
        for (i, output) in outputs.iter().enumerate() {
            let span = self.span(output, dims)?;
            if !self.buffers[output.operand.buffer].written {
                return Err(format!("writes buffer {}, which is read-only", output.operand.buffer));
            }
            if !injective(&output.strides, dims) {
                return Err(format!(
                    "an output with strides {:?} over {dims:?} meets itself",
                    output.strides
                ));
            }
            for other in &outputs[i + 1..] {
                if self.overlap(span, output, other, dims)? {
                    return Err("two outputs overlap".into());
                }
            }
            for input in inputs {
                if input != output && self.overlap(span, output, input, input_dims)? {
                    return Err("an output overlaps an input that is another access".into());
                }
            }
        }
        Ok(())
    }

    fn apart(
        &self,
        outputs: &[Access],
        dims: &[usize],
        inputs: &[Access],
        input_dims: &[usize],
    ) -> Result<(), String> {
        for output in outputs {
            let span = self.span(output, dims)?;
            for input in inputs {
                if self.overlap(span, output, input, input_dims)? {
                    return Err("an output overlaps an input".into());
                }
            }
        }
        Ok(())
    }

    fn overlap(
        &self,
        span: (usize, usize),
        output: &Access,
        other: &Access,
        dims: &[usize],
    ) -> Result<bool, String> {
        let other_span = self.span(other, dims)?;
        Ok(output.operand.buffer == other.operand.buffer && span.0 < other_span.1 && other_span.0 < span.1)
    }

    /// The bytes from first to last (exclusive) that an access touches; empty when a dimension is zero.
    pub(super) fn span(&self, access: &Access, dims: &[usize]) -> Result<(usize, usize), String> {
        let Operand { buffer, offset, dtype } = access.operand;
        let spec = self.buffers.get(buffer).ok_or_else(|| format!("buffer {buffer} is not declared"))?;
        if access.strides.len() != dims.len() {
            return Err(format!("{} strides over {} dimensions", access.strides.len(), dims.len()));
        }
        if offset % dtype.size() != 0 {
            return Err(format!("offset {offset} of a {dtype} operand is not aligned"));
        }
        if dims.contains(&0) {
            return Ok((offset, offset));
        }
        let mut last = 0usize;
        for (&dim, &stride) in dims.iter().zip(&access.strides) {
            last = (dim - 1)
                .checked_mul(stride)
                .and_then(|step| last.checked_add(step))
                .ok_or("an access overflows the address space")?;
        }
        let end = (last + 1)
            .checked_mul(dtype.size())
            .and_then(|bytes| bytes.checked_add(offset))
            .ok_or("an access overflows the address space")?;
        if end > spec.bytes {
            return Err(format!("an access ends at byte {end} of buffer {buffer}, which has {}", spec.bytes));
        }
        Ok((offset, end))
    }
}

pub(super) fn contiguous(operand: Operand, dims: &[usize]) -> Access {
    Access { operand, strides: crate::Shape::from(dims).strides() }
}

fn arity(what: &str, program: &MapProgram, inputs: usize, outputs: usize) -> Result<(), String> {
    if (program.inputs(), program.outputs().len()) == (inputs, outputs) {
        return Ok(());
    }
    let (i, o) = (program.inputs(), program.outputs().len());
    Err(format!("the {what} takes {i} inputs and gives {o} outputs, not {inputs} and {outputs}"))
}

/// Whether no two indices share an address: with strides in ascending order, each must exceed all that the
/// smaller ones can add up to.
fn injective(strides: &[usize], dims: &[usize]) -> bool {
    if dims.contains(&0) {
        return true;
    }
    let mut walk: Vec<_> = strides.iter().zip(dims).filter(|(_, d)| **d > 1).collect();
    walk.sort();
    let mut reach = 0usize;
    walk.iter().all(|&(&stride, &dim)| {
        let fits = stride > reach;
        reach = reach.saturating_add(stride.saturating_mul(dim - 1));
        fits
    })
}

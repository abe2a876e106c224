//! The proof that a program stays inside its buffers.

use super::*;
use crate::Error;

impl Program {
    /// Checks every step: accesses inside their buffers, shapes that fit each other, written buffers declared
    /// as such, outputs that overlap nothing but the same access.
    ///
    /// # Errors
    /// [`Error::Program`] with the first step that is invalid, and why.
    pub fn check(&self) -> Result<(), Error> {
        for (step, s) in self.steps.iter().enumerate() {
            self.check_step(s).map_err(|reason| Error::Program { step, reason })?;
        }
        Ok(())
    }

    fn check_step(&self, step: &Primitive) -> Result<(), String> {
        match step {
            Primitive::Map(s) => arity("program", &s.program, s.inputs.len(), s.outputs.len())?,
            Primitive::Reduce(s) => {
                if !matches!(s.dtype, DType::F32 | DType::I32) {
                    return Err(format!("a reduction of {}", s.dtype));
                }
                arity("program", &s.program, s.inputs.len(), 1)?;
                arity("epilogue", &s.epilogue, s.epilogue_inputs.len() + 1, s.outputs.len())?;
            }
            Primitive::ArgReduce(s) => {
                if s.length == 0 {
                    return Err("an extremum of no elements".into());
                }
                if !matches!(s.input.operand.dtype, DType::F32 | DType::I32) {
                    return Err(format!("an extremum of {}", s.input.operand.dtype));
                }
                if s.output.operand.dtype != DType::I32 {
                    return Err(format!("indices of type {}", s.output.operand.dtype));
                }
            }
            Primitive::Gemm(s) => {
                arity("epilogue", &s.epilogue, s.epilogue_inputs.len() + 1, s.outputs.len())?;
                if let Some(operand) = [&s.a, &s.b].iter().find(|a| a.operand.dtype != DType::F32) {
                    return Err(format!("a matrix product of {}", operand.operand.dtype));
                }
            }
            Primitive::GatherRows(s) => {
                arity("program", &s.program, 1, 1)?;
                row_indices(s.indices)?;
            }
            Primitive::ScatterAddRows(s) => {
                if (s.updates.dtype, s.output.dtype) != (DType::F32, DType::F32) {
                    return Err(format!("rows of {} added up as {}", s.updates.dtype, s.output.dtype));
                }
                row_indices(s.indices)?;
            }
            Primitive::Scan(s) => {
                let (from, to) = (s.input.operand.dtype, s.output.operand.dtype);
                if !matches!(from, DType::F32 | DType::I32) || from != to {
                    return Err(format!("running sums of {from} as {to}"));
                }
            }
            Primitive::ArgSort(s) => {
                if !matches!(s.input.operand.dtype, DType::F32 | DType::I32) {
                    return Err(format!("an order of {}", s.input.operand.dtype));
                }
                if s.output.operand.dtype != DType::I32 {
                    return Err(format!("positions of type {}", s.output.operand.dtype));
                }
                if s.output.strides.last() != Some(&1) {
                    return Err("positions in an order that do not lie side by side".into());
                }
            }
            Primitive::UpdateRows(s) => {
                let words = [s.base.operand.dtype, s.updates.dtype, s.output.operand.dtype];
                let takes = |d| d == DType::F32 || d == DType::I32 && s.change == Change::Set;
                if !takes(words[0]) || words.iter().any(|d| *d != words[0]) {
                    let [base, updates, output] = words;
                    return Err(format!("{:?} rows of {updates} to {base}, giving {output}", s.change));
                }
                if [&s.base, &s.output].iter().any(|a| a.strides.get(1) != Some(&1)) {
                    return Err("rows of a table whose elements do not lie one after the other".into());
                }
                row_indices(s.indices)?;
            }
            Primitive::FirstPositions(s) => {
                row_indices(s.indices)?;
                row_indices(s.output)?;
                if i32::try_from(s.count).is_err() {
                    return Err(format!("{} positions, which are counted by i32", s.count));
                }
            }
            Primitive::Random(s) => {
                if (s.counter.dtype, s.output.dtype) != (DType::I32, DType::F32) {
                    return Err(format!("random {} counted by {}", s.output.dtype, s.counter.dtype));
                }
            }
            Primitive::Loop(s) => return self.check_loop(s),
        }
        self.check_operands(step)
    }

    /// A loop's steps are those of a program; they may meet each other's operands.
    fn check_loop(&self, s: &Loop) -> Result<(), String> {
        s.check()?;
        if let Some(operand) = s.predicate {
            self.span(&Access { operand, strides: Vec::new() }, &[])?;
        }
        s.body
            .iter()
            .enumerate()
            .try_for_each(|(i, step)| self.check_step(step).map_err(|why| format!("its step {i}: {why}")))
    }

    /// Every access lies in its buffer. What is written is declared as such, does not meet itself, and
    /// overlaps nothing but what is read element by element by the very same access.
    fn check_operands(&self, step: &Primitive) -> Result<(), String> {
        let mut walks = Vec::new();
        step.visit_operands(&mut |walk| walks.push((walk.role, walk.access(), walk.dims.to_vec())));
        let mut spans = Vec::with_capacity(walks.len());
        for (_, access, dims) in &walks {
            spans.push(self.span(access, dims)?);
        }
        for (i, (role, output, dims)) in walks.iter().enumerate().filter(|(_, walk)| walk.0.writes()) {
            if !self.buffers[output.operand.buffer].written {
                return Err(format!("writes buffer {}, which is read-only", output.operand.buffer));
            }
            if !injective(&output.strides, dims) {
                return Err(format!(
                    "an output with strides {:?} over {dims:?} meets itself",
                    output.strides
                ));
            }
            for (j, (other_role, other, _)) in walks.iter().enumerate() {
                let overlap = output.operand.buffer == other.operand.buffer
                    && spans[i].0 < spans[j].1
                    && spans[j].0 < spans[i].1;
                let message = match other_role {
                    Role::ReadElementwise if output == other => continue,
                    Role::ReadElementwise => "an output overlaps an input that is another access",
                    Role::Write if i == j => continue,
                    Role::Write if *role == Role::Write => "two outputs overlap",
                    Role::Count if i == j => continue,
                    Role::Read | Role::Write | Role::Count => "an output overlaps an input",
                };
                if overlap {
                    return Err(message.into());
                }
            }
        }
        Ok(())
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

fn row_indices(indices: Operand) -> Result<(), String> {
    let found = indices.dtype;
    if found == DType::I32 { Ok(()) } else { Err(format!("row indices of type {found}")) }
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

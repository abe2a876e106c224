//! What a primitive reads and writes: told here once, for whoever asks.

use super::*;
use std::slice::{from_mut, from_ref};

/// What a primitive does with an operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// It reads elements, at any time.
    Read,
    /// It reads each element just before it writes the one of the same index: an output may be this very
    /// access.
    ReadElementwise,
    /// It writes every element.
    Write,
    /// It reads the number of its calls, and adds one.
    Count,
}

impl Role {
    /// Whether the operand is written.
    #[must_use]
    pub fn writes(self) -> bool {
        matches!(self, Role::Write | Role::Count)
    }
}

/// An operand of a primitive, and how the primitive walks over it. `O` and `S` are references to an
/// [`Operand`] and to strides, shared ones from [`Primitive::visit_operands`] and exclusive ones from
/// [`Primitive::visit_operands_mut`].
#[derive(Debug)]
pub struct OperandUse<'a, O, S> {
    /// What is done with it.
    pub role: Role,
    /// Buffer, offset and type.
    pub operand: O,
    /// Elements to step for each loop; none where the elements lie one after the other, in row-major order.
    pub strides: Option<S>,
    /// Extents of the loops over it, outermost first.
    pub dims: &'a [usize],
    /// Whether the outermost of these loops goes through the rows of the result.
    pub by_rows: bool,
}

impl OperandUse<'_, &Operand, &[usize]> {
    /// The walk as an access, which has strides.
    #[must_use]
    pub fn access(&self) -> Access {
        let dense = || crate::Shape::from(self.dims).strides();
        Access { operand: *self.operand, strides: self.strides.map_or_else(dense, <[usize]>::to_vec) }
    }
}

/// Visits the operands of a loop: the predicate, and those of its steps.
macro_rules! visit_loop {
    ($loop:ident, $visit:ident, $name:ident $($exclusive:ident)?) => {{
        if let Some(operand) = & $($exclusive)? $loop.predicate {
            $visit(OperandUse { role: Role::Read, operand, strides: None, dims: &[], by_rows: false });
        }
        for step in & $($exclusive)? $loop.body {
            step.$name(&mut |inner| {
                // An iteration reads what is left after others have written.
                let role = if inner.role == Role::ReadElementwise { Role::Read } else { inner.role };
                $visit(OperandUse { role, by_rows: false, ..inner });
            });
        }
    }};
}

/// Defines a visitor of all operands: first what is read, in the order of the fields, then what is written.
macro_rules! visitor {
    ($(#[$doc:meta])* $name:ident, $from:ident, $($exclusive:ident)?) => {
        $(#[$doc])*
        pub fn $name<'a>(
            &'a $($exclusive)? self,
            visit: &mut dyn FnMut(OperandUse<'_, &'a $($exclusive)? Operand, &'a $($exclusive)? [usize]>),
        ) {
            use Role::{Count, Read, ReadElementwise, Write};
            type Visit<'v, 'a> =
                dyn FnMut(OperandUse<'_, &'a $($exclusive)? Operand, &'a $($exclusive)? [usize]>) + 'v;
            fn walk<'a>(
                visit: &mut Visit<'_, 'a>,
                role: Role,
                accesses: &'a $($exclusive)? [Access],
                (dims, by_rows): (&[usize], bool),
            ) {
                for Access { operand, strides } in accesses {
                    let strides = Some(& $($exclusive)? strides[..]);
                    visit(OperandUse { role, operand, strides, dims, by_rows });
                }
            }
            fn dense<'a>(
                visit: &mut Visit<'_, 'a>,
                role: Role,
                operand: &'a $($exclusive)? Operand,
                (dims, by_rows): (&[usize], bool),
            ) {
                visit(OperandUse { role, operand, strides: None, dims, by_rows });
            }
            match self {
                Primitive::Map(s) => {
                    walk(visit, ReadElementwise, & $($exclusive)? s.inputs, (&s.dims, true));
                    walk(visit, Write, & $($exclusive)? s.outputs, (&s.dims, true));
                }
                Primitive::Reduce(s) => {
                    let nest = [&s.dims[..], &s.reduced].concat();
                    walk(visit, Read, & $($exclusive)? s.inputs, (&nest, true));
                    walk(visit, ReadElementwise, & $($exclusive)? s.epilogue_inputs, (&s.dims, true));
                    walk(visit, Write, & $($exclusive)? s.outputs, (&s.dims, true));
                }
                Primitive::ArgReduce(s) => {
                    let nest = [&s.dims[..], &[s.length]].concat();
                    walk(visit, Read, $from(& $($exclusive)? s.input), (&nest, true));
                    walk(visit, Write, $from(& $($exclusive)? s.output), (&s.dims, true));
                }
                Primitive::Gemm(s) => {
                    let (a, b, dims) = (s.a_dims(), s.b_dims(), s.dims());
                    walk(visit, Read, $from(& $($exclusive)? s.a), (&a, true));
                    walk(visit, Read, $from(& $($exclusive)? s.b), (&b, false));
                    walk(visit, ReadElementwise, & $($exclusive)? s.epilogue_inputs, (&dims, true));
                    walk(visit, Write, & $($exclusive)? s.outputs, (&dims, true));
                }
                Primitive::GatherRows(s) => {
                    dense(visit, Read, & $($exclusive)? s.table, (&[s.rows, s.width], false));
                    dense(visit, Read, & $($exclusive)? s.indices, (&[s.count], true));
                    dense(visit, Write, & $($exclusive)? s.output, (&[s.count, s.width], true));
                }
                Primitive::ScatterAddRows(s) => {
                    dense(visit, Read, & $($exclusive)? s.updates, (&[s.count, s.width], true));
                    dense(visit, Read, & $($exclusive)? s.indices, (&[s.count], true));
                    // An update may go to any row.
                    dense(visit, Write, & $($exclusive)? s.output, (&[s.rows, s.width], false));
                }
                Primitive::Scan(Scan { dims, length, input, output, .. })
                | Primitive::ArgSort(ArgSort { dims, length, input, output, .. }) => {
                    let nest = [&dims[..], &[*length]].concat();
                    walk(visit, Read, $from(input), (&nest, !dims.is_empty()));
                    walk(visit, Write, $from(output), (&nest, !dims.is_empty()));
                }
                Primitive::UpdateRows(s) => {
                    let table = [s.rows, s.width];
                    walk(visit, ReadElementwise, $from(& $($exclusive)? s.base), (&table, true));
                    dense(visit, Read, & $($exclusive)? s.updates, (&[s.count, s.width], false));
                    dense(visit, Read, & $($exclusive)? s.indices, (&[s.count], false));
                    walk(visit, Write, $from(& $($exclusive)? s.output), (&table, true));
                }
                Primitive::FirstPositions(s) => {
                    dense(visit, Read, & $($exclusive)? s.indices, (&[s.count], false));
                    dense(visit, Write, & $($exclusive)? s.output, (&[s.count], true));
                }
                Primitive::Random(s) => {
                    dense(visit, Count, & $($exclusive)? s.counter, (&[1], false));
                    dense(visit, Write, & $($exclusive)? s.output, (&[s.count], true));
                }
                Primitive::Loop(s) => visit_loop!(s, visit, $name $($exclusive)?),
            }
        }
    };
}

impl Primitive {
    visitor! {
        /// Visits every operand: first what is read, in the order of the fields, then what is written.
        visit_operands, from_ref,
    }
    visitor! {
        /// Visits every operand, which may be changed, in the order of [`Primitive::visit_operands`].
        visit_operands_mut, from_mut, mut
    }

    /// The buffers that it reads, and those that it writes, each once.
    #[must_use]
    pub fn reads_and_writes(&self) -> (Vec<usize>, Vec<usize>) {
        let (mut reads, mut writes) = (Vec::new(), Vec::new());
        self.visit_operands(&mut |operand_use| {
            let list = if operand_use.role.writes() { &mut writes } else { &mut reads };
            if !list.contains(&operand_use.operand.buffer) {
                list.push(operand_use.operand.buffer);
            }
        });
        (reads, writes)
    }
}

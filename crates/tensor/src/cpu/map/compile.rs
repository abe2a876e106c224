//! From a map program and its operands to an [`Engine`].

use crate::{
    DType,
    cpu::{
        map::{
            BroadcastPattern, Direct, Engine, Load, LoadKind, Location, Op, Store, StridedAccess,
            convert::{Conversion, PADDING},
            instructions::{LANES, kernel},
            registers::{Layout, Registers},
        },
        simd::Level,
    },
    nest::{Nest, forwards, permuted},
    program::{Access, MapProgram},
};
use minutia_kernels::map::Code;

/// Where an input of the program comes from.
#[derive(Clone, Copy)]
pub(crate) enum Source<'a> {
    /// Memory.
    Access(&'a Access),
    /// The caller, who passes each call's elements contiguously.
    Streamed(DType),
}

/// Where an output of the program goes.
#[derive(Clone, Copy)]
pub(crate) enum Sink<'a> {
    /// Memory.
    Access(&'a Access),
    /// The caller, who reads each block before the next.
    Streamed,
    /// Like `Streamed`, and the words beyond the block's end may be read up to a group of lanes.
    StreamedPadded,
}

/// Rows shorter than this are not worth a loop of their own.
const SHORT_ROW: usize = 64;
/// A longer pattern would not stay in the first-level cache.
const LONGEST_CYCLE: usize = 1024;

/// One instruction with values not yet placed.
pub(super) struct Draft {
    pub(super) code: Code,
    pub(super) to: usize,
    pub(super) from: [usize; 3],
}

/// What an element costs that is not next to its neighbour.
const GATHER: usize = 11;

/// How a block of an operand is reached.
#[derive(Clone, Copy)]
enum OperandAccess {
    Direct,
    Load(LoadKind),
}

/// How an input or output relates to the nest.
enum Class {
    Constant,
    RowConstant,
    Block(OperandAccess),
}

/// The loops to compile a program over.
#[derive(Clone, Copy)]
pub(in crate::cpu) struct Loops<'a> {
    dims: &'a [usize],
    any_order: bool,
}

impl<'a> Loops<'a> {
    /// Loops that visit elements in row-major order.
    pub(in crate::cpu) fn in_order(dims: &'a [usize]) -> Loops<'a> {
        Loops { dims, any_order: false }
    }

    /// Loops whose order may be chosen for the output's sake.
    pub(in crate::cpu) fn in_any_order(dims: &'a [usize]) -> Loops<'a> {
        Loops { dims, any_order: true }
    }
}

struct Builder<'a> {
    level: Level,
    nest: Nest,
    one_row: bool,
    row: usize,
    sources: &'a [Source<'a>],
    sinks: &'a [Sink<'a>],
    walks: Box<[StridedAccess]>,
}

/// The instructions of a program, before values have places.
struct Lowered {
    /// Operations on constants alone, done once.
    once: Vec<Draft>,
    drafts: Vec<Draft>,
    /// The value that each sink takes. No two take the same.
    outputs: Vec<usize>,
    /// Whether a value is a scalar: one group of lanes holds it throughout a block.
    scalar: Vec<bool>,
}

/// Outputs of a program, by the way they go.
#[derive(Default)]
struct Outputs {
    /// Values that are written where they belong, and their walks.
    direct: Vec<(usize, u16)>,
    stores: Vec<Store>,
    /// The value that the caller reads.
    streamed: u16,
}

impl Engine {
    /// Compiles `program` over a nest of loops. Constants are added to `constants`, one word for each group
    /// of lanes of the table.
    pub(in crate::cpu) fn new(
        level: Level,
        loops: Loops,
        program: &MapProgram,
        sources: &[Source],
        sinks: &[Sink],
        constants: &mut Vec<u32>,
    ) -> Engine {
        let accesses: Vec<&Access> = sources
            .iter()
            .filter_map(|s| if let Source::Access(a) = s { Some(*a) } else { None })
            .chain(sinks.iter().filter_map(|s| if let Sink::Access(a) = s { Some(*a) } else { None }))
            .collect();
        let order = match sinks.first() {
            Some(Sink::Access(output)) if loops.any_order => forwards(&output.strides),
            _ => (0..loops.dims.len()).collect(),
        };
        let strides: Vec<Vec<usize>> = accesses.iter().map(|a| permuted(&a.strides, &order)).collect();
        let nest = Nest::new(&permuted(loops.dims, &order), strides.iter().map(Vec::as_slice));
        let one_row = nest.dims.len() < 2 || nest.inner() < SHORT_ROW;
        let row = if one_row { nest.elements() } else { nest.inner() };
        let walks = accesses
            .iter()
            .zip(&nest.strides)
            .map(|(access, strides)| StridedAccess {
                buffer: access.operand.buffer,
                offset: access.operand.offset,
                transfer: Conversion::new(level, access.operand.dtype),
                strides: strides[..].into(),
            })
            .collect();
        Builder { level, nest, one_row, row, sources, sinks, walks }.build(program, constants)
    }
}

impl Builder<'_> {
    fn build(self, program: &MapProgram, constants: &mut Vec<u32>) -> Engine {
        let classes = self.classes();
        let code = self.code(program, &classes);
        let mut registers = Registers::new(code.scalar.len(), &code.drafts);
        for &value in &code.outputs {
            registers.keep(value);
        }
        request_inputs(&classes, &mut registers);
        for (i, &bits) in program.constants().iter().enumerate() {
            let at = constants.iter().position(|&c| c == bits).unwrap_or_else(|| {
                constants.push(bits);
                constants.len() - 1
            });
            registers.constant(program.inputs() + i, at);
        }
        for draft in &code.once {
            registers.cell(draft.to);
        }
        let outputs = self.outputs(&code.outputs, &mut registers);
        let layout = registers.layout(&code.drafts, self.walks.len());
        self.engine(classes, &code, outputs, layout)
    }

    /// For each input, its walk and how it relates to the nest.
    fn classes(&self) -> Vec<(u16, Class)> {
        let mut walk = 0;
        self.sources
            .iter()
            .map(|source| match source {
                Source::Access(access) => {
                    walk += 1;
                    (walk - 1, self.class(access, &self.nest.strides[walk as usize - 1]))
                }
                Source::Streamed(dtype) if dtype.size() == 4 => {
                    (0, Class::Block(OperandAccess::Load(LoadKind::Streamed)))
                }
                Source::Streamed(dtype) => (
                    0,
                    Class::Block(OperandAccess::Load(LoadKind::GivenNarrow(Conversion::new(
                        self.level, *dtype,
                    )))),
                ),
            })
            .collect()
    }

    /// The program's instructions, and copies for outputs that cannot be written in place.
    fn code(&self, program: &MapProgram, classes: &[(u16, Class)]) -> Lowered {
        let inputs = program.inputs();
        let first_result = inputs + program.constants().len();
        // A uniform value is one word throughout the nest; a scalar one may change from row to row.
        let uniform_input = |i: usize| matches!(classes[i].1, Class::Constant);
        let mut uniform: Vec<bool> = (0..first_result).map(|v| v >= inputs || uniform_input(v)).collect();
        let mut scalar = uniform.clone();
        for (v, (_, class)) in classes.iter().enumerate() {
            scalar[v] |= matches!(class, Class::RowConstant);
        }
        let (mut once, mut drafts) = (Vec::new(), Vec::new());
        for (i, instruction) in program.instructions().iter().enumerate() {
            let from = instruction.operands.map(|v| v.index());
            let is_uniform = from[..instruction.code.arity()].iter().all(|&v| uniform[v]);
            uniform.push(is_uniform);
            scalar.push(is_uniform);
            let draft = Draft { code: instruction.code, to: first_result + i, from };
            if is_uniform { once.push(draft) } else { drafts.push(draft) }
        }
        // Each output gets a result of its own that fills a block, so that it can be written in place; a
        // value or-ed with itself is a copy.
        let mut written = vec![false; scalar.len()];
        let mut outputs = Vec::new();
        for (value, sink) in program.outputs().iter().map(|v| v.index()).zip(self.sinks) {
            let vector = !scalar[value];
            let fits = match sink {
                Sink::Streamed => vector,
                Sink::StreamedPadded => {
                    vector && (value >= first_result || self.in_scratch(&classes[value].1))
                }
                Sink::Access(_) => vector && value >= first_result && !written[value],
            };
            let value = if fits {
                written[value] = true;
                value
            } else {
                let to = scalar.len();
                drafts.push(Draft { code: Code::Or, to, from: [value; 3] });
                scalar.push(false);
                written.push(true);
                to
            };
            outputs.push(value);
        }
        Lowered { once, drafts, outputs, scalar }
    }

    /// How each output goes to its sink.
    fn outputs(&self, values: &[usize], registers: &mut Registers) -> Outputs {
        let mut outputs = Outputs::default();
        let mut walk = self.walks.len() - self.sinks.iter().filter(|s| matches!(s, Sink::Access(_))).count();
        for (&value, sink) in values.iter().zip(self.sinks) {
            let Sink::Access(access) = sink else {
                outputs.streamed = value as u16;
                continue;
            };
            let how = match self.class(access, &self.nest.strides[walk]) {
                Class::Block(how) => how,
                // An output of one element.
                Class::Constant | Class::RowConstant if access.operand.dtype.size() == 4 => {
                    OperandAccess::Direct
                }
                Class::Constant | Class::RowConstant => OperandAccess::Load(LoadKind::Strided(1)),
            };
            // Writing memory early must not change what a later operation reads from it.
            let same = |s: &Source| matches!(s, Source::Access(a) if a == access);
            let last_read =
                self.sources.iter().enumerate().filter(|(_, s)| same(s)).map(|(v, _)| registers.last_use(v));
            if matches!(how, OperandAccess::Direct) && last_read.max() <= registers.definition(value) {
                registers.cell(value);
                outputs.direct.push((value, walk as u16));
            } else {
                let stride = match how {
                    OperandAccess::Direct => Some(1),
                    OperandAccess::Load(LoadKind::Strided(stride)) => Some(stride),
                    OperandAccess::Load(_) => None,
                };
                outputs.stores.push(Store { place: value as u16, walk: walk as u16, stride });
            }
            walk += 1;
        }
        outputs
    }

    /// The engine, now that every value has its place.
    fn engine(self, classes: Vec<(u16, Class)>, code: &Lowered, outputs: Outputs, layout: Layout) -> Engine {
        let cell = |v: usize| match layout.locations[v] {
            Location::Scratch(offset) => offset,
            Location::Constant(_) => 0,
        };
        let direct =
            |v: usize, walk: u16, output: bool| Direct { place: v as u16, walk, cell: cell(v), output };
        let mut directs: Vec<Direct> =
            outputs.direct.iter().map(|&(v, walk)| direct(v, walk, true)).collect();
        let (mut constants, mut row_constants) = (Vec::new(), Vec::new());
        let (mut cycles, mut loads) = (Vec::new(), Vec::new());
        for (v, (walk, class)) in classes.into_iter().enumerate() {
            match class {
                Class::Constant => constants.push((v as u16, walk)),
                Class::RowConstant => row_constants.push((v as u16, walk)),
                Class::Block(OperandAccess::Direct) => directs.push(direct(v, walk, false)),
                Class::Block(OperandAccess::Load(how)) => {
                    if let LoadKind::Cyclic(period) = how {
                        cycles.push(BroadcastPattern { walk, period, pattern: cell(v) });
                    }
                    loads.push(Load { place: v as u16, walk, cell: cell(v), how });
                }
            }
        }
        let op = |d: &Draft| Op {
            kernel: kernel(self.level, d.code),
            to: d.to as u16,
            from: d.from.map(|v| v as u16),
            vectors: d.from.iter().enumerate().map(|(i, &v)| (!code.scalar[v] as u8) << i).sum(),
        };
        let Outputs { stores, streamed, .. } = outputs;
        let elements = self.nest.elements();
        let scattered = |s: &&Store| s.stride != Some(1);
        let gathered = |l: &&Load| matches!(l.how, LoadKind::Strided(2..) | LoadKind::Nested);
        let apart = loads.iter().filter(gathered).count() + stores.iter().filter(scattered).count();
        let work: usize = code.drafts.iter().map(|d| d.code.cost()).sum();
        Engine {
            elements,
            row: self.row,
            block: layout.block,
            outer: if self.one_row {
                Box::default()
            } else {
                self.nest.dims[..self.nest.dims.len() - 1].into()
            },
            dims: self.nest.dims[..].into(),
            fixed_addresses: self.one_row
                && (LANES..=layout.block).contains(&elements)
                && loads.iter().all(|load| matches!(load.how, LoadKind::Streamed))
                && stores.is_empty(),
            cost: directs.len() + loads.len() + stores.len() + GATHER * apart + work,
            walks: self.walks,
            constants: constants.into(),
            row_constants: row_constants.into(),
            cycles: cycles.into(),
            direct: directs.into(),
            loads: loads.into(),
            once: code.once.iter().map(op).collect(),
            ops: code.drafts.iter().map(op).collect(),
            stores: stores.into(),
            places: layout.locations.into(),
            streamed,
            scratch: layout.bytes,
        }
    }

    /// Whether a value of this class lies in the scratch for every block.
    fn in_scratch(&self, class: &Class) -> bool {
        matches!(
            class,
            Class::Block(OperandAccess::Load(
                LoadKind::Strided(_) | LoadKind::Nested | LoadKind::GivenNarrow(_)
            ))
        )
    }

    fn class(&self, access: &Access, strides: &[usize]) -> Class {
        let word = access.operand.dtype.size() == 4;
        if strides.iter().all(|&s| s == 0) {
            return Class::Constant;
        }
        if !self.one_row || strides.len() == 1 {
            return match strides[strides.len() - 1] {
                0 => Class::RowConstant,
                1 if word => Class::Block(OperandAccess::Direct),
                stride => Class::Block(OperandAccess::Load(LoadKind::Strided(stride))),
            };
        }
        let repeats = strides.iter().take_while(|&&s| s == 0).count();
        let (dims, inner) = (&self.nest.dims[repeats..], &strides[repeats..]);
        let period = crate::Shape::from(dims).elements();
        let contiguous = inner == crate::Shape::from(dims).strides();
        match (repeats, contiguous) {
            (0, true) if word => Class::Block(OperandAccess::Direct),
            (0, true) => Class::Block(OperandAccess::Load(LoadKind::Strided(1))),
            (1.., _) if period <= LONGEST_CYCLE => {
                Class::Block(OperandAccess::Load(LoadKind::Cyclic(period)))
            }
            _ => Class::Block(OperandAccess::Load(LoadKind::Nested)),
        }
    }
}

/// Asks for a place for each input that needs one.
fn request_inputs(classes: &[(u16, Class)], registers: &mut Registers) {
    for (v, (_, class)) in classes.iter().enumerate() {
        match class {
            Class::Constant | Class::RowConstant => registers.cell(v),
            Class::Block(OperandAccess::Direct | OperandAccess::Load(LoadKind::Streamed)) => {
                registers.cell(v)
            }
            Class::Block(OperandAccess::Load(LoadKind::Cyclic(period))) => registers.pattern(v, *period),
            Class::Block(_) => registers.input(v),
        }
    }
}

/// Words of a cell: one group of lanes.
pub(super) const CELL: usize = LANES;
/// Words that a pattern needs beyond its period and a block.
pub(super) const PATTERN: usize = LANES + PADDING;

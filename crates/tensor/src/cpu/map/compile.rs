//! From a map program and its operands to an [`Engine`].

use crate::{
    DType,
    cpu::{
        map::{
            BroadcastPattern, Direct, Engine, Load, LoadKind, Location, Op, Store, StridedAccess,
            convert::{Conversion, PADDING},
            instructions::{LANES, kernel},
            registers::Registers,
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
enum How {
    Direct,
    Load(LoadKind),
}

/// How an input or output relates to the nest.
enum Class {
    Constant,
    RowConstant,
    Block(How),
}

struct Builder<'a> {
    level: Level,
    nest: Nest,
    one_row: bool,
    row: usize,
    sources: &'a [Source<'a>],
    sinks: &'a [Sink<'a>],
}

impl Engine {
    /// Compiles `program` over the nest `dims`. Where `free` holds, elements may be visited in any order.
    /// Constants are added to `constants`, one word for each group of lanes of the table.
    pub(in crate::cpu) fn new(
        level: Level,
        dims: &[usize],
        program: &MapProgram,
        sources: &[Source],
        sinks: &[Sink],
        constants: &mut Vec<u32>,
        free: bool,
    ) -> Engine {
        let accesses: Vec<&Access> = sources
            .iter()
            .filter_map(|s| if let Source::Access(a) = s { Some(*a) } else { None })
            .chain(sinks.iter().filter_map(|s| if let Sink::Access(a) = s { Some(*a) } else { None }))
            .collect();
        let order = match sinks.first() {
            Some(Sink::Access(output)) if free => forwards(&output.strides),
            _ => (0..dims.len()).collect(),
        };
        let strides: Vec<Vec<usize>> = accesses.iter().map(|a| permuted(&a.strides, &order)).collect();
        let nest = Nest::new(&permuted(dims, &order), strides.iter().map(Vec::as_slice));
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
        Builder { level, nest, one_row, row, sources, sinks }.build(program, walks, constants)
    }
}

impl Builder<'_> {
    fn build(self, program: &MapProgram, walks: Box<[StridedAccess]>, constants: &mut Vec<u32>) -> Engine {
        let inputs = program.inputs();
        let first_result = inputs + program.constants().len();
        let mut walk = 0;
        let classes: Vec<(u16, Class)> = self
            .sources
            .iter()
            .map(|source| match source {
                Source::Access(access) => {
                    walk += 1;
                    (walk - 1, self.class(access, &self.nest.strides[walk as usize - 1]))
                }
                Source::Streamed(dtype) if dtype.size() == 4 => {
                    (0, Class::Block(How::Load(LoadKind::Streamed)))
                }
                Source::Streamed(dtype) => {
                    (0, Class::Block(How::Load(LoadKind::GivenNarrow(Conversion::new(self.level, *dtype)))))
                }
            })
            .collect();

        // A value is even if it is one word throughout, and rests if its place holds one group of lanes.
        let even_input = |i: usize| matches!(classes[i].1, Class::Constant);
        let mut even: Vec<bool> = (0..first_result).map(|v| v >= inputs || even_input(v)).collect();
        let mut rests = even.clone();
        for (v, (_, class)) in classes.iter().enumerate() {
            rests[v] |= matches!(class, Class::RowConstant);
        }
        let (mut once, mut drafts) = (Vec::new(), Vec::new());
        for (i, instruction) in program.instructions().iter().enumerate() {
            let from = instruction.operands.map(|v| v.index());
            let is_even = from[..instruction.code.arity()].iter().all(|&v| even[v]);
            even.push(is_even);
            rests.push(is_even);
            let draft = Draft { code: instruction.code, to: first_result + i, from };
            if is_even { once.push(draft) } else { drafts.push(draft) }
        }
        // Each output gets a result of its own that fills a block, so that it can be written in place; a
        // value or-ed with itself is a copy.
        let mut written = vec![false; even.len()];
        let mut outputs = Vec::new();
        for (value, sink) in program.outputs().iter().map(|v| v.index()).zip(self.sinks) {
            let moves = !rests[value];
            let fits = match sink {
                Sink::Streamed => moves,
                Sink::StreamedPadded => {
                    moves && (value >= first_result || self.in_scratch(&classes[value].1))
                }
                Sink::Access(_) => moves && value >= first_result && !written[value],
            };
            let value = if fits {
                written[value] = true;
                value
            } else {
                let to = rests.len();
                drafts.push(Draft { code: Code::Or, to, from: [value; 3] });
                rests.push(false);
                written.push(true);
                to
            };
            outputs.push(value);
        }
        self.place(program, walks, constants, classes, &once, &drafts, &outputs, &rests)
    }

    #[allow(clippy::too_many_arguments)]
    fn place(
        self,
        program: &MapProgram,
        walks: Box<[StridedAccess]>,
        constants: &mut Vec<u32>,
        classes: Vec<(u16, Class)>,
        once: &[Draft],
        drafts: &[Draft],
        outputs: &[usize],
        rests: &[bool],
    ) -> Engine {
        let inputs = program.inputs();
        let mut registers = Registers::new(rests.len(), drafts);
        for &value in outputs {
            registers.keep(value);
        }
        for (v, (_, class)) in classes.iter().enumerate() {
            match class {
                Class::Constant | Class::RowConstant => registers.cell(v),
                Class::Block(How::Direct | How::Load(LoadKind::Streamed)) => registers.cell(v),
                Class::Block(How::Load(LoadKind::Cyclic(period))) => registers.pattern(v, *period),
                Class::Block(_) => registers.input(v),
            }
        }
        for (i, &bits) in program.constants().iter().enumerate() {
            let at = constants.iter().position(|&c| c == bits).unwrap_or_else(|| {
                constants.push(bits);
                constants.len() - 1
            });
            registers.constant(inputs + i, at);
        }
        for draft in once {
            registers.cell(draft.to);
        }
        let (mut directs, mut stores) = (Vec::new(), Vec::new());
        let mut walk = walks.len() - self.sinks.iter().filter(|s| matches!(s, Sink::Access(_))).count();
        let mut kept = 0;
        for (&value, sink) in outputs.iter().zip(self.sinks) {
            let Sink::Access(access) = sink else {
                kept = value as u16;
                continue;
            };
            let how = match self.class(access, &self.nest.strides[walk]) {
                Class::Block(how) => how,
                // An output of one element.
                Class::Constant | Class::RowConstant if access.operand.dtype.size() == 4 => How::Direct,
                Class::Constant | Class::RowConstant => How::Load(LoadKind::Strided(1)),
            };
            // Writing memory early must not change what a later operation reads from it.
            let same = |s: &Source| matches!(s, Source::Access(a) if a == access);
            let last_read =
                self.sources.iter().enumerate().filter(|(_, s)| same(s)).map(|(v, _)| registers.last_use(v));
            let direct = matches!(how, How::Direct) && last_read.max() <= registers.definition(value);
            if direct {
                registers.cell(value);
            }
            let (place, at) = (value as u16, walk as u16);
            if direct {
                directs.push((value, at, true));
            } else {
                let stride = match how {
                    How::Direct => Some(1),
                    How::Load(LoadKind::Strided(stride)) => Some(stride),
                    How::Load(_) => None,
                };
                stores.push(Store { place, walk: at, stride });
            }
            walk += 1;
        }
        let layout = registers.layout(drafts, walks.len());
        let op = |d: &Draft| Op {
            kernel: kernel(self.level, d.code),
            to: d.to as u16,
            from: d.from.map(|v| v as u16),
            moving: d.from.iter().enumerate().map(|(i, &v)| (!rests[v] as u8) << i).sum(),
        };
        let scratch_of = |v: usize| match layout.homes[v] {
            Location::Scratch(offset) => offset,
            Location::Constant(_) => 0,
        };
        let mut engine = Engine {
            elements: self.nest.elements(),
            row: self.row,
            block: layout.block,
            outer: if self.one_row {
                Box::default()
            } else {
                self.nest.dims[..self.nest.dims.len() - 1].into()
            },
            dims: self.nest.dims[..].into(),
            walks,
            constants: Box::default(),
            row_constants: Box::default(),
            cycles: Box::default(),
            direct: Box::default(),
            loads: Box::default(),
            once: once.iter().map(op).collect(),
            ops: drafts.iter().map(op).collect(),
            stores: stores.into(),
            fixed_addresses: false,
            kept,
            scratch: layout.bytes,
            cost: 0,
            places: Box::default(),
        };
        let (mut even, mut rows, mut cycles, mut loads) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for (v, (walk, class)) in classes.into_iter().enumerate() {
            match class {
                Class::Constant => even.push((v as u16, walk)),
                Class::RowConstant => rows.push((v as u16, walk)),
                Class::Block(How::Direct) => directs.push((v, walk, false)),
                Class::Block(How::Load(how)) => {
                    if let LoadKind::Cyclic(period) = how {
                        cycles.push(BroadcastPattern { walk, period, pattern: scratch_of(v) });
                    }
                    loads.push(Load { place: v as u16, walk, cell: scratch_of(v), how });
                }
            }
        }
        engine.fixed_addresses = self.one_row
            && (LANES..=engine.block).contains(&engine.elements)
            && loads.iter().all(|feed| matches!(feed.how, LoadKind::Streamed))
            && engine.stores.is_empty();
        engine.direct = directs
            .into_iter()
            .map(|(v, walk, output)| Direct { place: v as u16, walk, cell: scratch_of(v), output })
            .collect();
        engine.constants = even.into();
        engine.row_constants = rows.into();
        engine.cycles = cycles.into();
        engine.loads = loads.into();
        engine.places = layout.homes.into();
        let scattered = |d: &&Store| d.stride != Some(1);
        let gathered = |f: &&Load| matches!(f.how, LoadKind::Strided(2..) | LoadKind::Nested);
        engine.cost = engine.direct.len()
            + engine.loads.len()
            + engine.stores.len()
            + GATHER * engine.loads.iter().filter(gathered).count()
            + GATHER * engine.stores.iter().filter(scattered).count()
            + drafts.iter().map(|d| weight(d.code)).sum::<usize>();
        engine
    }

    /// Whether a value of this class lies in the scratch for every block.
    fn in_scratch(&self, class: &Class) -> bool {
        matches!(
            class,
            Class::Block(How::Load(LoadKind::Strided(_) | LoadKind::Nested | LoadKind::GivenNarrow(_)))
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
                1 if word => Class::Block(How::Direct),
                stride => Class::Block(How::Load(LoadKind::Strided(stride))),
            };
        }
        let repeats = strides.iter().take_while(|&&s| s == 0).count();
        let (dims, inner) = (&self.nest.dims[repeats..], &strides[repeats..]);
        let period = crate::Shape::from(dims).elements();
        let contiguous = inner == crate::Shape::from(dims).strides();
        match (repeats, contiguous) {
            (0, true) if word => Class::Block(How::Direct),
            (0, true) => Class::Block(How::Load(LoadKind::Strided(1))),
            (1.., _) if period <= LONGEST_CYCLE => Class::Block(How::Load(LoadKind::Cyclic(period))),
            _ => Class::Block(How::Load(LoadKind::Nested)),
        }
    }
}

fn weight(code: Code) -> usize {
    match code {
        Code::Exp | Code::Ln | Code::Tanh | Code::Sigmoid | Code::Rsqrt => 8,
        Code::Sqrt | Code::Div => 4,
        Code::ToInt => 20,
        Code::Pow => 400,
        _ => 1,
    }
}

/// Words of a cell: one group of lanes.
pub(super) const CELL: usize = LANES;
/// Words that a pattern needs beyond its period and a block.
pub(super) const PATTERN: usize = LANES + PADDING;

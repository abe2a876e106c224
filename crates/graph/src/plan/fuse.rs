//! Fusion: maps go into the primitives that feed them or that they feed, so that an intermediate stays in the
//! cache or is never written at all.
//!
//! A map changes no bit by being run elsewhere: its program says exactly what is computed for each element,
//! and no backend may reorder or contract it. So the rules below ask only whether the loops agree.

use super::{effort::spend, order, topology::Topology, use_def::UseDef};
use crate::{
    DType,
    lower::{Lowering, Planned},
};
use minutia_tensor::program::{Access, ElementwisePart as Part, Map, MapBuilder, Primitive, Reduce, Value};
use std::{borrow::Cow, collections::BTreeSet};

/// Longer programs would push their own intermediates out of the first-level cache.
const LONGEST: usize = 64;
/// More operands would do so too.
const MOST_OPERANDS: usize = 16;
/// Primitives that a search for dependencies between two primitives may look at. Pairs that need more lie far
/// apart: their value has left the caches, and planning would take time in proportion to the graph's size for
/// each primitive.
const FARTHEST: usize = 128;

#[cfg(test)]
thread_local! {
    /// Whether this thread plans without fusion.
    pub(super) static OFF: std::cell::Cell<bool> = const { std::cell::Cell::new(false) };
}

/// Fuses until nothing more fits, and leaves the primitives in an order of execution. Values in `kept` stay.
pub(super) fn fuse(l: &mut Lowering, kept: &[usize]) {
    #[cfg(test)]
    if OFF.get() {
        return;
    }
    let primitives: Vec<Option<Planned>> = std::mem::take(&mut l.primitives).into_iter().map(Some).collect();
    let use_def = UseDef::new(l.values.len(), primitives.iter().flatten().map(|k| &k.step));
    let mut is_kept = vec![false; l.values.len()];
    kept.iter().for_each(|&value| is_kept[value] = true);
    let topology = Topology::new(primitives.len());
    let mut fusion = Fusion { primitives, use_def, topology, kept: is_kept, patient: true };
    fusion.run();
    fusion.patient = false;
    fusion.run();
    l.primitives = fusion.primitives.into_iter().flatten().collect();
    order::sort(l);
}

/// Fusion at work. A primitive that became part of another leaves its place empty.
struct Fusion {
    primitives: Vec<Option<Planned>>,
    use_def: UseDef,
    topology: Topology,
    /// Whether a value must be there after the run.
    kept: Vec<bool>,
    /// Whether maps that [`Fusion::can_wait`] are left to their reader.
    patient: bool,
}

/// A producer, what it and its consumer become, and when that runs.
struct Found {
    producer: usize,
    primitive: Planned,
    time: Time,
}

/// When the primitive runs that a producer and a consumer become.
enum Time {
    /// When the consumer would.
    Consumer,
    /// When the producer would.
    Producer,
    /// After some of the primitives in between, and before others.
    Between { before: Vec<usize>, after: Vec<usize> },
}

impl Fusion {
    /// Fuses what fits, consumer by consumer, until nothing does. After the first time, only primitives are
    /// looked at for which something has changed.
    fn run(&mut self) {
        let mut open: BTreeSet<usize> = (0..self.primitives.len()).collect();
        let mut next = 0;
        while let Some(&consumer) = open.range(next..).next().or_else(|| open.first()) {
            while let Some(found) = self.find(consumer) {
                self.join(consumer, found, &mut open);
            }
            open.remove(&consumer);
            next = consumer + 1;
        }
    }

    /// Puts what a producer and its consumer become into the consumer's place, and adds the primitives to
    /// `open` that may now be fused with another.
    fn join(&mut self, consumer: usize, found: Found, open: &mut BTreeSet<usize>) {
        let Found { producer, primitive, time } = found;
        match time {
            Time::Consumer => {}
            Time::Producer => self.topology.exchange(producer, consumer),
            Time::Between { before, after } => {
                self.topology.arrange(&before, &[producer, consumer], &after);
            }
        }
        let read: Vec<usize> =
            [producer, consumer].iter().flat_map(|&k| self.use_def.of_primitive(k).reads.clone()).collect();
        self.use_def.replace(producer, None);
        self.use_def.replace(consumer, Some(&primitive.step));
        self.primitives[producer] = None;
        self.primitives[consumer] = Some(primitive);
        let readers = |value: &usize| self.use_def.of_value(*value).reads.iter();
        open.insert(consumer);
        open.extend(self.use_def.of_primitive(consumer).writes.iter().flat_map(readers));
        // Where others have gone, a value's last reader may now have it, and its maker, for itself.
        for value in read {
            let users = self.use_def.of_value(value);
            if users.reads.len() <= 1 {
                let made = users.writes.iter().flat_map(|&k| &self.use_def.of_primitive(k).writes);
                open.extend(made.flat_map(readers).chain(&users.reads));
            }
        }
    }

    /// A producer that can be fused with this consumer, and what they become.
    fn find(&self, consumer: usize) -> Option<Found> {
        let c = self.primitives[consumer].as_ref()?;
        spend(1);
        self.use_def.of_primitive(consumer).reads.iter().find_map(|&value| {
            let producer = self.use_def.of_value(value).writer().filter(|&producer| producer != consumer)?;
            let p = self.primitives[producer].as_ref()?;
            let ((step, rule), time) = match self.absorb(p, c, value, consumer) {
                // Nothing but the consumer depends on the producer.
                Some(absorbed) => (absorbed, Time::Consumer),
                None => {
                    let appended = self.append([p, c], value, consumer)?;
                    (appended, self.between(producer, consumer)?)
                }
            };
            let mut nodes = p.nodes.clone();
            nodes.extend(&c.nodes);
            nodes.sort_unstable();
            nodes.dedup();
            let fused = p.fused.iter().chain(&c.fused).copied().chain([rule]).collect();
            let primitive = Planned { step, nodes, fused };
            Some(Found { producer, primitive, time })
        })
    }

    /// Whether something besides `reader` needs the value.
    fn needed_elsewhere(&self, value: usize, reader: usize) -> bool {
        self.kept[value] || self.use_def.of_value(value).reads.iter().any(|&primitive| primitive != reader)
    }

    /// Whether the map should rather be fused into its own only reader: its single input is stored in any
    /// case, so that the reader can load that and the map's result is never stored.
    fn can_wait(&self, map: &Map, value: usize, consumer: usize) -> bool {
        let alone = |result: usize| !self.kept[result] && self.use_def.of_value(result).reads.len() == 1;
        self.needed_elsewhere(value, consumer)
            && map.inputs.len() == 1
            && matches!(&map.outputs[..], [output] if alone(output.operand.buffer))
    }

    /// When the two can run as one. None if the consumer depends on the producer by way of a third primitive,
    /// which would have no place then, or if it is too far to tell.
    fn between(&self, producer: usize, consumer: usize) -> Option<Time> {
        let (first, last) = (self.topology.place(producer), self.topology.place(consumer));
        let back = |at: usize, list: &mut Vec<usize>| {
            for &value in &self.use_def.of_primitive(at).reads {
                let writers = self.use_def.of_value(value).writes.iter().copied();
                list.extend(writers.filter(|&k| (at, k) != (consumer, producer)).take(FARTHEST + 1));
            }
            // Writers of one value keep their order.
            for &value in &self.use_def.of_primitive(at).writes {
                list.extend(self.use_def.of_value(value).writes.range(..at).rev().take(FARTHEST + 1));
            }
        };
        let before =
            self.topology.reach(&[consumer], back, |place| place >= first, Some(producer), FARTHEST)?;
        if before.is_empty() {
            return Some(Time::Producer);
        }
        let ahead = |at: usize, list: &mut Vec<usize>| {
            for &value in &self.use_def.of_primitive(at).writes {
                let readers = self.use_def.of_value(value).reads.iter().copied();
                list.extend(readers.filter(|&k| k != consumer).take(FARTHEST + 1));
                list.extend(self.use_def.of_value(value).writes.range(at + 1..).take(FARTHEST + 1));
            }
        };
        let after = self.topology.reach(&[producer], ahead, |place| place < last, None, FARTHEST)?;
        Some(Time::Between { before, after })
    }

    /// A map that only this consumer needs becomes part of the consumer's program.
    fn absorb(
        &self,
        p: &Planned,
        c: &Planned,
        value: usize,
        consumer: usize,
    ) -> Option<(Primitive, &'static str)> {
        let Primitive::Map(map) = &p.step else { return None };
        let [output] = &map.outputs[..] else { return None };
        if self.needed_elsewhere(value, consumer) || !keeps_bits(output.operand.dtype) || moves_only(map) {
            return None;
        }
        let producer = p.step.elementwise_part()?;
        let step = match &c.step {
            Primitive::Reduce(s) if s.inputs.iter().any(|a| a.operand.buffer == value) => {
                if s.epilogue_inputs.iter().any(|a| a.operand.buffer == value) {
                    return None;
                }
                let head = Part {
                    dims: [&s.dims[..], &s.reduced[..]].concat().into(),
                    given: 0,
                    inputs: s.inputs[..].into(),
                    program: Cow::Borrowed(&s.program),
                    outputs: Cow::Borrowed(&[]),
                };
                let Part { inputs, program, .. } = inline(&producer, &head, value, true)?;
                let (inputs, program) = (inputs.into_owned(), program.into_owned());
                let s = Reduce { inputs, program, ..s.clone() };
                return Some((Primitive::Reduce(s), "map into the input of a reduce"));
            }
            step => {
                step.with_elementwise_part(inline(&producer, &step.elementwise_part()?, value, false)?)?
            }
        };
        // What is left of the value's uses are operands that a program cannot stand in for.
        if step.reads_and_writes().0.contains(&value) {
            return None;
        }
        let rule = match step {
            Primitive::Gemm(_) => "map into the epilogue's inputs of a gemm",
            Primitive::Reduce(_) => "map into the epilogue's inputs of a reduce",
            Primitive::Map(_) => "map into a map",
            _ => "map into the elementwise part of a primitive",
        };
        Some((step, rule))
    }

    /// A map over the results of another primitive is done where they are made.
    fn append(
        &self,
        [p, c]: [&Planned; 2],
        value: usize,
        consumer: usize,
    ) -> Option<(Primitive, &'static str)> {
        let Primitive::Map(map) = &c.step else { return None };
        let (part, consumer_part) = (p.step.elementwise_part()?, c.step.elementwise_part()?);
        let written = part.outputs.iter().find(|a| a.operand.buffer == value)?;
        let reads_value = map.inputs.iter().find(|a| a.operand.buffer == value)?;
        // A byte of the table reaches a gather's program as the integer that a map would load.
        let gathers = matches!(&p.step, Primitive::GatherRows(s) if s.program.is_identity());
        if self.patient && self.can_wait(map, value, consumer)
            || moves_only(map)
            || !(keeps_bits(written.operand.dtype) || gathers)
        {
            return None;
        }
        let own = (&consumer_part.dims[..], &reads_value.strides[..]);
        let walk = Walk::new((&part.dims, &written.strides), own, true)?;
        if !walk.forwards() {
            return None;
        }
        let made_here =
            |access: &Access| part.outputs.iter().position(|o| o.operand.buffer == access.operand.buffer);
        let mut inputs = part.inputs.to_vec();
        let mut sources = Vec::new();
        for access in &map.inputs {
            let moved = walk.access(access);
            sources.push(match made_here(access) {
                Some(i) if coincide(&moved, &part.outputs[i], &part.dims) => Err(i),
                Some(_) => return None,
                None => Ok(place(&mut inputs, moved)),
            });
        }
        let mut m = MapBuilder::new(part.given + inputs.len());
        let of_producer: Vec<Value> = (0..part.given + part.inputs.len()).map(|i| m.input(i)).collect();
        let made = m.inline(&part.program, &of_producer);
        let of_consumer: Vec<Value> = sources
            .iter()
            .map(|source| match source {
                Ok(i) => m.input(part.given + i),
                Err(i) => made[*i],
            })
            .collect();
        let more = m.inline(&map.program, &of_consumer);
        let stays = |a: &Access| self.needed_elsewhere(a.operand.buffer, consumer);
        let (mut outputs, mut results): (Vec<Access>, Vec<Value>) =
            part.outputs.iter().zip(made).filter(|(a, _)| stays(a)).map(|(a, v)| (a.clone(), v)).unzip();
        outputs.extend(map.outputs.iter().map(|a| walk.access(a)));
        results.extend(more);
        fits(&m, inputs.len() + outputs.len())?;
        let rule = match p.step {
            Primitive::Gemm(_) => "map into the epilogue of a gemm",
            Primitive::Reduce(_) => "map into the epilogue of a reduce",
            Primitive::GatherRows(_) => "map into a gather",
            Primitive::Map(_) => "map onto a map",
            _ => "map onto the elementwise part of a primitive",
        };
        let program = Cow::Owned(m.finish(&results));
        let part = Part { inputs: inputs.into(), program, outputs: outputs.into(), ..part };
        Some((p.step.with_elementwise_part(part)?, rule))
    }
}

/// The consumer's part with the producer's program in the place of `value`.
fn inline<'a>(producer: &Part, consumer: &Part<'a>, value: usize, any_order: bool) -> Option<Part<'a>> {
    let written = &producer.outputs[0];
    let mut walk = None;
    for access in consumer.inputs.iter().filter(|a| a.operand.buffer == value) {
        if access.operand != written.operand {
            return None;
        }
        let own = (&producer.dims[..], &written.strides[..]);
        let found = Walk::new((&consumer.dims, &access.strides), own, false)?;
        if !(any_order || found.forwards()) || walk.as_ref().is_some_and(|known| *known != found) {
            return None;
        }
        walk = Some(found);
    }
    let walk = walk?;
    let mut inputs: Vec<Access> =
        consumer.inputs.iter().filter(|a| a.operand.buffer != value).cloned().collect();
    let from_producer: Vec<usize> =
        producer.inputs.iter().map(|a| place(&mut inputs, walk.access(a))).collect();
    let mut m = MapBuilder::new(consumer.given + inputs.len());
    let of_producer: Vec<Value> = from_producer.iter().map(|&i| m.input(consumer.given + i)).collect();
    let made = m.inline(&producer.program, &of_producer)[0];
    let mut of_consumer: Vec<Value> = (0..consumer.given).map(|i| m.input(i)).collect();
    for access in &*consumer.inputs {
        of_consumer.push(match inputs.iter().position(|a| a == access) {
            Some(i) => m.input(consumer.given + i),
            None => made,
        });
    }
    let results = m.inline(&consumer.program, &of_consumer);
    fits(&m, inputs.len() + consumer.outputs.len())?;
    let Part { dims, given, outputs, .. } = consumer.clone();
    Some(Part { dims, given, inputs: inputs.into(), program: Cow::Owned(m.finish(&results)), outputs })
}

/// Whether two accesses reach the same elements in the same order.
fn coincide(a: &Access, b: &Access, dims: &[usize]) -> bool {
    let strides = dims.iter().zip(a.strides.iter().zip(&b.strides));
    a.operand == b.operand && strides.filter(|(extent, _)| **extent != 1).all(|(_, (a, b))| a == b)
}

/// Whether an element has the same bits in memory as inside a program.
fn keeps_bits(dtype: DType) -> bool {
    matches!(dtype, DType::F32 | DType::I32 | DType::Bool)
}

/// A transposing or slicing copy: the backend has a better loop for it than any it could be fused into.
fn moves_only(map: &Map) -> bool {
    map.program.is_identity()
}

fn fits(m: &MapBuilder, operands: usize) -> Option<()> {
    (m.len() <= LONGEST && operands <= MOST_OPERANDS).then_some(())
}

/// Where an input stands in the list, at whose end it is put if it is new.
fn place(inputs: &mut Vec<Access>, access: Access) -> usize {
    inputs.iter().position(|a| *a == access).unwrap_or_else(|| {
        inputs.push(access);
        inputs.len() - 1
    })
}

/// How one nest of loops walks through another: for each of its axes, an axis of the other and the steps
/// taken there.
#[derive(PartialEq)]
struct Walk(Vec<Option<(usize, usize)>>);

impl Walk {
    /// Both nests address the same value, with these extents and strides. None where some element of `target`
    /// is no element of `own`, or (with `all`) the other way round.
    fn new(target: (&[usize], &[usize]), own: (&[usize], &[usize]), all: bool) -> Option<Walk> {
        if target.0.contains(&0) || own.0.contains(&0) {
            return None;
        }
        let mut reach = vec![0_usize; own.0.len()];
        let mut axes = Vec::new();
        for (&extent, &stride) in target.0.iter().zip(target.1) {
            if extent == 1 {
                axes.push(None);
                continue;
            }
            let step_on = |(&own_extent, &own_stride): (&usize, &usize)| {
                let fits = own_stride > 0 && stride > 0 && stride % own_stride == 0;
                fits.then(|| stride / own_stride).filter(|step| step.saturating_mul(extent) <= own_extent)
            };
            let found = own.0.iter().zip(own.1).map(step_on).enumerate();
            let (axis, step) = found.rev().find_map(|(axis, step)| Some((axis, step?)))?;
            reach[axis] = reach[axis].saturating_add(step * (extent - 1));
            axes.push(Some((axis, step)));
        }
        let inside = |(&reach, &extent): (&usize, &usize)| {
            if all { reach == extent - 1 } else { reach < extent }
        };
        reach.iter().zip(own.0).all(inside).then_some(Walk(axes))
    }

    /// Whether the other nest's axes come in their own order.
    fn forwards(&self) -> bool {
        let used: Vec<(usize, usize)> =
            self.0.iter().flatten().map(|&(axis, step)| (axis, usize::MAX - step)).collect();
        used.is_sorted()
    }

    /// An access of the other nest, walked by this one.
    fn access(&self, access: &Access) -> Access {
        let stride = |axis: &Option<(usize, usize)>| {
            axis.map_or(0, |(axis, step)| access.strides[axis].saturating_mul(step))
        };
        Access { operand: access.operand, strides: self.0.iter().map(stride).collect() }
    }
}

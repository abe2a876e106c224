//! A program made ready: what devices run without a break, and the loops around it.

use crate::{
    Error, Memory, Slot,
    device::Straight,
    program::{BufferSpec, Loop, Numbering, Operand, Primitive, Program},
};
use std::ops::Range;

/// A program made ready for a device. Running it allocates nothing.
///
/// ```
/// use minutia_tensor::{DType, Device, Memory, Tensor};
/// use minutia_tensor::program::{Access, BufferSpec, Map, MapBuilder, Operand, Primitive, Program};
/// use minutia_kernels::map::Code;
///
/// // Buffer 1 = buffer 0 + buffer 0, over three floats.
/// let of = |buffer| Access { operand: Operand { buffer, offset: 0, dtype: DType::F32 }, strides: vec![1] };
/// let mut map = MapBuilder::new(1);
/// let x = map.input(0);
/// let doubled = map.apply(Code::Add, &[x, x]);
/// let (program, outputs) = (map.finish(&[doubled]), vec![of(1)]);
/// let program = Program {
///     buffers: vec![BufferSpec { bytes: 12, written: false }, BufferSpec { bytes: 12, written: true }],
///     steps: vec![Primitive::Map(Map { dims: vec![3], inputs: vec![of(0)], program, outputs })],
///     ..Program::default()
/// };
///
/// let device = Device::cpu()?;
/// let mut executable = device.compile(&program)?;
/// let mut memory = Memory::new(&device);
/// let slots = [memory.share(&Tensor::from([1.0_f32, 2.0, 3.0]))?, memory.allocate(12)?];
/// executable.run(&mut memory, &slots)?;
/// let mut sums = [0.0_f32; 3];
/// memory.load(slots[1], 0, &mut sums)?;
/// assert_eq!(sums, [2.0, 4.0, 6.0]);
/// # Ok::<(), minutia_tensor::Error>(())
/// ```
#[derive(Debug)]
pub struct Executable(Vec<ExecutablePart>);

/// Steps of a program that follow each other.
#[derive(Debug)]
enum ExecutablePart {
    /// Steps that the device runs without a break.
    Straight(Box<Straight>),
    Loop(ExecutableLoop),
}

/// A loop made ready. The host counts the iterations, and reads the predicate.
#[derive(Debug)]
struct ExecutableLoop {
    predicate: Option<Operand>,
    most: Option<usize>,
    body: Executable,
    step: usize,
    name: String,
}

/// Prepares steps without loops.
type Compile<'a> = dyn Fn(&Program, Numbering) -> Result<Straight, Error> + 'a;

impl Executable {
    /// Prepares a checked program: `compile` what lies between its loops.
    pub(crate) fn new(
        program: &Program,
        numbering: Numbering,
        compile: &Compile<'_>,
    ) -> Result<Executable, Error> {
        let is_loop = |step: &Primitive| matches!(step, Primitive::Loop(_));
        if !program.steps.iter().any(is_loop) {
            return Ok(Executable(vec![ExecutablePart::Straight(Box::new(compile(program, numbering)?))]));
        }
        let mut parts = Vec::new();
        let mut first = 0;
        while first < program.steps.len() {
            if let Primitive::Loop(s) = &program.steps[first] {
                parts.push(ExecutablePart::Loop(ExecutableLoop::new(
                    s,
                    program,
                    (first, numbering),
                    compile,
                )?));
                first += 1;
                continue;
            }
            let next = program.steps[first..].iter().position(is_loop);
            let range = first..next.map_or(program.steps.len(), |steps| first + steps);
            first = range.end;
            let numbering = match numbering {
                Numbering::From(number) => Numbering::From(number + range.start),
                within @ Numbering::Within(_) => within,
            };
            parts.push(ExecutablePart::Straight(Box::new(compile(&segment(program, range), numbering)?)));
        }
        Ok(Executable(parts))
    }

    /// Bytes of the device's memory that it holds for itself, besides the buffers that it is run over.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let bytes = |part: &ExecutablePart| match part {
            ExecutablePart::Straight(steps) => steps.bytes(),
            ExecutablePart::Loop(s) => s.body.bytes(),
        };
        self.0.iter().map(bytes).sum()
    }

    /// Runs the program: its buffer `i` is `slots[i]` of the memory.
    ///
    /// # Errors
    /// [`Error::Binding`] when a slot is smaller than declared, [`Error::ReadOnly`] when a written one is a
    /// host tensor, [`Error::Aliased`] when it is another buffer's slot too, [`Error::IndexOutOfRange`] when
    /// a gather meets a bad index (what ran before it has run), [`Error::EndlessLoop`] when a loop does not
    /// end, [`Error::WrongDevice`] when the memory is another device's, [`Error::Cuda`] when a GPU fails.
    ///
    /// A GPU runs the program while the host goes on, and tells of a bad index at the next [`Memory::wait`],
    /// `read`, `write` or `replace`; whatever was run over the memory after it has done nothing.
    pub fn run(&mut self, memory: &mut Memory, slots: &[Slot]) -> Result<(), Error> {
        for part in &mut self.0 {
            match part {
                ExecutablePart::Straight(steps) => steps.run(memory, slots)?,
                ExecutablePart::Loop(s) => s.run(memory, slots)?,
            }
        }
        Ok(())
    }
}

impl ExecutableLoop {
    fn new(
        s: &Loop,
        program: &Program,
        (number, numbering): (usize, Numbering),
        compile: &Compile<'_>,
    ) -> Result<ExecutableLoop, Error> {
        let step = numbering.of(number);
        let (steps, names) = (s.body.clone(), s.names.clone());
        let buffers = written_by(&steps, &program.buffers);
        let body = Program { buffers, steps, names, temporary: Vec::new() };
        Ok(ExecutableLoop {
            predicate: s.predicate,
            most: s.most,
            body: Executable::new(&body, Numbering::Within(step), compile)?,
            step,
            name: program.name(number),
        })
    }

    fn run(&mut self, memory: &mut Memory, slots: &[Slot]) -> Result<(), Error> {
        const ENDLESS: usize = i32::MAX as usize;
        let mut iterations = 0;
        while self.goes_on(iterations, memory, slots)? {
            if self.most.is_none() && iterations == ENDLESS {
                let (step, name) = (self.step, self.name.clone());
                return Err(Error::EndlessLoop { step, name, iterations });
            }
            self.body.run(memory, slots)?;
            iterations += 1;
        }
        Ok(())
    }

    /// Whether another iteration follows.
    fn goes_on(&self, iterations: usize, memory: &Memory, slots: &[Slot]) -> Result<bool, Error> {
        if self.most.is_some_and(|most| iterations >= most) {
            return Ok(false);
        }
        let Some(Operand { buffer, offset, .. }) = self.predicate else { return Ok(true) };
        let mut predicate = [0];
        let slot = slots.get(buffer).ok_or(Error::Binding { slot: buffer, found: 0, expected: 1 })?;
        memory.read(*slot, offset, &mut predicate)?;
        Ok(predicate[0] != 0)
    }
}

/// Some steps of a program, by themselves. What they write is read by the other steps, too.
fn segment(program: &Program, range: Range<usize>) -> Program {
    let steps = program.steps[range.clone()].to_vec();
    let names = range.map(|step| program.name(step)).collect();
    let buffers = written_by(&steps, &program.buffers);
    Program { buffers, steps, names, temporary: Vec::new() }
}

/// The buffers of a program, of which these steps alone are known to write any: what they only read, a device
/// may keep in another form.
fn written_by(steps: &[Primitive], buffers: &[BufferSpec]) -> Vec<BufferSpec> {
    let mut specs: Vec<BufferSpec> =
        buffers.iter().map(|spec| BufferSpec { written: false, ..*spec }).collect();
    for step in steps {
        for buffer in step.reads_and_writes().1 {
            specs[buffer].written = true;
        }
    }
    specs
}

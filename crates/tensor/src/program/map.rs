use minutia_kernels::map::Code;
use std::fmt;

/// A value inside a [`MapProgram`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Value(u16);

impl Value {
    /// Position among inputs, constants and results, in this order.
    #[must_use]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// One operation; operands beyond the code's arity repeat the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Instruction {
    /// The operation.
    pub code: Code,
    /// Its operands.
    pub operands: [Value; 3],
}

/// A straight-line program over scalars: inputs, then constants, then one value an instruction.
///
/// ```
/// use minutia_kernels::map::Code;
/// use minutia_tensor::program::MapBuilder;
///
/// let mut m = MapBuilder::new(2);
/// let (x, y) = (m.input(0), m.input(1));
/// let two = m.constant(2.0);
/// let scaled = m.apply(Code::Mul, &[x, two]);
/// let sum = m.apply(Code::Add, &[scaled, y]);
/// let program = m.finish(&[sum]);
/// let bits = program.eval(&[3.0_f32.to_bits(), 1.0_f32.to_bits()]);
/// assert_eq!(f32::from_bits(bits[0]), 7.0);
/// assert_eq!(program.to_string(), "add(mul(x0, 2), x1)");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct MapProgram {
    inputs: usize,
    constants: Vec<u32>,
    instructions: Vec<Instruction>,
    outputs: Vec<Value>,
}

impl MapProgram {
    /// The program that returns its only input.
    #[must_use]
    pub fn identity() -> MapProgram {
        MapProgram { inputs: 1, constants: Vec::new(), instructions: Vec::new(), outputs: vec![Value(0)] }
    }

    /// The program without inputs that returns one constant, given as raw bits.
    #[must_use]
    pub fn fill(bits: u32) -> MapProgram {
        MapProgram { inputs: 0, constants: vec![bits], instructions: Vec::new(), outputs: vec![Value(0)] }
    }

    /// Whether this returns its first input and computes nothing.
    #[must_use]
    pub fn is_identity(&self) -> bool {
        self.instructions.is_empty() && self.outputs == [Value(0)] && self.inputs > 0
    }

    /// How many inputs it reads.
    #[must_use]
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// The raw bits of its constants, which follow the inputs in the numbering of values.
    #[must_use]
    pub fn constants(&self) -> &[u32] {
        &self.constants
    }

    /// The operations, whose results follow the constants in the numbering of values.
    #[must_use]
    pub fn instructions(&self) -> &[Instruction] {
        &self.instructions
    }

    /// The values it returns.
    #[must_use]
    pub fn outputs(&self) -> &[Value] {
        &self.outputs
    }

    /// Runs the program on raw 32-bit values: the reference for every backend.
    ///
    /// # Panics
    /// When fewer inputs are given than the program reads.
    #[must_use]
    pub fn eval(&self, inputs: &[u32]) -> Vec<u32> {
        let _exact = crate::cpu::ExactFloats::enter();
        let mut values = inputs[..self.inputs].to_vec();
        values.extend(&self.constants);
        for i in &self.instructions {
            values.push(minutia_kernels::map::eval(i.code, i.operands.map(|v| values[v.index()])));
        }
        self.outputs.iter().map(|v| values[v.index()]).collect()
    }

    fn write_value(&self, value: Value, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let i = value.index();
        if i < self.inputs {
            return write!(f, "x{i}");
        }
        if let Some(&bits) = self.constants.get(i - self.inputs) {
            // Small bit patterns are integers and truth values; no float in use looks like one.
            return if bits != 0 && bits < 1 << 16 {
                write!(f, "{bits}")
            } else {
                write!(f, "{}", f32::from_bits(bits))
            };
        }
        let instruction = self.instructions[i - self.inputs - self.constants.len()];
        write!(f, "{}(", instruction.code.name())?;
        for (n, &operand) in instruction.operands[..instruction.code.arity()].iter().enumerate() {
            if n > 0 {
                f.write_str(", ")?;
            }
            self.write_value(operand, f)?;
        }
        f.write_str(")")
    }
}

impl fmt::Display for MapProgram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, &output) in self.outputs.iter().enumerate() {
            if n > 0 {
                f.write_str("; ")?;
            }
            self.write_value(output, f)?;
        }
        Ok(())
    }
}

/// Writes a [`MapProgram`]. Equal constants and equal operations become one value.
#[derive(Clone, Debug)]
pub struct MapBuilder {
    inputs: usize,
    constants: Vec<u32>,
    instructions: Vec<(Code, [Node; 3])>,
}

/// A value while the number of constants is still open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Node {
    Input(u16),
    Constant(u16),
    Result(u16),
}

const KIND_SHIFT: u32 = 14;

impl Node {
    fn pack(self) -> Value {
        Value(match self {
            Node::Input(i) => i,
            Node::Constant(i) => 1 << KIND_SHIFT | i,
            Node::Result(i) => 2 << KIND_SHIFT | i,
        })
    }

    fn unpack(value: Value) -> Node {
        let i = value.0 & ((1 << KIND_SHIFT) - 1);
        match value.0 >> KIND_SHIFT {
            0 => Node::Input(i),
            1 => Node::Constant(i),
            _ => Node::Result(i),
        }
    }
}

impl MapBuilder {
    /// A program with this many inputs and nothing computed yet.
    #[must_use]
    pub fn new(inputs: usize) -> MapBuilder {
        MapBuilder { inputs, constants: Vec::new(), instructions: Vec::new() }
    }

    /// Input `i`.
    ///
    /// # Panics
    /// When there is no such input.
    #[must_use]
    pub fn input(&self, i: usize) -> Value {
        assert!(i < self.inputs, "input {i} of a map program with {} inputs", self.inputs);
        Node::Input(i as u16).pack()
    }

    /// An `f32` constant.
    pub fn constant(&mut self, x: f32) -> Value {
        self.constant_bits(x.to_bits())
    }

    /// A constant given as raw bits: an `i32` or a truth value.
    pub fn constant_bits(&mut self, bits: u32) -> Value {
        let i = self.constants.iter().position(|&c| c == bits).unwrap_or_else(|| {
            self.constants.push(bits);
            self.constants.len() - 1
        });
        Node::Constant(i as u16).pack()
    }

    /// The raw bits of a value, where it is a constant: what it is may make other operations needless.
    #[must_use]
    pub fn constant_of(&self, value: Value) -> Option<u32> {
        match Node::unpack(value) {
            Node::Constant(i) => Some(self.constants[i as usize]),
            Node::Input(_) | Node::Result(_) => None,
        }
    }

    /// The result of an operation.
    ///
    /// # Panics
    /// When the number of operands is not the code's arity.
    pub fn apply(&mut self, code: Code, operands: &[Value]) -> Value {
        assert_eq!(operands.len(), code.arity(), "operands of {}", code.name());
        let mut nodes = [Node::unpack(operands[0]); 3];
        for (node, &operand) in nodes.iter_mut().zip(operands) {
            *node = Node::unpack(operand);
        }
        if let Some(same) = self.unchanged(code, nodes) {
            return same.pack();
        }
        let i = self.instructions.iter().position(|&i| i == (code, nodes)).unwrap_or_else(|| {
            self.instructions.push((code, nodes));
            self.instructions.len() - 1
        });
        Node::Result(i as u16).pack()
    }

    /// The operand that an operation returns bit for bit: `x * 1`, `x / 1`, `x - 0`. (`x + 0` makes a `-0`
    /// positive.)
    fn unchanged(&self, code: Code, [a, b, _]: [Node; 3]) -> Option<Node> {
        let is = |node: Node, x: f32| matches!(node, Node::Constant(i) if self.constants[i as usize] == x.to_bits());
        match code {
            Code::Mul if is(a, 1.0) => Some(b),
            Code::Mul | Code::Div if is(b, 1.0) => Some(a),
            Code::Sub if is(b, 0.0) => Some(a),
            _ => None,
        }
    }

    /// Appends another program, whose inputs become `inputs`; returns its outputs.
    ///
    /// # Panics
    /// When the number of inputs is not the program's.
    pub fn inline(&mut self, program: &MapProgram, inputs: &[Value]) -> Vec<Value> {
        assert_eq!(inputs.len(), program.inputs, "inputs of an inlined program");
        let count = inputs.len() + program.constants.len() + program.instructions.len();
        let mut values = Vec::with_capacity(count);
        values.extend(inputs);
        self.instructions.reserve(program.instructions.len());
        for &bits in &program.constants {
            values.push(self.constant_bits(bits));
        }
        for i in &program.instructions {
            let operands = i.operands.map(|v| values[v.index()]);
            values.push(self.apply(i.code, &operands[..i.code.arity()]));
        }
        program.outputs.iter().map(|v| values[v.index()]).collect()
    }

    /// How many operations there are so far.
    #[must_use]
    pub fn len(&self) -> usize {
        self.instructions.len()
    }

    /// Whether nothing is computed yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.instructions.is_empty()
    }

    /// The program that returns `outputs`, without what they do not need.
    #[must_use]
    pub fn finish(self, outputs: &[Value]) -> MapProgram {
        let mut live = vec![false; self.instructions.len()];
        let mut used = vec![false; self.constants.len()];
        let mut mark = |node: Node, live: &mut Vec<bool>| match node {
            Node::Input(_) => {}
            Node::Constant(i) => used[i as usize] = true,
            Node::Result(i) => live[i as usize] = true,
        };
        for &output in outputs {
            mark(Node::unpack(output), &mut live);
        }
        for i in (0..self.instructions.len()).rev() {
            if live[i] {
                let (code, operands) = self.instructions[i];
                for &operand in &operands[..code.arity()] {
                    mark(operand, &mut live);
                }
            }
        }
        let number = |kept: &[bool], base: usize| -> Vec<u16> {
            kept.iter()
                .scan(base, |next, &k| {
                    let this = *next as u16;
                    *next += k as usize;
                    Some(this)
                })
                .collect()
        };
        let constants: Vec<u32> =
            self.constants.iter().zip(&used).filter(|(_, u)| **u).map(|(&c, _)| c).collect();
        let constant_at = number(&used, self.inputs);
        let result_at = number(&live, self.inputs + constants.len());
        let place = |node: Node| {
            Value(match node {
                Node::Input(i) => i,
                Node::Constant(i) => constant_at[i as usize],
                Node::Result(i) => result_at[i as usize],
            })
        };
        let mut instructions = Vec::with_capacity(live.iter().filter(|&&live| live).count());
        for (&(code, mut operands), _) in self.instructions.iter().zip(&live).filter(|(_, live)| **live) {
            for i in code.arity()..3 {
                operands[i] = operands[0];
            }
            instructions.push(Instruction { code, operands: operands.map(place) });
        }
        let outputs = outputs.iter().map(|&v| place(Node::unpack(v))).collect();
        MapProgram { inputs: self.inputs, constants, instructions, outputs }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changes_no_bit_is_left_out_and_nothing_else() {
        let rows: [(Code, [Option<f32>; 2], &str); 8] = [
            (Code::Mul, [None, Some(1.0)], "x0"),
            (Code::Mul, [Some(1.0), None], "x0"),
            (Code::Div, [None, Some(1.0)], "x0"),
            (Code::Sub, [None, Some(0.0)], "x0"),
            (Code::Div, [Some(1.0), None], "div(1, x0)"),
            (Code::Sub, [None, Some(-0.0)], "sub(x0, -0)"),
            (Code::Add, [None, Some(0.0)], "add(x0, 0)"),
            (Code::Mul, [None, Some(-1.0)], "mul(x0, -1)"),
        ];
        for (code, operands, want) in rows {
            let mut m = MapBuilder::new(1);
            let values = operands.map(|x| x.map_or(m.input(0), |x| m.constant(x)));
            let result = m.apply(code, &values);
            assert_eq!(m.finish(&[result]).to_string(), want, "{} of {operands:?}", code.name());
        }
    }
}

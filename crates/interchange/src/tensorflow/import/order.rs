//! Which nodes are needed, and in which order they can be built.

use super::{error::GraphDefProblem, ops};
use crate::tensorflow::messages::NodeDef;
use std::{
    cmp::Reverse,
    collections::{BTreeMap, BinaryHeap},
};

/// How a node names what it takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InputName<'a> {
    /// A result of a node, counted from 0.
    Result(&'a str, usize),
    /// A node that has to run before.
    Control(&'a str),
}

impl<'a> InputName<'a> {
    /// `node`, `node:1` or `^node`.
    pub fn parse(input: &'a str) -> InputName<'a> {
        if let Some(node) = input.strip_prefix('^') {
            return InputName::Control(node);
        }
        match input.rsplit_once(':').map(|(node, index)| (node, index.parse())) {
            Some((node, Ok(index))) => InputName::Result(node, index),
            _ => InputName::Result(input, 0),
        }
    }

    pub fn node(self) -> &'a str {
        match self {
            InputName::Result(node, _) | InputName::Control(node) => node,
        }
    }
}

/// An input with the place of its node in the file.
#[derive(Clone, Copy, Debug)]
pub enum Input {
    /// A result of a node.
    Result(usize, usize),
    /// A node that has to run before.
    Control(usize),
}

impl Input {
    pub fn node(self) -> usize {
        match self {
            Input::Result(node, _) | Input::Control(node) => node,
        }
    }
}

/// The nodes of a file, with what each takes.
pub struct Nodes<'a> {
    pub defs: &'a [NodeDef],
    pub inputs: Vec<Vec<Input>>,
    names: BTreeMap<&'a str, usize>,
    /// For each variable the assignment that gives it its first value.
    pub initializers: BTreeMap<usize, Initializer>,
}

/// The assignment of a variable's first value.
#[derive(Clone, Copy, Debug)]
pub struct Initializer {
    /// The assignment's node.
    pub assign: usize,
    /// The node of the value, and which of its results it is.
    pub value: (usize, usize),
}

impl<'a> Nodes<'a> {
    pub fn new(defs: &'a [NodeDef]) -> Result<Nodes<'a>, GraphDefProblem> {
        let mut names = BTreeMap::new();
        for (index, def) in defs.iter().enumerate() {
            if def.name.is_empty() || def.op.is_empty() {
                let (name, op) = (def.name.clone(), def.op.clone());
                return Err(GraphDefProblem::Nameless { index, name, op });
            }
            if names.insert(&def.name[..], index).is_some() {
                return Err(GraphDefProblem::Twice { name: def.name.clone() });
            }
        }
        let mut nodes = Nodes { defs, inputs: Vec::new(), names, initializers: BTreeMap::new() };
        for def in defs {
            let inputs = def.input.iter().map(|input| nodes.input(def, input)).collect::<Result<_, _>>()?;
            nodes.inputs.push(inputs);
        }
        nodes.find_initializers();
        Ok(nodes)
    }

    fn input(&self, def: &NodeDef, input: &str) -> Result<Input, GraphDefProblem> {
        let name = InputName::parse(input);
        match (self.names.get(name.node()), name) {
            (Some(&node), InputName::Result(_, index)) => Ok(Input::Result(node, index)),
            (Some(&node), InputName::Control(_)) => Ok(Input::Control(node)),
            (None, _) => Err(GraphDefProblem::Input {
                node: def.name.clone(),
                input: input.to_string(),
                similar: similar(name.node(), self.names.keys().copied()),
            }),
        }
    }

    /// The place of the node that a fetch names.
    pub fn fetch(&self, name: &str) -> Result<usize, GraphDefProblem> {
        let node = InputName::parse(name).node();
        self.names.get(node).copied().ok_or_else(|| GraphDefProblem::Fetch {
            name: name.to_string(),
            similar: similar(node, self.names.keys().copied()),
        })
    }

    /// The first value of a variable is what `NAME/Assign` gives it.
    fn find_initializers(&mut self) {
        for (assign, def) in self.defs.iter().enumerate() {
            let [Input::Result(variable, 0), Input::Result(value, index), ..] = self.inputs[assign][..]
            else {
                continue;
            };
            let of = &self.defs[variable];
            let is_named = def.name.strip_suffix("/Assign") == Some(&of.name[..]);
            if is_named && ASSIGNMENTS.contains(&&def.op[..]) && VARIABLES.contains(&&of.op[..]) {
                self.initializers.insert(variable, Initializer { assign, value: (value, index) });
            }
        }
    }

    /// Whether a node gives a variable its first value.
    pub fn is_initializer(&self, node: usize) -> bool {
        match self.inputs[node].first() {
            Some(variable) => self.initializers.get(&variable.node()).is_some_and(|i| i.assign == node),
            None => false,
        }
    }

    /// What must be built before a node, and for it.
    fn before(&self, node: usize) -> impl Iterator<Item = usize> + '_ {
        let value = self.initializers.get(&node).map(|initializer| initializer.value.0);
        self.inputs[node].iter().map(|input| input.node()).chain(value)
    }

    /// The nodes that these need, themselves among them; all, if there is nothing to fetch.
    pub fn needed(&self, fetches: &[usize]) -> Vec<bool> {
        if fetches.is_empty() {
            return vec![true; self.defs.len()];
        }
        let mut needed = vec![false; self.defs.len()];
        let mut open = fetches.to_vec();
        while let Some(node) = open.pop() {
            if !std::mem::replace(&mut needed[node], true) {
                open.extend(self.before(node));
            }
        }
        needed
    }

    /// The needed nodes, each behind what it takes, and else as in the file.
    pub fn order(&self, needed: &[bool]) -> Result<Vec<usize>, GraphDefProblem> {
        let mut waiting = vec![0_usize; self.defs.len()];
        let mut users: Vec<Vec<usize>> = vec![Vec::new(); self.defs.len()];
        let mut ready = BinaryHeap::new();
        for node in (0..self.defs.len()).filter(|&node| needed[node]) {
            for before in self.before(node) {
                waiting[node] += 1;
                users[before].push(node);
            }
            if waiting[node] == 0 {
                ready.push(Reverse(node));
            }
        }
        let mut order = Vec::new();
        while let Some(Reverse(node)) = ready.pop() {
            order.push(node);
            for &user in &users[node] {
                waiting[user] -= 1;
                if waiting[user] == 0 {
                    ready.push(Reverse(user));
                }
            }
        }
        if order.len() == needed.iter().filter(|&&needed| needed).count() {
            return Ok(order);
        }
        Err(self.cycle(&waiting))
    }

    /// Nodes that wait for each other: going from one that waits to one that it waits for ends in a circle.
    fn cycle(&self, waiting: &[usize]) -> GraphDefProblem {
        const SHOWN: usize = 16;
        let mut at = waiting.iter().position(|&waiting| waiting > 0).unwrap_or(0);
        let mut places = BTreeMap::new();
        let mut path = Vec::new();
        let first = loop {
            if let Some(&first) = places.get(&at) {
                break first;
            }
            places.insert(at, path.len());
            path.push(at);
            at = self.before(at).find(|&before| waiting[before] > 0).unwrap_or(at);
        };
        let circle = &path[first..];
        let unsupported = self.unsupported(circle);
        if !unsupported.is_empty() {
            return GraphDefProblem::Unsupported(unsupported);
        }
        let names = circle.iter().take(SHOWN).map(|&node| self.defs[node].name.clone());
        GraphDefProblem::Cycle { nodes: names.collect() }
    }

    /// The nodes of a circle that TensorFlow may have: its loops are made of operations that are unknown
    /// here.
    fn unsupported(&self, circle: &[usize]) -> Vec<super::error::UnsupportedNodes> {
        let mut report = super::Report::default();
        for &node in circle {
            if !ops::is_known(&self.defs[node].op) {
                report.add(&self.defs[node].name, &self.defs[node].op, ops::UNKNOWN);
            }
        }
        report.0
    }
}

/// Operations that are variables.
pub const VARIABLES: [&str; 3] = ["Variable", "VariableV2", "VarHandleOp"];
const ASSIGNMENTS: [&str; 2] = ["Assign", "AssignVariableOp"];

/// The name that begins most like this one.
pub fn similar<'a>(name: &str, names: impl Iterator<Item = &'a str>) -> Option<String> {
    let prefix = |other: &str| name.bytes().zip(other.bytes()).take_while(|(a, b)| a == b).count();
    let rank = |other: &&str| (prefix(other), Reverse(other.len().abs_diff(name.len())));
    names.max_by_key(rank).filter(|other| prefix(other) > 0).map(String::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inputs_are_results_or_nodes_that_run_before() {
        for (input, expected) in [
            ("x", InputName::Result("x", 0)),
            ("a/b:3", InputName::Result("a/b", 3)),
            ("^train", InputName::Control("train")),
            ("x:", InputName::Result("x:", 0)),
            ("x:-1", InputName::Result("x:-1", 0)),
        ] {
            assert_eq!(InputName::parse(input), expected, "{input}");
        }
    }
}

//! Assignments and the steps of optimizers. Each has two forms: one whose result is the variable, and one of
//! resources, which has none.

use super::Row;
use crate::tensorflow::import::node::{Built, Node, NodeValue, Refusal};
use minutia_graph::{Output, Variable};

pub const ROWS: &[Row] = &[
    ("Assign", |n| assign(n, |_, value| value.clone())),
    ("AssignVariableOp", |n| assign(n, |_, value| value.clone())),
    ("AssignAdd", |n| assign(n, |now, value| now + value)),
    ("AssignAddVariableOp", |n| assign(n, |now, value| now + value)),
    ("AssignSub", |n| assign(n, |now, value| now - value)),
    ("AssignSubVariableOp", |n| assign(n, |now, value| now - value)),
    ("ApplyGradientDescent", gradient_descent),
    ("ResourceApplyGradientDescent", gradient_descent),
    ("ApplyMomentum", momentum),
    ("ResourceApplyMomentum", momentum),
    ("ResourceApplyKerasMomentum", keras_momentum),
    ("ApplyAdagrad", |n| adagrad(n, 3, |accumulator, _| accumulator.rsqrt())),
    ("ResourceApplyAdagrad", |n| adagrad(n, 3, |accumulator, _| accumulator.rsqrt())),
    ("ApplyAdagradV2", |n| adagrad(n, 4, |accumulator, epsilon| 1.0 / (accumulator.sqrt() + epsilon))),
    ("ResourceApplyAdagradV2", |n| {
        adagrad(n, 4, |accumulator, epsilon| 1.0 / (accumulator.sqrt() + epsilon))
    }),
    ("ApplyRMSProp", rms_prop),
    ("ResourceApplyRMSProp", rms_prop),
    ("ApplyCenteredRMSProp", centered_rms_prop),
    ("ResourceApplyCenteredRMSProp", centered_rms_prop),
    ("ApplyAdadelta", adadelta),
    ("ResourceApplyAdadelta", adadelta),
    ("ApplyAdam", adam),
    ("ResourceApplyAdam", adam),
];

/// The result of an assignment to the variable of the first input.
fn assigned(node: &Node<'_>, variable: &Variable, value: Output) -> Built {
    if node.def.op.contains("Resource") || node.def.op.ends_with("VariableOp") {
        return Built::Effect(value.operation());
    }
    Built::Results(vec![NodeValue::Assigned(variable.clone(), value)])
}

fn assign(node: &Node<'_>, change: fn(&Output, &Output) -> Output) -> Result<Built, Refusal> {
    let variable = node.variable(0)?;
    if node.is_initializer {
        let initializer = node.graph.get(&variable.initializer().name())?;
        return Ok(assigned(node, variable, initializer));
    }
    let value = change(&variable.read_value(), &node.tensor(1)?);
    Ok(assigned(node, variable, variable.assign(value)))
}

/// Inputs: variable, rate, gradient.
fn gradient_descent(node: &Node<'_>) -> Result<Built, Refusal> {
    let (variable, rate, g) = (node.variable(0)?, node.tensor(1)?, node.tensor(2)?);
    Ok(assigned(node, variable, variable.assign_sub(g * rate)))
}

/// Inputs: variable, accumulator, rate, gradient, momentum.
fn momentum(node: &Node<'_>) -> Result<Built, Refusal> {
    let (variable, accumulator) = (node.variable(0)?, node.variable(1)?);
    let (rate, g, momentum) = (node.tensor(2)?, node.tensor(3)?, node.tensor(4)?);
    let sum = accumulator.assign(accumulator.read_value() * &momentum + &g);
    let step = if node.flag("use_nesterov") { g * &rate + sum * momentum * &rate } else { sum * rate };
    Ok(assigned(node, variable, variable.assign_sub(step)))
}

/// As [`momentum`], with the rate in what is accumulated.
fn keras_momentum(node: &Node<'_>) -> Result<Built, Refusal> {
    let (variable, accumulator) = (node.variable(0)?, node.variable(1)?);
    let (rate, g, momentum) = (node.tensor(2)?, node.tensor(3)?, node.tensor(4)?);
    let sum = accumulator.assign(accumulator.read_value() * &momentum - &g * &rate);
    let step = if node.flag("use_nesterov") { sum * momentum - g * rate } else { sum };
    Ok(assigned(node, variable, variable.assign_add(step)))
}

/// Inputs: variable, accumulator, rate, epsilon where there is one, gradient.
fn adagrad(
    node: &Node<'_>,
    gradient: usize,
    inverse: fn(&Output, &Output) -> Output,
) -> Result<Built, Refusal> {
    let (variable, accumulator) = (node.variable(0)?, node.variable(1)?);
    let (rate, last, g) = (node.tensor(2)?, node.tensor(3)?, node.tensor(gradient)?);
    let updates =
        !matches!(node.attribute("update_slots"), Some(crate::tensorflow::messages::Attribute::B(false)));
    let sum = if updates { accumulator.assign_add(g.square()) } else { accumulator.read_value() };
    Ok(assigned(node, variable, variable.assign_sub(g * rate * inverse(&sum, &last))))
}

/// Inputs: variable, mean square, momentum's sum, rate, decay, momentum, epsilon, gradient.
fn rms_prop(node: &Node<'_>) -> Result<Built, Refusal> {
    let (variable, square, sum) = (node.variable(0)?, node.variable(1)?, node.variable(2)?);
    let (rate, decay, momentum) = (node.tensor(3)?, node.tensor(4)?, node.tensor(5)?);
    let (epsilon, g) = (node.tensor(6)?, node.tensor(7)?);
    let change = (g.square() - square.read_value()) * (1.0 - decay);
    let square = square.assign_add(change);
    let step = sum.assign(sum.read_value() * momentum + g * rate / (square + epsilon).sqrt());
    Ok(assigned(node, variable, variable.assign_sub(step)))
}

/// Inputs: variable, mean gradient, mean square, momentum's sum, rate, decay, momentum, epsilon, gradient.
fn centered_rms_prop(node: &Node<'_>) -> Result<Built, Refusal> {
    let (variable, mean, square, sum) =
        (node.variable(0)?, node.variable(1)?, node.variable(2)?, node.variable(3)?);
    let (rate, decay, momentum) = (node.tensor(4)?, node.tensor(5)?, node.tensor(6)?);
    let (epsilon, g) = (node.tensor(7)?, node.tensor(8)?);
    let share = 1.0 - decay;
    let square = square.assign_add((g.square() - square.read_value()) * &share);
    let mean = mean.assign_add((&g - mean.read_value()) * share);
    let variance = square - mean.square() + epsilon;
    let step = sum.assign(sum.read_value() * momentum + g * rate / variance.sqrt());
    Ok(assigned(node, variable, variable.assign_sub(step)))
}

/// Inputs: variable, mean square, mean square of the steps, rate, decay, epsilon, gradient.
fn adadelta(node: &Node<'_>) -> Result<Built, Refusal> {
    let (variable, square, steps) = (node.variable(0)?, node.variable(1)?, node.variable(2)?);
    let (rate, decay, epsilon, g) = (node.tensor(3)?, node.tensor(4)?, node.tensor(5)?, node.tensor(6)?);
    let share = 1.0 - &decay;
    let square = square.assign(square.read_value() * &decay + g.square() * &share);
    let before = steps.read_value();
    let step = (&before + &epsilon).sqrt() * (square + epsilon).rsqrt() * g;
    let kept = steps.assign(before * decay + step.square() * share);
    let _after = node.graph.control_dependencies([&kept.operation()]);
    Ok(assigned(node, variable, variable.assign_sub(step * rate)))
}

/// Inputs: variable, mean gradient, mean square, the powers of both decays, rate, both decays, epsilon,
/// gradient.
fn adam(node: &Node<'_>) -> Result<Built, Refusal> {
    let (variable, mean, square) = (node.variable(0)?, node.variable(1)?, node.variable(2)?);
    let (power_1, power_2, rate) = (node.tensor(3)?, node.tensor(4)?, node.tensor(5)?);
    let (decay_1, decay_2, epsilon, g) = (node.tensor(6)?, node.tensor(7)?, node.tensor(8)?, node.tensor(9)?);
    let rate = rate * (1.0 - power_2).sqrt() / (1.0 - power_1);
    let mean = mean.assign_add((&g - mean.read_value()) * (1.0 - &decay_1));
    let square = square.assign_add((g.square() - square.read_value()) * (1.0 - decay_2));
    let way = if node.flag("use_nesterov") { g * (1.0 - &decay_1) + mean * decay_1 } else { mean };
    let step = way * rate / (square.sqrt() + epsilon);
    Ok(assigned(node, variable, variable.assign_sub(step)))
}

//! What an update changes of a variable and its slots: all of them, or the rows that its gradient has.

use minutia_graph::{Output, Variable};

/// The update of one variable. Its rule is written once: `gradient`, what [`read`](Update::read) gives and
/// the new values are whole tensors, or the same rows of each. A row that several examples have is computed
/// several times, with the same bits.
pub(crate) struct Update {
    pub gradient: Output,
    /// Which rows, if not all.
    rows: Option<Output>,
    /// The assignments of slots on which that of the variable does not depend.
    slots: Vec<Output>,
}

impl Update {
    /// Of the rows that the gradient has, where these are known.
    #[track_caller]
    pub fn new(gradient: &Output, variable: &Variable) -> Update {
        let own = gradient.shape() == variable.shape();
        match gradient.indexed_slices().filter(|_| own) {
            Some(slices) => Update { gradient: slices.values, rows: Some(slices.indices), slots: Vec::new() },
            None => Update::of_all(gradient),
        }
    }

    /// Of everything.
    pub fn of_all(gradient: &Output) -> Update {
        Update { gradient: gradient.clone(), rows: None, slots: Vec::new() }
    }

    /// What the variable or slot holds now.
    #[track_caller]
    pub fn read(&self, variable: &Variable) -> Output {
        let now = variable.read_value();
        self.rows.iter().fold(now, |now, rows| now.gather(rows))
    }

    /// Gives a slot a new value, which is the result.
    #[track_caller]
    pub fn assign_slot(&mut self, slot: &Variable, value: Output) -> Output {
        match &self.rows {
            None => slot.assign(value),
            Some(rows) => {
                self.slots.push(slot.scatter_update(rows, &value));
                value
            }
        }
    }

    /// Gives the variable a new value; all assignments.
    #[track_caller]
    pub fn assign(self, variable: &Variable, value: Output) -> Vec<Output> {
        let assigned = match &self.rows {
            None => variable.assign(value),
            Some(rows) => variable.scatter_update(rows, value),
        };
        self.slots.into_iter().chain([assigned]).collect()
    }

    /// Subtracts from the variable; all assignments.
    #[track_caller]
    pub fn assign_sub(self, variable: &Variable, step: Output) -> Vec<Output> {
        let now = self.read(variable);
        self.assign(variable, now - step)
    }
}

//! Loop nests with as few dimensions as their operands allow.

/// Extents and, for each operand, strides in elements; outermost first. No extent is 1.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Nest {
    pub(crate) dims: Vec<usize>,
    pub(crate) strides: Vec<Vec<usize>>,
}

impl Nest {
    /// The nest over `dims` with loops of one step dropped and neighbours merged where every operand walks on
    /// through both alike. The order in which elements are visited stays.
    pub(crate) fn new<'a>(dims: &[usize], strides: impl IntoIterator<Item = &'a [usize]>) -> Nest {
        let walks: Vec<&[usize]> = strides.into_iter().collect();
        let mut nest = Nest { dims: Vec::new(), strides: vec![Vec::new(); walks.len()] };
        for (axis, &dim) in dims.iter().enumerate() {
            if dim == 1 {
                continue;
            }
            let merges = !nest.dims.is_empty()
                && walks
                    .iter()
                    .zip(&nest.strides)
                    .all(|(walk, kept)| kept.last() == walk[axis].checked_mul(dim).as_ref());
            if merges {
                let last = nest.dims.last_mut().expect("not empty");
                *last = last.saturating_mul(dim);
            } else {
                nest.dims.push(dim);
            }
            for (walk, kept) in walks.iter().zip(&mut nest.strides) {
                if merges {
                    kept.pop();
                }
                kept.push(walk[axis]);
            }
        }
        nest
    }

    /// The nest with a loop of one step, where it has none.
    pub(crate) fn at_least_one(mut self) -> Nest {
        if self.dims.is_empty() {
            self.dims.push(1);
            self.strides.iter_mut().for_each(|walk| walk.push(0));
        }
        self
    }

    /// How many elements the nest visits.
    pub(crate) fn elements(&self) -> usize {
        crate::Shape::from(&self.dims[..]).elements()
    }

    /// The innermost extent; 1 for a nest without loops.
    pub(crate) fn inner(&self) -> usize {
        self.dims.last().copied().unwrap_or(1)
    }
}

/// The order of loops, outermost first, that walks an operand with these strides forwards.
pub(crate) fn forwards(strides: &[usize]) -> Vec<usize> {
    let mut axes: Vec<usize> = (0..strides.len()).collect();
    axes.sort_by(|&a, &b| strides[b].cmp(&strides[a]));
    axes
}

/// `values` in the order of `axes`.
pub(crate) fn permuted(values: &[usize], axes: &[usize]) -> Vec<usize> {
    axes.iter().map(|&axis| values[axis]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_merge_only_where_all_operands_agree() {
        type Row =
            (&'static [usize], &'static [&'static [usize]], &'static [usize], &'static [&'static [usize]]);
        let rows: [Row; 6] = [
            (&[2, 3, 4], &[&[12, 4, 1], &[12, 4, 1]], &[24], &[&[1], &[1]]),
            (&[2, 3], &[&[3, 1], &[0, 1]], &[2, 3], &[&[3, 1], &[0, 1]]),
            (&[2, 3], &[&[3, 1], &[0, 0]], &[6], &[&[1], &[0]]),
            (&[2, 3], &[&[0, 0]], &[6], &[&[0]]),
            (&[1, 5, 1], &[&[9, 2, 7]], &[5], &[&[2]]),
            (&[1, 1], &[&[1, 1]], &[], &[&[]]),
        ];
        for (dims, strides, want_dims, want_strides) in rows {
            let nest = Nest::new(dims, strides.iter().copied());
            assert_eq!(nest.dims, want_dims, "{dims:?} with {strides:?}");
            assert_eq!(nest.strides, want_strides, "{dims:?} with {strides:?}");
        }
    }

    #[test]
    fn forwards_puts_the_smallest_stride_innermost() {
        let axes = forwards(&[1, 12, 4]);
        assert_eq!(
            (permuted(&[4, 2, 3], &axes), permuted(&[1, 12, 4], &axes)),
            (vec![2, 3, 4], vec![12, 4, 1])
        );
    }
}

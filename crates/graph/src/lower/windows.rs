//! Products over several axes, and windows over images.

use super::*;

/// Where a tensor lies in a larger one: for each axis its first index, and the step from one to the next.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Spread {
    pub begin: Vec<usize>,
    pub step: Vec<usize>,
    pub dims: Vec<usize>,
    /// The bits of what lies around it.
    pub fill: u32,
}

impl Lowering {
    /// Products of `a`, whose axes are batch, rows and depth, and `b`, whose axes are batch, depth and
    /// columns: batch, rows and columns are left.
    pub fn products(&mut self, a: &View, b: &View, batch: usize, depth: usize) -> View {
        let rows = a.dims.len() - batch - depth;
        let dims = [&a.dims[..batch + rows], &b.dims[batch + depth..]].concat();
        self.emit(DType::F32, &dims, |output| products_step([a, b], batch, depth, output))
    }

    /// [`Lowering::products`] that are part of a value.
    pub fn products_into(&mut self, target: &View, [a, b]: [&View; 2], batch: usize, depth: usize) {
        self.push(products_step([a, b], batch, depth, target.access()));
    }

    /// Products of matrices over a batch of axes that broadcast.
    pub fn matmul(&mut self, a: &View, b: &View) -> View {
        let (rank_a, rank_b) = (a.dims.len(), b.dims.len());
        if (rank_a, rank_b) == (2, 2) {
            return self.gemm(a, b);
        }
        let outer = |view: &View| View {
            dims: view.dims[..view.dims.len() - 2].to_vec(),
            strides: view.strides[..view.dims.len() - 2].to_vec(),
            ..view.clone()
        };
        let batch = broadcast_dims(&[outer(a), outer(b)]);
        let whole = |view: &View| view.broadcast(&[&batch, &view.dims[view.dims.len() - 2..]].concat());
        let (a, b) = (whole(a), whole(b));
        // Axes through which `b` stays the same are rows of `a`, where no others follow.
        let same =
            (0..batch.len()).rev().take_while(|&axis| b.strides[axis] == 0 || batch[axis] == 1).count();
        let kept = batch.len() - same;
        let b = View {
            dims: [&b.dims[..kept], &b.dims[batch.len()..]].concat(),
            strides: [&b.strides[..kept], &b.strides[batch.len()..]].concat(),
            ..b
        };
        self.products(&a, &b, kept, 1)
    }

    /// A tensor among equal elements; made once, however many ask for it.
    pub fn spread(&mut self, view: &View, spread: Spread) -> View {
        if spread.dims == view.dims {
            return view.clone();
        }
        let key = (view.clone(), spread);
        if let Some(made) = self.known.spread.get(&key) {
            return made.clone();
        }
        let (view, spread) = &key;
        let whole = self.value(Source::Computed, view.dtype(), &spread.dims);
        self.write(&whole, None, MapProgram::fill(spread.fill));
        let mut target = whole.slice(&spread.begin, &view.dims);
        target.strides.iter_mut().zip(&spread.step).for_each(|(stride, step)| *stride *= step);
        self.write(&target, Some(view), MapProgram::identity());
        self.known.spread.insert(key, whole.clone());
        whole
    }

    /// `[batch, height, width, channels]` images as windows `[batch, windows.., size.., channels]`, which
    /// share elements.
    pub fn windows(
        &self,
        images: &View,
        steps: [usize; 2],
        gaps: [usize; 2],
        windows: [usize; 2],
        size: [usize; 2],
    ) -> View {
        let (&[n, _, _, c], &[image, row, column, channel]) = (&images.dims[..], &images.strides[..]) else {
            unreachable!("images have four axes")
        };
        let times = |a: usize, b: usize| a.saturating_mul(b);
        View {
            operand: images.operand,
            dims: vec![n, windows[0], windows[1], size[0], size[1], c],
            strides: vec![
                image,
                times(row, steps[0]),
                times(column, steps[1]),
                times(row, gaps[0]),
                times(column, gaps[1]),
                channel,
            ],
        }
    }

    /// Reduces a map over several inputs of the same extents, of which the last `reduced` axes vanish.
    pub fn reduce_map(
        &mut self,
        op: ReduceOp,
        dtype: DType,
        inputs: &[View],
        reduced: usize,
        build: impl FnOnce(&mut MapBuilder, &[Value]) -> Value,
    ) -> View {
        let mut m = MapBuilder::new(inputs.len());
        let values: Vec<Value> = (0..inputs.len()).map(|i| m.input(i)).collect();
        let result = build(&mut m, &values);
        let program = m.finish(&[result]);
        let (dims, reduced) = inputs[0].dims.split_at(inputs[0].dims.len() - reduced);
        self.emit(dtype, dims, |output| {
            Primitive::Reduce(Reduce {
                op,
                dtype,
                dims: dims.to_vec(),
                reduced: reduced.to_vec(),
                inputs: inputs.iter().map(View::access).collect(),
                program: program.clone(),
                epilogue_inputs: Vec::new(),
                epilogue: MapProgram::identity(),
                outputs: vec![output],
            })
        })
    }
}

/// What writes [`Lowering::products`].
fn products_step([a, b]: [&View; 2], batch: usize, depth: usize, output: Access) -> Primitive {
    let rows = a.dims.len() - depth;
    Primitive::Gemm(Gemm {
        batch: a.dims[..batch].to_vec(),
        rows: a.dims[batch..rows].to_vec(),
        n: b.dims[batch + depth],
        depth: a.dims[rows..].to_vec(),
        a: a.access(),
        b: b.access(),
        epilogue_inputs: Vec::new(),
        epilogue: MapProgram::identity(),
        outputs: vec![output],
    })
}

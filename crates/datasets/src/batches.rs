use minutia_kernels::rng::Generator;

/// TensorFlow 1's `next_batch`: shuffled rows, epoch after epoch. A batch may straddle two epochs: it takes
/// what is left of one and goes on with the newly shuffled next.
///
/// The order is a function of the seed alone: the shuffle of epoch `e` draws from the stream `batches/e`, so
/// that [`seek`](Batches::seek) finds any place again.
///
/// ```
/// use minutia_datasets::Batches;
/// let mut batches = Batches::new(5, 2, 7);
/// let mut seen: Vec<i32> = (0..5).flat_map(|_| batches.next_batch().to_vec()).collect();
/// // Ten rows: two epochs of five.
/// seen[..5].sort();
/// seen[5..].sort();
/// assert_eq!(seen, [0, 1, 2, 3, 4, 0, 1, 2, 3, 4]);
/// ```
#[derive(Clone, Debug)]
pub struct Batches {
    seed: u64,
    epoch: u64,
    /// Rows of this epoch that were handed out.
    used: usize,
    order: Vec<i32>,
    batch: Vec<i32>,
}

impl Batches {
    /// Batches of `batch` among `rows` rows.
    ///
    /// # Panics
    /// When there are no rows, or more than `i32` counts.
    #[must_use]
    pub fn new(rows: usize, batch: usize, seed: u64) -> Batches {
        assert!(rows > 0 && i32::try_from(rows).is_ok(), "{rows} rows cannot be shuffled");
        let mut batches = Batches { seed, epoch: 0, used: 0, order: vec![0; rows], batch: vec![0; batch] };
        batches.shuffle();
        batches
    }

    /// The rows of the next batch. Allocates nothing.
    pub fn next_batch(&mut self) -> &[i32] {
        let mut filled = 0;
        while filled < self.batch.len() {
            if self.used == self.order.len() {
                self.epoch += 1;
                self.used = 0;
                self.shuffle();
            }
            let n = (self.order.len() - self.used).min(self.batch.len() - filled);
            self.batch[filled..filled + n].copy_from_slice(&self.order[self.used..self.used + n]);
            filled += n;
            self.used += n;
        }
        &self.batch
    }

    /// How many rows were handed out since the beginning: what [`seek`](Batches::seek) takes.
    #[must_use]
    pub fn position(&self) -> u64 {
        self.epoch * self.order.len() as u64 + self.used as u64
    }

    /// Goes to where [`position`](Batches::position) was.
    pub fn seek(&mut self, position: u64) {
        let rows = self.order.len() as u64;
        self.epoch = position / rows;
        self.used = (position % rows) as usize;
        self.shuffle();
    }

    fn shuffle(&mut self) {
        self.order.iter_mut().enumerate().for_each(|(i, row)| *row = i as i32);
        Generator::new(self.seed, &format!("batches/{}", self.epoch)).shuffle(&mut self.order);
    }
}

//! What is refused, on every rank and with one message.

mod common;

use common::ranks;
use minutia_graph::{Device, Graph, Output, Variable};
use minutia_mpi::{Communicator, DataParallel, Error, Trainer, agree, in_order, together};
use minutia_optim::{Adam, GradientDescent, Momentum, Optimizer};
use serde::{Deserialize, Serialize};

/// A graph with one variable, and its loss.
fn graph() -> (Variable, Output) {
    let graph = Graph::new();
    let w = graph.variable("w", 2.0_f32);
    let loss = w.square();
    (w, loss)
}

fn build<'c>(
    communicator: &'c dyn Communicator,
    training: DataParallel,
    optimizer: &impl Optimizer,
    loss: &Output,
) -> Result<Trainer<'c>, Error> {
    training.build(communicator, optimizer, loss, &Device::cpu().expect("the CPU"), ())
}

/// What all of so many ranks are told, which must be the same.
fn told(size: usize, run: impl Fn(&dyn Communicator) -> Result<(), Error> + Sync) -> String {
    let messages = ranks(size, |communicator| {
        let error = run(communicator).expect_err("it is refused");
        assert!(error.is_shared(), "every rank must know of it: {error}");
        error.to_string()
    });
    assert!(messages.iter().all(|message| *message == messages[0]), "{messages:?}");
    messages[0].clone()
}

#[test]
fn ranks_that_differ_are_named() {
    type Change = fn(DataParallel) -> DataParallel;
    let different = |communicator: &dyn Communicator, change: Change| {
        let training = DataParallel::new(4).identity("data", "abc");
        let training = if communicator.rank() == 1 { change(training) } else { training };
        build(communicator, training, &GradientDescent::new(0.1), &graph().1).map(drop)
    };
    let changes: [(&str, Change); 4] = [
        ("ranks differ in shards: 4 on ranks 0 and 2, 8 on rank 1", |_| {
            DataParallel::new(8).identity("data", "abc")
        }),
        ("ranks differ in data: abc on ranks 0 and 2, abd on rank 1", |_| {
            DataParallel::new(4).identity("data", "abd")
        }),
        ("ranks differ in data: abc on ranks 0 and 2, not known on rank 1", |_| DataParallel::new(4)),
        ("ranks differ in norm to clip to: None on ranks 0 and 2, Some(1.0) on rank 1", |training| {
            training.clip_by_global_norm(1.0)
        }),
    ];
    for (expected, change) in changes {
        let message = told(3, |communicator| different(communicator, change));
        assert!(message.starts_with(expected) && message.contains("hint:"), "{message}");
    }
    let message = told(2, |communicator| {
        let (w, loss) = graph();
        let loss = if communicator.rank() == 1 { loss + &w * 1e-3 } else { loss };
        build(communicator, DataParallel::new(2), &GradientDescent::new(0.1), &loss).map(drop)
    });
    assert!(message.starts_with("ranks differ in graph: "), "{message}");
    let message = told(2, |communicator| {
        let rate = [0.1, 0.2][communicator.rank()];
        build(communicator, DataParallel::new(2), &Momentum::new(rate, 0.9), &graph().1).map(drop)
    });
    assert!(message.starts_with("ranks differ in optimizer: ") && message.contains("0.2"), "{message}");
}

#[test]
fn what_cannot_be_trained_is_refused() {
    type Refused = fn(&dyn Communicator) -> Result<(), Error>;
    let cases: [(&str, Refused); 6] = [
        ("ranks 0 to 2: there are 2 shards for 3 ranks, and rank 2 would have none", |c| {
            build(c, DataParallel::new(2), &Adam::default(), &graph().1).map(drop)
        }),
        ("ranks 0 to 2: a batch has 0 shards", |c| {
            build(c, DataParallel::new(0), &Adam::default(), &graph().1).map(drop)
        }),
        ("ranks 0 to 2: the norm to clip to is -1", |c| {
            let training = DataParallel::new(4).clip_by_global_norm(-1.0);
            build(c, training, &Adam::default(), &graph().1).map(drop)
        }),
        ("ranks 0 to 2: the graph has a scope 'data_parallel'", |c| {
            let (_, loss) = graph();
            let first = build(c, DataParallel::new(3), &GradientDescent::new(0.1), &loss);
            drop(first.expect("the first time"));
            build(c, DataParallel::new(3), &GradientDescent::new(0.1), &loss).map(drop)
        }),
        ("ranks 0 to 2: with the loss 'Square', 'w' would be assigned", |c| {
            let (w, loss) = graph();
            let beside = w.assign(1.0).operation();
            build(c, DataParallel::new(3).beside(&beside), &GradientDescent::new(0.1), &loss).map(drop)
        }),
        ("ranks 0 to 2: loss 'Const' has no variable to train", |c| {
            let loss = Graph::new().constant(1.0_f32);
            build(c, DataParallel::new(3), &GradientDescent::new(0.1), &loss).map(drop)
        }),
    ];
    for (expected, refused) in cases {
        let message = told(3, refused);
        assert!(message.starts_with(expected) && message.contains("hint:"), "{message}");
    }
}

#[test]
fn what_one_rank_cannot_do_all_are_told() {
    let message = told(4, |communicator| {
        let result = if communicator.rank() > 1 { Err("no such folder") } else { Ok(()) };
        together(communicator, result)
    });
    assert_eq!(message, "ranks 2 and 3: no such folder");
    let message = told(4, |communicator| {
        let compute = |i: usize| if i == 5 { Err("number 5") } else { Ok(i) };
        in_order(communicator, 10, compute).map(drop)
    });
    assert_eq!(message, "rank 1: number 5");
    let message =
        told(2, |communicator| agree(communicator, &[("rank".into(), communicator.rank().to_string())]));
    assert!(message.starts_with("ranks differ in rank: 0 on rank 0, 1 on rank 1"), "{message}");
}

/// What is written without a part that reading wants.
#[derive(Deserialize, Serialize)]
struct Lossy {
    #[serde(skip_serializing)]
    _lost: u8,
}

#[test]
fn results_that_do_not_come_back_are_an_error() {
    let outcomes =
        ranks(2, |communicator| in_order(communicator, 2, |_| Ok::<Lossy, Error>(Lossy { _lost: 1 })).err());
    for error in outcomes {
        assert!(matches!(error, Some(Error::Undecodable { .. })), "{error:?}");
    }
}

#[test]
fn a_checkpoint_goes_on_in_its_own_training_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let resume = |communicator: &dyn Communicator, shards: usize| {
        let (_, loss) = graph();
        let mut trainer = build(communicator, DataParallel::new(shards), &Adam::default(), &loss)?;
        trainer.resume(folder.path())?;
        trainer.step(|_, _| Ok(()))?;
        trainer.save()?;
        Ok(trainer.steps())
    };
    assert_eq!(ranks(2, |communicator| resume(communicator, 2).expect("a step")), [1, 1]);
    assert_eq!(ranks(1, |communicator| resume(communicator, 2).expect("another")), [2]);
    let message = told(2, |communicator| resume(communicator, 4).map(drop));
    assert!(message.contains("is of another training: shards was 2, and is 4"), "{message}");

    let file = folder.path().join("checkpoint");
    let whole = std::fs::read(&file).expect("a file");
    let (half, foreign) = (&whole[..whole.len() / 2], b"something else");
    for (bytes, expected) in
        [(half, "is truncated or damaged"), (foreign, "was not written by training in shards")]
    {
        std::fs::write(&file, bytes).expect("a file");
        let message = told(2, |communicator| resume(communicator, 2).map(drop));
        assert!(message.starts_with("rank 0: checkpoint ") && message.contains(expected), "{message}");
        assert_eq!(std::fs::read(&file).expect("a file"), bytes, "it stays as it is");
    }
    let blocked = folder.path().join("checkpoint/below");
    let message = told(2, |communicator| {
        let (_, loss) = graph();
        let mut trainer = build(communicator, DataParallel::new(2), &Adam::default(), &loss)?;
        let own = if communicator.rank() == 1 { blocked.clone() } else { folder.path().join("other") };
        trainer.resume(own).map(drop)
    });
    assert!(message.starts_with("rank 1: the folder ") && message.contains("hint:"), "{message}");
}

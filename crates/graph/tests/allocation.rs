//! A callable allocates nothing: not when it runs, not when it is fed by handle or by name, not when it is
//! read.
#![allow(unsafe_code)]

use minutia_graph::{DType, Device, Graph, Session, Tensor, feeds};
use std::{
    alloc::{GlobalAlloc, Layout, System},
    sync::atomic::{AtomicUsize, Ordering::SeqCst},
};

struct Counting;

static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);

// SAFETY: every call goes to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, SeqCst);
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, start: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(start, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn allocations(what: &str, mut steps: impl FnMut()) {
    // What is set for the first time gets memory of its own.
    steps();
    let before = ALLOCATIONS.load(SeqCst);
    (0..10).for_each(|_| steps());
    assert_eq!(ALLOCATIONS.load(SeqCst) - before, 0, "{what}");
}

/// One test, since the count is the process's.
#[test]
fn callables_allocate_nothing() {
    classifier();
    inverse();
}

/// A classifier of images that lie on the device, a step of which is told the rows that it takes.
fn classifier() {
    let (count, batch, width, classes) = (200, 50, 64, 10);
    let graph = Graph::new();
    let images: Vec<u8> = (0..count * width).map(|i| (i * 37 % 256) as u8).collect();
    let images = graph.constant(Tensor::from_vec([count, width], images).unwrap());
    let labels = graph.constant((0..count as i32).map(|i| i % classes).collect::<Vec<_>>());
    let rows = graph.placeholder("rows", DType::I32, [batch]);
    let rate = graph.placeholder("rate", DType::F32, ());
    let x = images.gather(&rows).cast(DType::F32) * (1.0 / 255.0);
    let w = graph.variable("w", graph.random_normal([width, classes as usize], 0.0, 0.1));
    let b = graph.variable("b", graph.zeros([classes as usize]));
    let hot = labels.gather(&rows).one_hot(classes as usize);
    let loss = (x.matmul(&w) + &b).relu().softmax_cross_entropy_with_logits(&hot).reduce_mean(..);
    let gradients = graph.gradients(&loss, &[&w, &b]).unwrap();
    let updates = [&w, &b].into_iter().zip(gradients).map(|(v, g)| v.assign_sub(g.unwrap() * &rate));
    let updates: Vec<_> = updates.map(|u| u.operation()).collect();
    let train = graph.group(&updates);
    let mut session = Session::new(&graph, &Device::cpu().unwrap()).unwrap();
    session.run(graph.global_variables_initializer(), feeds! {}).unwrap();
    let zeros = vec![0; batch];
    let mut step = session.make_callable((&train, &loss), feeds! { rows => zeros, rate => 0.1_f32 }).unwrap();
    let mut taken = vec![0; batch];
    let mut number = 0;
    allocations("a classifier's step", || {
        number += 1;
        taken.iter_mut().enumerate().for_each(|(i, row)| *row = ((i * 3 + number * 7) % count) as i32);
        step.set(&rows, &taken).unwrap();
        step.set("rows", &taken).unwrap();
        step.set("rate", &[0.05_f32]).unwrap();
        step.run().unwrap();
        assert!(step.value::<f32>(&loss).unwrap().is_finite());
    });
}

/// The inverse of a matrix by gradient descent on the sum of |x A - I|, with Adagrad's slot written out.
fn inverse() {
    let n = 12;
    let graph = Graph::new();
    let a = graph.placeholder("a", DType::F32, [n, n]);
    let x = graph.variable("x", graph.random_normal([n, n], 0.0, 0.1));
    let slot = graph.untrainable_variable("x/slot", graph.fill([n, n], 0.1));
    let identity: Vec<f32> = (0..n * n).map(|i| f32::from(i % (n + 1) == 0)).collect();
    let identity = graph.constant(Tensor::from_vec([n, n], identity).unwrap());
    let loss = (x.matmul(&a) - identity).abs().reduce_sum(..);
    let g = graph.gradients(&loss, &[&x]).unwrap()[0].clone().unwrap();
    let sum = slot.assign_add(g.square());
    let update = x.assign_sub(g * 0.01 / sum.sqrt());
    let mut session = Session::new(&graph, &Device::cpu().unwrap()).unwrap();
    session.run(graph.global_variables_initializer(), feeds! {}).unwrap();
    let mut matrix: Vec<f32> = (0..n * n).map(|i| (i * 31 % 17) as f32 / 17.0).collect();
    let first = Tensor::from_vec([n, n], matrix.clone()).unwrap();
    let mut step = session.make_callable((update.operation(), &loss, &x), feeds! { a => first }).unwrap();
    let mut read = vec![0.0_f32; n * n];
    allocations("an inverse's step", || {
        matrix[0] += 0.001;
        step.set("a", &matrix).unwrap();
        step.set(&a, &matrix).unwrap();
        step.run().unwrap();
        step.value::<f32>(&loss).unwrap();
        step.read(&*x, &mut read).unwrap();
    });
}

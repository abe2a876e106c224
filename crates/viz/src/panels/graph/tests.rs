use super::{layout::normal, *};

fn node(scope: &str) -> Node {
    Node { label: "node".into(), scope: scope.into(), ..Node::default() }
}

fn edge(from: usize, to: usize) -> Edge {
    Edge { from, to, dashed: false }
}

/// A graph without cycles whose shape depends on the seed alone: labels, scopes and edges of every kind.
fn random(seed: u64) -> (Vec<Node>, Vec<Edge>) {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = move |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below
    };
    let scopes = ["", "a", "a/b", "a/b/a_long_name_for_a_scope", "c", "d/e", "d//f", "/d"];
    let count = 1 + next(24);
    let nodes = (0..count)
        .map(|i| Node {
            label: "x".repeat(1 + next(14)),
            detail: "f32".repeat(next(3)),
            scope: scopes[next(scopes.len())].into(),
            group: i,
        })
        .collect();
    let edges = (0..next(2 * count))
        .map(|_| (next(count), next(count)))
        .filter(|(a, b)| a != b)
        .map(|(a, b)| edge(a.min(b), a.max(b)));
    (nodes, edges.collect())
}

fn check(diagram: &GraphDiagram, left_to_right: bool) {
    let Layout { nodes, scopes, .. } = &diagram.layout;
    let inside = |inner: &Area, outer: &Area| {
        let (a, b) = ((inner.corner, inner.end()), (outer.corner, outer.end()));
        a.0.0 >= b.0.0 && a.0.1 >= b.0.1 && a.1.0 <= b.1.0 && a.1.1 <= b.1.1
    };
    for (arrow, e) in diagram.arrows.iter().zip(&diagram.edges) {
        let (from, to, tip) = (nodes[e.from], nodes[e.to], arrow.head[0]);
        if left_to_right {
            assert!(from.end().0 < to.corner.0, "arrows go right");
            assert!((tip.0 - to.corner.0).abs() < 1e-9 && tip.1 > to.corner.1 && tip.1 < to.end().1);
        } else {
            assert!(from.end().1 < to.corner.1, "arrows go down");
            assert!((tip.1 - to.corner.1).abs() < 1e-9 && tip.0 > to.corner.0 && tip.0 < to.end().0);
        }
        for (i, other) in nodes.iter().enumerate().filter(|(i, _)| *i != e.from && *i != e.to) {
            assert!(!arrow.shaft.samples(24).iter().any(|&p| other.holds(p)), "{e:?} runs through node {i}");
        }
    }
    for (i, a) in nodes.iter().enumerate() {
        assert!(nodes[..i].iter().all(|b| !a.overlaps(b)), "node {i} overlaps another");
        for scope in scopes {
            let member =
                format!("{}/", normal(&diagram.nodes[i].scope)).starts_with(&format!("{}/", scope.path));
            assert!(
                if member { inside(a, &scope.area) } else { !a.overlaps(&scope.area) },
                "{i} and {}",
                scope.path
            );
        }
    }
    for (i, a) in scopes.iter().enumerate() {
        for b in &scopes[..i] {
            let nested = a.path.starts_with(&format!("{}/", b.path));
            assert!(
                if nested { inside(&a.area, &b.area) } else { !a.area.overlaps(&b.area) },
                "{} {}",
                a.path,
                b.path
            );
        }
        assert!(inside(&diagram.tabs[i], &a.area), "the name fits its box");
    }
}

#[test]
fn arrows_go_one_way_and_nothing_overlaps() {
    for seed in 0..60 {
        let (nodes, edges) = random(seed);
        let diagram = GraphDiagram::new(nodes, edges).unwrap();
        check(&diagram, false);
        check(&diagram.left_to_right(), true);
    }
}

#[test]
fn a_layout_does_not_depend_on_the_ones_before_it() {
    // The layout's hash maps have other seeds each time, and its counter of names goes on, over powers of ten
    // too.
    let laid_out = |seed| {
        let (nodes, edges) = random(seed);
        format!("{:?}", GraphDiagram::new(nodes, edges).unwrap())
    };
    let first: Vec<String> = (0..12).map(laid_out).collect();
    for _ in 0..12 {
        assert!((0..12).map(laid_out).eq(first.iter().cloned()));
    }
    let threads: Vec<_> =
        (0..4).map(|_| std::thread::spawn(move || (0..12).map(laid_out).collect::<Vec<_>>())).collect();
    for thread in threads {
        assert!(thread.join().unwrap() == first);
    }
}

#[test]
fn bad_edges_are_errors() {
    let new = |nodes: usize, edges: &[(usize, usize)]| {
        let edges = edges.iter().map(|&(a, b)| edge(a, b)).collect();
        GraphDiagram::new(vec![node("a"); nodes], edges).map(|_| ())
    };
    assert_eq!(new(2, &[(0, 1), (1, 0)]), Err(Error::Cycle { index: 0 }));
    assert_eq!(new(1, &[(0, 0)]), Err(Error::Cycle { index: 0 }));
    // Node 0 is before the others and node 1 is only after the cycle.
    assert_eq!(new(4, &[(2, 1), (2, 3), (3, 2), (0, 2)]), Err(Error::Cycle { index: 3 }));
    assert_eq!(new(1, &[(0, 7)]), Err(Error::Edge { index: 7, nodes: 1 }));
    assert_eq!(new(0, &[]), Ok(()));
    assert_eq!(new(2, &[(0, 1), (0, 1)]), Ok(()), "two arrows between the same nodes are fine");
}

/// A chain of so many nodes, laid out on a thread with so little stack.
fn chain(count: usize, stack: usize) -> Result<GraphDiagram, Error> {
    let run = move || {
        let edges = (1..count).map(|i| edge(i - 1, i)).collect();
        GraphDiagram::new(vec![node(""); count], edges)
    };
    std::thread::Builder::new().stack_size(stack).spawn(run).unwrap().join().unwrap()
}

#[test]
fn a_long_chain_is_laid_out_on_a_small_stack() {
    assert!(chain(700, 160 << 10).unwrap().layout.size.1 > 700.0 * 26.0);
}

#[test]
fn a_chain_of_five_thousand_is_laid_out_on_a_usual_stack() {
    assert!(chain(5000, 2 << 20).unwrap().layout.size.1 > 5000.0 * 26.0);
}

#[test]
fn graphs_that_are_too_large_are_errors() {
    assert!(matches!(chain(20_000, 2 << 20), Err(Error::Size { found: 39_999, most: 10_000, .. })));
    // Each edge of a comb passes more layers than the one before, as does a scope with the layers that it
    // takes.
    let comb = |count: usize, scope: &str| {
        let edges = (1..count).flat_map(|i| [edge(i - 1, i), edge(0, i)]).collect();
        GraphDiagram::new(vec![node(scope); count], edges).map(|_| ())
    };
    assert!(matches!(comb(90, ""), Err(Error::Size { found: 12_016, .. })), "{:?}", comb(90, ""));
    assert!(matches!(comb(80, "s"), Err(Error::Size { found: 12_119, .. })), "{:?}", comb(80, "s"));
    assert_eq!((comb(40, ""), comb(40, "s")), (Ok(()), Ok(())));
    let scopes =
        |depth: usize| GraphDiagram::new(vec![node(&vec!["s"; depth].join("/"))], Vec::new()).map(|_| ());
    assert!(matches!(scopes(101), Err(Error::Size { found: 101, most: 100, .. })));
    assert_eq!(scopes(20), Ok(()));
}

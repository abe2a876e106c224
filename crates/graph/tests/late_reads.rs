//! When variables are read: under control dependencies, in initial values, in graphs from files.

use minutia_graph::{Device, Error, Graph, Output, Session, feeds};

fn session(graph: &Graph) -> Session {
    let mut session = Session::new(graph, &Device::cpu().unwrap()).unwrap();
    session.run(graph.global_variables_initializer(), feeds! {}).unwrap();
    session
}

fn value(session: &mut Session, output: &Output) -> f32 {
    session.run(output, feeds! {}).unwrap().value().unwrap()
}

#[test]
fn under_control_dependencies_the_assigned_variable_is_read_late() -> Result<(), Error> {
    let graph = Graph::new();
    let (v, w) = (graph.variable("v", 1.0_f32), graph.variable("w", 1.0_f32));
    let assign = v.assign(graph.constant(5.0_f32));
    let earlier = w.assign(graph.constant(7.0_f32));
    let (read, before) = (&v * 10.0, v.identity());
    let after = graph.control_dependencies([&graph.group([&assign.operation()])]);
    let late = (v.identity() + &read * 0.0 + &before).with_name("late");
    let other = w.identity();
    let nested = {
        let _inner = graph.control_dependencies([&earlier.operation()]);
        &v * &w
    };
    let outside = {
        let _outside = graph.outside_control_dependencies();
        v.identity()
    };
    drop(after);
    // 5, and 1 from before.
    assert_eq!(value(&mut session(&graph), &late), 6.0);
    assert_eq!(value(&mut session(&graph), &nested), 35.0);
    assert_eq!(value(&mut session(&graph), &outside), 1.0);
    // `w` is assigned in the same run, by an operation that is no dependency of this read.
    let (other, ..) = session(&graph).run((&other, &earlier), feeds! {})?;
    assert_eq!(other.value::<f32>()?, 1.0);
    let text = serde_json::to_string(&graph).expect("it is sound");
    let copy: Graph = serde_json::from_str(&text).expect("it was written by this version");
    assert_eq!(value(&mut session(&copy), &copy.get("late")?), 6.0);
    Ok(())
}

#[test]
fn gradients_are_those_of_what_was_computed() -> Result<(), Error> {
    let graph = Graph::new();
    let v = graph.variable("v", 1.0_f32);
    let early = v.square();
    let assign = v.assign(graph.constant(5.0_f32)).operation();
    let after = graph.control_dependencies([&assign]);
    let late = v.square();
    let gradient =
        |y: &Output| Ok::<_, Error>(graph.gradients(y, [&v])?[0].clone().expect("it depends on v"));
    let (early, late, both) = (gradient(&early)?, gradient(&late)?, gradient(&(&early + &late))?);
    drop(after);
    let found = session(&graph).run([&early, &late, &both], feeds! {})?;
    assert_eq!(found.map(|t| t.value::<f32>().unwrap()), [2.0, 10.0, 12.0]);
    Ok(())
}

#[test]
fn variables_made_under_control_dependencies_do_not_depend_on_them() -> Result<(), Error> {
    let graph = Graph::new();
    let v = graph.variable("v", 1.0_f32);
    let add = v.assign_add(1.0).operation();
    let w = {
        let _after = graph.control_dependencies([&add]);
        graph.variable("w", 2.0_f32)
    };
    let mut session = Session::new(&graph, &Device::cpu()?)?;
    session.run(w.initializer(), feeds! {})?;
    assert_eq!(value(&mut session, &w), 2.0);
    session.run(v.initializer(), feeds! {})?;
    assert_eq!((value(&mut session, &w), value(&mut session, &v)), (2.0, 1.0));
    Ok(())
}

#[test]
fn initial_values_of_other_variables_are_their_new_ones() -> Result<(), Error> {
    let graph = Graph::new();
    let a = graph.variable("a", graph.random_normal([3], 0.0, 1.0));
    let shared = &*a * 2.0 + graph.random_normal([3], 0.0, 1.0) * 0.0;
    let b = graph.variable("b", &shared);
    let c = graph.variable("c", &*b + &*a);
    let d = graph.variable("d", &*c);
    let reversed = graph.group([&d, &c, &b, &a].map(|v| v.initializer()));
    let mut session = Session::new(&graph, &Device::cpu()?)?;
    let mut last = None;
    for init in [&graph.global_variables_initializer(), &reversed, &reversed] {
        session.run(init, feeds! {})?;
        let [a, b, c, d] = session.run([&a, &b, &c, &d], feeds! {})?;
        for (i, &x) in a.as_slice::<f32>()?.iter().enumerate() {
            let found = [&b, &c, &d].map(|t| t.as_slice::<f32>().unwrap()[i]);
            assert_eq!(found, [x * 2.0, x * 2.0 + x, x * 2.0 + x]);
        }
        assert_ne!(last.replace(a.clone()), Some(a), "each run draws anew");
    }
    // By itself an initializer takes what the others hold.
    session.set_variable(&a, &[1.0_f32, 2.0, 3.0].into())?;
    session.run(b.initializer(), feeds! {})?;
    assert_eq!(session.run(&b, feeds! {})?.as_slice::<f32>()?, [2.0, 4.0, 6.0]);
    // Elsewhere the expression is what it was: of the beginning of the run.
    let (found, ..) = session.run((&shared, &a.assign(&*a * 0.0)), feeds! {})?;
    assert_eq!(found.as_slice::<f32>()?, [2.0, 4.0, 6.0]);
    let mut fresh = Session::new(&graph, &Device::cpu()?)?;
    let error = fresh.run(b.initializer(), feeds! {}).unwrap_err();
    assert!(matches!(&error, Error::Uninitialized { variables } if variables == &["'a'"]), "{error}");
    Ok(())
}

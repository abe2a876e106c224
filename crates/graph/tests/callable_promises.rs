//! What a callable promises, whatever else the session does.

use minutia_graph::{Device, Error, Graph, Session, feeds};

#[test]
fn fetched_values_stay_until_the_step_runs_again() -> Result<(), Error> {
    let graph = Graph::new();
    let v = graph.variable("v", [1.0_f32, 2.0]);
    let double = v.assign(&v * 2.0);
    let reset = v.assign(graph.constant([-1.0_f32, -1.0])).operation();
    let mut session = Session::new(&graph, &Device::cpu()?)?;
    session.run(graph.global_variables_initializer(), feeds! {})?;

    let mut old = session.make_callable(&v, feeds! {})?;
    let mut new = session.make_callable(&double, feeds! {})?;
    old.run()?;
    new.run()?;
    session.run(&reset, feeds! {})?;
    assert_eq!(old.fetch()?.as_slice::<f32>()?, [1.0, 2.0], "a fetched variable");
    assert_eq!(new.fetch()?.as_slice::<f32>()?, [2.0, 4.0], "a fetched new value");
    old.run()?;
    assert_eq!(old.fetch()?.as_slice::<f32>()?, [-1.0, -1.0]);
    Ok(())
}

#[test]
fn a_step_has_no_values_before_it_has_run() -> Result<(), Error> {
    let graph = Graph::new();
    let v = graph.variable("v", [1.0_f32, 4.0]);
    let root = v.sqrt();
    let mut session = Session::new(&graph, &Device::cpu()?)?;
    session.set_check_numerics(true);
    let mut step = session.make_callable(&root, feeds! {})?;
    let mut read = [0.0_f32; 2];
    assert!(matches!(step.fetch(), Err(Error::NotRun)));
    assert!(matches!(step.read(&root, &mut read), Err(Error::NotRun)));
    assert!(step.run().is_err_and(|e| matches!(e, Error::Uninitialized { .. })));
    assert!(matches!(step.fetch(), Err(Error::NotRun)), "a run that failed");
    session.run(graph.global_variables_initializer(), feeds! {})?;
    step.run()?;
    assert_eq!(step.fetch()?.as_slice::<f32>()?, [1.0, 2.0]);
    session.set_variable(&v, &[1.0_f32, -1.0].into())?;
    assert!(step.run().is_err_and(|e| matches!(e, Error::NotFinite { .. })));
    assert!(matches!(step.fetch(), Err(Error::NotRun)), "one that failed after one that did not");
    session.set_variable(&v, &[9.0_f32, 1.0].into())?;
    step.run()?;
    step.read(&root, &mut read)?;
    assert_eq!(read, [3.0, 1.0]);
    Ok(())
}

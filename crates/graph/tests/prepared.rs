//! What a prepared step promises, whatever else the session does.

use minutia_graph::{Device, Error, Graph, Session, feeds};

#[test]
fn fetched_values_stay_until_the_step_runs_again() -> Result<(), Error> {
    let graph = Graph::new();
    let v = graph.variable("v", [1.0_f32, 2.0]);
    let double = v.assign(&v * 2.0);
    let reset = v.assign(graph.constant([-1.0_f32, -1.0])).operation();
    let mut session = Session::new(&graph, &Device::cpu()?)?;
    session.run(graph.global_variables_initializer(), feeds! {})?;

    let mut old = session.prepare(&v, feeds! {})?;
    let mut new = session.prepare(&double, feeds! {})?;
    old.run()?;
    new.run()?;
    session.run(&reset, feeds! {})?;
    assert_eq!(old.fetch()?.as_slice::<f32>()?, [1.0, 2.0], "a fetched variable");
    assert_eq!(new.fetch()?.as_slice::<f32>()?, [2.0, 4.0], "a fetched new value");
    old.run()?;
    assert_eq!(old.fetch()?.as_slice::<f32>()?, [-1.0, -1.0]);
    Ok(())
}

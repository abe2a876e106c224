//! The predictions as text.

use crate::defaults::grouped;
use crate::load::moved;
use crate::model::{Costs, Job, Net, Network, Step, predictions, takeover};
use minutia_mpi::Error;
use std::fmt::Write;

/// Steps a second and what they are made of, for each net on each network.
///
/// # Errors
/// Those of [`Step::predict`].
pub fn steps(nets: &[Net], networks: &[Network], job: Job, ranks: &[usize]) -> Result<String, Error> {
    let mut text = format!("{} shards a step; times in ms\n", grouped(job.shards));
    for net in nets {
        let costs = net.costs;
        let [add, update, install] = [costs.add, costs.update, costs.install].map(|s| rounded(s * 1e9));
        let (parameters, shard) = (grouped(net.parameters), rounded(costs.shard * 1e3));
        text += &format!(
            "\n{}, {parameters} parameters: {shard} ms for the gradients of a shard; of each number, \
             {add} ns to add it, {update} ns to update it, {install} ns to take it over\n",
            net.name
        );
        let alone = Step::predict(net, &networks[0], job, 1)?.total();
        for network in networks {
            text += &format!("\n{}, {} us\n", network.name, rounded(network.latency * 1e6));
            text += " ranks  steps/s  of ideal  gradients  reduction    update    gather   of it network\n";
            let steps = predictions(net, network, job, ranks)?;
            for (ranks, step) in &steps {
                let ideal = alone / step.total() / *ranks as f64 * 100.0;
                let (reduction, gather) = (step.exchange + step.add, step.gather + step.install);
                let parts = [step.gradients, reduction, step.update, gather].map(|s| rounded(s * 1e3));
                let ([gradients, reduction, update, gather], speed) = (parts, rounded(step.per_second()));
                let _ = writeln!(
                    text,
                    "{ranks:6} {speed:>8} {ideal:>7.0} % {gradients:>10} {reduction:>10} {update:>9} {gather:>9} {:>13.0} %",
                    step.waiting() * 100.0
                );
            }
            if let Some((ranks, _)) = takeover(&steps) {
                let _ = writeln!(
                    text,
                    "From {ranks} ranks on a step waits longer for the network than it computes."
                );
            }
        }
    }
    Ok(text)
}

/// A net's costs as the arguments that give them.
pub fn arguments(net: &Net) -> String {
    let Costs { shard, add, update, install } = net.costs;
    let [add, update, install] = [add, update, install].map(|s| rounded(s * 1e9));
    let (parameters, shard) = (net.parameters, rounded(shard * 1e3));
    format!(
        "--parameters {parameters} --shard-ms {shard} --add-ns {add} --update-ns {update} --install-ns {install}\n"
    )
}

/// The bytes that steps move over the bound of a ring all-reduce, for some numbers of shards and of ranks.
///
/// # Errors
/// Those of [`moved`].
pub fn traffic(parameters: usize) -> Result<String, Error> {
    const SHARDS: [usize; 4] = [8, 16, 64, 1024];
    const RANKS: [usize; 10] = [2, 3, 4, 5, 6, 7, 8, 16, 48, 64];
    let mut text =
        format!("{} parameters: MB of a ring all-reduce a rank, and over them\n", grouped(parameters));
    text += " ranks   MB of a ring";
    SHARDS.iter().for_each(|shards| text += &format!("{:>10}", format!("S = {shards}")));
    for ranks in RANKS {
        let mut cells = String::new();
        let mut least = 0;
        for shards in SHARDS.into_iter().rev() {
            let mut over = String::new();
            if ranks <= shards {
                let (bytes, bound) = moved(parameters, shards, ranks)?;
                (over, least) = (format!("{:.2}", bytes as f64 / bound as f64), bound);
            }
            cells = format!("{over:>10}{cells}");
        }
        let _ = write!(text, "\n{ranks:6} {:>14}{cells}", rounded(least as f64 / ranks as f64 / 1e6));
    }
    Ok(text + "\n")
}

/// A number with three digits, or more where it has no fraction.
fn rounded(value: f64) -> String {
    let decimals = [100.0, 10.0, 1.0, 0.1, 0.01].into_iter().position(|least| value >= least).unwrap_or(5);
    format!("{value:.decimals$}")
}

//! Convolutions of well-known networks, forwards and both gradients, beside other libraries.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use minutia_graph::{DType, Graph, Output, Session, Window, feeds};
use minutia_kernels::rng::Generator;
use minutia_tensor::{Device, Tensor, cpu::Options};

use super::{
    peak, peers,
    rates::{Rate, Repeats, THREADS, fastest},
};
use crate::terminal;

/// What is computed of a convolution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pass {
    Forward,
    FilterGradient,
    ImagesGradient,
}

const PASSES: [Pass; 3] = [Pass::Forward, Pass::FilterGradient, Pass::ImagesGradient];

/// A convolution of square images with a square filter and the padding `SAME`.
#[derive(Clone, Copy, Debug)]
struct Convolution {
    batch: usize,
    /// Rows and columns of an image.
    side: usize,
    channels: usize,
    /// Rows and columns of the filter.
    filter: usize,
    outputs: usize,
    stride: usize,
}

const fn convolution(
    batch: usize,
    [side, channels]: [usize; 2],
    [filter, outputs, stride]: [usize; 3],
) -> Convolution {
    Convolution { batch, side, channels, filter, outputs, stride }
}

/// What is timed: the two of LeNet-5 (LeCun et al., 1998), both padded here, and those of ResNet-18 (He et
/// al., 2016): its stem, those that keep the size, and those that halve it.
const CONVOLUTIONS: [Convolution; 13] = [
    convolution(100, [28, 1], [5, 6, 1]),
    convolution(100, [14, 6], [5, 16, 1]),
    convolution(8, [224, 3], [7, 64, 2]),
    convolution(8, [56, 64], [3, 64, 1]),
    convolution(8, [28, 128], [3, 128, 1]),
    convolution(8, [14, 256], [3, 256, 1]),
    convolution(8, [7, 512], [3, 512, 1]),
    convolution(8, [56, 64], [3, 128, 2]),
    convolution(8, [28, 128], [3, 256, 2]),
    convolution(8, [14, 256], [3, 512, 2]),
    convolution(8, [56, 64], [1, 128, 2]),
    convolution(8, [28, 128], [1, 256, 2]),
    convolution(8, [14, 256], [1, 512, 2]),
];

/// Seconds that a contender computes for, at least; the fastest call counts.
const SECONDS: f64 = 0.25;

impl Pass {
    fn name(self) -> &'static str {
        match self {
            Pass::Forward => "forward",
            Pass::FilterGradient => "filter",
            Pass::ImagesGradient => "images",
        }
    }
}

impl Convolution {
    /// Windows in a row or a column of an image.
    fn windows(self) -> usize {
        self.side.div_ceil(self.stride)
    }

    /// The floating-point operations of each pass, those with the padding's zeros counted.
    fn operations(self) -> f64 {
        let sums = self.batch * self.windows().pow(2) * self.outputs;
        2.0 * (sums * self.filter.pow(2) * self.channels) as f64
    }

    fn shape(self) -> String {
        let Convolution { batch, side, channels, filter, outputs, stride } = self;
        let stride = if stride == 1 { String::new() } else { format!(", stride {stride}") };
        format!("{batch}x{side}x{side}x{channels} * {filter}x{filter}x{outputs}{stride}")
    }

    /// What a peer is told: `PASS,BATCH,SIDE,CHANNELS,FILTER,OUTPUTS,STRIDE`.
    fn argument(self, pass: Pass) -> String {
        let Convolution { batch, side, channels, filter, outputs, stride } = self;
        format!("{},{batch},{side},{channels},{filter},{outputs},{stride}", pass.name())
    }
}

/// Times all convolutions, `repeats` times in turn with the peers, of which medians count.
///
/// # Errors
/// When something of ours cannot be measured; a peer that fails is named and left out.
pub fn measure(options: Options, workspace: &Path, with_peers: bool, repeats: u32) -> Result<Vec<Rate>> {
    let mut peers = if with_peers { peers::of_convolutions(workspace) } else { Vec::new() };
    let rows: Vec<_> = CONVOLUTIONS.iter().flat_map(|&c| PASSES.map(|pass| (c, pass))).collect();
    let arguments: Vec<String> = rows.iter().map(|(c, pass)| c.argument(*pass)).collect();
    let mut rates = Vec::new();
    for threads in THREADS {
        let options = Options { threads: Some(threads), ..options };
        let mut found = vec![Repeats::default(); rows.len()];
        for _ in 0..repeats {
            for (&(convolution, pass), found) in rows.iter().zip(&mut found) {
                let peak = peak::peak(options, threads)?;
                let rate = rate(options, convolution, pass)?;
                found.add(rate, peak);
                let (name, shape, share) = (pass.name(), convolution.shape(), rate / peak);
                terminal::say(format_args!(
                    "  {name:7} {shape:32} {threads} {rate:8.1} GFLOP/s, {share:.2} of FMA peak"
                ))?;
            }
            // A process for all rows, since these libraries take seconds to start.
            for (name, command) in std::mem::take(&mut peers) {
                let told = [threads.to_string()].into_iter().chain(arguments.iter().cloned());
                let theirs = peers::rates_of(&command, told).and_then(|theirs| {
                    ensure!(theirs.len() == rows.len(), "{} of {} rates are there", theirs.len(), rows.len());
                    Ok(theirs)
                });
                match theirs {
                    Ok(theirs) => {
                        for ((library, rate), found) in theirs.into_iter().zip(&mut found) {
                            found.add_peer(library, rate);
                        }
                        peers.push((name, command));
                    }
                    Err(error) => terminal::say(format_args!("peer     {name} is left out: {error:#}"))?,
                }
            }
        }
        let medians = rows.iter().zip(found);
        rates.extend(medians.map(|((c, pass), found)| found.rate(c.shape(), pass.name(), threads)));
    }
    Ok(rates)
}

/// The fastest of many calls, in GFLOP/s.
fn rate(options: Options, convolution: Convolution, pass: Pass) -> Result<f64> {
    let Convolution { batch, side, channels, filter, outputs, stride } = convolution;
    let graph = Graph::new();
    let mut generator = Generator::new(1, "bench/convolution");
    let mut numbers = |dims: [usize; 4]| {
        let values = (0..dims.iter().product()).map(|_| generator.normal()).collect();
        Tensor::from_vec(dims, values)
    };
    let windows = convolution.windows();
    let (of_images, of_gradient) = ([batch, side, side, channels], [batch, windows, windows, outputs]);
    let images = graph.placeholder("images", DType::F32, of_images);
    let gradient = graph.placeholder("gradient", DType::F32, of_gradient);
    let weights = graph.variable("filter", numbers([filter, filter, channels, outputs])?);
    let window = Window::same().strides([stride, stride]);
    let result: Output = match pass {
        Pass::Forward => images.conv2d(&weights, window),
        Pass::FilterGradient => {
            let product = (images.conv2d(&weights, window) * &gradient).reduce_sum(..);
            let [gradient] = graph.gradients(product, [&weights])?;
            gradient.context("the product depends on the filter")?
        }
        Pass::ImagesGradient => gradient.conv2d_transpose(&weights, [side, side], window),
    };
    let mut session = Session::new(&graph, &Device::cpu_with(options)?)?;
    session.run(graph.global_variables_initializer(), ())?;
    let feeds = feeds! { images => numbers(of_images)?, gradient => numbers(of_gradient)? };
    let mut step = session.make_callable(&result, feeds)?;
    fastest(convolution.operations(), SECONDS, || Ok(step.run()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_pass_has_a_rate() {
        for pass in PASSES {
            let options = Options { simd: None, threads: Some(2) };
            let rate = rate(options, convolution(2, [7, 3], [3, 4, 2]), pass).unwrap();
            assert!(rate > 0.0 && rate.is_finite(), "{pass:?}: {rate}");
        }
    }

    #[test]
    fn operations_are_those_of_all_windows() {
        // 4 by 4 windows of 3 by 3 by 3 numbers, in 2 images, for 5 outputs.
        let strided = convolution(2, [7, 3], [3, 5, 2]);
        assert_eq!(strided.operations(), 2.0 * (2 * 16 * 27 * 5) as f64);
        assert_eq!(strided.shape(), "2x7x7x3 * 3x3x5, stride 2");
        assert_eq!(strided.argument(Pass::FilterGradient), "filter,2,7,3,3,5,2");
    }
}

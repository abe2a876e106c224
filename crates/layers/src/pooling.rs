use minutia_graph::{Output, Window};

/// The largest element of each window over images `[batch, height, width, channels]`, without padding:
/// TensorFlow 1's `tf.layers.max_pooling2d`. [`Output::max_pool`] takes padding and dilations, too.
///
/// ```
/// use minutia_graph::{Device, Graph, Session};
/// use minutia_layers::{average_pooling2d, max_pooling2d};
///
/// let graph = Graph::new();
/// let image = graph.constant([1.0_f32, 5.0, 2.0, 4.0]).reshape([1, 2, 2, 1]);
/// let (largest, mean) = (max_pooling2d(&image, [2, 2], [2, 2]), average_pooling2d(&image, [2, 2], [2, 2]));
/// let mut session = Session::new(&graph, &Device::cpu()?)?;
/// let (largest, mean) = session.run((&largest, &mean), ())?;
/// assert_eq!((largest.as_slice::<f32>()?, mean.as_slice::<f32>()?), (&[5.0][..], &[3.0][..]));
/// # Ok::<(), minutia_graph::Error>(())
/// ```
#[track_caller]
#[must_use]
pub fn max_pooling2d(images: impl AsRef<Output>, size: [usize; 2], strides: [usize; 2]) -> Output {
    let images = images.as_ref();
    let _scope = images.graph().name_scope("max_pooling2d");
    images.max_pool(size, Window::valid().strides(strides))
}

/// The mean of each window; otherwise as [`max_pooling2d`].
#[track_caller]
#[must_use]
pub fn average_pooling2d(images: impl AsRef<Output>, size: [usize; 2], strides: [usize; 2]) -> Output {
    let images = images.as_ref();
    let _scope = images.graph().name_scope("average_pooling2d");
    images.avg_pool(size, Window::valid().strides(strides))
}

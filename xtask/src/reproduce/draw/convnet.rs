//! `convnet_curves`, `convnet_filters`, `convnet_activations`, `convnet_misread`.

use anyhow::{Context, Result, ensure};
use minutia_viz::{ColorMap, Figure, ImageGrid, LineChart, Panel, Scale, format_number};

use crate::reproduce::{
    compute::{
        classifier::Classifier,
        convnet::{MAPS, Misread, Results, SHOWN},
        dataset::Dataset,
        training::Epoch,
    },
    config::ConvnetSettings as Parameters,
    data::{CLASSES, PIXELS, SIDE},
    draw::picture,
    run::artifact,
    stage::{Drawing, Picture, StageName},
};

/// The tutorial's accuracy, after 20,000 steps.
const TUTORIAL: f64 = 0.992;
/// Rows and columns of a filter.
const FILTER: usize = 5;
/// How large a filter and a map are drawn.
const FILTER_SIZE: f64 = 90.0;
const MAP_SIZE: f64 = 49.0;
/// Filters, maps and misread images in a row.
const FILTERS_ACROSS: usize = 8;
const MAPS_ACROSS: usize = 16;
const MISREAD_ACROSS: usize = 14;

/// The stage's figures.
///
/// # Errors
/// When an array is missing, or not of the size that the results say.
pub fn draw(drawing: &Drawing<'_>, results: &Results) -> Result<Vec<Picture>> {
    Ok(vec![
        curves(drawing, &results.epochs)?,
        filters(drawing)?,
        activations(drawing)?,
        misread(drawing, &results.misread)?,
    ])
}

/// An array of the stage.
fn array(drawing: &Drawing<'_>, name: &str, length: usize) -> Result<Vec<f32>> {
    artifact(drawing.out, StageName::Convnet, name, length)
}

fn curves(drawing: &Drawing<'_>, epochs: &[Epoch]) -> Result<Picture> {
    let Parameters { batch, steps_per_epoch, first_filters, second_filters, hidden, .. } =
        drawing.config.convnet;
    let post = drawing.input(&Classifier)?.curve();
    // An epoch of the post is as many whole batches as there are.
    let of_post = drawing.config.classifier.batch;
    let of_post = drawing.input(&Dataset)?.train / of_post * of_post;
    let curve = |epochs: &[Epoch], images: f64, value: fn(&Epoch) -> f64| -> Vec<(f64, f64)> {
        epochs.iter().map(|epoch| (epoch.epoch as f64 * images, value(epoch))).collect()
    };
    let here = |value| curve(epochs, steps_per_epoch as f64 * batch as f64, value);
    let there = |value| curve(&post, of_post as f64, value);
    let dense = format!("{PIXELS}-{}-{CLASSES}", drawing.config.classifier.hidden);
    let x = "training images seen";
    let loss = LineChart::new(x, "cross-entropy per image (nats)")
        .title("cross-entropy")
        .x_scale(Scale::Log)
        .y_scale(Scale::Log)
        .line("convolutional, test", &here(|epoch| epoch.test_cross_entropy))
        .line(format!("{dense}, test"), &there(|epoch| epoch.test_cross_entropy))
        .dashed_line("convolutional, training", &here(|epoch| epoch.train_cross_entropy));
    let right = LineChart::new(x, "share of test images read rightly")
        .title("accuracy")
        .x_scale(Scale::Log)
        .line("convolutional", &here(|epoch| epoch.test_accuracy))
        .line(dense.clone(), &there(|epoch| epoch.test_accuracy))
        .level(TUTORIAL, "99.2 %: the tutorial, on MNIST");
    let last = epochs.last().context("the results have no epochs")?;
    let panels: Vec<Box<dyn Panel>> = vec![Box::new(loss), Box::new(right)];
    let caption = format!(
        "The network of TensorFlow's tutorial \"Deep MNIST for Experts\" (convolutions of {FILTER} × {FILTER} with \
         {first_filters} and {second_filters} filters, each with relu and the largest of every 2 × 2, {hidden} hidden \
         units with dropout, softmax) beside the post's {dense}, by the training images that they have seen. After {} \
         steps, {} images, it reads {:.2} % of the test images rightly; the tutorial's 99.2 % of MNIST's take 20,000 \
         steps. The training loss is the mean over an epoch's steps, each of which leaves a part of the hidden units \
         out. The post's cross-entropy has two terms, of which the tutorial's has the first.",
        format_number(last.epoch as f64 * steps_per_epoch as f64),
        format_number(last.epoch as f64 * steps_per_epoch as f64 * batch as f64),
        last.test_accuracy * 100.0
    );
    let figure = Figure::grid(vec![panels]).title("A convolutional network learns from fewer images");
    picture(drawing, "convnet_curves", figure, caption)
}

fn filters(drawing: &Drawing<'_>) -> Result<Picture> {
    let count = drawing.config.convnet.first_filters;
    let filters = array(drawing, "filters", count * FILTER * FILTER)?;
    let reach = filters.iter().fold(0.0_f32, |reach, value| reach.max(value.abs()));
    let reach = if reach > 0.0 { f64::from(reach) } else { 1.0 };
    let across = count.min(FILTERS_ACROSS);
    let mut grid = ImageGrid::new(count.div_ceil(across), across, FILTER, FILTER)?
        .pixel_size(FILTER_SIZE / FILTER as f64)
        .color_map(ColorMap::Diverging)
        .range(-reach, reach);
    for filter in filters.chunks_exact(FILTER * FILTER) {
        grid = grid.image(filter)?;
    }
    let caption = format!(
        "The {count} filters of the first convolution after training, {FILTER} × {FILTER} weights each: red is above \
         zero, blue below, white zero; the darkest is {} from zero.",
        format_number(reach)
    );
    picture(
        drawing,
        "convnet_filters",
        Figure::new(grid).title("What the first convolution looks for"),
        caption,
    )
}

fn activations(drawing: &Drawing<'_>) -> Result<Picture> {
    let image = ImageGrid::new(1, 1, SIDE, SIDE)?
        .pixel_size(MAP_SIZE / SIDE as f64)
        .row_names(&["image"])
        .image(&array(drawing, "image", PIXELS)?)?;
    let mut rows: Vec<Vec<Box<dyn Panel>>> = vec![vec![Box::new(image)]];
    let Parameters { first_filters, second_filters, .. } = drawing.config.convnet;
    let sizes = [
        (first_filters, SIDE),
        (first_filters, SIDE / 2),
        (second_filters, SIDE / 2),
        (second_filters, SIDE / 4),
    ];
    for (name, (count, side)) in MAPS.into_iter().zip(sizes) {
        let maps = array(drawing, name, count * side * side)?;
        rows.push(vec![Box::new(layer(name, &maps, side)?)]);
    }
    let caption = format!(
        "What each layer makes of the first test image: the {first_filters} maps of the first convolution after relu \
         (conv1), the largest of every 2 × 2 of them (pool1), and the same of the second convolution with its \
         {second_filters} filters (conv2, pool2). White is 0, black the largest value of the layer."
    );
    picture(
        drawing,
        "convnet_activations",
        Figure::grid(rows).title("An image on its way through the network"),
        caption,
    )
}

/// The maps of a layer, one after the other.
fn layer(name: &str, maps: &[f32], side: usize) -> Result<ImageGrid> {
    let count = maps.len() / (side * side);
    let across = count.min(MAPS_ACROSS);
    let highest = maps.iter().fold(0.0_f32, |high, &value| high.max(value));
    let names: Vec<String> = (0..count.div_ceil(across))
        .map(|row| format!("{name}  {}–{}", row * across + 1, count.min((row + 1) * across)))
        .collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut grid = ImageGrid::new(names.len(), across, side, side)?
        .pixel_size(MAP_SIZE / side as f64)
        .range(0.0, if highest > 0.0 { f64::from(highest) } else { 1.0 })
        .row_names(&names);
    for map in maps.chunks_exact(side * side) {
        grid = grid.image(map)?;
    }
    Ok(grid)
}

fn misread(drawing: &Drawing<'_>, misread: &Misread) -> Result<Picture> {
    let Misread { images, labels, read_as } = misread;
    let count = images.len();
    ensure!((labels.len(), read_as.len()) == (count, count), "{count} misread images lack their labels");
    let shown = count.min(SHOWN);
    let pixels = array(drawing, "misread", shown * PIXELS)?;
    let names: Vec<String> =
        labels.iter().zip(read_as).map(|(label, read)| format!("{label} → {read}")).take(shown).collect();
    let mut rows: Vec<Vec<Box<dyn Panel>>> = Vec::new();
    for (images, names) in pixels.chunks(MISREAD_ACROSS * PIXELS).zip(names.chunks(MISREAD_ACROSS)) {
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let mut grid = ImageGrid::new(1, MISREAD_ACROSS, SIDE, SIDE)?.column_names(&names);
        for image in images.chunks_exact(PIXELS) {
            grid = grid.image(image)?;
        }
        rows.push(vec![Box::new(grid)]);
    }
    let which = match count {
        0 => "It reads every test image rightly.".to_string(),
        _ if shown < count => {
            format!("The first {shown} of the {} test images that are misread", format_number(count as f64))
        }
        _ => format!("The {count} test images that are misread"),
    };
    let how = if count > 0 { ", with what each is and, behind the arrow, what it is read as." } else { "" };
    let figure = Figure::grid(rows).title("What the convolutional network misreads");
    picture(drawing, "convnet_misread", figure, format!("{which}{how}"))
}

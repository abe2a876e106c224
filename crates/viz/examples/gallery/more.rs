//! Histograms, marks, uncertainty, notes, dates, dark paper, and what is done where room or colours are few.

use minutia_viz::{
    BarChart, Error, Figure, HeatMap, Histogram, Legend, LineChart, Marker, Marks, Panel, Scale, Theme,
};

/// Numbers from 0 to 1 that look random and are the same everywhere.
fn noise(seed: u32) -> impl FnMut() -> f64 {
    let mut state = seed;
    move || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        f64::from(state >> 8) / 16_777_216.0
    }
}

/// Sums of uniform numbers: nearly a bell.
fn bell(seed: u32, count: usize, mean: f64, width: f64) -> Vec<f64> {
    let mut noise = noise(seed);
    (0..count).map(|_| mean + width * ((0..12).map(|_| noise()).sum::<f64>() - 6.0)).collect()
}

pub fn figures() -> Result<Vec<(&'static str, Figure)>, Error> {
    Ok(vec![
        ("histogram", histogram()),
        ("marks", marks()),
        ("uncertainty", uncertainty()),
        ("annotations", Figure::new(annotated()).title("Notes at points")),
        (
            "dark",
            Figure::grid(vec![vec![Box::new(annotated()), Box::new(bands())]])
                .title("The same in the dark")
                .theme(Theme::Dark),
        ),
        ("dates", dates()),
        ("limits", limits()),
        ("many_series", many_series()),
        ("offsets", offsets()?),
        ("long_texts", long_texts()?),
        ("little_data", little_data()),
        (
            "other_letters",
            Figure::new(
                LineChart::new("шаг обучения", "потери").line("", &[(0.0, 2.0), (1.0, 0.5), (2.0, 0.2)]),
            )
            .title("Обучение, ½ часа")
            .font(&include_bytes!("../../tests/fonts/DejaVuSans-Cyrillic.ttf")[..])?,
        ),
    ])
}

fn histogram() -> Figure {
    let one = Histogram::new("weight", "count")
        .title("layers of a network")
        .size(420.0, 300.0)
        .bins(40)
        .range(-1.2, 1.2)
        .values("first layer", &bell(1, 4000, 0.0, 0.2))
        .values("second layer", &bell(2, 3000, 0.3, 0.3))
        .legend(Legend::UpperLeft);
    let log = Histogram::new("error", "count")
        .title("rare ones, too")
        .size(420.0, 300.0)
        .y_scale(Scale::Log)
        .values("", &bell(3, 9000, 5.0, 1.0));
    Figure::grid(vec![vec![Box::new(one), Box::new(log)]]).title("Histograms")
}

fn marks() -> Figure {
    let mut noise = noise(7);
    let points: Vec<(f64, f64)> = (0..60).map(|_| (0.5 + noise() * 9.0, 0.2 + noise() * 4.3)).collect();
    let radii: Vec<f64> = points.iter().map(|p| 2.0 + p.1 * 2.0).collect();
    let cloud: Vec<(f64, f64)> = bell(8, 800, 5.0, 1.0).into_iter().zip(bell(9, 800, 2.5, 0.5)).collect();
    let bubbles = LineChart::new("year of the model", "accuracy")
        .title("sizes")
        .size(420.0, 300.0)
        .marks("all", &points, Marks::new().sizes(&radii).opacity(0.45))
        .marks("chosen", &points[..8], Marks::new().marker(Marker::Diamond).size(5.0));
    let dense = LineChart::new("x", "y").title("opacity").size(420.0, 300.0).marks(
        "",
        &cloud,
        Marks::new().size(3.0).opacity(0.2),
    );
    Figure::grid(vec![vec![Box::new(bubbles), Box::new(dense)]]).title("Marks")
}

/// The loss of several runs: their middle and how far they lie apart.
fn runs(seed: u32, floor: f64) -> Vec<(f64, f64, f64, f64)> {
    let mut noise = noise(seed);
    (1..=40)
        .map(|i| {
            let (x, spread) = (f64::from(i), 0.1 + 0.6 / f64::from(i));
            let y = floor + 2.0 / x + 0.05 * noise();
            (x, y, y - spread * (0.5 + 0.5 * noise()), y + spread)
        })
        .collect()
}

fn bands() -> LineChart {
    LineChart::new("epoch", "loss")
        .title("bands")
        .size(420.0, 300.0)
        .legend(Legend::UpperRight)
        .band("with dropout", &runs(3, 0.3))
        .band("without", &runs(4, 0.9))
}

fn uncertainty() -> Figure {
    let few: Vec<_> = runs(5, 0.3).into_iter().step_by(4).collect();
    let bars = LineChart::new("epoch", "loss").title("bars").size(420.0, 300.0).error_bars("", &few);
    Figure::grid(vec![vec![Box::new(bands()), Box::new(bars)]])
        .title("Uncertainty")
        .caption("Middle and range of ten made-up runs.")
}

fn annotated() -> LineChart {
    let curve = |floor: f64| (1..=60).map(|i| (f64::from(i), floor + 3.0 / f64::from(i))).collect::<Vec<_>>();
    LineChart::new("epoch", "loss")
        .title("notes")
        .size(420.0, 300.0)
        .y_range(0.0, 3.5)
        .legend(Legend::Right)
        .line("train", &curve(0.2))
        .dashed_line("test", &curve(0.5))
        .annotate((1.0, 3.5), "begins here")
        .annotate((20.0, 0.65), "the test loss stays above the training loss from here on")
        .annotate((60.0, 0.25), "the end")
        .level(0.2, "floor")
}

fn dates() -> Figure {
    let hour = 3600.0;
    let series = |start: f64, step: f64, seed| {
        let mut noise = noise(seed);
        (0..60).map(|i| (start + f64::from(i) * step, 20.0 + noise() * 5.0)).collect::<Vec<_>>()
    };
    let chart = |title: &str, step: f64, seed| {
        LineChart::new("time (UTC)", "requests per second")
            .title(title)
            .size(420.0, 240.0)
            .x_scale(Scale::Date)
            .line("", &series(1_709_164_800.0, step, seed))
    };
    Figure::grid(vec![
        vec![
            Box::new(chart("an hour", 60.0, 1)) as Box<dyn Panel>,
            Box::new(chart("two and a half days", hour, 2)),
        ],
        vec![Box::new(chart("two months", 24.0 * hour, 3)), Box::new(chart("five years", 720.0 * hour, 4))],
    ])
    .title("Dates")
}

fn limits() -> Figure {
    let curve: Vec<(f64, f64)> =
        (-40..=40).map(|i| (f64::from(i) * 0.1, 1.0 / (f64::from(i) * 0.1))).collect();
    let chart = LineChart::new("x", "1 / x")
        .title("cut at ±5")
        .size(420.0, 300.0)
        .y_limits(-5.0, 5.0)
        .line("", &curve);
    let back = LineChart::new("wavenumber (1/cm)", "absorbance")
        .title("backwards")
        .size(420.0, 300.0)
        .x_limits(4000.0, 500.0)
        .line(
            "",
            &bell(4, 90, 0.5, 0.1)
                .into_iter()
                .enumerate()
                .map(|(i, y)| (i as f64 * 50.0, y))
                .collect::<Vec<_>>(),
        );
    Figure::grid(vec![vec![Box::new(chart), Box::new(back)]]).title("Explicit ends")
}

fn many_series() -> Figure {
    let line =
        |k: u32| (0..=20).map(|i| (f64::from(i), f64::from(k) + f64::from(i * k) * 0.02)).collect::<Vec<_>>();
    let mut lines = LineChart::new("x", "y").title("lines").size(520.0, 420.0).legend(Legend::Right);
    let mut dots = LineChart::new("x", "y").title("dots").size(420.0, 420.0).legend(Legend::Right);
    for k in 0..16 {
        lines = lines.line(format!("series {k}"), &line(k));
        dots = dots.scatter(format!("series {k}"), &line(k));
    }
    let far = (0..31).fold(
        LineChart::new("x", "y").title("the fifth round").size(420.0, 420.0).legend(Legend::Hidden),
        |c, k| c.line(format!("{k}"), &line(k)),
    );
    Figure::grid(vec![vec![Box::new(lines), Box::new(dots), Box::new(far)]]).title("More series than colours")
}

fn offsets() -> Result<Figure, Error> {
    let points: Vec<(f64, f64)> = bell(3, 50, 0.5, 0.1)
        .into_iter()
        .enumerate()
        .map(|(i, y)| (2e7 + 2.0 * i as f64, 1e6 + 1e-3 * y))
        .collect();
    let chart = LineChart::new("step", "counter").title("both axes").size(420.0, 300.0).line("", &points);
    let values: Vec<f32> = (0..36).map(|i| 2e7 + 2.0 * i as f32).collect();
    let map = HeatMap::new(6, 6, &values)?.title("a colour bar").index_ticks(true);
    let bars = BarChart::new("bytes")
        .title("bars")
        .from(20_000_000.0)
        .bar("one", 20_000_031.0, (20_000_029.0, 20_000_035.0))
        .bar("other", 20_000_087.0, (20_000_080.0, 20_000_090.0));
    Ok(Figure::grid(vec![vec![Box::new(chart), Box::new(map)], vec![Box::new(bars)]])
        .title("Small steps on large numbers"))
}

fn long_texts() -> Result<Figure, Error> {
    let long = "a rather long description of what is on this axis, with its unit and a remark on how it was measured (milliseconds)";
    let path = "gradients/cross_entropy/softmax_layer_with_a_very_long_name/MatMul_grad/reshape_of_the_transposed_product";
    let line = [(0.0, 1.0), (1.0, 2.0), (2.0, 1.5)];
    let chart = LineChart::new(long, long)
        .title(format!("A title that says everything there is to say: {long}"))
        .line(path, &line)
        .dashed_line("short", &[(0.0, 2.0), (2.0, 1.0)])
        .line(long, &[(0.0, 1.2), (2.0, 1.9)])
        .level(1.7, "what counts as right by the measure of the standard")
        .level(1.69, "nearly the same level, with a name as long as that");
    let bars = BarChart::new(long).title(long).bar(path, 3.0, (2.5, 3.5)).bar("short", 5.0, (4.0, 5.0)).bar(
        long,
        2.0,
        (2.0, 2.0),
    );
    let map = HeatMap::new(3, 4, &[0.25; 12])?
        .title("A title wider than the cells below it")
        .labels(long, "rows with a long label")
        .row_names(&[path, "short", long])
        .column_names(&["first column", path, "c", "last column"]);
    Ok(Figure::grid(vec![vec![Box::new(chart), Box::new(map)], vec![Box::new(bars)]])
        .title(format!("Everything is long here: {long} {long}"))
        .caption(format!("{long} {path}{path}")))
}

fn little_data() -> Figure {
    let chart = |title: &str| LineChart::new("epoch", "loss").title(title).size(300.0, 220.0);
    let none =
        chart("nothing positive").y_scale(Scale::Log).line("", &[(1.0, -2.0), (2.0, -1.0), (3.0, 0.0)]);
    let gaps = [(1.0, 3.0), (2.0, f64::NAN), (3.0, 2.0), (4.0, f64::NAN), (5.0, 1.0), (6.0, 1.2)];
    Figure::grid(vec![vec![
        Box::new(
            chart("one point")
                .y_scale(Scale::Log)
                .line("train", &[(1.0, 0.3)])
                .dashed_line("test", &[(1.0, 0.35)]),
        ),
        Box::new(chart("points between gaps").line("", &gaps)),
        Box::new(none),
    ]])
    .title("Little data")
}

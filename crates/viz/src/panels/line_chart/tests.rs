use super::{series::style, *};
use crate::{Figure, Panel, Readout};

fn svg(chart: LineChart) -> String {
    Figure::new(chart).to_inline_svg()
}

#[test]
fn a_point_between_gaps_is_a_dot() {
    let nan = f64::NAN;
    let dots = |points: &[(f64, f64)]| {
        let line = svg(LineChart::new("", "").line("", points)).matches("<circle").count();
        assert_eq!(svg(LineChart::new("", "").dashed_line("", points)).matches("<circle").count(), line);
        line
    };
    assert_eq!(dots(&[(1.0, 2.0)]), 1);
    assert_eq!(dots(&[(1.0, 2.0), (2.0, nan), (3.0, 1.0), (4.0, nan), (5.0, 1.0), (6.0, 1.0)]), 2);
    assert_eq!(dots(&[(1.0, 2.0), (2.0, 3.0)]), 0);
    let band = svg(LineChart::new("", "").band("", &[(1.0, 2.0, 1.0, 3.0)]));
    assert!(band.contains("<circle") && band.contains("stroke-width=\"1.3\""));
}

#[test]
fn a_logarithmic_axis_without_positive_values_says_so() {
    let told = |points: &[(f64, f64)], x, y| {
        svg(LineChart::new("", "").x_scale(x).y_scale(y).line("", points)).contains("no value is positive")
    };
    let (log, linear) = (Scale::Log, Scale::Linear);
    assert!(told(&[(1.0, -2.0), (2.0, 0.0)], linear, log));
    assert!(told(&[(-1.0, 2.0)], log, linear));
    assert!(!told(&[(-1.0, -2.0)], linear, linear));
    assert!(!told(&[(1.0, -2.0), (1.0, 1.0)], linear, log));
    assert!(!told(&[], log, log) && !told(&[(f64::NAN, f64::NAN)], log, log));
    let bars = crate::BarChart::new("").scale(Scale::Log).bar("", -1.0, (-2.0, 0.0));
    assert!(Figure::new(bars).to_inline_svg().contains("no value is positive"));
}

#[test]
fn a_legend_for_which_the_levels_leave_no_corner_stands_above() {
    let chart = |level: &str| {
        let lines = LineChart::new("", "").size(300.0, 200.0).legend(Legend::LowerRight);
        let lines = lines.line("a name so wide", &[(0.0, 1.0)]).line("another", &[(1.0, 2.0)]);
        svg(lines.level(1.5, level))
    };
    let framed = |svg: &str| svg.contains("rx=\"3\"");
    assert!(framed(&chart("")) && !framed(&chart("noise floor")));
    assert!(chart("noise floor").contains("another"));
}

#[test]
fn a_note_at_the_side_leaves_a_free_line_uncovered() {
    let curve = |y: f64| (0..60).map(|i| (f64::from(i), y)).collect::<Vec<_>>();
    let lines = LineChart::new("", "").y_limits(0.0, 4.0).line("", &curve(0.5)).line("", &curve(0.3));
    let plan = lines.annotate((59.0, 0.3), "the end").plan((0.0, 0.0));
    let end = plan.notes[0].area.end();
    let upper = plan.plot.y(0.5).unwrap() - plan.plot.upper;
    assert!(end.1 < upper && end.0 <= plan.plot.size().0, "{end:?} is not over {upper}");
}

#[test]
fn many_series_all_look_different() {
    let styles = |kind: Kind| (0..35).map(|i| format!("{:?}", style(i, &kind))).collect::<Vec<_>>();
    for kinds in [vec![Kind::Line, Kind::Dashed], vec![Kind::Scatter]] {
        let mut all: Vec<String> = kinds.iter().cloned().flat_map(styles).collect();
        let count = all.len();
        all.sort();
        all.dedup();
        assert_eq!(all.len(), count);
    }
}

#[test]
fn a_million_points_make_a_small_picture() {
    let noise = |i: u32| f64::from(i.wrapping_mul(2_654_435_761) >> 12) * 1e-6;
    let points: Vec<(f64, f64)> = (0..1_000_000).map(|i| (f64::from(i), noise(i))).collect();
    let ranges: Vec<(f64, f64, f64, f64)> = points.iter().map(|p| (p.0, p.1, p.1 - 1.0, p.1 + 1.0)).collect();
    let chart = || LineChart::new("", "");
    let charts = [
        chart().line("", &points),
        chart().band("", &ranges),
        chart().scatter("", &points),
        chart().line("", &points).y_scale(Scale::Log),
    ];
    for (i, chart) in charts.into_iter().enumerate() {
        let bytes = svg(chart).len();
        assert!(bytes < 1_000_000, "chart {i}: {bytes} bytes");
    }
}

#[test]
fn limits_cut_and_ranges_only_extend() {
    let chart = || LineChart::new("", "").line("", &[(0.0, 0.0), (10.0, 10.0)]);
    let ends = |chart: LineChart| {
        let (x, y) = chart.axes();
        (x.low, x.high, y.low, y.high)
    };
    assert_eq!(ends(chart().x_range(-20.0, 5.0).y_range(2.0, 40.0)), (-20.0, 10.0, 0.0, 40.0));
    assert_eq!(ends(chart().x_limits(7.0, 3.0).y_limits(1.0, 2.0)), (7.0, 3.0, 1.0, 2.0));
    assert_eq!(ends(chart().x_limits(f64::NAN, 3.0).y_limits(1.0, f64::INFINITY)), (0.0, 10.0, 0.0, 10.0));
    assert!(svg(chart().x_limits(3.0, 7.0)).contains("viewBox") && svg(chart()).matches("<svg").count() == 1);
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a reference within a tolerance, no result")]
fn a_readout_says_where_each_point_is_drawn() {
    let points = [(1.0, 10.0), (2.0, f64::NAN), (3.0, -1.0), (4.0, 0.1)];
    let chart = LineChart::new("step", "loss").y_scale(Scale::Log).scatter("dots", &points);
    let plot = chart.plan((7.0, 9.0)).plot;
    let Readout { corner, size, x, y, curves, .. } = chart.readout(&plot);
    assert_eq!((curves[0].name.as_str(), curves[0].joined), ("dots", false));
    assert_eq!(curves[0].points, [points[0], points[3]], "a logarithmic axis shows no others");
    assert_eq!((x.label.as_str(), x.scale, y.scale), ("step", Scale::Linear, Scale::Log));
    // A page finds the place of a value by the ends of the axes alone.
    let across = corner.0 + (4.0 - x.low) / (x.high - x.low) * size.0;
    let down = corner.1 + (1.0 - (0.1 / y.low).ln() / (y.high / y.low).ln()) * size.1;
    let place = (plot.x(4.0).unwrap(), plot.y(0.1).unwrap());
    assert!(
        (across - place.0).abs() < 1e-6 && (down - place.1).abs() < 1e-6,
        "({across}, {down}), {place:?}"
    );
}

#[test]
fn the_plots_of_a_figure_can_be_read_in_their_order() {
    let chart = |title: &str| -> Box<dyn Panel> { Box::new(LineChart::new("", "").title(title)) };
    let heat = crate::HeatMap::new(1, 1, &[0.0]).unwrap();
    let figure =
        Figure::grid(vec![vec![chart("left"), Box::new(heat), chart("right")], vec![chart("below")]]);
    let readouts = figure.readouts();
    let titles: Vec<&str> = readouts.iter().map(|readout| readout.title.as_str()).collect();
    assert_eq!(titles, ["left", "right", "below"]);
    assert!(readouts[1].corner.0 > readouts[0].corner.0 + readouts[0].size.0);
    assert!(readouts[2].corner.1 > readouts[0].corner.1 + readouts[0].size.1);
}

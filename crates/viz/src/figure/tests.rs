//! What holds for every figure, whatever it is given.

use super::*;
use crate::{
    BarChart, Edge, GraphDiagram, HeatMap, Histogram, ImageGrid, Legend, LineChart, Marker, Marks,
    NetworkDiagram, Node, Scale,
};

#[test]
fn a_picture_with_its_font_is_rasterised_to_the_same_bytes() {
    let figure = Figure::new(NetworkDiagram::new().layer("in", 3, "").layer("out", 2, "")).title("<&>");
    assert!(figure.to_svg().contains("<title>&lt;&amp;&gt;</title>"));
    let painted = raster::rasterize(&figure.to_svg(), 1.0, [255; 3], &[]).unwrap();
    assert_eq!(painted, figure.to_png(1.0).unwrap());
    assert!(figure.to_png(f32::NAN).is_err() && figure.to_png(-1.0).is_err());
}

#[test]
fn pictures_of_too_many_pixels_are_errors() {
    let figure = Figure::new(LineChart::new("", ""));
    for scale in [200.0, 1e9, f32::MAX, f32::INFINITY] {
        assert!(matches!(figure.to_png(scale), Err(Error::Pixels { .. })), "{scale}");
    }
    for scale in [0.0, -1.0, f32::NAN, f32::NEG_INFINITY, f32::MIN_POSITIVE] {
        assert!(figure.to_png(scale).is_err() || scale == f32::MIN_POSITIVE, "{scale}");
    }
    let values: Vec<f32> = (0..9_000_000).map(|i| (i % 3001) as f32).collect();
    let map = HeatMap::new(3000, 3000, &values).unwrap().cell_text(true);
    assert!(Figure::new(map.clone()).to_png(1.0).unwrap().starts_with(b"\x89PNG"));
    assert!(matches!(Figure::new(map.cell_size(30.0, 30.0)).to_png(1.0), Err(Error::Pixels { .. })));
}

/// A generator of odd words and numbers.
struct Odd(u64);

impl Odd {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % end
    }

    /// Up to so many words of some script, often none.
    fn text(&mut self, most: usize) -> String {
        let scripts = [
            "abcdefghijklmnopqrstuvwxyzABCDEFG/_-.0123456789",
            "画像を学習する。「終」わり、の",
            "шаблонЖЩ",
            "שלום",
            "é\u{301}\u{200d}\u{fe0f}",
            "😀½<&>\u{0}\n\t",
        ];
        let mut text = String::new();
        for _ in 0..self.below(most + 1) {
            let letters: Vec<char> = scripts[self.below(scripts.len() + 3) % scripts.len()].chars().collect();
            let long = if self.below(9) == 0 { 70 } else { 9 };
            text.extend((0..1 + self.below(long)).map(|_| letters[self.below(letters.len())]));
            text.push(' ');
        }
        text
    }

    fn number(&mut self) -> f64 {
        let odd = [
            f64::NAN,
            f64::INFINITY,
            f64::NEG_INFINITY,
            0.0,
            -0.0,
            5e-324,
            1e-310,
            f64::MAX,
            -1e300,
            1e99,
            -1.0,
            2e7,
        ];
        match self.below(6) {
            0 => odd[self.below(odd.len())],
            1 => self.below(1000) as f64 * 1e-3,
            2 => 2e7 + self.below(100) as f64,
            3 => f64::from(f32::from_bits(self.below(1 << 31) as u32)),
            4 => -(self.below(1000) as f64),
            _ => self.below(100) as f64,
        }
    }

    fn plain(&mut self) -> f64 {
        self.below(1000) as f64 * 0.01
    }

    fn scale(&mut self) -> Scale {
        [Scale::Linear, Scale::Log, Scale::Date][self.below(3)]
    }

    fn chart(&mut self, number: fn(&mut Odd) -> f64, words: usize) -> LineChart {
        let legends = [Legend::Above, Legend::Right, Legend::UpperLeft, Legend::LowerRight, Legend::Hidden];
        let mut chart =
            LineChart::new(self.text(words), self.text(words)).title(self.text(words)).x_scale(self.scale());
        chart = chart.y_scale(self.scale()).legend(legends[self.below(5)]);
        chart = chart.size(150.0 + self.below(400) as f64, 100.0 + self.below(300) as f64);
        for _ in 0..self.below(10) {
            let points: Vec<(f64, f64)> = (0..self.below(12)).map(|_| (number(self), number(self))).collect();
            let ranges: Vec<(f64, f64, f64, f64)> = (0..self.below(9))
                .map(|_| (number(self), number(self), number(self), number(self)))
                .collect();
            let marks = Marks::new().sizes(&[number(self), 2.0]).opacity(number(self)).marker(Marker::Wedge);
            let name = self.text(words);
            chart = match self.below(6) {
                0 => chart.line(name, &points),
                1 => chart.dashed_line(name, &points),
                2 => chart.scatter(name, &points),
                3 => chart.marks(name, &points, marks),
                4 => chart.band(name, &ranges),
                _ => chart.error_bars(name, &ranges),
            };
        }
        for _ in 0..self.below(4) {
            chart = chart
                .level(number(self), self.text(words))
                .annotate((number(self), number(self)), self.text(words));
        }
        match self.below(4) {
            0 => chart.x_limits(number(self), number(self)).y_limits(number(self), number(self)),
            1 => chart.x_range(number(self), number(self)).y_range(number(self), number(self)),
            _ => chart,
        }
    }

    fn names(&mut self, count: usize, words: usize) -> Vec<String> {
        (0..count).map(|_| self.text(words)).collect()
    }

    fn panel(&mut self, number: fn(&mut Odd) -> f64, words: usize) -> Box<dyn Panel> {
        let (rows, columns) = (self.below(5), self.below(5));
        let values: Vec<f32> = (0..rows * columns).map(|_| number(self) as f32).collect();
        let names = (self.names(rows + 1, words), self.names(columns + 1, words));
        let row_names: Vec<&str> = names.0.iter().map(String::as_str).collect();
        let column_names: Vec<&str> = names.1.iter().map(String::as_str).collect();
        match self.below(8) {
            0 => {
                let mut bars = BarChart::new(self.text(words)).title(self.text(words)).scale(self.scale());
                for _ in 0..self.below(5) {
                    bars = bars.bar(self.text(words), number(self), (number(self), number(self)));
                }
                Box::new(bars.from(number(self)).width(self.below(500) as f64))
            }
            1 => {
                let map =
                    HeatMap::new(rows, columns, &values).unwrap().title(self.text(words)).cell_text(true);
                let map = map.labels(self.text(words), self.text(words)).row_names(&row_names);
                let map = if self.below(2) == 0 { map.range(number(self), number(self)) } else { map };
                Box::new(map.column_names(&column_names).cell_size(self.plain() * 6.0, self.plain() * 6.0))
            }
            2 => {
                let mut grid =
                    ImageGrid::new(2, 3, 2, 2).unwrap().row_names(&row_names).column_names(&column_names);
                for _ in 0..self.below(6) {
                    grid = grid.image(&[number(self) as f32; 4]).unwrap();
                }
                Box::new(grid.range_of_each().pixel_size(number(self).min(50.0)))
            }
            3 => {
                let mut network = NetworkDiagram::new();
                for _ in 0..self.below(4) {
                    network = network.layer(self.text(words), self.below(20), self.text(words));
                }
                Box::new(network)
            }
            4 => {
                let scope = |odd: &mut Odd| odd.text(1).replace('\n', "");
                let nodes: Vec<Node> = (0..1 + rows)
                    .map(|i| Node {
                        label: self.text(words),
                        detail: self.text(words),
                        scope: scope(self),
                        group: i,
                    })
                    .collect();
                let edges = (1..nodes.len()).map(|to| Edge { from: to - 1, to, dashed: false }).collect();
                Box::new(GraphDiagram::new(nodes, edges).unwrap())
            }
            5 => {
                let values: Vec<f64> = (0..self.below(50)).map(|_| number(self)).collect();
                let histogram =
                    Histogram::new(self.text(words), self.text(words)).values(self.text(words), &values);
                Box::new(
                    histogram.range(number(self), number(self)).values(self.text(words), &[number(self)]),
                )
            }
            _ => Box::new(self.chart(number, words)),
        }
    }
}

/// Every text lies in the picture, and no two of them overlap.
fn check(figure: &Figure, what: &str) {
    let Page { canvas, size } = figure.page();
    for (i, ([left, upper, right, lower], text)) in canvas.texts.iter().enumerate() {
        assert!(
            *left >= 0.0 && *upper >= 0.0 && *right <= size.0 && *lower <= size.1,
            "{what}: {text:?} at {:?} is outside of {size:?}",
            (left, upper, right, lower)
        );
        for (other, words) in &canvas.texts[..i] {
            let apart = left + 0.5 >= other[2]
                || other[0] + 0.5 >= *right
                || upper + 0.5 >= other[3]
                || other[1] + 0.5 >= *lower;
            assert!(
                apart,
                "{what}: {text:?} at {:?} covers {words:?} at {other:?}",
                (left, upper, right, lower)
            );
        }
    }
}

#[test]
fn texts_lie_in_the_picture_and_cover_no_other_text() {
    for seed in 0..500 {
        let mut odd = Odd(seed * 77 + 1);
        let words = [2, 6, 30][odd.below(3)];
        let row = |odd: &mut Odd| (0..1 + odd.below(2)).map(|_| odd.panel(Odd::plain, words)).collect();
        let rows = (0..1 + odd.below(2)).map(|_| row(&mut odd)).collect();
        let figure =
            Figure::grid(rows).title(odd.text(words)).caption(odd.text(words)).caption(odd.text(words));
        check(&figure, &format!("seed {seed}"));
    }
}

#[test]
fn no_data_and_no_words_make_a_panel_panic() {
    for seed in 0..400 {
        let mut odd = Odd(seed * 31 + 7);
        let figure = Figure::new(odd.panel(Odd::number, 4)).title(odd.text(3)).theme(Theme::Dark);
        let svg = figure.to_inline_svg();
        assert!(!svg.contains("NaN\"") && !svg.contains("inf\""), "seed {seed}");
        match if seed % 5 == 0 { figure.to_png(0.5) } else { Ok(Vec::new()) } {
            Ok(_) | Err(Error::Letters { .. } | Error::Pixels { .. }) => {}
            Err(e) => panic!("seed {seed}: {e}"),
        }
    }
}

#[test]
fn odd_input_still_makes_a_valid_picture() {
    let points = [(f64::NAN, 1.0), (1.0, f64::INFINITY), (-1e300, 1e300), (0.0, -0.0)];
    let node = Node { label: "\u{0}<&>\n".into(), scope: "//".into(), ..Node::default() };
    let chart = |scale| {
        let chart = LineChart::new("\u{1}", "").size(f64::NAN, f64::INFINITY).size(0.0, 0.0);
        chart.x_scale(scale).y_scale(scale).line("", &points).scatter("long name ".repeat(40), &points)
    };
    let map = |rows, columns| {
        let values: Vec<f32> =
            (0..rows * columns).map(|i| if i % 2 == 0 { f32::NAN } else { f32::MAX }).collect();
        let map = HeatMap::new(rows, columns, &values).unwrap().cell_text(true).index_ticks(true);
        map.cell_size(-1.0, 0.3).range(1.0, 1.0).row_names(&["one", "two", "three"])
    };
    let grid = ImageGrid::new(1, 1, 2, 2).unwrap().pixel_size(f64::NAN).range_of_each();
    let panels: Vec<Box<dyn Panel>> = vec![
        Box::new(chart(Scale::Log)),
        Box::new(chart(Scale::Linear).level(f64::NAN, "none").level(1e99, "far")),
        Box::new(BarChart::new("").scale(Scale::Log).bar("\u{2}", f64::NAN, (-1.0, 1e300))),
        Box::new(BarChart::new("none").width(f64::NAN)),
        Box::new(map(2, 2)),
        Box::new(map(0, 3)),
        Box::new(map(3, 0)),
        Box::new(grid.image(&[f32::NAN; 4]).unwrap()),
        Box::new(GraphDiagram::new(vec![node; 2], vec![Edge { from: 1, to: 0, dashed: true }]).unwrap()),
        Box::new(GraphDiagram::new(Vec::new(), Vec::new()).unwrap().left_to_right()),
        Box::new(NetworkDiagram::new()),
        Box::new(NetworkDiagram::new().layer("", 0, "").layer("", usize::MAX, "")),
    ];
    for panel in panels {
        let figure = Figure::new(panel).title("\u{b}").caption("a  b");
        assert!(!figure.to_svg().contains("NaN\"") && !figure.to_svg().contains("inf\""));
        figure.to_png(1.0).unwrap();
    }
    Figure::grid(Vec::new()).to_png(1.0).unwrap();
}

#[test]
fn letters_that_no_font_has_are_named_and_a_font_that_has_them_is_used() {
    let figure = Figure::new(LineChart::new("слой", "½")).title("画");
    assert_eq!(figure.missing_letters().into_iter().collect::<String>(), "½йлос画");
    let error = figure.to_png(1.0).unwrap_err().to_string();
    assert!(error.contains("½йлос画"), "{error}");
    let cyrillic = include_bytes!("../../tests/fonts/DejaVuSans-Cyrillic.ttf");
    let figure = figure.font(cyrillic.to_vec()).unwrap();
    assert_eq!(figure.missing_letters(), ['画']);
    let figure = figure.title("слой");
    assert!(
        figure.to_svg().matches("@font-face").count() == 2 && figure.to_inline_svg().contains("@font-face")
    );
    let painted = figure.to_png(1.0).unwrap();
    assert_ne!(painted, figure.title("йолс").to_png(1.0).unwrap(), "letters, not equal boxes");
    let latin = Figure::new(LineChart::new("x", "y")).font(cyrillic.to_vec()).unwrap();
    assert_eq!(
        latin.to_svg(),
        Figure::new(LineChart::new("x", "y")).to_svg(),
        "what is not needed is not carried"
    );
    assert!(matches!(latin.font(&b"no font"[..]), Err(Error::Font { bytes: 7 })));
}

#[test]
fn a_dark_figure_has_no_light_paper_and_no_dark_ink() {
    let mut odd = Odd(5);
    for _ in 0..60 {
        let svg = Figure::new(odd.panel(Odd::plain, 2)).theme(Theme::Dark).to_inline_svg();
        let map = svg.contains("<image");
        assert!(
            !svg.contains("stroke=\"#222222\"")
                && (map || !svg.contains("#222222") && !svg.contains("#ffffff"))
        );
    }
}

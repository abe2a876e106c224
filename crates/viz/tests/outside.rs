//! A panel of another crate: it has the drawing surface that the panels of this one have, and is composed,
//! themed and rasterised as they are.

use minutia_viz::{Anchor, Color, Drawing, Figure, HeatMap, Panel, Theme};

/// A dial with a hand, a scale of colours and a note.
struct Gauge {
    share: f64,
    note: &'static str,
}

const SIDE: f64 = 120.0;

impl Panel for Gauge {
    fn size(&self) -> (f64, f64) {
        (SIDE, SIDE + 12.0 * Drawing::lines(self.note, 10.0, SIDE) as f64)
    }

    fn draw(&self, drawing: &mut Drawing<'_>, (x, y): (f64, f64)) {
        let middle = (x + SIDE / 2.0, y + SIDE / 2.0);
        drawing.rect((x, y), (SIDE, SIDE), Color::PAPER, Color::INK);
        drawing.clip((x, y), (SIDE, SIDE), |drawing| {
            drawing.circle(middle, SIDE, Color::GRID, None);
        });
        let tip = (x + SIDE * self.share, y + 20.0);
        drawing.line(&[middle, tip], Color::series(0), 2.0);
        drawing.dashed_line(&[(x, middle.1), (x + SIDE, middle.1)], Color::INK, 1.0);
        drawing.polygon(&[middle, (middle.0 - 4.0, y + SIDE), (middle.0 + 4.0, y + SIDE)], Color::series(1));
        drawing.cells((x, y), (SIDE, 6.0), 2, &[[0, 0, 0], [255, 255, 255]]);
        drawing.text((middle.0, y + 30.0), 12.0, Anchor::Middle, Color::INK, "share");
        drawing.wrapped_text((x, y + SIDE + 10.0), 10.0, Anchor::Start, SIDE, self.note);
    }
}

fn gauge() -> Gauge {
    Gauge { share: 0.25, note: "a note that is wider than the dial" }
}

#[test]
fn a_panel_from_outside_draws_all_that_there_is() {
    let svg = Figure::new(gauge()).to_svg();
    for part in ["<rect", "<circle", "<polyline", "stroke-dasharray", "<polygon", "<image", ">share<"] {
        assert!(svg.contains(part), "{part} is not in the figure");
    }
    let inside = svg.split("viewBox").nth(2).expect("an inner view").split("</svg>").next();
    assert!(inside.is_some_and(|inside| inside.contains("<circle") && !inside.contains("<polyline")));
    let lines = Drawing::lines(gauge().note, 10.0, SIDE);
    assert_eq!((lines, gauge().size().1), (2, SIDE + 24.0));
    assert!(Drawing::text_width("share", 12.0) < SIDE);
}

#[test]
fn it_stands_beside_panels_of_the_crate_in_any_theme() {
    let figure = || {
        let map = HeatMap::new(1, 2, &[0.0, 1.0]).unwrap();
        let row: Vec<Box<dyn Panel>> = vec![Box::new(gauge()), Box::new(map)];
        Figure::grid(vec![row])
    };
    assert_eq!(figure().to_svg(), figure().to_svg());
    assert_ne!(figure().to_svg(), figure().theme(Theme::Dark).to_svg());
    assert!(figure().to_png(1.0).unwrap().starts_with(b"\x89PNG"));
}

//! A planned chart on a canvas.

use super::{
    LineChart,
    plan::{LinePlan, SMALL},
};
use crate::{
    Anchor, Color, Drawing, Panel, Readout,
    panels::axis::NOTHING_POSITIVE,
    svg::canvas::{Canvas, DASHES},
    text::Block,
};

impl Panel for LineChart {
    fn size(&self) -> (f64, f64) {
        self.plan((0.0, 0.0)).size
    }

    fn draw(&self, drawing: &mut Drawing<'_>, at: (f64, f64)) {
        let canvas = &mut *drawing.0;
        let plan = self.plan(at);
        draw_axes(canvas, &plan);
        for y in plan.level_lines(self) {
            canvas.path(&[(plan.plot.left, y), (plan.plot.right, y)], Color::FAINT, 1.0, DASHES);
        }
        self.draw_data(canvas, &plan);
        draw_levels(canvas, &plan);
        draw_notes(canvas, &plan);
        let plot = &plan.plot;
        let middle = f64::midpoint(plot.left, plot.right);
        canvas.block((middle, at.1 + 14.0), &plan.title, Anchor::Middle, Color::INK);
        plan.rows.draw(canvas, self, (middle, plot.upper - 10.0 - plan.above), at.0 + plan.size.0);
        if let Some((column, corner, framed)) = &plan.column {
            column.draw(canvas, self, *corner, *framed);
        }
        let foot = if plan.x.offset.is_empty() { 36.0 } else { 50.0 };
        canvas.block((middle, plot.lower + foot), &plan.x_label, Anchor::Middle, Color::INK);
        let height = f64::midpoint(plot.upper, plot.lower);
        canvas.vertical_block((at.0 + 14.0, height), &plan.y_label, Anchor::Middle);
    }

    fn readouts(&self, at: (f64, f64)) -> Vec<Readout> {
        vec![self.readout(&self.plan(at).plot)]
    }
}

fn draw_axes(canvas: &mut Canvas, plan: &LinePlan) {
    let (ink, plot) = (Color::INK, &plan.plot);
    let (left, right, upper, lower) = (plot.left, plot.right, plot.upper, plot.lower);
    for (y, label) in &plan.y.ticks {
        canvas.line((left, *y), (right, *y), Color::GRID, 1.0);
        canvas.line((left - 4.0, *y), (left, *y), ink, 1.0);
        canvas.text((left - 8.0, *y + 4.0), SMALL, Anchor::End, ink, label);
    }
    for (x, label) in &plan.x.ticks {
        canvas.line((*x, lower), (*x, lower + 4.0), ink, 1.0);
        canvas.text((*x, lower + 17.0), SMALL, Anchor::Middle, ink, label);
    }
    for &y in &plan.y.minor {
        canvas.line((left - 2.5, y), (left, y), ink, 0.7);
    }
    for &x in &plan.x.minor {
        canvas.line((x, lower), (x, lower + 2.5), ink, 0.7);
    }
    canvas.line((left, lower), (right, lower), ink, 1.0);
    canvas.line((left, lower), (left, upper), ink, 1.0);
    canvas.text((left, upper - 7.0), SMALL, Anchor::Start, ink, &plan.y.offset);
    canvas.text((right, lower + 32.0), SMALL, Anchor::End, ink, &plan.x.offset);
}

fn draw_levels(canvas: &mut Canvas, plan: &LinePlan) {
    let (plot, levels) = (&plan.plot, &plan.levels);
    if levels.room > 0.0 {
        for (y, name) in levels.beside(plot.upper, plot.lower) {
            canvas.block((plot.right + 5.0, y + 4.0), name, Anchor::Start, Color::FAINT);
        }
        return;
    }
    for (t, name) in &levels.names {
        for line in &name.lines {
            let at = (plot.right - 3.0, plot.along_y(*t) - 5.0);
            canvas.haloed_text(at, SMALL, Anchor::End, Color::FAINT, line);
        }
    }
}

fn draw_notes(canvas: &mut Canvas, plan: &LinePlan) {
    for note in &plan.notes {
        let lift = if note.above() > 0.0 { plan.offset_room } else { 0.0 };
        let moved = |p: (f64, f64)| (plan.plot.left + p.0, plan.plot.upper + p.1);
        let raised = |p: (f64, f64)| (moved(p).0, moved(p).1 - lift);
        canvas.path(&[moved(note.point), raised(note.near())], Color::FAINT, 0.8, "");
        canvas.circle(moved(note.point), 2.0, Color::INK, None);
        for (i, line) in note.block.lines.iter().enumerate() {
            let (x, y) = raised(note.area.corner);
            let base = y + 0.8 * note.block.size + i as f64 * note.block.leading();
            canvas.haloed_text((x, base), note.block.size, Anchor::Start, Color::INK, line);
        }
    }
}

impl LineChart {
    fn draw_data(&self, canvas: &mut Canvas, plan: &LinePlan) {
        let (plot, clipped) = (&plan.plot, self.limits != (None, None));
        if clipped {
            canvas.begin_clip((plot.left, plot.upper), plot.size());
        }
        for (i, series) in self.series.iter().enumerate() {
            series.draw(canvas, plot, i);
        }
        if clipped {
            canvas.end_clip();
        }
        if self.is_blank() {
            let block = Block::fit(NOTHING_POSITIVE, SMALL, plot.size().0 - 8.0);
            let middle = (f64::midpoint(plot.left, plot.right), f64::midpoint(plot.upper, plot.lower));
            canvas.block(
                (middle.0, middle.1 - block.more() / 2.0 + 4.0),
                &block,
                Anchor::Middle,
                Color::FAINT,
            );
        }
    }
}

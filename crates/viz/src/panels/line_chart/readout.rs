//! A chart's numbers, and where they stand.

use super::{
    LineChart,
    plan::Plot,
    series::{Kind, Series, style},
};
use crate::{Curve, Readout, ReadoutAxis, panels::axis::Axis};

impl LineChart {
    /// What the chart shows in a plot.
    pub(super) fn readout(&self, plot: &Plot) -> Readout {
        let axis = |label: &str, axis: &Axis| ReadoutAxis {
            label: label.to_string(),
            low: axis.low,
            high: axis.high,
            scale: axis.scale,
        };
        let curve = |(index, series): (usize, &Series)| {
            let placed = series.points.iter().zip(plot.places(&series.points));
            Curve {
                name: series.name.clone(),
                joined: matches!(series.kind, Kind::Line | Kind::Dashed | Kind::Band),
                color: style(index, &series.kind).color,
                points: placed.filter_map(|(point, place)| place.map(|_| *point)).collect(),
            }
        };
        Readout {
            title: self.title.clone(),
            corner: (plot.left, plot.upper),
            size: plot.size(),
            x: axis(&self.x_label, &plot.axes.0),
            y: axis(&self.y_label, &plot.axes.1),
            curves: self.series.iter().enumerate().map(curve).collect(),
        }
    }
}

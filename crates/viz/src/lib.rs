//! Deterministic figures: line charts, heat maps, image grids, graphs and networks as SVG and PNG.

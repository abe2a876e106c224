//! Matrices whose cells are smaller than a pixel.

/// Columns and values of a matrix, row by row, for an area of `extent` pixels. Cells smaller than a pixel are
/// averaged to larger ones: a renderer that picks one of them would show patterns that are not in the data.
/// So would means of changing numbers of cells; so they are of a whole number, as nearly as it divides the
/// matrix. What is not finite is left out.
pub(crate) fn shrunk(values: &[f64], columns: usize, extent: (f64, f64)) -> (usize, Vec<f64>) {
    let rows = values.len() / columns.max(1);
    let fit = |cells: usize, pixels: f64| {
        let block = (cells as f64 / pixels.max(1.0)).ceil().max(1.0) as usize;
        (cells / block).max(1).min(cells)
    };
    let (width, height) = (fit(columns, extent.0), fit(rows, extent.1));
    if (width, height) == (columns, rows) {
        return (columns, values.to_vec());
    }
    let (across, down) = (shares(columns, width), shares(rows, height));
    let mut means = Vec::with_capacity(width * height);
    for row in &down {
        for column in &across {
            let (mut sum, mut weight) = (0.0, 0.0);
            for &(r, share) in row {
                for &(c, part) in column {
                    let value = values[r * columns + c];
                    if value.is_finite() {
                        sum += value * share * part;
                        weight += share * part;
                    }
                }
            }
            means.push(if weight > 0.0 { sum / weight } else { f64::NAN });
        }
    }
    (width, means)
}

/// For each of `to` equal parts of a line of `from` cells: the cells it covers, and how much of each.
fn shares(from: usize, to: usize) -> Vec<Vec<(usize, f64)>> {
    let part = |i: usize| {
        let (start, end) = (i as f64 * from as f64 / to as f64, (i + 1) as f64 * from as f64 / to as f64);
        let share = |c: usize| (c, (end.min(c as f64 + 1.0) - start.max(c as f64)).max(0.0));
        (start as usize..from.min(end.ceil() as usize)).map(share).collect()
    };
    (0..to).map(part).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_of_a_pixel_or_more_stay() {
        assert_eq!(shrunk(&[1.0, 2.0, 3.0, 4.0], 2, (2.0, 7.5)), (2, vec![1.0, 2.0, 3.0, 4.0]));
    }

    #[test]
    fn smaller_cells_are_averaged_and_nothing_is_lost() {
        assert_eq!(shrunk(&[1.0, 3.0, 5.0, 7.0], 4, (2.0, 1.0)), (2, vec![2.0, 6.0]));
        assert_eq!(shrunk(&[3.0, 6.0, 9.0, 12.0, 15.0], 5, (3.0, 1.0)), (2, vec![5.4, 12.6]));
        assert_eq!(shrunk(&[f64::NAN, 3.0, f64::NAN, f64::INFINITY], 2, (1.0, 2.0)).1[0], 3.0);
        let stripes: Vec<f64> = (0..1000).map(|i| f64::from(i % 2)).collect();
        let (width, means) = shrunk(&stripes, 1000, (640.0, 10.0));
        assert_eq!((width, means.len()), (500, 500));
        assert!(means.iter().all(|m| *m == 0.5), "stripes become grey");
    }
}

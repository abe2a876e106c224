//! Images of one's own: any size, any number of channels and classes.

use minutia_datasets::{Labelled, Problem};
use proptest::prelude::*;

proptest! {
    #[test]
    fn turning_twice_changes_nothing_and_rows_are_those_of_the_whole(
        size in [0_usize..4, 0..4], channels in 0_usize..4, n in 0_usize..4,
    ) {
        let width = size[0] * size[1] * channels;
        let pixels: Vec<u8> = (0..n * width).map(|i| i as u8).collect();
        let labels: Vec<i32> = (0..n as i32).collect();
        let all = Labelled::new(pixels.clone(), labels, size, channels, 4).unwrap();
        let turned = all.transposed();
        prop_assert_eq!(turned.size, [size[1], size[0]]);
        let back = turned.transposed();
        prop_assert_eq!(back.images.as_slice::<u8>().unwrap(), &pixels[..]);
        for row in 0..n {
            for (i, c) in (0..size[0]).flat_map(|i| (0..size[1]).map(move |j| (i, j))).enumerate() {
                for channel in 0..channels {
                    let from = row * width + i * channels + channel;
                    let to = row * width + (c.1 * size[0] + c.0) * channels + channel;
                    prop_assert_eq!(turned.images.as_slice::<u8>().unwrap()[to], pixels[from]);
                }
            }
            let one = all.rows(row, row + 1);
            prop_assert_eq!(one.images.as_slice::<u8>().unwrap(), &pixels[row * width..(row + 1) * width]);
            let hot: Vec<f32> = (0..4).map(|class| f32::from(class == row)).collect();
            let one_hot = one.one_hot();
            prop_assert_eq!(one_hot.as_slice::<f32>().unwrap(), &hot[..]);
        }
    }
}

#[test]
fn what_does_not_fit_is_an_error() {
    let pixels = Labelled::new(vec![0; 5], vec![0], [2, 3], 1, 1).unwrap_err();
    assert_eq!(pixels.to_string(), "holds 5 numbers for 1 images of 2 by 3 pixels of 1 channels; expected 6");
    let huge = Labelled::new(vec![], vec![0], [usize::MAX, 2], 3, 1).unwrap_err();
    assert!(matches!(huge, Problem::Pixels { .. }));
    for label in [-1, 3] {
        let error = Labelled::new(vec![0; 6], vec![label], [2, 3], 1, 3).unwrap_err();
        assert_eq!(error.to_string(), format!("holds label {label} at position 0; labels go from 0 to 2"));
    }
}

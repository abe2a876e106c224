//! Random maps, products and reductions give the reference's bits on every level and number of threads.

mod common;

use common::{agrees, generate::Maker};
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig { cases: 250, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn maps_agree(seed: u64) {
        let mut maker = Maker::new(seed);
        let step = maker.map();
        let (program, buffers) = maker.finish(step);
        if let Err(difference) = agrees("a map", &program, &buffers) {
            prop_assert!(false, "{difference}\n{program:#?}");
        }
    }

    #[test]
    fn products_agree(seed: u64) {
        let mut maker = Maker::new(seed);
        let step = maker.product();
        let (program, buffers) = maker.finish(step);
        if let Err(difference) = agrees("a product", &program, &buffers) {
            prop_assert!(false, "{difference}\n{program:#?}");
        }
    }

    #[test]
    fn sums_of_rows_agree(seed: u64) {
        let mut maker = Maker::new(seed);
        let step = maker.scatter_add();
        let (program, buffers) = maker.finish(step);
        if let Err(difference) = agrees("a sum of rows", &program, &buffers) {
            prop_assert!(false, "{difference}\n{program:#?}");
        }
    }

    #[test]
    fn running_sums_and_orders_agree(seed: u64) {
        let mut maker = Maker::new(seed);
        let step = maker.lines();
        let (program, buffers) = maker.finish(step);
        if let Err(difference) = agrees("a step along lines", &program, &buffers) {
            prop_assert!(false, "{difference}\n{program:#?}");
        }
    }

    #[test]
    fn changed_rows_agree(seed: u64) {
        let mut maker = Maker::new(seed);
        let step = maker.update_rows();
        let (program, buffers) = maker.finish(step);
        if let Err(difference) = agrees("changed rows", &program, &buffers) {
            prop_assert!(false, "{difference}\n{program:#?}");
        }
    }

    #[test]
    fn reductions_agree(seed: u64) {
        let mut maker = Maker::new(seed);
        let step = maker.reduce();
        let (program, buffers) = maker.finish(step);
        if let Err(difference) = agrees("a reduction", &program, &buffers) {
            prop_assert!(false, "{difference}\n{program:#?}");
        }
    }
}

//! Any array survives a file; any file is an array or a message.

use minutia_datasets::idx::{self, Data, Idx};
use proptest::prelude::*;
use std::io::Write;

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// The file of an array: equal for equal bits, which `==` is not for NaNs.
fn bytes(idx: &Idx) -> Vec<u8> {
    let mut bytes = Vec::new();
    idx::write(idx, &mut bytes).unwrap();
    bytes
}

/// Any bits of one of the six types, in any rank up to 8.
fn arrays() -> impl Strategy<Value = Idx> {
    let dims = prop::collection::vec(0_usize..4, 0..=8);
    dims.prop_flat_map(|dims| {
        let n = dims.iter().product::<usize>();
        (Just(dims), prop::collection::vec(any::<u64>(), n), 0..6)
    })
    .prop_map(|(dims, bits, kind)| {
        let data = match kind {
            0 => Data::U8(bits.iter().map(|&b| b as u8).collect()),
            1 => Data::I8(bits.iter().map(|&b| b as i8).collect()),
            2 => Data::I16(bits.iter().map(|&b| b as i16).collect()),
            3 => Data::I32(bits.iter().map(|&b| b as i32).collect()),
            4 => Data::F32(bits.iter().map(|&b| f32::from_bits(b as u32)).collect()),
            _ => Data::F64(bits.iter().map(|&b| f64::from_bits(b)).collect()),
        };
        Idx { dims, data }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn any_array_survives_a_file(idx in arrays(), compress: bool) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(if compress { "array.gz" } else { "array" });
        idx::write_file(&idx, &path).unwrap();
        let starts_like_gzip = std::fs::read(&path).unwrap().starts_with(&[0x1f, 0x8b]);
        prop_assert_eq!(starts_like_gzip, compress);
        let read = idx::read_file(&path).unwrap();
        prop_assert_eq!(&read.dims, &idx.dims);
        prop_assert_eq!(read.data.type_name(), idx.data.type_name());
        prop_assert_eq!(bytes(&read), bytes(&idx));
        prop_assert!(idx::read_at_most(&bytes(&idx)[..], bytes(&idx).len() as u64).is_ok());
    }

    #[test]
    fn any_prefix_and_any_longer_file_is_an_error(idx in arrays(), cut: prop::sample::Index, compress: bool) {
        let whole = bytes(&idx);
        let shorter = &whole[..cut.index(whole.len())];
        let longer = [&whole[..], &[0]].concat();
        for bytes in [shorter, &longer] {
            let outcome = if compress { idx::read(&gzip(bytes)[..]) } else { idx::read(bytes) };
            prop_assert!(outcome.is_err());
        }
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..64), gz: bool, header: bool) {
        let bytes = if header { [&[0, 0, 8, 2][..], &bytes].concat() } else { bytes };
        let source = if gz { gzip(&bytes) } else { bytes };
        // What is read is what was there.
        if let (Ok(idx), false) = (idx::read(&source[..]), gz) {
            prop_assert_eq!(self::bytes(&idx), source);
        }
    }

    #[test]
    fn damaged_files_never_panic(idx in arrays(), at: prop::sample::Index, flip in 1_u8.., compress: bool) {
        let mut source = if compress { gzip(&bytes(&idx)) } else { bytes(&idx) };
        let at = at.index(source.len());
        source[at] ^= flip;
        if let (Ok(read), false) = (idx::read(&source[..]), compress) {
            prop_assert_eq!(bytes(&read), source);
        }
    }
}

#[test]
fn the_highest_rank_survives_and_the_next_is_refused() {
    let mut idx = Idx { dims: vec![1; 255], data: Data::F64(vec![-0.5]) };
    assert_eq!(idx::read(&bytes(&idx)[..]).unwrap(), idx);
    idx.dims.push(1);
    let error = idx::write(&idx, Vec::new()).unwrap_err().to_string();
    assert!(error.contains("rank 256"), "{error}");
}

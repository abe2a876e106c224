//! Values that the threads of a warp take from each other.

use super::{
    file::File,
    lanes::{LANES, each},
};
use crate::{
    fault::{FaultKind, Trouble},
    instruction::Shuffle,
};

/// Exchanges values among `active` threads, which are all that take part.
pub(super) fn shuffle(
    file: &mut File<'_>,
    mode: Shuffle,
    to: u32,
    valid: Option<u32>,
    [value, distance, control]: [u32; 3],
    active: u32,
) -> Result<(), Trouble> {
    let [values, distances, controls] = file.words([value, distance, control], active)?;
    let mut result = [0; LANES];
    let mut in_range = 0_u32;
    for lane in each(active) {
        let (source, found) = source(mode, lane as u32, distances[lane], controls[lane]);
        if active >> source & 1 == 0 {
            return Err(Trouble { lane: lane as u32, kind: FaultKind::ShuffleSource { lane: source } });
        }
        result[lane] = values[source as usize];
        in_range |= u32::from(found) << lane;
    }
    file.set_word(to, active, &result);
    if let Some(valid) = valid {
        file.set_predicate(valid, active, in_range);
    }
    Ok(())
}

/// Whose value a thread takes: its own where the one meant is not in its segment.
fn source(mode: Shuffle, lane: u32, distance: u32, control: u32) -> (u32, bool) {
    let (distance, clamp, segment) = (distance & 31, control & 31, control >> 8 & 31);
    let first = lane & segment;
    let last = first | clamp & !segment;
    let (source, found) = match mode {
        Shuffle::Up => (lane.wrapping_sub(distance), lane as i32 - distance as i32 >= last as i32),
        Shuffle::Down => (lane + distance, lane + distance <= last),
        Shuffle::Butterfly => (lane ^ distance, lane ^ distance <= last),
        Shuffle::Index => (first | distance & !segment, first | distance & !segment <= last),
    };
    if found { (source, true) } else { (lane, false) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_follow_the_specification() {
        let rows = [
            (Shuffle::Butterfly, 5, 16, 31, (21, true)),
            (Shuffle::Butterfly, 20, 16, 15, (4, true)),
            (Shuffle::Butterfly, 4, 16, 15, (4, false)),
            (Shuffle::Down, 30, 1, 31, (31, true)),
            (Shuffle::Down, 31, 1, 31, (31, false)),
            (Shuffle::Up, 3, 2, 0, (1, true)),
            (Shuffle::Up, 1, 2, 0, (1, false)),
            (Shuffle::Index, 9, 3, 31, (3, true)),
            // Segments of eight threads.
            (Shuffle::Index, 9, 3, 0x181f, (11, true)),
            (Shuffle::Down, 7, 1, 0x181f, (7, false)),
        ];
        for (mode, lane, distance, control, want) in rows {
            assert_eq!(
                source(mode, lane, distance, control),
                want,
                "{mode:?} {lane} {distance} {control:#x}"
            );
        }
    }
}

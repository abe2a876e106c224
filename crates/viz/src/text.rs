//! Text in a given room: widths, and lines that are broken where a reader would break them.

use crate::svg::font::advance;

/// Width of a text in pixels, `size` pixels to the em. Letters that the built-in font lacks have the width
/// that their script usually has; a font that shows them wider is set smaller (see `canvas`).
pub(crate) fn text_width(text: &str, size: f64) -> f64 {
    text.chars().map(advance).sum::<f64>() * size
}

/// Lines of one size.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Block {
    pub lines: Vec<String>,
    pub size: f64,
}

/// Words shrink at most to this share of their size before they are broken.
const SHRUNK: f64 = 0.8;

impl Block {
    /// The text in lines no wider than `width`; a word that is slightly wider makes all of it smaller, others
    /// are broken.
    pub fn fit(text: &str, size: f64, width: f64) -> Block {
        if text.is_empty() {
            return Block { lines: Vec::new(), size };
        }
        if text_width(text, size) <= width && !text.contains('\n') {
            return Block { lines: vec![text.into()], size };
        }
        let widest = tokens(text).map(|t| text_width(t.1, 1.0)).fold(0.0, f64::max);
        let least = width / widest.max(1e-9);
        let size = if least < size && least >= size * SHRUNK { least * 0.999 } else { size };
        Block { lines: wrap(text, size, width), size }
    }

    /// The text in a room of `width` by `height`, as small as it must be.
    pub fn within(text: &str, size: f64, width: f64, height: f64) -> Block {
        let mut block = Block::fit(text, size, width);
        if block.lines.len() == 1 && block.size <= height {
            return block;
        }
        while block.height() > height && block.size > 0.2 {
            let size = block.size * 0.9;
            block = Block { lines: wrap(text, size, width), size };
        }
        block
    }

    /// From one line to the next.
    pub fn leading(&self) -> f64 {
        if self.size > 8.0 { (self.size * 1.2).round() } else { self.size * 1.2 }
    }

    pub fn height(&self) -> f64 {
        self.lines.len() as f64 * self.leading()
    }

    /// Height of all lines but the first.
    pub fn more(&self) -> f64 {
        self.lines.len().saturating_sub(1) as f64 * self.leading()
    }

    pub fn width(&self) -> f64 {
        self.lines.iter().map(|l| text_width(l, self.size)).fold(0.0, f64::max)
    }
}

/// Breaks a text between words, where writing has no blanks between characters, and a word that is wider than
/// the room wherever a letter ends.
pub(crate) fn wrap(text: &str, size: f64, width: f64) -> Vec<String> {
    let mut lines = Vec::new();
    for paragraph in text.split('\n') {
        let (mut line, mut used) = (String::new(), 0.0);
        for (glue, token) in tokens(paragraph) {
            let (gap, wide) = (text_width(glue, 1.0), text_width(token, 1.0));
            if !line.is_empty() && (used + gap + wide) * size > width {
                lines.push(std::mem::take(&mut line));
                used = 0.0;
            }
            if !line.is_empty() {
                line.push_str(glue);
                used += gap;
            }
            if wide * size <= width {
                line.push_str(token);
                used += wide;
                continue;
            }
            for piece in pieces(token, width / size) {
                if !line.is_empty() {
                    lines.push(std::mem::take(&mut line));
                }
                line.push_str(piece);
                used = text_width(piece, 1.0);
            }
        }
        lines.push(line);
    }
    lines
}

/// What a line may end after, each with what stands before it on the same line: a blank or nothing.
fn tokens(text: &str) -> impl Iterator<Item = (&'static str, &str)> {
    text.split(['\n', ' ']).flat_map(|word| {
        let mut rest = Some(word);
        let mut glue = " ";
        std::iter::from_fn(move || {
            let text = rest?;
            let cut = break_at(text);
            rest = cut.map(|at| &text[at..]);
            Some((std::mem::take(&mut glue), &text[..cut.unwrap_or(text.len())]))
        })
    })
}

/// The first place where a word of a script without blanks may be broken.
fn break_at(word: &str) -> Option<usize> {
    let mut before = None;
    for (at, letter) in word.char_indices() {
        if let Some(last) = before
            && (last == '\u{200b}' || is_wide(last) || is_wide(letter))
            && !joins(letter)
            && !"、。，．・：；？！」』）】〕〉》,.:;?!)]}％ー々っゃゅょァィゥェォッャュョ".contains(letter)
            && !"「『（【〔〈《([{".contains(last)
            && last != '\u{200d}'
        {
            return Some(at);
        }
        before = Some(letter);
    }
    None
}

/// A word in pieces of at most `width` em, after a sign in it where one is near the end of the room; no
/// letter is parted from its marks.
fn pieces(word: &str, width: f64) -> Vec<&str> {
    let (mut pieces, mut start, mut used, mut sign) = (Vec::new(), 0, 0.0, 0);
    let mut before = ' ';
    for (at, letter) in word.char_indices() {
        let wide = advance(letter);
        if at > start && used + wide > width && !joins(letter) && before != '\u{200d}' {
            let cut = if (sign - start) * 2 > at - start { sign } else { at };
            pieces.push(&word[start..cut]);
            used = text_width(&word[cut..at], 1.0);
            (start, sign) = (cut, cut);
        }
        used += wide;
        before = letter;
        if "/_-.,:;=".contains(letter) && at > start {
            sign = at + letter.len_utf8();
        }
    }
    pieces.push(&word[start..]);
    pieces
}

/// Whether a character belongs to the one before it.
pub(crate) fn joins(letter: char) -> bool {
    matches!(u32::from(letter),
        0x300..=0x36f | 0x483..=0x489 | 0x591..=0x5bd | 0x5bf | 0x5c1..=0x5c2 | 0x5c4..=0x5c5 | 0x610..=0x61a
        | 0x64b..=0x65f | 0x670 | 0x900..=0x903 | 0x93a..=0x93c | 0x93e..=0x94f | 0xe31 | 0xe34..=0xe3a
        | 0xe47..=0xe4e | 0x1ab0..=0x1aff | 0x1dc0..=0x1dff | 0x20d0..=0x20ff | 0x3099..=0x309a
        | 0xfe20..=0xfe2f | 0x1f3fb..=0x1f3ff)
        || ignorable(letter)
}

/// Whether a character has no look of its own: joiners, direction marks, selectors, controls.
pub(crate) fn ignorable(letter: char) -> bool {
    matches!(u32::from(letter),
        0..=0x1f | 0x7f..=0x9f | 0xad | 0x61c | 0x200b..=0x200f | 0x2028..=0x202e | 0x2060..=0x206f
        | 0xfe00..=0xfe0f | 0xfeff | 0xfffe..=0xffff | 0xe0000..=0xe0fff)
}

/// Whether a character fills a square: ideographs, kana, hangul, pictures.
pub(crate) fn is_wide(letter: char) -> bool {
    matches!(u32::from(letter),
        0x1100..=0x115f | 0x2e80..=0x303e | 0x3041..=0xa4cf | 0xac00..=0xd7a3 | 0xf900..=0xfaff
        | 0xfe30..=0xfe6f | 0xff00..=0xff60 | 0xffe0..=0xffe6 | 0x1f000..=0x1faff | 0x20000..=0x3fffd)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_where_their_script_breaks_and_nothing_is_lost() {
        assert_eq!(wrap("one two three", 10.0, 50.0), ["one two", "three"]);
        assert_eq!(wrap("画像を学習する。終わり", 10.0, 42.0), ["画像を学", "習する。", "終わり"]);
        assert_eq!(wrap("layer_1/weights_of_it", 10.0, 60.0), ["layer_1/", "weights_of_", "it"]);
        assert_eq!(wrap("a\nb", 10.0, 500.0), ["a", "b"]);
        for text in ["xxxxxxxxxxxxxxxxxxxxxxx", "e\u{301}e\u{301}e\u{301}e\u{301}", "画\u{200d}像"] {
            for width in [-1.0, 0.0, 1.0, 13.0, f64::NAN] {
                let lines = wrap(text, 10.0, width);
                assert_eq!(lines.concat(), text);
                assert!(lines.iter().all(|l| !l.starts_with(joins)), "{lines:?}");
            }
        }
    }

    #[test]
    fn a_text_fits_the_room_it_is_given() {
        for text in
            ["short", "a somewhat longer text of several words", &"long".repeat(300), &"字".repeat(99)]
        {
            let block = Block::fit(text, 12.0, 90.0);
            assert!(block.width() <= 90.0 + 1e-9);
            let block = Block::within(text, 12.0, 90.0, 30.0);
            assert!(block.width() <= 90.0 + 1e-9 && block.height() <= 30.0, "{block:?}");
        }
    }
}

//! PTX text as words and punctuation.

use super::ANY_VALUE;

/// A word (a name, an opcode, a directive, a number) or a single character, with its line from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token<'a> {
    pub(super) line: u32,
    pub(super) text: &'a str,
}

impl Token<'_> {
    pub(super) fn is(&self, text: &str) -> bool {
        self.text == text
    }
}

/// Splits the text. Of comments only [`ANY_VALUE`] and its register are kept, as two words.
pub(super) fn lex(text: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut in_comment = false;
    for (number, mut rest) in (1..).zip(text.lines()) {
        loop {
            if in_comment {
                let Some(end) = rest.find("*/") else { break };
                rest = &rest[end + 2..];
                in_comment = false;
            }
            rest = rest.trim_start();
            if let Some(comment) = rest.strip_prefix("//") {
                if let Some(register) = comment.trim_start().strip_prefix(ANY_VALUE) {
                    tokens.extend([ANY_VALUE, register.trim()].map(|text| Token { line: number, text }));
                }
                break;
            }
            if let Some(comment) = rest.strip_prefix("/*") {
                rest = comment;
                in_comment = true;
                continue;
            }
            let Some(first) = rest.chars().next() else { break };
            let length = match first {
                '"' => rest[1..].find('"').map_or(rest.len(), |end| end + 2),
                c if in_word(c) => rest.find(|c| !in_word(c)).unwrap_or(rest.len()),
                c => c.len_utf8(),
            };
            tokens.push(Token { line: number, text: &rest[..length] });
            rest = &rest[length..];
        }
    }
    tokens
}

fn in_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '$' | '%' | '.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_punctuation_and_comments() {
        let text =
            "@!%p1 bra $L__BB0_2; // comment\n/* a\nb */ ld.u32 %r1, [%rd2+-4];\n\t// implicit-def: %r7\n";
        let found: Vec<(u32, &str)> = lex(text).iter().map(|t| (t.line, t.text)).collect();
        let line = |line, words: &'static str| words.split(' ').map(move |w| (line, w));
        let want: Vec<(u32, &str)> = line(1, "@ ! %p1 bra $L__BB0_2 ;")
            .chain(line(3, "ld.u32 %r1 , [ %rd2 + - 4 ] ;"))
            .chain(line(4, "implicit-def: %r7"))
            .collect();
        assert_eq!(found, want);
    }
}

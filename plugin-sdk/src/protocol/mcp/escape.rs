//! JSON strings.

/// Appends text as the inside of a JSON string.
pub(super) fn escape(out: &mut Vec<u8>, mut text: &[u8]) {
    while let Some((plain, special, rest)) = split(text) {
        out.extend_from_slice(plain);
        match special {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            control => {
                const DIGITS: &[u8; 16] = b"0123456789abcdef";
                let [high, low] = [control >> 4, control & 15].map(|digit| DIGITS[usize::from(digit)]);
                out.extend_from_slice(&[b'\\', b'u', b'0', b'0', high, low]);
            }
        }
        text = rest;
    }
    out.extend_from_slice(text);
}

/// What comes before the first byte that must be escaped, that byte, and what comes after it.
fn split(text: &[u8]) -> Option<(&[u8], u8, &[u8])> {
    let (words, _) = text.as_chunks::<8>();
    // Long text has few of them.
    let plain = 8 * words.iter().take_while(|word| !has_special(**word)).count();
    let at = plain + text[plain..].iter().position(|byte| is_special(*byte))?;
    Some((&text[..at], text[at], &text[at + 1..]))
}

fn is_special(byte: u8) -> bool {
    byte < b' ' || matches!(byte, b'"' | b'\\')
}

/// Whether one of the bytes must be escaped.
fn has_special(word: [u8; 8]) -> bool {
    const ONES: u64 = u64::MAX / 255;
    const HIGH: u64 = ONES << 7;
    let word = u64::from_ne_bytes(word);
    // A byte without its high bit is zero if subtracting one sets it.
    let has_zero = |word: u64| word.wrapping_sub(ONES) & !word & HIGH;
    let controls = word.wrapping_sub(ONES * u64::from(b' ')) & !word & HIGH;
    let equal = |byte: u8| has_zero(word ^ (ONES * u64::from(byte)));
    controls | equal(b'"') | equal(b'\\') != 0
}

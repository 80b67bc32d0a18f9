//! Huffman-coded text (RFC 7541, appendix B), as much of it as can be had without decoding any.

/// `:authority`. A text has one code only, so comparing the code compares the text.
pub(super) const AUTHORITY_NAME: &[u8] = &[0xb8, 0x3b, 0x53, 0x39, 0xec, 0x32, 0x7d, 0x7f];

/// The length of the code of `~`, 1111111111101: no character of an authority has a longer one.
const TILDE_BITS: usize = 13;

/// The byte at `position` in `length` bytes of code for a valid authority with as few characters as possible: as many `~` as fit,
/// then one `X` (11111100) where 8 bits or more are left, then ones, which is how such a text is padded.
///
/// No authority of `length` bytes of code has fewer characters: its padding is at most 7 bits, so it has at least
/// (8 · `length` − 7) / 13 of them, rounded up, which is this number.
pub(super) fn filler(position: usize, length: usize) -> u8 {
    let bits = length * 8;
    let tildes = bits / TILDE_BITS * TILDE_BITS;
    let last = bits - tildes >= 8;
    (position * 8..position * 8 + 8).fold(0, |byte, bit| {
        let is_zero = if bit < tildes {
            bit % TILDE_BITS == 11
        } else {
            last && matches!(bit - tildes, 6 | 7)
        };
        byte << 1 | u8::from(!is_zero)
    })
}

#[cfg(test)]
mod tests {
    use fluke_hpack::huffman::HuffmanDecoder;

    use super::*;

    #[test]
    fn the_name_is_the_code_of_authority() {
        let name = HuffmanDecoder::new().decode(AUTHORITY_NAME).unwrap();
        assert_eq!(name, b":authority");
    }

    #[test]
    fn the_filler_is_a_valid_authority_of_the_least_length() {
        for length in 1..600 {
            let code: Vec<u8> = (0..length).map(|position| filler(position, length)).collect();
            let text = HuffmanDecoder::new().decode(&code).unwrap();
            assert!(
                http::uri::Authority::try_from(text.as_slice()).is_ok(),
                "{text:?}"
            );
            assert_eq!(text.len(), (8 * length - 7).div_ceil(13), "{length} bytes");
        }
    }
}

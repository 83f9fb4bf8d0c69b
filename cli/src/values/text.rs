//! Numbers and bytes as text.

/// A size in words.
pub(crate) fn bytes(count: u64) -> String {
    let kilobytes = count / 1000;
    match (kilobytes / 1000, kilobytes) {
        (0, 0) => format!("{count} B"),
        (0, kilobytes) => format!("{kilobytes} kB"),
        (megabytes, _) => format!("{megabytes}.{} MB", kilobytes % 1000 / 100),
    }
}

/// So many of them: `1 step`, `2 steps`.
pub(crate) fn counted(count: usize, what: &str) -> String {
    match count {
        1 => format!("1 {what}"),
        _ => format!("{count} {what}s"),
    }
}

/// Bytes in lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        text.push(digit(byte >> 4));
        text.push(digit(byte & 15));
    }
    text
}

fn digit(value: u8) -> char {
    char::from_digit(value.into(), 16).unwrap_or('0')
}

#[cfg(test)]
mod tests {
    use super::{bytes, counted, hex};

    #[test]
    fn bytes_are_two_digits_each() {
        assert_eq!(hex(&[0, 1, 0x9a, 0xff]), "00019aff");
        assert_eq!(hex(&[]), "");
    }

    #[test]
    fn sizes_have_a_unit() {
        let of = [0, 999, 1000, 999_999, 1_000_000, 52_430_000].map(bytes);
        assert_eq!(of, ["0 B", "999 B", "1 kB", "999 kB", "1.0 MB", "52.4 MB"]);
    }

    #[test]
    fn one_is_not_many() {
        let of: Vec<String> = (0..3).map(|count| counted(count, "step")).collect();
        assert_eq!(of, ["0 steps", "1 step", "2 steps"]);
    }
}

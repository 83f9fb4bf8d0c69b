//! Texts of unknown origin in lines and messages.

use std::fmt::{self, Write as _};

/// A text without what would end a line, move the cursor or end a JSON string: `\n`, `\u001b`, `\"`.
///
/// `str::escape_debug` would be enough for messages, but the log needs JSON's escapes, and an app
/// pays for each.
pub(crate) struct Escaped<'t>(pub(crate) &'t str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|character| match character {
            '"' => f.write_str("\\\""),
            '\\' => f.write_str("\\\\"),
            '\n' => f.write_str("\\n"),
            '\r' => f.write_str("\\r"),
            '\t' => f.write_str("\\t"),
            // Line and paragraph separators end lines for some readers.
            character if character.is_control() || matches!(character, '\u{2028}' | '\u{2029}') => {
                write!(f, "\\u{:04x}", u32::from(character))
            }
            character => f.write_char(character),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Escaped;

    #[test]
    fn nothing_in_a_text_ends_a_line_or_a_string() {
        let escaped = Escaped("a\"b\\c\nd\u{1b}[31m\u{2028}é\0").to_string();
        assert_eq!(escaped, r#"a\"b\\c\nd\u001b[31m\u2028é\u0000"#);
        assert_eq!(
            serde_json::from_str::<String>(&format!("\"{escaped}\""))
                .ok()
                .as_deref(),
            Some("a\"b\\c\nd\u{1b}[31m\u{2028}é\0")
        );
    }
}

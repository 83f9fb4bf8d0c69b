//! Doc comments.

/// The lines of a doc comment of TypeScript, indented; nothing where there is nothing to say.
pub(super) fn block(indent: &str, text: &str) -> String {
    // What ends a comment would be code.
    let text = text.replace("*/", "*\u{2215}");
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    match lines.as_slice() {
        [] => String::new(),
        [one] => format!("{indent}/** {one} */\n"),
        many => {
            let mut block = format!("{indent}/**\n");
            for line in many {
                let space = if line.is_empty() { "" } else { " " };
                block += &format!("{indent} *{space}{line}\n");
            }
            block + &format!("{indent} */\n")
        }
    }
}

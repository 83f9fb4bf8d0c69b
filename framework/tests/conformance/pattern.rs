//! As much of regular expressions as the cases use: `^`, `$`, classes, `\d`, `{n}`, `+` and `(?!literal)`.
//!
//! Repetition takes all it can and never gives back. Other syntax panics: it would need more than this.

/// Whether a text matches a pattern that starts with `^`.
pub(crate) fn matches(pattern: &str, text: &str) -> bool {
    let mut pattern = pattern.strip_prefix('^').expect("patterns start with `^`");
    let mut text = text;
    while !pattern.is_empty() {
        if pattern == "$" {
            return text.is_empty();
        }
        if let Some(rest) = pattern.strip_prefix("(?!") {
            let (literal, rest) = rest.split_once(')').expect("a group is closed");
            if text.starts_with(literal) {
                return false;
            }
            pattern = rest;
            continue;
        }
        let (atom, rest) = atom(pattern);
        let (count, rest) = repetition(rest);
        let length = text
            .chars()
            .take(count.unwrap_or(usize::MAX))
            .take_while(|&c| is_in(atom, c))
            .count();
        if length == 0 || count.is_some_and(|count| length != count) {
            return false;
        }
        text = text
            .char_indices()
            .nth(length)
            .map_or("", |(at, _)| &text[at..]);
        pattern = rest;
    }
    true
}

/// The first atom, and what follows.
fn atom(pattern: &str) -> (&str, &str) {
    let length = match pattern.chars().next() {
        Some('[') => pattern.find(']').expect("a class is closed") + 1,
        Some('\\') => 2,
        Some('(' | '.' | '*' | '?' | '|') => panic!("no such syntax: {pattern}"),
        first => first.map_or(0, char::len_utf8),
    };
    pattern.split_at(length)
}

/// How often the atom stands; nothing for `+`.
fn repetition(rest: &str) -> (Option<usize>, &str) {
    if let Some(rest) = rest.strip_prefix('+') {
        (None, rest)
    } else if let Some((count, rest)) = rest.strip_prefix('{').and_then(|rest| rest.split_once('}'))
    {
        (
            Some(count.parse().expect("a repetition has a number")),
            rest,
        )
    } else {
        (Some(1), rest)
    }
}

/// Whether an atom stands for a character.
fn is_in(atom: &str, character: char) -> bool {
    match atom {
        r"\d" => character.is_ascii_digit(),
        _ => match atom
            .strip_prefix('[')
            .and_then(|class| class.strip_suffix(']'))
        {
            None => atom.ends_with(character),
            Some(class) => {
                let class: Vec<char> = class.chars().collect();
                let range =
                    |three: &[char]| three[1] == '-' && (three[0]..=three[2]).contains(&character);
                class.contains(&character) || class.windows(3).any(range)
            }
        },
    }
}

#[test]
fn matches_what_it_says() {
    let table = [
        (r"^[0-9a-f]{2}-\d+$", "a9-123", true),
        (r"^[0-9a-f]{2}-\d+$", "a9-123x", false),
        (r"^[0-9a-f]{2}-\d+$", "ag-1", false),
        (
            "^Root=1;(?!Parent=a)Parent=[a-f]{1}",
            "Root=1;Parent=b;Sampled=0",
            true,
        ),
        (
            "^Root=1;(?!Parent=a)Parent=[a-f]{1}",
            "Root=1;Parent=a;Sampled=0",
            false,
        ),
    ];
    for (pattern, text, expected) in table {
        assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
    }
}

//! The `wildcard` operator: `*` stands for any text, `\*` and `\\` for themselves.

use std::collections::HashSet;

use super::PatternError;

/// How many prefixes of a pattern, the empty one included, one text may match at a time. The service refuses
/// `*:*:*:*:*:bus/*` as too complex `[R]`, for which this measure is 11; the open engine has no limit, so the limit itself
/// is inferred. `[I]`
const MAX_PREFIXES: usize = 10;
/// A bound for the search for the worst text. Patterns that reach it are too complex as well.
const MAX_STATES: usize = 2_000;

/// A parsed wildcard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wildcard {
    tokens: Vec<Token>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token {
    Any,
    Char(char),
}

impl Wildcard {
    pub(super) fn parse(text: &str) -> Result<Self, PatternError> {
        let mut tokens = Vec::new();
        let mut characters = text.char_indices();
        while let Some((at, character)) = characters.next() {
            tokens.push(match character {
                '*' if tokens.last() == Some(&Token::Any) => {
                    return Err(PatternError::new(format!(
                        "Consecutive wildcard characters at pos {at}"
                    )));
                }
                '*' => Token::Any,
                '\\' => match characters.next() {
                    Some((_, escaped @ ('*' | '\\'))) => Token::Char(escaped),
                    _ => {
                        return Err(PatternError::new(format!(
                            "Invalid escape character at pos {}",
                            at + 1
                        )));
                    }
                },
                other => Token::Char(other),
            });
        }
        let wildcard = Self { tokens };
        if wildcard.is_too_complex() {
            return Err(PatternError::new(
                "Rule is too complex - try using fewer wildcard characters or fewer repeating character sequences after a \
                 wildcard character",
            ));
        }
        Ok(wildcard)
    }

    /// True if the whole text matches. Linear in text times pattern at the worst.
    pub(super) fn matches(&self, text: &str) -> bool {
        let text: Vec<char> = text.chars().collect();
        let (mut token, mut at) = (0, 0);
        // Where to go on if the last star has to swallow one character more.
        let mut star: Option<(usize, usize)> = None;
        while at < text.len() {
            match self.tokens.get(token) {
                Some(Token::Any) => {
                    star = Some((token + 1, at));
                    token += 1;
                }
                Some(Token::Char(character)) if *character == text[at] => {
                    token += 1;
                    at += 1;
                }
                _ => {
                    let Some((after, from)) = star else {
                        return false;
                    };
                    star = Some((after, from + 1));
                    token = after;
                    at = from + 1;
                }
            }
        }
        self.tokens[token..].iter().all(|rest| *rest == Token::Any)
    }

    /// Looks for a text that matches too many prefixes of the pattern at a time.
    fn is_too_complex(&self) -> bool {
        let stars = self
            .tokens
            .iter()
            .filter(|token| **token == Token::Any)
            .count();
        // With few stars no text keeps many prefixes alive.
        if stars < 3 {
            return false;
        }
        let mut alphabet: Vec<char> = self
            .tokens
            .iter()
            .filter_map(|token| match token {
                Token::Char(character) => Some(*character),
                Token::Any => None,
            })
            .collect();
        alphabet.sort_unstable();
        alphabet.dedup();
        let start = self.closure([0].into());
        let mut seen = HashSet::from([start.clone()]);
        let mut open = vec![start];
        while let Some(state) = open.pop() {
            if state.len() + 1 > MAX_PREFIXES || seen.len() > MAX_STATES {
                return true;
            }
            for character in &alphabet {
                let next = self.step(&state, *character);
                if seen.insert(next.clone()) {
                    open.push(next);
                }
            }
        }
        false
    }

    /// The prefixes, by length, that match after one more character.
    fn step(&self, state: &[usize], character: char) -> Vec<usize> {
        let mut next = Vec::new();
        for &length in state {
            if length > 0 && self.tokens[length - 1] == Token::Any {
                next.push(length);
            }
            if self.tokens.get(length) == Some(&Token::Char(character)) {
                next.push(length + 1);
            }
        }
        self.closure(next)
    }

    /// With the prefixes that a star adds without a character.
    fn closure(&self, mut state: Vec<usize>) -> Vec<usize> {
        let mut at = 0;
        while let Some(&length) = state.get(at) {
            if self.tokens.get(length) == Some(&Token::Any) && !state.contains(&(length + 1)) {
                state.push(length + 1);
            }
            at += 1;
        }
        state.sort_unstable();
        state.dedup();
        state
    }
}

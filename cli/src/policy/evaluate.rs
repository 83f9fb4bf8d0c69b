//! Decides whether statements allow an action, as IAM does.
//!
//! IAM user guide, "Policy evaluation logic": nothing is allowed until a statement allows it, and one that denies wins
//! over all. Conditions and principals do not occur in our statements.

use crate::values::statement::{Effect, Statement};

/// True if the statements allow this action on this resource.
pub(crate) fn allows(statements: &[Statement], action: &str, resource: &str) -> bool {
    let action = action.to_lowercase();
    let applies = |statement: &&Statement| {
        let mut actions = statement.actions.iter();
        let mut resources = statement.resources.iter();
        actions.any(|pattern| matches(&pattern.to_lowercase(), &action))
            && resources.any(|pattern| matches(pattern, resource))
    };
    let mut allowed = false;
    for statement in statements.iter().filter(applies) {
        match statement.effect {
            Effect::Deny => return false,
            Effect::Allow => allowed = true,
        }
    }
    allowed
}

/// True if a text matches a pattern in which `*` stands for any characters and `?` for one (IAM
/// user guide, "IAM JSON policy elements: Resource").
pub(crate) fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut p, mut t) = (0, 0);
    // After the last `*`: where the pattern continues, and how far the star reaches.
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p + 1, t));
                p += 1;
            }
            Some(b'?') => {
                // One character with any number of bytes.
                t += 1;
                while text.get(t).is_some_and(|byte| byte & 0xC0 == 0x80) {
                    t += 1;
                }
                p += 1;
            }
            Some(byte) if *byte == text[t] => {
                p += 1;
                t += 1;
            }
            _ => {
                let Some((after, reached)) = star else {
                    return false;
                };
                star = Some((after, reached + 1));
                p = after;
                t = reached + 1;
            }
        }
    }
    pattern[p..].iter().all(|byte| *byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::{allows, matches};
    use crate::values::statement::{Effect, Statement};

    #[test]
    fn stars_and_question_marks_are_iams() {
        for (pattern, text, expected) in [
            ("*", "", true),
            ("*", "anything", true),
            ("", "", true),
            ("", "a", false),
            ("a*c", "abbc", true),
            ("a*c", "ac", true),
            ("a*c", "abcd", false),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("a?c", "aéc", true),
            ("arn:aws:s3:::b/*", "arn:aws:s3:::b/x/y", true),
            ("arn:aws:s3:::b/*", "arn:aws:s3:::b", false),
            ("*a*b*c*", "xxaxxbxxcxx", true),
            ("*ab", "aab", true),
            ("é*", "é", true),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn a_deny_wins_and_nothing_is_allowed_by_itself() {
        let statement = |effect, action: &str, resource: &str| Statement {
            sid: None,
            effect,
            actions: vec![action.to_owned()],
            resources: vec![resource.to_owned()],
            ..Statement::default()
        };
        let all = statement(Effect::Allow, "s3:Get*", "arn:aws:s3:::b/*");
        let secret = statement(Effect::Deny, "s3:*", "arn:aws:s3:::b/secret/*");
        let both = [all, secret];
        assert!(allows(&both, "s3:getobject", "arn:aws:s3:::b/a"));
        assert!(!allows(&both, "s3:GetObject", "arn:aws:s3:::b/secret/a"));
        assert!(!allows(&both, "s3:PutObject", "arn:aws:s3:::b/a"));
        assert!(!allows(&both, "s3:GetObject", "arn:aws:s3:::other/a"));
        assert!(!allows(&[], "s3:GetObject", "arn:aws:s3:::b/a"));
    }
}

//! Many patterns at once: an event is compared with those only that one of its strings points to.
//!
//! Nearly every rule pins a field to exact strings, for example its source. Each pattern is filed
//! under the strings of the pinned field that it shares with the fewest others, so that a thousand
//! rules cost an event little more than ten. Patterns that pin no field are compared with every
//! event.

use std::collections::HashMap;

use super::{FlatEvent, Pattern};

/// Patterns with a key each, to find those that match an event.
#[derive(Clone, Debug)]
pub struct PatternIndex<K> {
    entries: Vec<(Pattern, K)>,
    /// Positions in `entries` by path and string.
    filed: HashMap<String, HashMap<String, Vec<usize>>>,
    /// Positions of the patterns that pin no field.
    others: Vec<usize>,
}

impl<K> PatternIndex<K> {
    /// Files patterns with their keys.
    #[must_use]
    pub fn new(entries: impl IntoIterator<Item = (Pattern, K)>) -> Self {
        let entries: Vec<_> = entries.into_iter().collect();
        let mut shared: HashMap<(String, String), usize> = HashMap::new();
        for (pattern, _) in &entries {
            for (path, strings) in pattern.pinned() {
                for string in strings {
                    *shared
                        .entry((path.to_owned(), string.to_owned()))
                        .or_default() += 1;
                }
            }
        }
        let mut filed: HashMap<String, HashMap<String, Vec<usize>>> = HashMap::new();
        let mut others = Vec::new();
        for (position, (pattern, _)) in entries.iter().enumerate() {
            let company = |(path, strings): &(&str, Vec<&str>)| -> usize {
                let key = |string: &&str| ((*path).to_owned(), (*string).to_owned());
                strings.iter().map(|string| shared[&key(string)]).sum()
            };
            match pattern.pinned().into_iter().min_by_key(company) {
                Some((path, strings)) => {
                    let by_string = filed.entry(path.to_owned()).or_default();
                    for string in strings {
                        by_string
                            .entry(string.to_owned())
                            .or_default()
                            .push(position);
                    }
                }
                None => others.push(position),
            }
        }
        Self {
            entries,
            filed,
            others,
        }
    }

    /// The keys of the patterns that match, in the order in which they were filed.
    #[must_use]
    pub fn matching(&self, event: &FlatEvent<'_>) -> Vec<&K> {
        let mut candidates = self.others.clone();
        for (path, string) in event.strings() {
            let found = self.filed.get(path).and_then(|by| by.get(string));
            candidates.extend(found.into_iter().flatten());
        }
        candidates.sort_unstable();
        candidates.dedup();
        candidates
            .into_iter()
            .map(|position| &self.entries[position])
            .filter(|(pattern, _)| pattern.matches_flat(event))
            .map(|(_, key)| key)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn index(patterns: &[Value]) -> PatternIndex<usize> {
        let parsed = patterns.iter().map(|one| Pattern::from_value(one).unwrap());
        PatternIndex::new(parsed.zip(0..))
    }

    #[test]
    fn an_index_finds_what_patterns_find_one_by_one() {
        let patterns = [
            json!({"source": ["a"]}),
            json!({"source": ["a", "b"], "detail": {"n": [{"numeric": [">", 1]}]}}),
            json!({"detail": {"n": [{"exists": true}]}}),
            json!({"$or": [{"source": ["c"]}, {"detail": {"tag": ["x"]}}]}),
            json!({"source": [{"prefix": "a"}]}),
            json!({"detail": {"tag": ["x", "y"]}}),
        ];
        let index = index(&patterns);
        for event in [
            json!({"source": "a", "detail": {"n": 2}}),
            json!({"source": "b", "detail": {"n": 0, "tag": ["y", "x", "x"]}}),
            json!({"source": "c"}),
            json!({}),
        ] {
            let each: Vec<usize> = (0..patterns.len())
                .filter(|at| Pattern::from_value(&patterns[*at]).unwrap().matches(&event))
                .collect();
            let found: Vec<usize> = index
                .matching(&FlatEvent::new(&event))
                .into_iter()
                .copied()
                .collect();
            assert_eq!(found, each, "{event}");
        }
    }

    /// The field with the fewest others is used, so that a shared source does not put all rules in one place.
    #[test]
    fn rules_of_one_source_are_told_apart_by_another_field() {
        let patterns: Vec<_> = (0..100)
            .map(|at| json!({"source": ["shop"], "detail": {"kind": [format!("k{at}")]}}))
            .collect();
        let index = index(&patterns);
        assert!(index.others.is_empty());
        assert_eq!(index.filed["detail.kind"].len(), 100);
        assert!(!index.filed.contains_key("source"));
    }
}

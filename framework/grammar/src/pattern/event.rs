//! An event as its leaves: path, value, and the array elements that the leaf lies in.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::Value;

use super::Field;

/// An event, ready to be matched against many patterns.
#[derive(Clone, Debug)]
pub struct FlatEvent<'v> {
    leaves: HashMap<String, Vec<Leaf<'v>>>,
}

#[derive(Clone, Debug)]
struct Leaf<'v> {
    value: &'v Value,
    /// The elements that hold the leaf, as (array, index): conditions on an array of objects must hold in one element. `[E]`
    elements: Vec<(usize, usize)>,
}

impl<'v> FlatEvent<'v> {
    /// Flattens an event.
    #[must_use]
    pub fn new(event: &'v Value) -> Self {
        let mut walk = Walk {
            leaves: HashMap::new(),
            path: String::new(),
            elements: Vec::new(),
            arrays: 0,
        };
        if let Value::Object(_) = event {
            walk.value(event);
        }
        Self {
            leaves: walk.leaves,
        }
    }

    /// The strings of the event with their paths.
    pub(super) fn strings(&self) -> impl Iterator<Item = (&str, &str)> {
        self.leaves.iter().flat_map(|(path, leaves)| {
            let strings = leaves.iter().filter_map(|leaf| leaf.value.as_str());
            strings.map(move |string| (path.as_str(), string))
        })
    }

    /// True if each field finds a leaf, all of them in array elements that agree.
    pub(super) fn satisfies(&self, fields: &[Field]) -> bool {
        let mut found = Vec::new();
        for field in fields {
            let Some(leaves) = self.leaves.get(&field.path) else {
                if field.any_of.iter().any(super::Condition::allows_absent) {
                    continue;
                }
                return false;
            };
            let matching = leaves
                .iter()
                .filter(|leaf| field.any_of.iter().any(|one| one.matches(leaf.value)));
            let matching: Vec<_> = matching.map(|leaf| leaf.elements.as_slice()).collect();
            if matching.is_empty() {
                return false;
            }
            found.push(matching);
        }
        agree(found)
    }
}

/// The elements that hold a leaf, the outermost array first.
type Elements<'e> = &'e [(usize, usize)];

/// True if a leaf of each field can be chosen so that no two of them lie in different elements of one array.
///
/// Fields that share no array are looked at by themselves, and of those that do, the leaves of one element at a time: the
/// work grows with the number of leaves and not with its powers.
fn agree(fields: Vec<Vec<Elements<'_>>>) -> bool {
    // A leaf outside of arrays agrees with all others.
    let mut open: Vec<_> = fields
        .into_iter()
        .filter(|leaves| !leaves.iter().any(|elements| elements.is_empty()))
        .collect();
    let Some(first) = open.pop() else {
        return true;
    };
    // The fields that share an array with the first, or with one that does.
    let mut arrays: BTreeSet<usize> = outermost(&first).collect();
    let mut together = vec![first];
    while let Some(at) = open
        .iter()
        .position(|leaves| outermost(leaves).any(|array| arrays.contains(&array)))
    {
        let leaves = open.swap_remove(at);
        arrays.extend(outermost(&leaves));
        together.push(leaves);
    }
    // Of the first field's arrays one must hold its leaf. There is more than one if the event has names with dots.
    let choices: BTreeSet<usize> = outermost(&together[0]).collect();
    let agrees = choices.into_iter().any(|array| agree_in(array, &together));
    agrees && agree(open)
}

/// True if the fields agree where the first of them lies in that array.
fn agree_in(array: usize, fields: &[Vec<Elements<'_>>]) -> bool {
    let mut by_element: Vec<BTreeMap<usize, Vec<Elements<'_>>>> = Vec::new();
    let mut elsewhere: Vec<Vec<Elements<'_>>> = Vec::new();
    for leaves in fields {
        let (mut inside, mut outside) = (BTreeMap::new(), Vec::new());
        for elements in leaves {
            match elements.split_first() {
                Some(((of, index), rest)) if *of == array => {
                    inside.entry(*index).or_insert_with(Vec::new).push(rest);
                }
                _ => outside.push(*elements),
            }
        }
        by_element.push(inside);
        elsewhere.push(outside);
    }
    let Some(first) = by_element.first() else {
        return true;
    };
    first.keys().any(|index| {
        let of_field = |(at, inside): (usize, &BTreeMap<usize, Vec<_>>)| {
            let mut leaves = inside.get(index).cloned().unwrap_or_default();
            if at > 0 {
                leaves.extend(&elsewhere[at]);
            }
            leaves
        };
        let chosen: Vec<_> = by_element.iter().enumerate().map(of_field).collect();
        !chosen.iter().any(Vec::is_empty) && agree(chosen)
    })
}

fn outermost<'e>(leaves: &'e [Elements<'_>]) -> impl Iterator<Item = usize> + 'e {
    let first = leaves.iter().filter_map(|elements| elements.first());
    first.map(|(array, _)| *array)
}

struct Walk<'v> {
    leaves: HashMap<String, Vec<Leaf<'v>>>,
    path: String,
    elements: Vec<(usize, usize)>,
    arrays: usize,
}

impl<'v> Walk<'v> {
    fn value(&mut self, value: &'v Value) {
        match value {
            Value::Object(members) => {
                for (name, member) in members {
                    let before = self.path.len();
                    if before > 0 {
                        self.path.push('.');
                    }
                    self.path.push_str(name);
                    self.value(member);
                    self.path.truncate(before);
                }
            }
            // Nested arrays are flattened, and an empty one has no leaf, so it does not exist. `[E]` `[R]`
            Value::Array(elements) => {
                let array = self.arrays;
                self.arrays += 1;
                for (index, element) in elements.iter().enumerate() {
                    self.elements.push((array, index));
                    self.value(element);
                    self.elements.pop();
                }
            }
            leaf => {
                let leaf = Leaf {
                    value: leaf,
                    elements: self.elements.clone(),
                };
                match self.leaves.get_mut(&self.path) {
                    Some(leaves) => leaves.push(leaf),
                    None => {
                        self.leaves.insert(self.path.clone(), vec![leaf]);
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The choice as it is defined: a leaf of each field, and no two in different elements of one array.
    fn naive(fields: &[Vec<Vec<(usize, usize)>>], held: &[(usize, usize)]) -> bool {
        let Some((first, rest)) = fields.split_first() else {
            return true;
        };
        first.iter().any(|leaf| {
            let agrees = |(array, index): &(usize, usize)| {
                held.iter().all(|(of, at)| of != array || at == index)
            };
            let all: Vec<_> = held.iter().chain(leaf).copied().collect();
            leaf.iter().all(agrees) && naive(rest, &all)
        })
    }

    /// A leaf in arrays as a document has them: an inner array belongs to one element of the outer one.
    fn leaf() -> impl Strategy<Value = Vec<(usize, usize)>> {
        (0_usize..3, 0_usize..3, 0_usize..3, 0_usize..3).prop_map(|(depth, array, outer, inner)| {
            let nested = 10 + array * 10 + outer;
            [(array, outer), (nested, inner)]
                .into_iter()
                .take(depth)
                .collect()
        })
    }

    proptest! {
        #[test]
        fn the_choice_is_the_one_that_is_defined(
            fields in prop::collection::vec(prop::collection::vec(leaf(), 1..4), 0..5),
        ) {
            let slices = fields.iter().map(|leaves| leaves.iter().map(Vec::as_slice).collect());
            prop_assert_eq!(agree(slices.collect()), naive(&fields, &[]));
        }
    }

    /// Eight fields, each in a hundred places of each of fifty elements, and a ninth in none of these: with a try of every
    /// combination this would not end.
    #[test]
    fn the_work_does_not_grow_with_the_combinations() {
        let fields: Vec<String> = (0..8).map(|at| format!("f{at}")).collect();
        let mut element = serde_json::Map::new();
        for field in &fields {
            element.insert(field.clone(), vec![serde_json::json!({"x": 1}); 100].into());
        }
        let mut elements = vec![Value::Object(element); 50];
        elements.push(serde_json::json!({"last": 1}));
        let event = serde_json::json!({ "r": elements });
        let mut pattern = serde_json::Map::new();
        for field in &fields {
            pattern.insert(field.clone(), serde_json::json!({"x": [1]}));
        }
        pattern.insert("last".into(), serde_json::json!([1]));
        let pattern = serde_json::json!({ "r": pattern });
        let pattern = super::super::Pattern::from_value(&pattern).unwrap();
        assert!(!pattern.matches(&event));
    }
}

//! An event as its leaves: path, value, and the array elements that the leaf lies in.

use std::collections::HashMap;

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

    /// True if each field finds a leaf, all of them in compatible array elements with those in `held`.
    pub(super) fn satisfies(&self, fields: &[Field], held: &mut Vec<(usize, usize)>) -> bool {
        let Some((field, rest)) = fields.split_first() else {
            return true;
        };
        let Some(leaves) = self.leaves.get(&field.path) else {
            return field.any_of.iter().any(super::Condition::allows_absent)
                && self.satisfies(rest, held);
        };
        for leaf in leaves {
            let consistent = leaf
                .elements
                .iter()
                .all(|(array, index)| held.iter().all(|(a, i)| a != array || i == index));
            if !consistent || !field.any_of.iter().any(|one| one.matches(leaf.value)) {
                continue;
            }
            let before = held.len();
            held.extend_from_slice(&leaf.elements);
            if self.satisfies(rest, held) {
                return true;
            }
            held.truncate(before);
        }
        false
    }
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

//! The ids of types, `shop::Page<shop::Order>`, and the names that follow from them: `OrderPage`.

/// A type's name, from its id and the ids of all types; `None` where the id cannot be taken apart.
///
/// `schemars` writes the parameters of a generic type one after the other, without anything between them. So where there are more
/// than one, they are told apart by the ids that are known.
pub(crate) fn name(id: &str, known: &[&str]) -> Option<String> {
    let (head, arguments) = match id.split_once('<') {
        Some((head, rest)) => (head, rest.strip_suffix('>')?),
        None => (id, ""),
    };
    if let Some(item) = id.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return Some(name(item, known)? + "List");
    }
    let base = head.rsplit("::").next()?;
    let base = match head {
        "Option" | "Nullable" => "Option",
        _ => base,
    };
    let base: String = base
        .chars()
        .filter(|letter| letter.is_ascii_alphanumeric() || *letter == '_' || *letter == '-')
        .collect();
    let mut letters = base.chars();
    let first = letters.next()?;
    // A type's own name stays as it is written; `string` and `uint32` are not names of the app's types.
    let base = if head.contains("::") {
        base
    } else {
        first.to_ascii_uppercase().to_string() + letters.as_str()
    };
    if arguments.is_empty() {
        return Some(base);
    }
    let mut names = String::new();
    for argument in split(arguments, known)? {
        names += &name(argument, known)?;
    }
    Some(names + &base)
}

/// The names that `schemars` has for types of the standard library.
const SCALARS: [&str; 20] = [
    "string",
    "boolean",
    "uint8",
    "uint16",
    "uint32",
    "uint64",
    "uint128",
    "uint",
    "int8",
    "int16",
    "int32",
    "int64",
    "int128",
    "int",
    "float",
    "double",
    "null",
    "AnyValue",
    "Character",
    "Uuid",
];

/// Takes parameters apart that stand one after the other.
fn split<'i>(arguments: &'i str, known: &[&str]) -> Option<Vec<&'i str>> {
    if arguments.is_empty() {
        return Some(Vec::new());
    }
    let bracketed = |open: char, close: char| {
        let mut depth = 0_u32;
        arguments.char_indices().find_map(|(at, letter)| {
            if letter == open {
                depth += 1;
            } else if letter == close {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            None
        })
    };
    let mut ends: Vec<usize> = known
        .iter()
        .chain(&SCALARS)
        .filter(|known| arguments.starts_with(**known))
        .map(|known| known.len())
        .collect();
    if arguments.starts_with('[') {
        ends.extend(bracketed('[', ']'));
    } else if let Some(open) = arguments.find('<')
        && arguments[..open].bytes().all(|byte| byte != b'>')
    {
        ends.extend(bracketed('<', '>'));
    }
    // One parameter alone needs to be known to nobody.
    ends.push(arguments.len());
    ends.sort_unstable();
    ends.dedup();
    // The longest first: `int` is the beginning of `int32`.
    for end in ends
        .iter()
        .rev()
        .copied()
        .filter(|end| *end < arguments.len())
    {
        if let Some(rest) = split(&arguments[end..], known)
            && rest.iter().all(|one| is_one(one, known))
            && is_one(&arguments[..end], known)
        {
            let mut all = vec![&arguments[..end]];
            all.extend(rest);
            return Some(all);
        }
    }
    Some(vec![arguments])
}

/// True if that is a type which is known, or made of such.
fn is_one(id: &str, known: &[&str]) -> bool {
    known.contains(&id)
        || SCALARS.contains(&id)
        || (id.starts_with('[') && id.ends_with(']'))
        || (id.contains('<') && id.ends_with('>'))
}

#[cfg(test)]
mod tests {
    use super::name;

    #[test]
    fn names_follow_from_the_parameters() {
        let known = ["shop::Order", "shop::Hit", "shop::Page<shop::Hit>"];
        for (id, expected) in [
            ("shop::Order", "Order"),
            ("shop::my_order", "my_order"),
            ("shop::Page<shop::Order>", "OrderPage"),
            ("shop::Envelope<shop::Page<shop::Hit>>", "HitPageEnvelope"),
            ("shop::Pair<shop::Ordershop::Hit>", "OrderHitPair"),
            (
                "shop::Pair<shop::Page<shop::Hit>string>",
                "HitPageStringPair",
            ),
            ("shop::Page<[shop::Hit]>", "HitListPage"),
            ("shop::Page<Option<shop::Hit>>", "HitOptionPage"),
            ("shop::Pair<int32int>", "Int32IntPair"),
            ("shop::Page<shop::Unlisted>", "UnlistedPage"),
        ] {
            assert_eq!(name(id, &known).as_deref(), Some(expected), "{id}");
        }
        assert_eq!(name("shop::Page<shop::Order", &known), None);
        assert_eq!(name("", &known), None);
    }
}

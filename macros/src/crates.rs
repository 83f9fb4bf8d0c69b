//! The names with a meaning in every module: the crates that the compiler was given, and its
//! built-in types.

use std::{
    ffi::{OsStr, OsString},
    sync::OnceLock,
};

/// Types without a crate. `core` and `std` are never arguments, but always exist.
const BUILT_IN: [&str; 19] = [
    "bool", "char", "core", "f32", "f64", "i128", "i16", "i32", "i64", "i8", "isize", "std", "str",
    "u128", "u16", "u32", "u64", "u8", "usize",
];

/// True if this name has a meaning in every module.
pub(crate) fn is_taken(name: &str) -> bool {
    static GIVEN: OnceLock<Vec<String>> = OnceLock::new();
    BUILT_IN.contains(&name)
        || GIVEN
            .get_or_init(|| {
                // A macro runs in the compiler's process, so these are the compiler's arguments. In
                // other processes, such as an editor's, they contain no crates, and a function with
                // the name of a crate hides it there.
                let arguments = std::env::args_os();
                let arguments: Vec<_> = arguments.collect();
                externs(arguments.iter().map(OsString::as_os_str))
            })
            .iter()
            .any(|known| known == name)
}

/// The names in `--extern name=path`, `--extern=priv:name=path` and `--extern name`.
fn externs<'a>(arguments: impl Iterator<Item = &'a OsStr>) -> Vec<String> {
    let mut names = Vec::new();
    let mut next = false;
    for argument in arguments.filter_map(OsStr::to_str) {
        let given = match argument.strip_prefix("--extern") {
            Some("") => {
                next = true;
                continue;
            }
            Some(given) => given.strip_prefix('='),
            None if next => Some(argument),
            None => None,
        };
        next = false;
        if let Some(given) = given {
            let name = given.split_once('=').map_or(given, |(name, _)| name);
            let name = name.rsplit_once(':').map_or(name, |(_, name)| name);
            names.push(name.to_owned());
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;

    use super::{externs, is_taken};

    #[test]
    fn crates_are_read_from_the_compilers_arguments() {
        let arguments = [
            "rustc",
            "--crate-name",
            "csv",
            "--edition=2024",
            "--extern",
            "fw=/t/libfw-1.rlib",
            "--extern=uuid=/t/a=b.rlib",
            "--extern",
            "proc_macro",
            "--extern",
            "priv,noprelude:serde=/t/libserde.rmeta",
            "--externs",
            "x",
            "-L",
            "y",
        ];
        assert_eq!(
            externs(arguments.iter().map(OsStr::new)),
            ["fw", "uuid", "proc_macro", "serde"]
        );
        assert_eq!(externs(["--extern"].iter().map(OsStr::new)), [""; 0]);
    }

    #[test]
    fn what_is_built_in_is_taken() {
        assert!(is_taken("std") && is_taken("str") && is_taken("u8"));
        assert!(!is_taken("orders"));
    }
}

//! Command lines that are printed to be run.

/// The command that does the same again: this one, to be pasted into a shell.
pub(super) fn again() -> String {
    command_line(std::env::args().skip(1))
}

/// A command line of those arguments, with or without the `fw` that cargo puts before them.
fn command_line(args: impl Iterator<Item = String>) -> String {
    let mut line = "cargo fw".to_owned();
    for (at, arg) in args.enumerate() {
        if at == 0 && arg == "fw" {
            continue;
        }
        line.push(' ');
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,+@%".contains(c);
        if !arg.is_empty() && arg.chars().all(plain) {
            line.push_str(&arg);
        } else {
            line.push_str(&format!("'{}'", arg.replace('\'', r"'\''")));
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::command_line;

    #[test]
    fn a_command_line_can_be_pasted() {
        let of = |args: &[&str]| command_line(args.iter().map(|&arg| arg.to_owned()));
        let told = "cargo fw deploy --canary 10% --profile 'my work' --app ''";
        for before in [&[][..], &["fw"]] {
            let args = [
                "deploy",
                "--canary",
                "10%",
                "--profile",
                "my work",
                "--app",
                "",
            ];
            assert_eq!(of(&[before, &args].concat()), told);
        }
        assert_eq!(of(&["fw", "fw"]), "cargo fw fw");
        assert_eq!(of(&["it's"]), r"cargo fw 'it'\''s'");
    }
}

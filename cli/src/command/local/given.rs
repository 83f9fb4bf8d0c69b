//! Variables that the command line gives to the app: `--env` and `--env-file`.

use std::{ffi::OsString, fs};

use crate::{
    args,
    error::{Context as _, Failure, Result},
    settings::Settings,
};

/// Gives them to every function, over those of the settings. `--env` overrides `--env-file`.
///
/// # Errors
///
/// If a file cannot be read, a line is not `KEY=VALUE`, or a variable to be passed on is not set; exit code 65.
pub(super) fn give(args: &args::Local, settings: &mut Settings) -> Result<()> {
    give_from(args, settings, |name| std::env::var_os(name))
}

fn give_from(
    args: &args::Local,
    settings: &mut Settings,
    shell: impl Fn(&str) -> Option<OsString>,
) -> Result<()> {
    for file in &args.env_file {
        let text = fs::read_to_string(file)
            .with_context(|| format!("cannot read the variables in `{}`", file.display()))?;
        for (number, line) in text.lines().enumerate() {
            let pair = pair(line).ok_or_else(|| {
                Failure::input(format!(
                    "not a variable: `{}`, line {}",
                    file.display(),
                    number + 1
                ))
                .hint("write `KEY=VALUE`, one on each line; `#` starts a comment")
            })?;
            settings.give(pair);
        }
    }
    for given in &args.env {
        let (name, value) = match given.split_once('=') {
            Some((name, value)) => (name, value.to_owned()),
            None => {
                let value = shell(given).and_then(|value| value.into_string().ok());
                let value = value.ok_or_else(|| {
                    Failure::input(format!("the variable to pass on is not set: `{given}`")).hint(
                        format!("set it in the shell, or write `--env {given}=VALUE`"),
                    )
                })?;
                (given.as_str(), value)
            }
        };
        settings.give([(name.to_owned(), value)]);
    }
    Ok(())
}

/// The variable of a line: nothing in an empty line or a comment, `None` if the line is neither.
fn pair(line: &str) -> Option<Option<(String, String)>> {
    let line = line.trim();
    if line.is_empty() || line.starts_with('#') {
        return Some(None);
    }
    let (name, value) = line
        .strip_prefix("export ")
        .unwrap_or(line)
        .split_once('=')?;
    let (name, value) = (name.trim(), value.trim());
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if name.is_empty() || !name.chars().all(plain) {
        return None;
    }
    let quoted = ['"', '\''].into_iter().find_map(|quote| {
        let inner = value.strip_prefix(quote)?;
        inner.strip_suffix(quote)
    });
    Some(Some((name.to_owned(), quoted.unwrap_or(value).to_owned())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(env: &[&str], file: Option<&str>) -> Result<Vec<(String, String)>> {
        let folder = tempfile::tempdir().unwrap();
        let mut args = args::Local {
            env: env.iter().map(ToString::to_string).collect(),
            ..args::Local::default()
        };
        if let Some(text) = file {
            let path = folder.path().join(".env");
            fs::write(&path, text).unwrap();
            args.env_file.push(path);
        }
        fs::write(
            folder.path().join("fw.toml"),
            "environment = { AA = \"settings\", BB = \"b\" }",
        )
        .unwrap();
        let mut settings = Settings::load(folder.path(), "dev").unwrap();
        let shell = |name: &str| (name == "SHELL_ONE").then(|| OsString::from("from the shell"));
        give_from(&args, &mut settings, shell)?;
        let app = settings.of(&fw_manifest::Part::Api);
        Ok(app.environment.into_iter().collect())
    }

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        pairs.iter().map(owned).collect()
    }

    #[test]
    fn they_override_the_settings_and_flags_override_files() {
        assert_eq!(
            given(&[], None).unwrap(),
            pairs(&[("AA", "settings"), ("BB", "b")])
        );
        let file = "# a comment\n\nexport AA=file\nQUOTED=\"a b\"\nCC=x=y\n";
        assert_eq!(
            given(&["CC=flag", "SHELL_ONE", "EMPTY="], Some(file)).unwrap(),
            pairs(&[
                ("AA", "file"),
                ("BB", "b"),
                ("CC", "flag"),
                ("EMPTY", ""),
                ("QUOTED", "a b"),
                ("SHELL_ONE", "from the shell"),
            ])
        );
    }

    #[test]
    fn what_is_not_a_variable_is_refused() {
        for line in ["no equals sign", "=x", "a b=c", "A-B=c"] {
            assert!(given(&[], Some(line)).is_err(), "{line}");
        }
        let failure = given(&["NOT_SET"], None).unwrap_err();
        assert!(
            failure.to_string().contains("not set: `NOT_SET`"),
            "{failure}"
        );
    }
}

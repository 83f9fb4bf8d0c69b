//! `cargo fw completions` and `cargo fw man`: what a shell and `man` know about the commands.

use std::{fs, path::Path};

use clap::{CommandFactory as _, builder::Command as Clap};
use clap_complete::{Generator as _, shells};
use clap_mangen::Man as Page;

use crate::{
    args::{Args, Completions, Man, Shell},
    console::Console,
    error::{Context as _, Exit, Failure, Result},
};

/// The executable, which cargo calls for `cargo fw`.
const BINARY: &str = "cargo-fw";

/// The end of a script for bash: bash asks by the first word, which is `cargo`. Cargo's own completions stay for all other
/// subcommands, if they were loaded before.
const BASH: &str = r#"
_cargo_fw_before=$(complete -p cargo 2>/dev/null | sed -n 's/.* -F \([^ ]*\) .*/\1/p')
if [ "$_cargo_fw_before" = _cargo_and_fw ]; then
    _cargo_fw_before=
fi
_cargo_and_fw() {
    if [ "$COMP_CWORD" -gt 1 ] && [ "${COMP_WORDS[1]}" = fw ]; then
        COMP_WORDS=(cargo-fw "${COMP_WORDS[@]:2}")
        COMP_CWORD=$((COMP_CWORD - 1))
        _cargo__fw cargo-fw "$2" "$3"
    elif [ -n "$_cargo_fw_before" ]; then
        "$_cargo_fw_before" "$@"
    elif [ "$COMP_CWORD" -eq 1 ]; then
        COMPREPLY=($(compgen -W "fw" -- "$2"))
    fi
}
complete -F _cargo_and_fw -o bashdefault -o default cargo
"#;

/// The end of a script for fish: what follows `cargo fw` is completed as what follows `cargo-fw`.
const FISH: &str = r#"
function __cargo_fw_complete
    set -l words (commandline -opc)
    complete -C "cargo-fw $words[3..] "(commandline -ct)
end
complete -c cargo -n 'test (count (commandline -opc)) -eq 1' -f -a fw -d 'Serve and deploy an fw app'
complete -c cargo -n 'set -l words (commandline -opc); test (count $words) -ge 2; and test $words[2] = fw' -f -a '(__cargo_fw_complete)'
"#;

/// Prints the script of a shell.
pub(super) fn completions(args: &Completions, console: &Console) -> Result<Exit> {
    console.result(script(args.shell)?.trim_end());
    Ok(Exit::Success)
}

fn script(shell: Shell) -> Result<String> {
    let mut command = Args::command().name(BINARY).bin_name(BINARY);
    command.build();
    let mut text = Vec::new();
    let end = match shell {
        Shell::Bash => {
            shells::Bash.generate(&command, &mut text);
            BASH
        }
        Shell::Fish => {
            shells::Fish.generate(&command, &mut text);
            FISH
        }
        Shell::Zsh => {
            shells::Zsh.generate(&command, &mut text);
            // Cargo's own completions for zsh call `_cargo-NAME` for a subcommand, so nothing is missing.
            ""
        }
    };
    let text = String::from_utf8(text).context("the script is not UTF-8")?;
    // The script for bash names its parts after `cargo fw` and looks for them after `cargo-fw`.
    let text = text.replace("cargo__subcmd__fw__subcmd__", "cargo__fw__subcmd__");
    Ok(text + end)
}

/// Prints the manual's first page, or writes a page for each command.
pub(super) fn man(args: &Man, console: &Console) -> Result<Exit> {
    let mut command = Args::command();
    command.build();
    let Some(folder) = &args.folder else {
        let text = String::from_utf8(page(command)?).context("the page is not UTF-8")?;
        console.result(text.trim_end());
        return Ok(Exit::Success);
    };
    fs::create_dir_all(folder)
        .with_context(|| format!("cannot create the folder: {}", folder.display()))?;
    let count = pages(command, BINARY, folder)?;
    console.status("Wrote", format!("{count} pages in {}", folder.display()));
    Ok(Exit::Success)
}

/// Writes the page of a command and those of its subcommands, and returns how many there are.
fn pages(command: Clap, name: &str, folder: &Path) -> Result<usize> {
    let mut count = 1;
    for one in command
        .get_subcommands()
        .filter(|one| one.get_name() != "help")
    {
        count += pages(one.clone(), &format!("{name}-{}", one.get_name()), folder)?;
    }
    let path = folder.join(format!("{name}.1"));
    fs::write(&path, page(command.name(name.to_owned()))?).map_err(|error| {
        Failure::new(format!("cannot write `{}`", path.display())).because_of(error.to_string())
    })?;
    Ok(count)
}

/// A page in roff.
fn page(command: Clap) -> Result<Vec<u8>> {
    let mut text = Vec::new();
    Page::new(command)
        .render(&mut text)
        .context("cannot write the page")?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use std::{io::Write as _, process::Command};

    use super::{Args, BINARY, pages, script};
    use crate::args::Shell;
    use clap::CommandFactory as _;

    /// What bash proposes after these words; the last one is being typed.
    fn proposed(script: &str, words: &[&str]) -> Vec<String> {
        let typed = words.last().unwrap();
        let before = words[words.len() - 2];
        let program = format!(
            "{script}\nCOMP_WORDS=({})\nCOMP_CWORD={}\n_cargo_and_fw cargo '{typed}' '{before}'\nprintf '%s\\n' \"${{COMPREPLY[@]}}\"",
            words
                .iter()
                .map(|word| format!("'{word}' "))
                .collect::<String>(),
            words.len() - 1,
        );
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(program.as_bytes()).unwrap();
        let output = Command::new("bash")
            .arg("--norc")
            .arg(file.path())
            .output()
            .unwrap();
        assert!(
            output.stderr.is_empty(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        let text = String::from_utf8(output.stdout).unwrap();
        text.lines().map(str::to_owned).collect()
    }

    #[test]
    fn bash_completes_what_follows_cargo_fw() {
        let script = script(Shell::Bash).unwrap();
        assert_eq!(proposed(&script, &["cargo", "f"]), ["fw"]);
        assert_eq!(proposed(&script, &["cargo", "fw", "loc"]), ["local"]);
        assert_eq!(
            proposed(&script, &["cargo", "fw", "local", "--rel"]),
            ["--release"]
        );
        let formats = proposed(&script, &["cargo", "fw", "event", "http"]);
        assert_eq!(formats, ["http-api"]);
        let shells = proposed(&script, &["cargo", "fw", "completions", ""]);
        assert!(shells.contains(&"fish".to_owned()), "{shells:?}");
    }

    #[test]
    fn cargo_completes_its_own_subcommands_as_before() {
        let before = "_cargo() { COMPREPLY=(\"own $2\"); }\ncomplete -F _cargo cargo\n";
        let script = before.to_owned() + &script(Shell::Bash).unwrap();
        assert_eq!(proposed(&script, &["cargo", "bui"]), ["own bui"]);
        assert_eq!(proposed(&script, &["cargo", "fw", "loc"]), ["local"]);
    }

    #[test]
    fn fish_and_zsh_know_every_command() {
        let mut command = Args::command();
        command.build();
        for shell in [Shell::Fish, Shell::Zsh] {
            let text = script(shell).unwrap();
            for one in command.get_subcommands() {
                assert!(
                    text.contains(one.get_name()),
                    "{shell:?}: {}",
                    one.get_name()
                );
            }
        }
    }

    #[test]
    fn the_manual_has_a_page_for_each_command() {
        let folder = tempfile::tempdir().unwrap();
        let count = pages(Args::command(), BINARY, folder.path()).unwrap();
        assert_eq!(count, std::fs::read_dir(folder.path()).unwrap().count());
        let page = std::fs::read_to_string(folder.path().join("cargo-fw-local.1")).unwrap();
        assert!(
            page.contains("Serve the app locally as the cloud will"),
            "{page}"
        );
        assert!(folder.path().join("cargo-fw-event-sqs.1").exists());
    }
}

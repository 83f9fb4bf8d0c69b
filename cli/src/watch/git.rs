//! The files that git ignores, without running git.

use std::path::Path;

use ignore::{
    Match,
    gitignore::{Gitignore, GitignoreBuilder},
};

/// True if a `.gitignore` between the repository's root and the path, or the repository's own
/// `info/exclude`, ignores the path or a parent folder. Without a repository the files up to the
/// file system's root count.
pub(super) fn ignores(path: &Path) -> bool {
    let is_folder = path.is_dir();
    for folder in path.ancestors().skip(1) {
        let is_root = folder.join(".git").exists();
        let mut files = vec![folder.join(".gitignore")];
        if is_root {
            files.push(folder.join(".git/info/exclude"));
        }
        for file in files.into_iter().filter(|file| file.is_file()) {
            // The nearest file that knows the path decides (gitignore(5)).
            match rules(folder, &file).matched_path_or_any_parents(path, is_folder) {
                Match::Ignore(_) => return true,
                Match::Whitelist(_) => return false,
                Match::None => {}
            }
        }
        if is_root {
            break;
        }
    }
    false
}

fn rules(folder: &Path, file: &Path) -> Gitignore {
    let mut builder = GitignoreBuilder::new(folder);
    // A line that cannot be read is left out, as by git.
    let _ = builder.add(file);
    builder.build().unwrap_or_else(|_| Gitignore::empty())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::ignores;

    #[test]
    fn the_nearest_file_decides() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        fs::create_dir_all(root.join(".git/info")).unwrap();
        fs::create_dir_all(root.join("app/dist/deep")).unwrap();
        fs::write(root.join(".git/info/exclude"), "private.txt\n").unwrap();
        fs::write(root.join(".gitignore"), "*.log\ndist/\n").unwrap();
        fs::write(root.join("app/.gitignore"), "!kept.log\n").unwrap();
        for (path, ignored) in [
            ("app/src/main.rs", false),
            ("app/x.log", true),
            ("app/kept.log", false),
            ("kept.log", true),
            ("app/dist", true),
            ("app/dist/deep/app.js", true),
            ("app/private.txt", true),
        ] {
            assert_eq!(ignores(&root.join(path)), ignored, "{path}");
        }
    }
}

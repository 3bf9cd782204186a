//! Last stage: the texts are put in their places, or compared with what is there.

use std::collections::BTreeSet;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use similar::TextDiff;
use tempfile::{NamedTempFile, TempPath};

use crate::diagnostic::Failure;
use crate::output::manifest;
use crate::output::render::{MARKS, SourceText};
use crate::split::Feature;
use crate::told::count;

/// How many lines of diffs are printed, and how many of one file.
const SHOWN: usize = 500;
const OF_FILE: usize = 150;

/// How many files that differ are named after that.
const NAMED: usize = 20;

/// What [`write()`] did.
#[derive(Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A file has been made, changed or removed.
    Written,
    /// All files held these texts already, and were left alone.
    Unchanged,
}

/// A crate of which all is made, and not only what comes of the description: how it begins. These files belong to the owner of the crate, and
/// are not written over. Of the manifest, the features are.
#[derive(Debug)]
pub struct Whole {
    /// The manifest, with the two lines for the features.
    pub manifest: String,
    /// The README. It is written again if it is not there, since its examples are compiled.
    pub readme: SourceText,
    /// An example. It is written with the manifest, and never again.
    pub example: SourceText,
}

/// A file that has to change.
struct Change {
    path: PathBuf,
    /// What it holds, if it is there.
    there: Option<String>,
    /// What it should hold, if it should be there.
    wanted: Option<String>,
}

/// Puts the texts and the features into the crate in `folder`, and removes what an earlier run left in
/// `src/generated/`, or in all of `src/` if the crate is made as a whole. Everything is written to temporary files first, and renamed in the end, so that no
/// reader finds half a file, and an earlier failure changes nothing. A file that holds its text already keeps its date.
///
/// # Errors
///
/// A file cannot be read, written, renamed or removed; the manifest has no place for the features; or a file is in the
/// way that this command did not write.
pub fn write(
    folder: &Path,
    texts: &[SourceText],
    features: &[Feature],
    whole: Option<&Whole>,
) -> Result<Outcome, Failure> {
    let changes = changes(folder, texts, features, whole)?;
    if changes.is_empty() {
        return Ok(Outcome::Unchanged);
    }
    let mut made = Vec::new();
    let prepared = prepare(&changes, &mut made);
    let finished = prepared.and_then(|files| finish(files, &changes));
    if finished.is_err() {
        for folder in made.iter().rev() {
            // One that is not empty stays.
            let _ = std::fs::remove_dir(folder);
        }
    }
    finished?;
    remove_empty(&folder.join("src/generated"));
    Ok(Outcome::Written)
}

/// Compares with what is there, taking CRLF for LF. Writes nothing.
///
/// # Errors
///
/// Files that are missing, differ, or should not be there, with a unified diff of each from what is there to what
/// should be, up to 500 lines of them; and what [`write()`] would refuse.
pub fn check(
    folder: &Path,
    texts: &[SourceText],
    features: &[Feature],
    whole: Option<&Whole>,
) -> Result<(), Failure> {
    let mut diffs = Diffs::default();
    for change in changes(folder, texts, features, whole)? {
        let lines = |text: &Option<String>| text.as_deref().unwrap_or("").replace("\r\n", "\n");
        let (there, wanted) = (lines(&change.there), lines(&change.wanted));
        if there == wanted && change.there.is_some() == change.wanted.is_some() {
            continue;
        }
        let should_be = match change.wanted {
            Some(_) => "as it should be",
            None => "should not be there",
        };
        diffs.add(&change.path, should_be, &there, &wanted);
    }
    let files = match diffs.files {
        0 => return Ok(()),
        1 => "1 file is stale".to_owned(),
        stale => format!("{stale} files are stale"),
    };
    let advice = match whole {
        Some(_) => "run the same command without `--check`",
        None => "run `cargo xtask codegen`",
    };
    let diffs = diffs.text();
    Err(Failure::Message(format!("{diffs}{files}: {advice}")))
}

/// Unified diffs of files, as far as they are printed.
#[derive(Default)]
struct Diffs {
    text: String,
    lines: usize,
    files: usize,
    /// Files whose diff is not printed.
    more: Vec<String>,
}

impl Diffs {
    /// Adds the diff of a file.
    fn add(&mut self, path: &Path, should_be: &str, there: &str, wanted: &str) {
        self.files += 1;
        let name = path.display();
        if self.lines == SHOWN {
            self.more.push(name.to_string());
            return;
        }
        let diff = TextDiff::from_lines(there, wanted);
        let diff = diff
            .unified_diff()
            .context_radius(3)
            .header(
                &format!("{name} (as it is)"),
                &format!("{name} ({should_be})"),
            )
            .to_string();
        let all = diff.lines().count();
        let shown = all.min(OF_FILE).min(SHOWN - self.lines);
        self.text.extend(diff.split_inclusive('\n').take(shown));
        if shown < all {
            let more = count(all - shown, "more line");
            self.text += &format!("… and {more} of this diff\n");
        }
        self.text.push('\n');
        self.lines += shown;
    }

    /// All of them.
    fn text(mut self) -> String {
        if self.more.is_empty() {
            return self.text;
        }
        self.text += "these differ, too:\n";
        for name in self.more.iter().take(NAMED) {
            self.text += &format!("  {name}\n");
        }
        if let Some(more) = self.more.len().checked_sub(NAMED).filter(|it| *it > 0) {
            self.text += &format!("  … and {}\n", count(more, "more file"));
        }
        self.text.push('\n');
        self.text
    }
}

/// All that is to be done, to the byte.
fn changes(
    folder: &Path,
    texts: &[SourceText],
    features: &[Feature],
    whole: Option<&Whole>,
) -> Result<Vec<Change>, Failure> {
    let mut changes = Vec::new();
    let manifest = folder.join("Cargo.toml");
    let there = read(&manifest)?;
    let begun = there.is_none();
    let before = there.as_ref().or(whole.map(|it| &it.manifest));
    let before = before.ok_or_else(|| {
        Failure::Message(format!(
            "there is no {}: --out is the folder of a crate",
            manifest.display()
        ))
    })?;
    let wanted = manifest::with_features(&manifest, before, features)?;
    changes.push(Change {
        path: manifest,
        there,
        wanted: Some(wanted),
    });
    if let Some(whole) = whole {
        let example = begun.then_some(&whole.example);
        for text in example.into_iter().chain([&whole.readme]) {
            let path = folder.join(&text.path);
            // One that is there is somebody's.
            if read(&path)?.is_none() {
                changes.push(Change {
                    path,
                    there: None,
                    wanted: Some(text.text.clone()),
                });
            }
        }
    }

    let mut known = BTreeSet::new();
    let mut foreign = Vec::new();
    for text in texts {
        let path = folder.join(&text.path);
        let there = read(&path)?;
        if there.as_deref().is_some_and(|there| !is_ours(there)) {
            foreign.push(path.clone());
        }
        known.insert(path.clone());
        changes.push(Change {
            path,
            there,
            wanted: Some(text.text.clone()),
        });
    }
    let mut files = Vec::new();
    let generated = folder.join("src/generated");
    match whole {
        Some(_) => list(&folder.join("src"), &mut files)?,
        None => list(&generated, &mut files)?,
    }
    for path in files.into_iter().filter(|path| !known.contains(path)) {
        // This command writes texts only.
        match std::fs::read_to_string(&path).ok() {
            Some(there) if is_ours(&there) => changes.push(Change {
                path,
                there: Some(there),
                wanted: None,
            }),
            // A program of the crate's owner, for instance.
            _ if !path.starts_with(&generated) => {}
            _ => foreign.push(path),
        }
    }
    changes.retain(|change| change.there != change.wanted);
    for change in &changes {
        refuse_links(folder, &change.path)?;
    }
    if !foreign.is_empty() {
        let names: Vec<String> = foreign
            .iter()
            .map(|path| path.display().to_string())
            .collect();
        return Err(Failure::Message(format!(
            "not written by `cargo xtask codegen`, and in its way: {}\nmove it elsewhere, or remove it; nothing was written",
            names.join(", ")
        )));
    }
    Ok(changes)
}

/// Refuses a file of the crate that a symbolic link puts elsewhere: what is there is not what was named, and the link would be lost.
fn refuse_links(folder: &Path, file: &Path) -> Result<(), Failure> {
    let parts = file.ancestors().take_while(|part| *part != folder);
    let parts: Vec<&Path> = parts.filter(|part| part.starts_with(folder)).collect();
    for part in parts.into_iter().rev() {
        if let Ok(target) = std::fs::read_link(part) {
            return Err(Failure::Message(format!(
                "{} is a symbolic link to {}, and nothing is written through a link: replace it with what it leads to; nothing was written",
                part.display(),
                target.display()
            )));
        }
    }
    Ok(())
}

/// Whether this command wrote a file: its first line says so.
fn is_ours(text: &str) -> bool {
    let first = text.lines().next().unwrap_or_default();
    MARKS.iter().any(|mark| first.starts_with(mark))
}

/// What a file holds, if it is there.
fn read(path: &Path) -> Result<Option<String>, Failure> {
    match std::fs::read_to_string(path) {
        Ok(there) => Ok(Some(there)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) if error.kind() == ErrorKind::NotADirectory => Err(in_the_way(path)),
        Err(error) => Err(Failure::Message(format!(
            "cannot read {}: {error}",
            path.display()
        ))),
    }
}

/// A file stands where a folder is wanted.
fn in_the_way(path: &Path) -> Failure {
    let file = path.ancestors().find(|it| it.is_file()).unwrap_or(path);
    Failure::Message(format!(
        "{} is a file, and generated code goes into a folder of this name: move the file elsewhere",
        file.display()
    ))
}

/// All files in a folder and below, in order.
fn list(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), Failure> {
    let fail = |error: std::io::Error| {
        Failure::Message(format!("cannot read {}: {error}", folder.display()))
    };
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) if error.kind() == ErrorKind::NotADirectory => return Err(in_the_way(folder)),
        Err(error) => return Err(fail(error)),
    };
    let mut paths = Vec::new();
    for entry in entries {
        let entry = entry.map_err(fail)?;
        paths.push((entry.path(), entry.file_type().map_err(fail)?.is_dir()));
    }
    paths.sort();
    for (path, is_folder) in paths {
        if is_folder {
            list(&path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}

/// Writes every text to a temporary file in its folder. Adds the folders that it makes to `made`.
fn prepare(
    changes: &[Change],
    made: &mut Vec<PathBuf>,
) -> Result<Vec<(TempPath, PathBuf)>, Failure> {
    let mut files = Vec::new();
    for change in changes {
        let Some(text) = &change.wanted else { continue };
        let fail = |error: std::io::Error| {
            Failure::Message(format!("cannot write {}: {error}", change.path.display()))
        };
        let folder = match change.path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        make(folder, made).map_err(fail)?;
        let mut file: NamedTempFile = tempfile::Builder::new()
            .prefix(".codegen-")
            .tempfile_in(folder)
            .map_err(fail)?;
        file.write_all(text.as_bytes()).map_err(fail)?;
        file.as_file().sync_all().map_err(fail)?;
        // Temporary files are private to their owner. A source file is as readable as others are.
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let there = std::fs::metadata(&change.path);
            let mode = there.map_or(0o644, |there| there.permissions().mode());
            file.as_file()
                .set_permissions(std::fs::Permissions::from_mode(mode))
                .map_err(fail)?;
        }
        files.push((file.into_temp_path(), change.path.clone()));
    }
    Ok(files)
}

/// Makes a folder and those above it, and tells which it made, so that they can be removed if a later step fails.
fn make(folder: &Path, made: &mut Vec<PathBuf>) -> std::io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    if let Some(parent) = folder.parent().filter(|it| !it.as_os_str().is_empty()) {
        make(parent, made)?;
    }
    std::fs::create_dir(folder)?;
    made.push(folder.to_owned());
    Ok(())
}

/// Puts every file in its place, and removes those that should not be there.
fn finish(files: Vec<(TempPath, PathBuf)>, changes: &[Change]) -> Result<(), Failure> {
    for (file, path) in files {
        file.persist(&path).map_err(|error| {
            Failure::Message(format!("cannot write {}: {}", path.display(), error.error))
        })?;
    }
    for change in changes.iter().filter(|change| change.wanted.is_none()) {
        std::fs::remove_file(&change.path).map_err(|error| {
            Failure::Message(format!("cannot remove {}: {error}", change.path.display()))
        })?;
    }
    Ok(())
}

/// Removes the empty folders below a folder, and itself if nothing is left.
fn remove_empty(folder: &Path) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            remove_empty(&entry.path());
        }
    }
    // One that is not empty stays.
    let _ = std::fs::remove_dir(folder);
}

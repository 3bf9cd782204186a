//! `cargo xtask codegen DESCRIPTION --out FOLDER` as somebody runs it who has a description of his own: the crate stands alone, is kept in
//! step, and what belongs to its owner stays.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;
use xtask::{standalone, taken};

const FIXTURES: &str = "tests/fixtures/standalone";

/// A folder with a description and its starter overlay.
struct Place {
    folder: TempDir,
    description: String,
}

impl Place {
    fn new() -> Self {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(FIXTURES);
        Self::of(&file.join("pet-shop.yaml"))
    }

    fn of(file: &Path) -> Self {
        let folder = TempDir::new().unwrap();
        let name = file.file_name().unwrap().to_str().unwrap().to_owned();
        std::fs::copy(file, folder.path().join(&name)).unwrap();
        let place = Self {
            folder,
            description: name,
        };
        let (is_fine, told) = place.xtask(&["init", &place.description]);
        assert!(is_fine, "{told}");
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn read(&self, name: &str) -> String {
        let path = self.path(name);
        std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    fn edit(&self, name: &str, from: &str, to: &str) {
        let text = self.read(name);
        assert!(text.contains(from), "{name} has no {from:?}");
        self.write(name, &text.replacen(from, to, 1));
    }

    /// Whether a command succeeds, and all that it prints.
    fn xtask(&self, arguments: &[&str]) -> (bool, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
        let output = command
            .current_dir(self.folder.path())
            .args(arguments)
            .output()
            .unwrap();
        (output.status.success(), printed(&output))
    }

    /// The command that everybody runs, and more arguments.
    fn codegen(&self, more: &[&str]) -> (bool, String) {
        let usual = ["codegen", &self.description, "--overlay", "overlay.yaml"];
        let out: &[&str] = match more.contains(&"--out") {
            true => &[],
            false => &["--out", "pet-shop"],
        };
        self.xtask(&[&usual[..], out, more].concat())
    }

    #[track_caller]
    fn begins(&self) {
        let (is_fine, told) = self.codegen(&[]);
        assert!(is_fine && told.contains("written"), "{told}");
    }

    #[track_caller]
    fn refuses(&self, more: &[&str]) -> String {
        let before = self.files();
        let (is_fine, told) = self.codegen(more);
        assert!(!is_fine, "{told}");
        assert_eq!(self.files(), before, "{told}");
        told
    }

    /// All files, and what they hold.
    fn files(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let mut files = Vec::new();
        let mut folders = vec![self.folder.path().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                match path.is_dir() {
                    true => folders.push(path),
                    false => files.push((path.clone(), std::fs::read(&path).unwrap())),
                }
            }
        }
        files.sort();
        files
    }
}

fn printed(output: &Output) -> String {
    let texts = [&output.stdout, &output.stderr].map(|it| String::from_utf8_lossy(it).into_owned());
    texts.concat()
}

#[test]
fn a_crate_is_begun_and_the_same_command_keeps_it_in_step() {
    let place = Place::new();
    let (is_fine, told) = place.codegen(&[]);
    assert!(is_fine, "{told}");
    for part in [
        "pet-shop: written",
        "cd pet-shop",
        "cargo run --example first_call",
    ] {
        assert!(told.contains(part), "{told}");
    }
    let begun = place.files();
    let (is_fine, told) = place.codegen(&["--check"]);
    assert!(is_fine && told.contains("up to date"), "{told}");
    let (is_fine, told) = place.codegen(&["--name", "pet-shop"]);
    assert!(is_fine && told.contains("unchanged"), "{told}");
    assert!(!told.contains("Next:"), "{told}");
    assert_eq!(place.files(), begun);

    place.edit(
        "pet-shop.yaml",
        "operationId: add_pet",
        "operationId: create_pet",
    );
    let told = place.refuses(&["--check"]);
    for part in [
        "create_pet",
        "files are stale",
        "run the same command without `--check`",
    ] {
        assert!(told.contains(part), "{told}");
    }
    assert!(place.codegen(&[]).0);
    assert!(
        place
            .read("pet-shop/src/generated/pets.rs")
            .contains("create_pet")
    );
}

/// Cargo would take the crate for a member that the workspace does not have.
#[test]
fn a_crate_that_is_begun_within_a_workspace_is_told_to_become_a_member() {
    let place = Place::new();
    place.write("shop/Cargo.toml", "[workspace]\nmembers = []\n");
    let codegen = |out: &str, name: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
        let given = [
            "codegen",
            "../pet-shop.yaml",
            "--overlay",
            "../overlay.yaml",
        ];
        let output = command
            .current_dir(place.path("shop"))
            .args(given)
            .args(["--out", out, "--name", name])
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", printed(&output));
        printed(&output)
    };
    let told = codegen("crates/pet-shop", "pets");
    assert!(
        told.contains("add `crates/pet-shop` to its members there"),
        "{told}"
    );
    // Beside it, by a path that leads through it.
    let told = codegen("../pet-shop", "pets");
    assert!(
        told.contains("Next:") && !told.contains("workspace"),
        "{told}"
    );
}

#[test]
fn the_command_is_the_same_from_any_folder() {
    let place = Place::new();
    place.begins();
    let path = |name: &str| place.path(name).to_str().unwrap().to_owned();
    let arguments = [
        "codegen",
        "--check",
        &path("pet-shop.yaml"),
        "--overlay",
        &path("overlay.yaml"),
        "--out",
        &path("pet-shop"),
    ];
    let output = Command::new(env!("CARGO_BIN_EXE_xtask"))
        .current_dir("/")
        .args(arguments)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", printed(&output));
}

#[test]
fn nothing_but_the_notice_of_the_licence_names_letta() {
    let place = Place::new();
    place.begins();
    let mut files = 0;
    for (path, bytes) in place.files() {
        if !path.starts_with(place.path("pet-shop")) {
            continue;
        }
        files += 1;
        let text = String::from_utf8(bytes).unwrap();
        let notice = "Copyright (c) 2026 The letta-api contributors";
        assert_eq!(
            text.contains(notice),
            path.ends_with(standalone::LICENSE_NOTE)
        );
        let text = text.replace(notice, "").to_lowercase();
        for word in [
            "letta",
            "sk-let",
            "ck-let",
            "hmac",
            "#[cfg(test)]",
            "client_side",
        ] {
            assert!(!text.contains(word), "{}: {word}", path.display());
        }
    }
    assert!(files > 60, "{files}");
}

#[test]
fn what_belongs_to_the_owner_is_kept() {
    let place = Place::new();
    place.begins();
    place.write("pet-shop/README.md", "# Mine\n");
    place.edit(
        "pet-shop/Cargo.toml",
        "version = \"0.1.0\"",
        "version = \"7.0.0\"\nlicense = \"ISC\"",
    );
    place.edit(
        "pet-shop/Cargo.toml",
        "default = [\"full\", ",
        "default = [\"pets\", ",
    );
    std::fs::remove_file(place.path("pet-shop/examples/first_call.rs")).unwrap();
    place.write("pet-shop/src/bin/mine.rs", "fn main() {}\n");
    // What a later version of the generator no longer has.
    place.write(
        "pet-shop/src/support/older.rs",
        &place.read("pet-shop/src/support/header.rs"),
    );
    // A tag comes, and another goes.
    place.edit("pet-shop.yaml", "tags: [photos]", "tags: [pictures]");
    let mine = ["README.md", "src/bin/mine.rs"].map(|it| place.read(&format!("pet-shop/{it}")));
    let told = place.refuses(&["--check"]);
    assert!(told.contains("older.rs (should not be there)"), "{told}");
    assert!(
        !told.contains("README.md") && !told.contains("mine.rs"),
        "{told}"
    );

    assert!(place.codegen(&[]).0);
    assert!(place.codegen(&["--check"]).0);
    let kept = ["README.md", "src/bin/mine.rs"].map(|it| place.read(&format!("pet-shop/{it}")));
    assert_eq!(kept, mine);
    let manifest = place.read("pet-shop/Cargo.toml");
    for part in [
        "version = \"7.0.0\"\nlicense = \"ISC\"",
        "default = [\"pets\", ",
        "pictures = []",
    ] {
        assert!(manifest.contains(part), "{manifest}");
    }
    assert!(!manifest.contains("photos"), "{manifest}");
    for gone in ["examples/first_call.rs", "src/support/older.rs"] {
        assert!(!place.path(&format!("pet-shop/{gone}")).exists(), "{gone}");
    }
    // Its examples are compiled, so that there has to be one.
    std::fs::remove_file(place.path("pet-shop/README.md")).unwrap();
    assert!(place.codegen(&[]).0);
    assert!(place.read("pet-shop/README.md").contains("list_pets"));
}

/// What the README and the example name and the crate no longer has is told by each run, until it is corrected.
#[test]
fn names_that_are_gone_are_told_and_the_owners_files_stay() {
    type Change = fn(&Place);
    let cases: [(Change, &[&str]); 4] = [
        (
            |place| {
                place.edit(
                    "pet-shop.yaml",
                    "operationId: list_pets",
                    "operationId: all_pets",
                );
            },
            &[
                "warning: pet-shop/README.md:18: there is no method `list_pets`; `GET /pets` is `all_pets`\n",
                "warning: pet-shop/examples/first_call.rs:19: there is no method `list_pets`; `GET /pets` is `all_pets`\n",
            ],
        ),
        (
            |place| {
                place.edit("pet-shop.yaml", "  /pets:\n", "  /animals:\n");
                place.edit("overlay.yaml", "$.paths['/pets']", "$.paths['/animals']");
                place.edit(
                    "pet-shop.yaml",
                    "operationId: list_pets",
                    "operationId: list_animals",
                );
            },
            &[
                "warning: pet-shop/README.md:18: there is no method `list_pets`, and no operation `GET /pets`\n",
                "warning: pet-shop/examples/first_call.rs:19: there is no method `list_pets`, and no operation `GET /pets`\n",
            ],
        ),
        (
            |place| {
                place.edit(
                    "pet-shop/Cargo.toml",
                    "name = \"pet-shop\"",
                    "name = \"zoo\"",
                );
            },
            &[
                "warning: pet-shop/README.md:6: there is no crate `pet_shop`; this one is called `zoo`\n",
                "warning: pet-shop/examples/first_call.rs:4: there is no crate `pet_shop`; this one is called `zoo`\n",
            ],
        ),
        (
            |place| place.edit("pet-shop.yaml", "    login: {", "    password: {"),
            &["warning: pet-shop/README.md:33: the description has no credentials `login`\n"],
        ),
    ];
    for (change, says) in cases {
        let place = Place::new();
        place.begins();
        let owned = ["README.md", "examples/first_call.rs"].map(|it| format!("pet-shop/{it}"));
        let before = owned.each_ref().map(|it| place.read(it));
        change(&place);
        let stale = place.codegen(&["--check"]).1;
        let (is_fine, written) = place.codegen(&[]);
        assert!(is_fine, "{written}");
        let (is_fine, checked) = place.codegen(&["--check"]);
        assert!(is_fine, "{checked}");
        for told in [stale, written, checked] {
            for part in says {
                assert!(told.contains(part), "there is no {part:?} in\n{told}");
            }
            let warnings = told.lines().filter(|it| it.starts_with("warning: "));
            assert_eq!(warnings.count(), says.len(), "{told}");
            assert!(told.contains("these files are yours"), "{told}");
        }
        assert_eq!(owned.each_ref().map(|it| place.read(it)), before);

        // A new README names what is there.
        std::fs::remove_file(place.path(&owned[0])).unwrap();
        let (is_fine, told) = place.codegen(&[]);
        assert!(is_fine && !told.contains("README.md:"), "{told}");
    }
}

/// What somebody else wrote into these files is nothing to warn of.
#[test]
fn what_people_wrote_into_the_readme_and_the_example_is_no_name_that_is_gone() {
    let place = Place::new();
    place.begins();
    place.write(
        "pet-shop/README.md",
        "# Pets\n\n`list_dogs` is gone since 2.0, and pet_store was the name.\n\n```rust,no_run\nuse reqwest::Client;\nuse std::fs;\n\
         let answer = client.list_dogs().await?;\n// GET /dogs\nlet dogs = client.list_dogs().await?;\n```\n\n\
         | scheme | code |\n|---|---|\n| `old` | `Credentials::basic(user, password)` |\n",
    );
    let call = place.read("pet-shop/examples/first_call.rs");
    // Another call that is there, formatted, and one of the owner's own.
    let call = call.replace(
        "let answer = client.list_pets(&Default::default()).await?;",
        "let answer = client\n        .list_pets(&Default::default())\n        .await?;\n    // GET /pets\n    let answer = client.mine(1).await?;\n    \
         // GET /pets\n    let answer = client.execute(request).await?;\n    \
         // GET /pets\n    let answer = client.kept::<Pet>().await?;",
    );
    place.write(
        "pet-shop/examples/first_call.rs",
        &format!("{call}\nimpl Mine for Client {{ fn mine(&self) {{}} }}\n"),
    );
    for more in [&[][..], &["--check"]] {
        let (is_fine, told) = place.codegen(more);
        assert!(is_fine && !told.contains("warning"), "{told}");
    }
}

/// Ten thousand lines of a diff help nobody.
#[test]
fn a_check_says_in_a_line_that_there_is_no_crate_and_shows_some_of_a_long_diff() {
    let place = Place::new();
    std::fs::rename(place.path("pet-shop.yaml"), place.path("Pet Shop.yaml")).unwrap();
    let given = [
        "codegen",
        "Pet Shop.yaml",
        "--overlay",
        "overlay.yaml",
        "--out",
        "my pets",
        "--name",
        "pets",
    ];
    let (is_fine, told) = place.xtask(&[&given[..], &["--check"]].concat());
    let command =
        "cargo xtask codegen 'Pet Shop.yaml' --overlay overlay.yaml --out 'my pets' --name pets";
    assert!(!is_fine);
    assert_eq!(
        told,
        format!("there is no crate in my pets; this makes one:\n  {command}\n")
    );
    // As it is pasted.
    #[cfg(unix)]
    {
        let pasted = command.replace("cargo xtask", env!("CARGO_BIN_EXE_xtask"));
        let mut shell = Command::new("sh");
        let output = shell
            .current_dir(place.folder.path())
            .args(["-c", &pasted])
            .output()
            .unwrap();
        let told = printed(&output);
        assert!(
            output.status.success() && told.contains("cd 'my pets'"),
            "{told}"
        );
    }

    let place = Place::new();
    place.begins();
    for (path, text) in place.files() {
        let text = String::from_utf8(text).unwrap();
        if text.starts_with("// @generated") {
            std::fs::write(path, text.lines().next().unwrap()).unwrap();
        }
    }
    let told = place.refuses(&["--check"]);
    let lines = told.lines().count();
    assert!((500..600).contains(&lines), "{lines}");
    for part in [
        "… and ",
        " more lines of this diff\n",
        "\nthese differ, too:\n  pet-shop/src/",
        " more files\n",
        " files are stale: run the same command",
    ] {
        assert!(told.contains(part), "there is no {part:?} in\n{told}");
    }
}

/// Nothing is written elsewhere than in the folder that was named, and no link is lost.
#[cfg(unix)]
#[test]
fn symbolic_links_are_not_written_through() {
    use std::os::unix::fs::symlink;

    let place = Place::new();
    symlink("nowhere", place.path("pet-shop")).unwrap();
    for out in ["pet-shop", "pet-shop/within"] {
        let (is_fine, told) = place.codegen(&["--out", out]);
        let says = format!(
            "--out {out}: pet-shop is a symbolic link to nowhere, which is not there; name the folder of a crate"
        );
        assert!(!is_fine && told.starts_with(&says), "{told}");
    }
    assert!(!place.path("nowhere").exists());
    // One that leads to a folder is the folder.
    std::fs::create_dir(place.path("nowhere")).unwrap();
    place.begins();
    assert!(place.path("nowhere/src/lib.rs").exists());

    for (name, written) in [
        ("src", "src/generated/pets.rs"),
        ("src/generated", "src/generated/pets.rs"),
        ("src/lib.rs", "src/lib.rs"),
        ("NAMES.txt", "NAMES.txt"),
    ] {
        let place = Place::new();
        place.begins();
        place.edit(
            &format!("pet-shop/{written}"),
            "// @generated by `cargo xtask codegen`",
            "// @generated by `cargo xtask codegen` once",
        );
        let (elsewhere, link) = (place.path("elsewhere"), place.path("pet-shop").join(name));
        std::fs::rename(&link, &elsewhere).unwrap();
        symlink(&elsewhere, &link).unwrap();
        let told = place.refuses(&[]);
        let says = format!(
            "pet-shop/{name} is a symbolic link to {}, and nothing is written through a link",
            elsewhere.display()
        );
        assert!(told.starts_with(&says), "{told}");
        assert!(link.is_symlink(), "{name}");
    }
}

#[test]
fn a_file_in_the_place_of_generated_code_is_told_as_one() {
    let place = Place::new();
    place.begins();
    let generated = place.path("pet-shop/src/generated");
    std::fs::remove_dir_all(&generated).unwrap();
    std::fs::write(&generated, "mine").unwrap();
    let told = place.refuses(&[]);
    assert!(
        told.contains(
            "src/generated is a file, and generated code goes into a folder of this name"
        ),
        "{told}"
    );
}

/// A description of somebody else does not get into the crates of this workspace, of which one would be written over.
#[test]
fn a_folder_that_can_have_no_crate_of_this_description_is_refused() {
    let place = Place::new();
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let names = || std::fs::read(workspace.join("letta-api/NAMES.txt")).unwrap();
    let before = names();
    for within in ["letta-api", "", "new-api", "xtask/../xtask/src/new/api"] {
        let out = workspace.join(within);
        let told = place.refuses(&["--out", out.to_str().unwrap()]);
        let says = format!(
            "--out {}: that is in the workspace of the generator",
            out.display()
        );
        assert!(told.starts_with(&says), "{told}");
    }
    // Nothing advises what is refused.
    let out = workspace.join("new-api");
    let told = place.refuses(&["--out", out.to_str().unwrap(), "--check"]);
    assert!(
        told.contains("that is in the workspace of the generator"),
        "{told}"
    );
    assert_eq!(names(), before);
    assert!(!workspace.join("new-api").exists() && !workspace.join("xtask/src/new").exists());

    for out in ["pet-shop.yaml", "pet-shop.yaml/api"] {
        let told = place.refuses(&["--out", out]);
        let says = format!("--out {out}: pet-shop.yaml is a file; name the folder of a crate");
        assert!(told.starts_with(&says), "{told}");
    }
}

/// The owner of a crate may take all but the generated code upon himself.
#[test]
fn a_crate_that_no_longer_stands_alone_names_its_own_description() {
    let place = Place::new();
    place.begins();
    place.edit(
        "pet-shop/Cargo.toml",
        "stands-alone = true",
        "stands-alone = false",
    );
    place.edit(
        "pet-shop/src/lib.rs",
        "// @generated",
        "// Mine, and not @generated",
    );
    let (is_fine, told) = place.codegen(&[]);
    assert!(is_fine && told.contains("unchanged"), "{told}");
    for file in ["src/generated.rs", "src/generated/pets.rs", "NAMES.txt"] {
        let text = place.read(&format!("pet-shop/{file}"));
        let header =
            "// @generated by `cargo xtask codegen` from `pet-shop.yaml` and its overlay.\n";
        assert!(text.starts_with(header), "{file}: {}", &text[..200]);
    }
    place.edit("pet-shop/Cargo.toml", "= false", "= \"no\"");
    let told = place.refuses(&[]);
    let says =
        "`stands-alone` in [package.metadata.codegen] is of type string: write true or false";
    assert!(told.contains(says), "{told}");
}

#[test]
fn what_is_somebody_elses_is_refused_and_left_as_it_is() {
    type Change = fn(&Place);
    let begun: Change = Place::begins;
    let cases: [(Change, &[&str], &[&str]); 13] = [
        (
            begun,
            &["--report", "overlay.yaml"],
            &["--report overlay.yaml: that is the overlay, which would be lost; name another file"],
        ),
        (
            begun,
            &["--timings", "pet-shop.yaml"],
            &["that is the description"],
        ),
        (
            begun,
            &["--report", "pet-shop/src/lib.rs"],
            &["that is a file of the crate"],
        ),
        (
            |place| {
                place.begins();
                place.edit(
                    "pet-shop/Cargo.toml",
                    "[features]\n",
                    "[features]\nshelters = []\n",
                );
                place.edit("pet-shop.yaml", "tags: [pets]", "tags: [shelters]");
            },
            &[],
            &[
                "the feature `shelters` of ",
                "is yours, and one of this name is generated: rename yours",
            ],
        ),
        (
            |place| place.write("pet-shop/src/lib.rs", "fn mine() {}\n"),
            &[],
            &[
                "lib.rs",
                "not written by `cargo xtask codegen`",
                "nothing was written",
            ],
        ),
        (
            |place| place.write("pet-shop/Cargo.toml", "[package]\nname = \"pet-shop\"\n"),
            &["--name", "pet-shop"],
            &[
                "was not begun by `cargo xtask codegen`",
                "name a folder without a crate with --out",
            ],
        ),
        (
            |place| place.write("pet-shop/Cargo.toml", "[package]\nname = \"pet-shop\"\n"),
            &[],
            &["has no place for the features"],
        ),
        (
            |place| place.write("pet-shop/Cargo.toml", "not a manifest\n"),
            &[],
            &["this is not a manifest of cargo"],
        ),
        (
            begun,
            &["--name", "other"],
            &[
                "is called `pet-shop`, and --name says `other`",
                "leave --name out",
            ],
        ),
        (
            |place| {
                place.begins();
                place.edit("pet-shop/Cargo.toml", "memchr = ", "# memchr = ");
            },
            &[],
            &["lacks what the code needs: add to [dependencies]\nmemchr = \"2"],
        ),
        (
            // Without the line, operations would be gone without a word.
            |place| {
                place.begins();
                place.edit("pet-shop/Cargo.toml", "multipart = ", "# multipart = ");
                place.edit("pet-shop/Cargo.toml", "memchr = ", "# memchr = ");
                // What the code does not ask for is the owner's.
                place.edit("pet-shop/Cargo.toml", "native-tls = ", "other-tls = ");
            },
            &[],
            &[
                "lacks what the code needs: add to [dependencies]\nmemchr = \"2",
                "\nand add to [features]\nmultipart = [\"reqwest/multipart\", \"serde_json/raw_value\"]\n",
            ],
        ),
        (
            |place| {
                place.begins();
                place.edit(
                    "pet-shop/src/lib.rs",
                    "// @generated",
                    "// Mine now, not generated",
                );
            },
            &["--check"],
            &["lib.rs", "not written by `cargo xtask codegen`"],
        ),
        (
            |_| {},
            &["--out", "serde"],
            &["the crate depends on one of this name", "--name my-api"],
        ),
    ];
    for (change, more, says) in cases {
        let place = Place::new();
        change(&place);
        let told = place.refuses(more);
        for part in says {
            assert!(told.contains(part), "{part:?} is not in\n{told}");
        }
    }
}

#[test]
fn a_name_that_cargo_would_refuse_is_refused_before_anything_is_written() {
    let place = Place::new();
    for (name, says) in [
        ("", "letters without accents"),
        ("pet shop", "letters without accents"),
        ("pet.shop", "letters without accents"),
        ("1st", "must begin with a letter"),
        ("_x", "must begin with a letter"),
        ("type", "Rust or cargo has the word"),
        ("std", "Rust or cargo has the word"),
        ("proc-macro", "Rust or cargo has the word"),
        ("serde-json", "depends on one of this name"),
        ("tokio", "depends on one of this name"),
        ("h2", "depends on one of this name"),
    ] {
        let told = place.refuses(&["--name", name]);
        assert!(
            told.contains(says) && told.contains("--name my-api"),
            "{name}: {told}"
        );
    }
    let (is_fine, told) = place.codegen(&["--out", "other-folder", "--name", "Pet_Shop2"]);
    assert!(is_fine, "{told}");
    assert!(
        place
            .read("other-folder/Cargo.toml")
            .contains("name = \"Pet_Shop2\"")
    );
    assert!(
        place
            .read("other-folder/README.md")
            .contains("use Pet_Shop2::{")
    );
}

#[test]
fn without_an_overlay_the_findings_end_with_the_command_that_begins_one() {
    let place = Place::new();
    let (is_fine, told) = place.xtask(&["codegen", "pet-shop.yaml", "--out", "pet-shop"]);
    assert!(!is_fine && !place.path("pet-shop").exists());
    assert!(
        told.trim_end().ends_with("cargo xtask init pet-shop.yaml"),
        "{told}"
    );
    // Without a folder, it would be written over letta-api.
    let (is_fine, told) = place.xtask(&["codegen", "pet-shop.yaml"]);
    assert!(!is_fine && told.contains("--out <FOLDER>"), "{told}");
    // A folder that is not there is a mistake if no description is named.
    let (is_fine, told) = place.xtask(&["codegen", "--out", "pet-shop"]);
    assert!(
        !is_fine && told.contains("--out is the folder of a crate"),
        "{told}"
    );
}

/// The starter overlay is written with the command that comes next.
#[test]
fn the_next_command_names_a_crate_beside_the_description() {
    for (file, out) in [
        ("pets.yaml", "pets-api"),
        ("Pet Shop v2.yaml", "pet-shop-v2-api"),
        ("pets_api.yaml", "pets_api"),
        ("openapi.yaml", "my-api"),
        ("3d.yaml", "my-api"),
        ("äö.yaml", "my-api"),
    ] {
        let place = Place::new();
        std::fs::rename(place.path("pet-shop.yaml"), place.path(file)).unwrap();
        let (is_fine, told) = place.xtask(&["init", file, "--out", "new.yaml"]);
        let is_plain = file.is_ascii() && !file.contains(' ');
        let quoted = match is_plain {
            true => file.to_owned(),
            false => format!("'{file}'"),
        };
        let command = format!("cargo xtask codegen {quoted} --overlay new.yaml --out {out}");
        assert!(is_fine && told.trim_end().ends_with(&command), "{told}");
        let arguments = ["codegen", file, "--overlay", "new.yaml", "--out", out];
        let (is_fine, told) = place.xtask(&arguments);
        assert!(is_fine, "{told}");
    }
}

/// What is not to be edited is formatted, so that `cargo fmt` leaves it as it is.
#[test]
fn the_support_code_is_formatted() {
    let place = Place::new();
    place.begins();
    let mut files = Vec::new();
    for (path, _) in place.files() {
        let is_support = path.starts_with(place.path("pet-shop/src"))
            && path.extension().is_some_and(|it| it == "rs")
            && !path.starts_with(place.path("pet-shop/src/generated"))
            && !path.ends_with("src/generated.rs");
        if is_support {
            files.push(path);
        }
    }
    assert!(files.len() > 50, "{}", files.len());
    // By itself, rustfmt goes into the modules of a file, and skips what a file says to skip.
    let output = Command::new("rustfmt")
        .args(["--edition", "2024", "--check", "-l"])
        .args(&files)
        .output();
    let Ok(output) = output else {
        println!("skipped: there is no rustfmt");
        return;
    };
    assert!(output.status.success(), "{}", printed(&output));
}

/// Each file of letta-api is copied, or it is said that it is not.
#[test]
fn the_support_code_is_all_that_letta_api_has() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../letta-api/src");
    let mut there = BTreeSet::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path
                .strip_prefix(&root)
                .unwrap()
                .to_str()
                .unwrap()
                .replace('\\', "/");
            if path.is_dir() {
                folders.push(path);
            } else if !name.starts_with("generated") {
                there.insert(name);
            }
        }
    }
    let copied = standalone::SOURCES.iter().map(|(path, _)| *path);
    let known = copied.chain(standalone::EXCLUDED.iter().copied());
    assert_eq!(known.map(str::to_owned).collect::<BTreeSet<_>>(), there);
}

#[test]
fn the_manifest_has_the_features_of_letta_api_and_depends_on_no_path() {
    let place = Place::new();
    place.begins();
    let manifest: toml::Table = place.read("pet-shop/Cargo.toml").parse().unwrap();
    let features = manifest["features"].as_table().unwrap().keys().cloned();
    let of_tags = ["full", "pets", "photos"].map(str::to_owned);
    let expected: BTreeSet<String> = taken::features().iter().cloned().chain(of_tags).collect();
    assert_eq!(features.collect::<BTreeSet<_>>(), expected);
    assert_eq!(
        manifest["package"]["description"].as_str(),
        Some("Client for Pet \"Shop\" | API")
    );
    let mut dependencies = 0;
    let tables = [&manifest["dependencies"], &manifest["dev-dependencies"]];
    for (name, asked) in tables.iter().flat_map(|it| it.as_table().unwrap()) {
        dependencies += 1;
        assert!(
            asked.get("path").is_none() && asked.get("workspace").is_none(),
            "{name}"
        );
        let version = asked.as_str().or_else(|| asked.get("version")?.as_str());
        assert!(
            version.is_some_and(|it| it.starts_with(|c: char| c.is_ascii_digit())),
            "{name}"
        );
    }
    assert!(dependencies > 10, "{dependencies}");
}

#[test]
fn credentials_in_the_url_of_a_server_stay_out_of_the_crate() {
    for url in [
        "https://user:s3cret@h.example/v1",
        "https://h.example?key=s3cret",
    ] {
        let place = Place::new();
        let text = place.read("pet-shop.yaml");
        let line = text
            .lines()
            .find(|it| it.contains("url: "))
            .unwrap()
            .to_owned();
        place.edit("pet-shop.yaml", &line, &format!("  - url: '{url}'"));
        place.begins();
        for (path, text) in place.files() {
            let is_given = path.ends_with("pet-shop.yaml");
            let text = String::from_utf8_lossy(&text);
            assert!(is_given || !text.contains("s3cret"), "{}", path.display());
        }
    }
}

/// Each way to be let in is told with the code for it.
#[test]
fn the_readme_says_how_to_give_credentials_and_where_the_service_is() {
    let place = Place::new();
    place.begins();
    let readme = place.read("pet-shop/README.md");
    for part in [
        "use pet_shop::{ApiKey, Client, Credentials};",
        "std::env::var(\"PET_SHOP_API_KEY\")",
        "\"http://pets.example.com:8080/shop/v2\".parse()?",
        ".with_transport(Credentials::header(reqwest::header::HeaderName::from_static(\"x-pet-key\"), &key))",
        "client.list_pets(&Default::default()).await?",
        "| `login` | `Credentials::basic(user, password)` |",
        "| `token` | `Credentials::bearer(&key)`, with a token that you get by OpenID Connect",
        "| `query_key` | `Credentials::query(\"key\", &key)` |",
        "| `cookie_key` | `Credentials::cookie(\"session\", &key)` |",
        "| `digest` | HTTP authentication `digest`: by hand",
    ] {
        assert!(readme.contains(part), "there is no {part:?} in\n{readme}");
    }
    for (from, to, says) in [
        // Relative: only whoever has the description knows to what.
        (
            "url: http://{host}:8080/shop/v2",
            "url: /shop/v2",
            "https://api.example.com/shop/v2",
        ),
        (
            "url: http://{host}:8080/shop/v2",
            "url: \"{host\\\"}\"",
            "\"https://api.example.com\".parse()?",
        ),
        (
            "  - key: []",
            "  - login: []",
            "Credentials::basic(user, password));\n",
        ),
        (
            "  - key: []",
            "  - token: []",
            "Credentials::bearer(&key));\n",
        ),
        (
            "  - key: []",
            "  - cookie_key: []",
            "Credentials::cookie(\"session\", &key));\n",
        ),
    ] {
        let place = Place::new();
        place.edit("pet-shop.yaml", from, to);
        place.begins();
        let readme = place.read("pet-shop/README.md");
        assert!(readme.contains(says), "there is no {says:?} in\n{readme}");
    }
}

/// Cargo in a crate that was made, offline, with the versions of this workspace.
fn cargo_command(place: &Place, arguments: &[&str]) -> Command {
    let lock = Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.lock");
    let crate_lock = place.path("pet-shop/Cargo.lock");
    if !crate_lock.exists() {
        std::fs::copy(lock, crate_lock).unwrap();
    }
    let mut command = Command::new(env!("CARGO"));
    command
        .args(arguments)
        .args(["--offline", "--quiet"])
        // Without a library for TLS, which takes long to build.
        .args([
            "--no-default-features",
            "--features",
            "full,http2,multipart,schemars",
        ])
        .arg("--target-dir")
        .arg(Path::new(env!("CARGO_TARGET_TMPDIR")).join("generated"))
        .current_dir(place.path("pet-shop"))
        .env("CARGO_INCREMENTAL", "0")
        .env("CARGO_PROFILE_DEV_DEBUG", "0")
        .env("CARGO_PROFILE_TEST_DEBUG", "0")
        .env("RUSTFLAGS", "--deny warnings")
        .env("RUSTDOCFLAGS", "--deny warnings");
    command
}

/// Runs cargo in the crate. It must say nothing but what is expected.
#[track_caller]
fn cargo(place: &Place, arguments: &[&str], variables: &[(&str, &str)]) -> String {
    let mut command = cargo_command(place, arguments);
    let output = command.envs(variables.iter().copied()).output().unwrap();
    assert!(
        output.status.success(),
        "{arguments:?}\n{}",
        printed(&output)
    );
    printed(&output)
}

/// A server that answers each of some requests with this body, and gives their heads.
fn served(requests: usize, body: &'static str) -> (String, std::thread::JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let server = std::thread::spawn(move || {
        let heads = (0..requests).map(|_| {
            let (mut stream, _) = listener.accept().unwrap();
            let mut head = Vec::new();
            let mut byte = [0];
            while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap() > 0 {
                head.push(byte[0]);
            }
            let length = body.len();
            write!(
                stream,
                "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
            )
            .unwrap();
            String::from_utf8(head).unwrap()
        });
        heads.collect()
    });
    (url, server)
}

/// A test that somebody writes for the crate: each way to be let in, over a connection.
const CREDENTIALS: &str = r#"
use pet_shop::{ApiKey, Client, Credentials};
use reqwest::header::HeaderName;

#[tokio::test]
async fn each_scheme_is_sent() {
    let key = ApiKey::new("a+b/c==").unwrap();
    let header = || Credentials::header(HeaderName::from_static("x-pet-key"), &key);
    for credentials in [
        header(),
        Credentials::bearer(&key),
        Credentials::basic("ada", "hunter2"),
        Credentials::query("key", &key),
        Credentials::cookie("session", &key).and(Credentials::cookie("b", &key)).and(header()),
    ] {
        assert_eq!(format!("{credentials:?}"), "Credentials { .. }");
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let url = std::env::var("PET_SHOP_BASE_URL").unwrap();
        let client = Client::new(url.parse().unwrap(), http).with_transport(credentials);
        let params = pet_shop::types::ListPetsParams::default().with_limit(2);
        let pets = client.list_pets(&params).await.unwrap().into_inner();
        assert_eq!(pets[0].id, "pet-1");
    }
}
"#;

#[test]
#[ignore = "slow, it builds a whole crate: add -- --ignored"]
fn the_crate_builds_alone_without_warnings_and_makes_its_first_call() {
    let place = Place::new();
    place.begins();
    place.write("pet-shop/tests/credentials.rs", CREDENTIALS);
    cargo(&place, &["clippy", "--all-targets"], &[]);
    cargo(&place, &["doc", "--no-deps"], &[]);
    let told = cargo(&place, &["test", "--doc"], &[]);
    assert!(
        told.contains("test result: ok") && !told.contains("running 0 tests"),
        "{told}"
    );

    let (url, server) = served(1, r#"[{"id": "pet-1", "kind": "axolotl"}]"#);
    let mut example = cargo_command(&place, &["run", "--example", "first_call"]);
    let without_key = printed(&example.env_remove("PET_SHOP_API_KEY").output().unwrap());
    let says = "PET_SHOP_API_KEY: environment variable not found";
    assert!(without_key.contains(says), "{without_key}");
    let variables = [
        ("PET_SHOP_BASE_URL", &*format!("{url}/stem/")),
        ("PET_SHOP_API_KEY", "0f3c"),
    ];
    let told = cargo(&place, &["run", "--example", "first_call"], &variables);
    assert!(told.contains("pet-1") && told.contains("axolotl"), "{told}");
    let head = server.join().unwrap().concat().to_lowercase();
    for part in [
        "get /stem/pets http/1.1\r\n",
        "x-pet-key: 0f3c\r\n",
        "user-agent: pet-shop/0.1.0\r\n",
    ] {
        assert!(head.contains(part), "{head}");
    }

    let (url, server) = served(5, r#"[{"id": "pet-1"}]"#);
    let variables = [("PET_SHOP_BASE_URL", &*format!("{url}/"))];
    cargo(&place, &["test", "--test", "credentials"], &variables);
    let heads = server.join().unwrap();
    for (head, part) in heads.iter().zip([
        "x-pet-key: a+b/c==\r\n",
        "authorization: Bearer a+b/c==\r\n",
        "authorization: Basic YWRhOmh1bnRlcjI=\r\n",
        "GET /pets?limit=2&key=a%2Bb%2Fc%3D%3D HTTP/1.1\r\n",
        "cookie: session=a+b/c==; b=a+b/c==\r\n",
    ]) {
        assert!(head.contains(part), "there is no {part:?} in\n{head}");
    }
    assert!(heads[4].contains("x-pet-key: a+b/c==\r\n"), "{}", heads[4]);
}

/// Each has one operation, which asks for something that nobody can make up, and what the example says.
const ODD_CALLS: [(&str, &[&str]); 7] = [
    (
        "put: {requestBody: {required: true, content: {multipart/form-data: {schema: {type: object, required: [file], properties: {file: {type: string, format: binary}}}}}}",
        &[
            "// `NAMES.txt` lists the methods. Those that upload files need the feature `multipart`.",
            "println!(\"{}\", client.base_url());",
        ],
    ),
    (
        "post: {requestBody: {required: true, content: {application/json: {schema: {type: object, required: [a], properties: {a: {type: string}}}}}}",
        &[
            "// Put in the body, a `types::CallItBody`.",
            "client.call_it(&serde_json::from_value(serde_json::json!({}))?)",
        ],
    ),
    (
        "put: {requestBody: {required: true, content: {application/octet-stream: {schema: {type: string, format: binary}}}}",
        &["// Put in the body.", "client.call_it(Vec::<u8>::new())"],
    ),
    (
        "put: {requestBody: {required: true, content: {text/plain: {schema: {type: string}}}}",
        &["client.call_it(\"1\".to_owned())"],
    ),
    (
        "put: {requestBody: {required: true, content: {application/json: {schema: {type: array, items: {type: string}}}}}",
        &["client.call_it(&serde_json::from_value(serde_json::json!([]))?)"],
    ),
    (
        "put: {requestBody: {required: true, content: {application/json: {schema: {type: integer}}}}",
        &["client.call_it(1)"],
    ),
    (
        "post: {parameters: [{name: x, in: query, required: true, schema: {type: boolean}}], requestBody: {required: true, content: {application/x-www-form-urlencoded: {schema: {type: object, required: [a], properties: {a: {type: string}}}}}}",
        &["// Put in values that your service knows, and the body, a `types::CallItBody`."],
    ),
];

/// A folder with a description of this one operation.
fn odd_call(operation: &str) -> Place {
    let folder = TempDir::new().unwrap();
    let text = format!(
        "openapi: 3.0.3\ninfo: {{title: Odd, version: '1'}}\npaths:\n  /odd:\n    {operation}, operationId: call_it, tags: [odd], responses: {{'204': {{description: Done.}}}}}}\n"
    );
    let file = folder.path().join("odd.yaml");
    std::fs::write(&file, text).unwrap();
    let place = Place::of(&file);
    place.begins();
    place
}

#[test]
fn the_example_says_what_to_put_in_and_makes_up_the_rest() {
    for (operation, says) in ODD_CALLS {
        let example = odd_call(operation).read("pet-shop/examples/first_call.rs");
        for part in says {
            assert!(example.contains(part), "there is no {part:?} in\n{example}");
        }
    }
}

#[test]
#[ignore = "slow, it builds whole crates: add -- --ignored"]
fn examples_with_odd_calls_compile() {
    for (operation, _) in ODD_CALLS {
        let place = odd_call(operation);
        cargo(&place, &["check", "--examples"], &[]);
    }
}

#[test]
#[ignore = "slow, it builds whole crates: add -- --ignored"]
fn crates_of_foreign_descriptions_build_alone() {
    let Some(folder) = std::env::var_os("LETTA_FOREIGN_DESCRIPTIONS") else {
        println!("skipped: LETTA_FOREIGN_DESCRIPTIONS is not set");
        return;
    };
    for file in ["docker.yaml", "readme.json"] {
        let place = Place::of(&Path::new(&folder).join(file));
        place.begins();
        cargo(&place, &["check", "--examples"], &[]);
        // The README compiles, and so does all else that is compiled as documentation.
        let told = cargo(&place, &["test", "--doc"], &[]);
        assert!(told.contains("test result: ok"), "{file}: {told}");
    }
}

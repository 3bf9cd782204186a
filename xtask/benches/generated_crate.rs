//! What a generated crate costs a compiler: all of it, and single features, against what progenitor gives by itself. One run, rounds
//! that take turns.
//!
//! `cargo bench -p xtask --bench generated_crate` for our own description, and with `LETTA_UPSTREAM_DESCRIPTION=FILE` for the service's
//! published one as well: about ten minutes on two cores. `ROUNDS` says how many rounds (3).

#[path = "../tests/support/scratch/mod.rs"]
mod scratch;
#[path = "../tests/support/stock.rs"]
mod stock;

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use wait4::Wait4;

/// What is checked: its name, its folder, and arguments for cargo.
struct Subject {
    name: String,
    folder: std::path::PathBuf,
    arguments: Vec<String>,
}

/// What one check took.
#[derive(Clone, Copy)]
struct Cost {
    cpu: f64,
    wall: f64,
    memory: f64,
}

fn main() {
    let rounds: usize = match std::env::var("ROUNDS") {
        Ok(text) => text.parse().expect("ROUNDS is a number"),
        Err(_) => 3,
    };
    let openapi = Path::new(env!("CARGO_MANIFEST_DIR")).join("../openapi");
    let own = openapi.join("letta.yaml");
    println!("# Our own description\n");
    let generated = scratch::upstream::generated_with(&own, &openapi.join("overlay.yaml"));
    compare("own", &own, &generated, rounds);
    match std::env::var_os("LETTA_UPSTREAM_DESCRIPTION") {
        Some(published) => {
            println!("\n# The published description\n");
            let published = Path::new(&published);
            let generated = scratch::upstream::generated(published);
            compare("published", published, &generated, rounds);
        }
        None => {
            println!("\nskipped: LETTA_UPSTREAM_DESCRIPTION names no published description");
        }
    }
}

/// Compares what becomes of a description with what progenitor gives of it by itself.
fn compare(
    name: &str,
    description: &Path,
    generated: &scratch::upstream::Generated,
    rounds: usize,
) {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("generated-crate-bench");
    let ours = scratch::Scratch::new(&generated.files, &generated.features);
    let stock = stock::write(description, &target.join(format!("stock-source-{name}")));

    let of = |name: &str, features: &str| Subject {
        name: name.to_owned(),
        folder: ours.package(),
        arguments: ["--no-default-features", "--features", features]
            .map(str::to_owned)
            .to_vec(),
    };
    let subjects = [
        Subject {
            name: "stock progenitor".to_owned(),
            folder: stock.clone(),
            arguments: Vec::new(),
        },
        of("ours, all tags", "full"),
        of("ours, agents", "agents"),
        of("ours, messages", "messages"),
        of("ours, tools", "tools"),
        of(
            "ours, client-side-access-tokens",
            "client-side-access-tokens",
        ),
    ];

    let lines = |folder: &Path| -> usize {
        let mut files = vec![folder.to_owned()];
        let mut lines = 0;
        while let Some(path) = files.pop() {
            if path.is_dir() {
                files.extend(
                    std::fs::read_dir(path)
                        .unwrap()
                        .map(|it| it.unwrap().path()),
                );
            } else {
                lines += std::fs::read_to_string(path).unwrap().lines().count();
            }
        }
        lines
    };
    println!("stock: {} lines", lines(&stock.join("src")));
    println!(
        "ours: {} lines, with what is hand-written",
        lines(&ours.package().join("src"))
    );

    let mut costs: Vec<Vec<Cost>> = subjects.iter().map(|_| Vec::new()).collect();
    for round in 0..=rounds {
        for (subject, costs) in subjects.iter().zip(&mut costs) {
            let cost = check(subject, &target);
            // The first compiles the dependencies.
            if round > 0 {
                costs.push(cost);
            }
        }
    }
    let median = |costs: &[Cost], of: fn(&Cost) -> f64| {
        let mut values: Vec<f64> = costs.iter().map(of).collect();
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    };
    println!("\nmedians of {rounds} rounds; in brackets, times that of stock progenitor");
    println!(
        "{:32} {:>18} {:>18} {:>18}",
        "cargo check", "CPU s", "wall s", "peak MB"
    );
    for (subject, own) in subjects.iter().zip(&costs) {
        let cell = |of: fn(&Cost) -> f64| {
            let (own, stock) = (median(own, of), median(&costs[0], of));
            format!("{own:.1} ({:.2})", own / stock)
        };
        println!(
            "{:32} {:>18} {:>18} {:>18}",
            subject.name,
            cell(|cost| cost.cpu),
            cell(|cost| cost.wall),
            cell(|cost| cost.memory),
        );
    }
}

/// Checks a crate whose dependencies have been, and that has not.
fn check(subject: &Subject, target: &Path) -> Cost {
    let library = subject.folder.join("src/lib.rs");
    let text = std::fs::read(&library).unwrap();
    std::fs::write(&library, text).unwrap();
    let start = Instant::now();
    let mut child = Command::new(env!("CARGO"))
        .args(["check", "--quiet", "--target-dir"])
        .arg(target)
        .args(&subject.arguments)
        .env("CARGO_INCREMENTAL", "0")
        .current_dir(&subject.folder)
        // Of progenitor's code, it warns.
        .env("RUSTFLAGS", "--cap-lints=allow")
        .spawn()
        .unwrap();
    let used = child.wait4().unwrap();
    assert!(used.status.success(), "{} does not compile", subject.name);
    Cost {
        cpu: (used.rusage.utime + used.rusage.stime).as_secs_f64(),
        wall: start.elapsed().as_secs_f64(),
        memory: used.rusage.maxrss as f64 / 1e6,
    }
}

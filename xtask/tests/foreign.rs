//! Descriptions of other people's services: what the pipeline makes of each, and that it never gives up.

mod pipeline;

use std::collections::BTreeMap;
use std::path::Path;

use xtask::diagnostic::{Diagnostic, Failure};
use xtask::document::{Node, Pointer, Source, Value};
use xtask::{load, overlay};

fn decide(description: &mut Node) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/foreign/overlay.yaml");
    let decisions = load::load(&path).unwrap().to_json();
    for action in decisions["actions"].as_array().unwrap() {
        let mut one = decisions.clone();
        one["actions"] = serde_json::json!([action]);
        let one = load::parse(&Source::new("overlay.json", one.to_string())).unwrap();
        if let Err(failure) = overlay::apply(description, &one) {
            let text = failure.to_string();
            assert!(text.contains("match"), "{text}");
        }
    }
}

fn remove(document: &mut Node, at: &Pointer) -> bool {
    let Some((last, parent)) = at.last().zip(at.parent()) else {
        return false;
    };
    match document.pointer_mut(&parent).map(|node| &mut node.value) {
        Some(Value::Object(members)) => members.shift_remove(last).is_some(),
        Some(Value::Array(items)) => match last.parse::<usize>() {
            Ok(n) if n < items.len() => {
                items.remove(n);
                true
            }
            _ => false,
        },
        _ => false,
    }
}

fn leave_out(document: &mut Node, finding: &Diagnostic) -> bool {
    let Some(pointer) = &finding.pointer else {
        return false;
    };
    let parts = pointer.0.clone();
    let text: Vec<&str> = parts.iter().map(String::as_str).collect();
    let prefix = |n: usize| Pointer(parts[..n.min(parts.len())].to_vec());
    match text.as_slice() {
        ["paths", _, method, ..] if xtask::model::METHODS.contains(method) => {
            remove(document, &prefix(3))
        }
        ["paths", _, ..] => remove(document, &prefix(2)),
        ["components", "schemas", _, ..] => {
            let at = prefix(3);
            let Some(node) = document.pointer_mut(&at) else {
                return false;
            };
            let marked = serde_json::json!({"x-codegen-replace": {"type": "::serde_json::Value"}});
            if node.to_json() == marked {
                return remove(document, &at);
            }
            *node = load::parse(&Source::new("replace.json", marked.to_string())).unwrap();
            true
        }
        ["components", _, _, ..] => remove(document, &prefix(3)),
        ["x-codegen-ignore", ..] => remove(document, pointer),
        [_, ..] => remove(document, &prefix(1)),
        [] => false,
    }
}

fn counts(findings: &[Diagnostic]) -> BTreeMap<&'static str, usize> {
    let mut counts = BTreeMap::new();
    for finding in findings {
        *counts.entry(finding.rule).or_default() += 1;
    }
    counts
}

#[test]
#[ignore]
fn explore() {
    let list = std::env::var("LIST").unwrap();
    for file in std::fs::read_to_string(list).unwrap().lines() {
        let out = std::env::var("OUT").ok();
        let result = std::panic::catch_unwind(|| {
            let start = std::time::Instant::now();
            let mut document = match load::load(Path::new(file)) {
                Ok(it) => it,
                Err(f) => {
                    println!(
                        "{file}: LOAD {}",
                        f.to_string().chars().take(300).collect::<String>()
                    );
                    return;
                }
            };
            let load = start.elapsed();
            let start = std::time::Instant::now();
            let plain = pipeline::run(&document);
            let lint = start.elapsed();
            let p = pipeline::problem(&plain);
            let before = match &plain {
                Err(Failure::Diagnostics(f)) => format!("{} {:?}", f.len(), counts(f)),
                Err(f) => f.to_string(),
                Ok(c) => format!("{} operations", c.operations),
            };
            println!("{file}: load {load:.1?} lint {lint:.1?}: {before}");
            if let Some(p) = p {
                println!("{file}: PROBLEM {p}");
            }
            if document
                .get("openapi")
                .and_then(Node::as_str)
                .is_none_or(|it| !it.starts_with("3."))
            {
                return;
            }
            decide(&mut document);
            let mut round = 0;
            loop {
                round += 1;
                let start = std::time::Instant::now();
                let outcome = pipeline::run(&document);
                if let Some(p) = pipeline::problem(&outcome) {
                    println!("{file}: round {round} PROBLEM {p}");
                    std::fs::write(
                        format!("{file}.problem.json")
                            .replace("/docs/", "/problems/")
                            .replace("/api/", "/problems/"),
                        serde_json::to_string_pretty(&document.to_json()).unwrap(),
                    )
                    .ok();
                    break;
                }
                match outcome {
                    Ok(code) => {
                        println!(
                            "{file}: round {round}: {} operations, {} types, {} lines in {:.1?}",
                            code.operations,
                            code.types,
                            code.text.lines().count(),
                            start.elapsed()
                        );
                        if let Some(out) = &out {
                            std::fs::write(
                                Path::new(out)
                                    .join(Path::new(file).file_name().unwrap())
                                    .with_extension("rs"),
                                &code.text,
                            )
                            .unwrap();
                        }
                        break;
                    }
                    Err(Failure::Diagnostics(findings)) => {
                        println!(
                            "{file}: round {round}: {} {:?}",
                            findings.len(),
                            counts(&findings)
                        );
                        let mut any = false;
                        for finding in findings.iter().rev() {
                            any |= leave_out(&mut document, finding);
                        }
                        if !any {
                            println!("{file}: STUCK {}", findings[0].render());
                            break;
                        }
                    }
                    Err(_) => unreachable!(),
                }
            }
        });
        if result.is_err() {
            println!("{file}: PANIC");
        }
    }
}

//! Reads what the user types: with an editor in a terminal, and line by line otherwise.

use std::io::{BufRead as _, IsTerminal as _, Write as _};
use std::sync::mpsc;

use rustyline::completion::Completer;
use rustyline::error::ReadlineError;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::history::{History as _, MemHistory};
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{Config, Context, Editor, Helper};
use tokio::sync::mpsc::{Receiver, Sender, channel};

use super::history::{History, KEPT};
use super::order::WORDS;
use crate::failure::Failure;
use crate::talk::Stops;

/// What came of a question.
pub(super) enum Typed {
    Line(String),
    /// Ctrl-C.
    Interrupted,
    /// Ctrl-D, or the end of the pipe.
    End,
}

/// Asks. What is typed is read in a thread of its own, so that nothing waits for it when the program ends.
pub(super) struct Prompter {
    questions: mpsc::Sender<Question>,
    answers: Receiver<Result<Typed, Failure>>,
    has_editor: bool,
    /// Whether questions are shown, if there is no editor.
    shows_prompt: bool,
}

struct Question {
    prompt: String,
    /// Whether a message is asked for, which has a history and may have several lines.
    is_message: bool,
}

impl Prompter {
    pub(super) fn new(history: History) -> Self {
        let (questions, asked) = mpsc::channel();
        let (answer, answers) = channel(1);
        let is_typed = std::io::stdin().is_terminal();
        let has_editor = is_typed && std::io::stdout().is_terminal();
        std::thread::spawn(move || match has_editor {
            true => edit(history, &asked, &answer),
            false => read(&asked, &answer),
        });
        Self {
            questions,
            answers,
            has_editor,
            shows_prompt: is_typed,
        }
    }

    pub(super) async fn ask(
        &mut self,
        prompt: &str,
        is_message: bool,
        stops: &mut Stops,
    ) -> Result<Typed, Failure> {
        if self.shows_prompt && !self.has_editor {
            let _ = write!(std::io::stderr(), "{prompt}");
            let _ = std::io::stderr().flush();
        }
        let question = Question {
            prompt: prompt.to_owned(),
            is_message,
        };
        stops.forget();
        if self.questions.send(question).is_err() {
            return Ok(Typed::End);
        }
        tokio::select! {
            answer = self.answers.recv() => answer.unwrap_or(Ok(Typed::End)),
            // The editor takes Ctrl-C for a key, and has to leave the terminal as it was.
            () = stops.next(), if !self.has_editor => Ok(Typed::Interrupted),
        }
    }
}

/// Answers questions line by line.
fn read(asked: &mpsc::Receiver<Question>, answer: &Sender<Result<Typed, Failure>>) {
    let mut lines = std::io::stdin().lock().lines();
    while asked.recv().is_ok() {
        let typed = match lines.next() {
            Some(Ok(line)) => Ok(Typed::Line(line)),
            Some(Err(error)) => Err(unread(&error)),
            None => Ok(Typed::End),
        };
        if answer.blocking_send(typed).is_err() {
            return;
        }
    }
}

fn unread(error: &dyn std::fmt::Display) -> Failure {
    Failure::usage(format!("the standard input cannot be read: {error}"))
        .advise("It must be text in UTF-8, with a message in each line.")
}

/// Answers questions with an editor.
fn edit(
    mut history: History,
    asked: &mpsc::Receiver<Question>,
    answer: &Sender<Result<Typed, Failure>>,
) {
    let mut editor = match editor(&history) {
        Ok(editor) => editor,
        Err(error) => {
            let _ = answer.blocking_send(Err(unread(&error)));
            return;
        }
    };
    while let Ok(question) = asked.recv() {
        if let Some(form) = editor.helper_mut() {
            form.is_message = question.is_message;
        }
        let typed = match editor.readline(&question.prompt) {
            Ok(line) => {
                if question.is_message && !line.trim().is_empty() {
                    let _ = editor.add_history_entry(line.as_str());
                    history.add(&line);
                }
                Ok(Typed::Line(line))
            }
            Err(ReadlineError::Interrupted) => Ok(Typed::Interrupted),
            Err(ReadlineError::Eof) => Ok(Typed::End),
            Err(error) => Err(unread(&error)),
        };
        if answer.blocking_send(typed).is_err() {
            return;
        }
    }
}

fn editor(history: &History) -> rustyline::Result<Editor<Form, MemHistory>> {
    let config = Config::builder().max_history_size(KEPT)?.build();
    let mut kept = MemHistory::with_config(&config);
    for entry in history.entries() {
        kept.add(entry)?;
    }
    let mut editor = Editor::with_history(config, kept)?;
    editor.set_helper(Some(Form { is_message: true }));
    Ok(editor)
}

/// What the editor knows of what is typed.
struct Form {
    is_message: bool,
}

impl Helper for Form {}
impl Highlighter for Form {}

impl Hinter for Form {
    type Hint = String;
}

impl Validator for Form {
    /// A line that ends with a backslash goes on.
    fn validate(&self, context: &mut ValidationContext<'_>) -> rustyline::Result<ValidationResult> {
        Ok(match self.is_message && context.input().ends_with('\\') {
            true => ValidationResult::Incomplete,
            false => ValidationResult::Valid(None),
        })
    }
}

impl Completer for Form {
    type Candidate = String;

    fn complete(
        &self,
        line: &str,
        at: usize,
        _: &Context<'_>,
    ) -> rustyline::Result<(usize, Vec<String>)> {
        let begun = &line[..at];
        let words = WORDS
            .iter()
            .filter(|_| self.is_message && begun.starts_with('/'));
        let words = words.filter(|word| word.starts_with(begun));
        Ok((0, words.map(|word| (*word).to_owned()).collect()))
    }
}

//! A terminal in which the program runs: keys go in, and a screen comes out.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::process::Child;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use super::program::{assert_no_secret, program};

/// A test waits this long for what must come. It ends as soon as it is there.
const LIMIT: Duration = Duration::from_secs(120);

pub(crate) const ROWS: u16 = 40;
pub(crate) const COLUMNS: u16 = 100;

pub(crate) struct Terminal {
    keys: File,
    child: Child,
    /// Bytes that the program wrote. It ends with the program.
    written: Receiver<Vec<u8>>,
    /// All of them so far.
    pub(crate) bytes: Vec<u8>,
    screen: vt100::Parser,
}

impl Terminal {
    pub(crate) fn open(args: &[&str], variables: &[(&str, String)]) -> Self {
        let (pty, pts) = pty_process::blocking::open().unwrap();
        pty.resize(pty_process::Size::new(ROWS, COLUMNS)).unwrap();
        let mut command = pty_process::blocking::Command::new(program());
        command = command.args(args).env_clear();
        for (name, value) in variables {
            command = command.env(name, value);
        }
        let child = command.spawn(pts).unwrap();
        let keys = File::from(OwnedFd::from(pty));
        let mut read = keys.try_clone().unwrap();
        let (write, written) = channel();
        std::thread::spawn(move || {
            let mut piece = [0; 4096];
            // Where the program has ended, Linux gives an error, and others the end.
            while let Ok(length @ 1..) = read.read(&mut piece) {
                if write.send(piece[..length].to_vec()).is_err() {
                    return;
                }
            }
        });
        Self {
            keys,
            child,
            written,
            bytes: Vec::new(),
            screen: screen(),
        }
    }

    pub(crate) fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
    }

    /// Types letter by letter, as people do: each is on the screen before the next.
    pub(crate) fn type_in(&mut self, text: &str) {
        let begin = self.row();
        let mut typed = String::new();
        for letter in text.chars() {
            typed.push(letter);
            self.press(&letter.to_string());
            let expected = format!("{begin}{typed}");
            self.wait(&expected, |terminal| terminal.row() == expected);
        }
    }

    /// Types a line, once this is asked for.
    pub(crate) fn answer(&mut self, prompt: &str, line: &str) {
        self.wait_for_prompt(prompt);
        self.type_in(line);
        self.press("\r");
    }

    /// Waits until the cursor stands behind this, and behind nothing else.
    pub(crate) fn wait_for_prompt(&mut self, prompt: &str) {
        let at = u16::try_from(prompt.len()).unwrap();
        self.wait(prompt, |terminal| {
            let (_, column) = terminal.screen.screen().cursor_position();
            column == at && terminal.row().trim_end() == prompt.trim_end()
        });
    }

    /// Waits until this is on the screen.
    pub(crate) fn wait_for(&mut self, text: &str) {
        self.wait(text, |terminal| terminal.contents().contains(text));
    }

    fn wait(&mut self, what: &str, is_there: impl Fn(&Self) -> bool) {
        let until = Instant::now() + LIMIT;
        while !is_there(self) {
            let left = until.saturating_duration_since(Instant::now());
            match self.written.recv_timeout(left) {
                Ok(bytes) => self.take(&bytes),
                Err(RecvTimeoutError::Timeout) => {
                    panic!("`{what}` does not come:\n{}", self.contents())
                }
                Err(RecvTimeoutError::Disconnected) => {
                    panic!(
                        "the program has ended before `{what}`:\n{}",
                        self.contents()
                    )
                }
            }
        }
    }

    fn take(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
        self.screen.process(bytes);
    }

    /// The row in which the cursor is, up to the cursor at least.
    fn row(&self) -> String {
        let screen = self.screen.screen();
        let (row, column) = screen.cursor_position();
        let text = screen.rows(0, COLUMNS).nth(usize::from(row));
        let text = text.unwrap_or_default();
        format!("{:width$}", text.trim_end(), width = usize::from(column))
    }

    pub(crate) fn contents(&self) -> String {
        // A line that is longer than a row is one line here, so that nothing in it is torn.
        let contents = self.screen.screen().contents();
        let lines: Vec<&str> = contents.lines().map(str::trim_end).collect();
        format!("{}\n", lines.join("\n").trim_end())
    }

    /// Waits until the program ends: its exit code, and the last screen.
    pub(crate) fn end(mut self) -> (i32, String, Vec<u8>) {
        let until = Instant::now() + LIMIT;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            match self.written.recv_timeout(left) {
                Ok(bytes) => self.take(&bytes),
                Err(RecvTimeoutError::Timeout) => {
                    panic!("the program does not end:\n{}", self.contents())
                }
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        let code = self.child.wait().unwrap().code().unwrap_or(-1);
        let contents = self.contents();
        assert_no_secret(&String::from_utf8_lossy(&self.bytes));
        (code, contents, std::mem::take(&mut self.bytes))
    }
}

impl Drop for Terminal {
    /// A test that failed leaves no program behind.
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An empty screen.
pub(crate) fn screen() -> vt100::Parser {
    let size = |length: u16| std::num::NonZeroU16::new(length).unwrap();
    vt100::Parser::new(size(ROWS), size(COLUMNS), 0)
}

//! A browser has no files.

use std::path::PathBuf;

use bytes::Bytes;

use crate::platform::FileProblem;

pub(crate) async fn check_target(_: PathBuf, _: bool) -> Result<(), FileProblem> {
    Err(FileProblem::NoFiles)
}

pub(crate) async fn write_whole(_: PathBuf, _: Bytes, _: bool) -> Result<(), FileProblem> {
    Err(FileProblem::NoFiles)
}

pub(crate) async fn read_whole(_: PathBuf) -> Result<Bytes, FileProblem> {
    Err(FileProblem::NoFiles)
}

//! Which project a request is about.

use std::io;

use axum::http::HeaderMap;

use crate::http::refusal::Refusal;

const SLUG_HEADER: &str = "x-project";
const ID_HEADER: &str = "x-project-id";

/// A project, as requests name it.
///
/// A slug and an ID are two projects even if they are spelt alike, unless
/// [`Builder::project_with_id`](crate::Builder::project_with_id) made them one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Project {
    /// That of a request which names none.
    Default,
    /// Named by its slug, in `X-Project`.
    Slug(String),
    /// Named by its ID, in `X-Project-Id`. If the slug of the ID is known, the slug stands in its place.
    Id(String),
}

impl Project {
    /// Reads the two headers.
    pub(crate) fn from_headers(headers: &HeaderMap) -> Result<Self, Refusal> {
        let slug = header(headers, SLUG_HEADER, "X-Project")?;
        let id = header(headers, ID_HEADER, "X-Project-Id")?;
        match (slug, id) {
            (None, None) => Ok(Self::Default),
            (Some(slug), None) => Ok(Self::Slug(slug)),
            (None, Some(id)) => Ok(Self::Id(id)),
            (Some(_), Some(_)) => Err(Refusal::bad_request(
                "X-Project and X-Project-Id are both set; a project is named by one of them",
            )),
        }
    }
}

fn header(headers: &HeaderMap, name: &str, shown: &str) -> Result<Option<String>, Refusal> {
    let mut values = headers.get_all(name).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    if values.next().is_some() {
        return Err(Refusal::bad_request(format!(
            "{shown} is set more than once"
        )));
    }
    match value.to_str() {
        Ok("") => Err(Refusal::bad_request(format!("{shown} is empty"))),
        Ok(value) => Ok(Some(value.to_owned())),
        Err(_) => Err(Refusal::bad_request(format!(
            "{shown} holds more than visible ASCII"
        ))),
    }
}

/// The projects that an emulator knows, if it was told of any.
#[derive(Debug, Default)]
pub(crate) struct Projects(Vec<KnownProject>);

#[derive(Debug)]
struct KnownProject {
    slug: String,
    id: Option<String>,
}

impl Projects {
    pub(crate) fn add(&mut self, slug: String, id: Option<String>) {
        self.0.push(KnownProject { slug, id });
    }

    /// Refuses names that no request could carry, and names that stand for two projects.
    pub(crate) fn check(&self) -> io::Result<()> {
        let invalid = |message: String| Err(io::Error::new(io::ErrorKind::InvalidInput, message));
        for (index, project) in self.0.iter().enumerate() {
            for name in std::iter::once(&project.slug).chain(&project.id) {
                if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_graphic()) {
                    return invalid(format!(
                        "the project name {name:?} is not visible ASCII, which a header needs"
                    ));
                }
            }
            for other in &self.0[..index] {
                if other.slug == project.slug {
                    return invalid(format!("the project {:?} is given twice", project.slug));
                }
                if project.id.is_some() && other.id == project.id {
                    return invalid(format!(
                        "the projects {:?} and {:?} have one ID",
                        other.slug, project.slug
                    ));
                }
            }
        }
        Ok(())
    }

    /// Makes one of the two names of a known project, and refuses one that is not known.
    ///
    /// The default project is always known, and if no project was given, every one is.
    pub(crate) fn resolve(&self, project: Project) -> Result<Project, Refusal> {
        if self.0.is_empty() {
            return Ok(project);
        }
        let known = match &project {
            Project::Default => return Ok(Project::Default),
            Project::Slug(slug) => self.0.iter().find(|known| known.slug == *slug),
            Project::Id(id) => self.0.iter().find(|known| known.id.as_ref() == Some(id)),
        };
        match known {
            Some(known) => Ok(Project::Slug(known.slug.clone())),
            None => Err(Refusal::not_found("there is no such project")),
        }
    }
}

//! What is said to an agent.

use std::fmt;

use letta_api::types::{
    Base64Image, ContentPart, CreateMessage, ImageContent, ImageSource, InputRole, MessageContent,
    TextContent, UrlImage,
};

/// A message to an agent: text, with images if the model can see.
///
/// A text converts into it, so `turn("Hello")` is enough for text alone.
///
/// ```
/// use letta_api_ext::turns::UserMessage;
///
/// let png: &[u8] = b"\x89PNG";
/// let message = UserMessage::new("What is in these pictures?")
///     .image_url("https://example.com/cat.jpg")
///     .image("image/png", png);
/// # drop(message);
/// ```
#[derive(Clone)]
pub struct UserMessage(CreateMessage);

/// What is said in a turn: one message or several. Text, a [`UserMessage`], and letta-api's
/// [`CreateMessage`](letta_api::types::CreateMessage) convert into it, and lists of them.
#[derive(Clone)]
pub struct Input(pub(super) Vec<CreateMessage>);

/// It shows nothing of what is said.
impl fmt::Debug for UserMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UserMessage").finish_non_exhaustive()
    }
}

/// It shows how many messages there are.
impl fmt::Debug for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Input({} messages)", self.0.len())
    }
}

impl UserMessage {
    /// A message of this text.
    pub fn new(text: impl Into<String>) -> Self {
        let content = MessageContent::Text(text.into());
        Self(CreateMessage::new(InputRole::User, content))
    }

    /// The same message and another text after it.
    #[must_use]
    pub fn text(self, text: impl Into<String>) -> Self {
        let text = TextContent::new(text.into());
        self.part(ContentPart::TextContent(Box::new(text)))
    }

    /// The same message and an image. The media type is such as `image/png`. The service takes JPEG, PNG, GIF and WebP, as far as the
    /// agent's model does.
    #[must_use]
    pub fn image(self, media_type: impl Into<String>, bytes: impl AsRef<[u8]>) -> Self {
        use base64::Engine as _;

        let data = base64::engine::general_purpose::STANDARD.encode(bytes);
        let image = Base64Image::new(media_type.into(), data);
        self.image_of(ImageSource::Base64Image(Box::new(image)))
    }

    /// The same message and an image that the service fetches.
    #[must_use]
    pub fn image_url(self, url: impl Into<String>) -> Self {
        let image = UrlImage::new(url.into());
        self.image_of(ImageSource::UrlImage(Box::new(image)))
    }

    /// The same message from another role: a `system` message, or a role that this version does not know.
    #[must_use]
    pub fn role(mut self, role: InputRole) -> Self {
        self.0.role = role;
        self
    }

    /// The same message with the name of who says it.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.0 = self.0.with_name(name);
        self
    }

    fn image_of(self, source: ImageSource) -> Self {
        let image = ImageContent::new(source);
        self.part(ContentPart::ImageContent(Box::new(image)))
    }

    fn part(mut self, part: ContentPart) -> Self {
        let mut parts = match self.0.content {
            MessageContent::Parts(parts) => parts,
            MessageContent::Text(text) if text.is_empty() => Vec::new(),
            MessageContent::Text(text) => {
                vec![ContentPart::TextContent(Box::new(TextContent::new(text)))]
            }
            _ => Vec::new(),
        };
        parts.push(part);
        self.0.content = MessageContent::Parts(parts);
        self
    }
}

impl From<UserMessage> for CreateMessage {
    fn from(message: UserMessage) -> Self {
        message.0
    }
}

impl From<&str> for UserMessage {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl From<String> for UserMessage {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

impl From<&String> for UserMessage {
    fn from(text: &String) -> Self {
        Self::new(text.as_str())
    }
}

macro_rules! input {
    ($($kind:ty),*) => {$(
        impl From<$kind> for Input {
            fn from(message: $kind) -> Self {
                Self(vec![UserMessage::from(message).into()])
            }
        }
    )*};
}
input!(&str, String, &String, UserMessage);

impl From<CreateMessage> for Input {
    fn from(message: CreateMessage) -> Self {
        Self(vec![message])
    }
}

impl<M: Into<CreateMessage>> From<Vec<M>> for Input {
    fn from(messages: Vec<M>) -> Self {
        Self(messages.into_iter().map(Into::into).collect())
    }
}

impl<M: Into<CreateMessage>, const N: usize> From<[M; N]> for Input {
    fn from(messages: [M; N]) -> Self {
        Self(messages.into_iter().map(Into::into).collect())
    }
}

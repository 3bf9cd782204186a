//! Doc comments: one line per attribute, and none missing, since letta-api denies `missing_docs`.
//!
//! What the generator writes into them is text of the description, which anyone may have written. [`markdown`] makes plain documentation of
//! it. Text of ours is added after that, since our links are meant as links.

use syn::{Attribute, Expr, Lit, Meta};

use crate::markdown;
use crate::naming::is_type_name;

/// The longest line of documentation that is not broken, in characters. It stands up to eight deep, after `/// `.
const WIDTH: usize = 100 - 8 - 4;

/// Rewrites the doc comments among `attrs`, which are text of the description, as documentation, one `///` line per
/// line. If there is none, the documentation is `default`, unchanged.
pub(super) fn tidy(attrs: &mut Vec<Attribute>, default: impl FnOnce() -> String) {
    let text = markdown::docs(&take(attrs).join("\n"));
    set(attrs, &if text.is_empty() { default() } else { text });
}

/// Puts documentation before other attributes, one `///` line per line.
pub(super) fn set(attrs: &mut Vec<Attribute>, text: &str) {
    attrs.splice(0..0, markdown::wrapped(text, WIDTH).lines().map(line));
}

/// Adds a paragraph of ours.
pub(super) fn add(attrs: &mut Vec<Attribute>, paragraph: &str) {
    let lines = take(attrs);
    let ours = |line: &String| line.strip_prefix(' ').unwrap_or(line).to_owned();
    let text = lines.iter().map(ours).collect::<Vec<_>>().join("\n");
    set(attrs, &format!("{text}\n\n{paragraph}"));
}

/// `#[deprecated]` with this note, if there is one.
pub(super) fn deprecated(note: Option<&String>) -> Option<Attribute> {
    let note = note?;
    Some(syn::parse_quote!(#[deprecated(note = #note)]))
}

/// Removes the doc comments from `attrs`, and returns them unchanged.
fn take(attrs: &mut Vec<Attribute>) -> Vec<String> {
    let mut texts = Vec::new();
    attrs.retain(|attr| match doc(attr) {
        Some(text) => {
            texts.push(text);
            false
        }
        None => true,
    });
    texts
}

/// One line of documentation.
pub(super) fn line(text: &str) -> Attribute {
    let text = match text.trim_end() {
        "" => String::new(),
        text => format!(" {text}"),
    };
    // Built without `parse_quote!`: there are many, and to parse each takes a good part of this stage's time.
    let text = syn::LitStr::new(&text, proc_macro2::Span::call_site());
    Attribute {
        pound_token: Default::default(),
        style: syn::AttrStyle::Outer,
        bracket_token: Default::default(),
        meta: Meta::NameValue(syn::MetaNameValue {
            path: syn::Path::from(quote::format_ident!("doc")),
            eq_token: Default::default(),
            value: Expr::Lit(syn::ExprLit {
                attrs: Vec::new(),
                lit: Lit::Str(text),
            }),
        }),
    }
}

/// The text of a doc comment. `None` for another attribute.
fn doc(attr: &Attribute) -> Option<String> {
    let Meta::NameValue(meta) = &attr.meta else {
        return None;
    };
    match &meta.value {
        Expr::Lit(literal) if meta.path.is_ident("doc") => match &literal.lit {
            Lit::Str(text) => Some(text.value()),
            _ => None,
        },
        _ => None,
    }
}

/// A type as a link for documentation, if it is one of ours.
pub(super) fn link(ty: &syn::Type) -> Option<String> {
    let syn::Type::Path(path) = ty else {
        return None;
    };
    let segments = &path.path.segments;
    let last = segments.last()?;
    // `String` and `Vec<T>` are no types of ours: they have a leading `::`, or arguments.
    let is_ours = segments.len() == 1 || segments.first()?.ident == "crate";
    let is_type = is_type_name(&last.ident.to_string());
    let is_plain =
        path.path.leading_colon.is_none() && segments.iter().all(|it| it.arguments.is_none());
    (is_ours && is_type && is_plain).then(|| {
        let names: Vec<String> = segments.iter().map(|it| it.ident.to_string()).collect();
        let target = names.join("::");
        match segments.len() {
            1 => format!("[`{target}`]"),
            _ => format!("[`{}`]({target})", last.ident),
        }
    })
}

//! Code that is written out once, and filled in for each type, field or operation.
//!
//! `parse_quote!` would parse the code anew for each. In a debug build, that takes many times as long as to copy what has been parsed.

use syn::visit_mut::{self, VisitMut};
use syn::{
    Attribute, Expr, Field, FnArg, Ident, ImplItemFn, ItemConst, ItemImpl, ItemStruct, Stmt, Type,
};

/// `template!(ImplItemFn: { fn method() -> Type {} }, method = &ident, Type = &ty)`: the code, with these names
/// replaced. A name is replaced by a type or an expression only if it is the whole type or expression. The arguments of macros and
/// attributes are not changed.
macro_rules! template {
    ($kind:ty: { $($code:tt)* } $(, $name:ident = $with:expr)* $(,)?) => {{
        thread_local! {
            static PARSED: $kind = ::syn::parse_quote!($($code)*);
        }
        let mut code = PARSED.with(<$kind as ::std::clone::Clone>::clone);
        $crate::template::fill(
            &mut code,
            &[$((stringify!($name), $crate::template::Part::from($with))),*],
        );
        code
    }};
}
pub(crate) use template;

/// The replacement for a name.
pub(crate) enum Part<'a> {
    Ident(&'a Ident),
    Type(&'a Type),
    Expr(&'a Expr),
}

impl<'a> From<&'a Ident> for Part<'a> {
    fn from(ident: &'a Ident) -> Self {
        Self::Ident(ident)
    }
}

impl<'a> From<&'a Type> for Part<'a> {
    fn from(ty: &'a Type) -> Self {
        Self::Type(ty)
    }
}

impl<'a> From<&'a Expr> for Part<'a> {
    fn from(expr: &'a Expr) -> Self {
        Self::Expr(expr)
    }
}

/// Replaces names in a template.
pub(crate) fn fill(code: &mut impl Code, parts: &[(&str, Part<'_>)]) {
    if !parts.is_empty() {
        code.accept(&mut Fill { parts });
    }
}

/// Syntax that a template can be of.
pub(crate) trait Code {
    fn accept(&mut self, visitor: &mut impl VisitMut);
}

macro_rules! code {
    ($($ty:ty: $visit:ident;)*) => {
        $(impl Code for $ty {
            fn accept(&mut self, visitor: &mut impl VisitMut) {
                visitor.$visit(self);
            }
        })*
    };
}

code! {
    Attribute: visit_attribute_mut;
    Expr: visit_expr_mut;
    Field: visit_field_mut;
    FnArg: visit_fn_arg_mut;
    ImplItemFn: visit_impl_item_fn_mut;
    ItemConst: visit_item_const_mut;
    ItemImpl: visit_item_impl_mut;
    ItemStruct: visit_item_struct_mut;
    Stmt: visit_stmt_mut;
}

/// A text, to be put into a template.
pub(crate) fn text(text: &str) -> Expr {
    Expr::Lit(syn::ExprLit {
        attrs: Vec::new(),
        lit: syn::Lit::Str(syn::LitStr::new(text, proc_macro2::Span::call_site())),
    })
}

/// Replaces names by their parts.
struct Fill<'a> {
    parts: &'a [(&'a str, Part<'a>)],
}

impl<'a> Fill<'a> {
    fn part(&self, ident: &Ident) -> Option<&'a Part<'a>> {
        let found = self.parts.iter().find(|(name, _)| ident == name);
        found.map(|(_, part)| part)
    }
}

impl VisitMut for Fill<'_> {
    fn visit_ident_mut(&mut self, ident: &mut Ident) {
        if let Some(Part::Ident(with)) = self.part(ident) {
            *ident = (*with).clone();
        }
    }

    fn visit_type_mut(&mut self, ty: &mut Type) {
        if let Type::Path(path) = ty
            && let Some(ident) = path.path.get_ident()
            && let Some(Part::Type(with)) = self.part(ident)
        {
            *ty = (*with).clone();
            return;
        }
        visit_mut::visit_type_mut(self, ty);
    }

    fn visit_expr_mut(&mut self, expr: &mut Expr) {
        if let Expr::Path(path) = expr
            && let Some(ident) = path.path.get_ident()
            && let Some(Part::Expr(with)) = self.part(ident)
        {
            *expr = (*with).clone();
            return;
        }
        visit_mut::visit_expr_mut(self, expr);
    }

    // The arguments of attributes are texts and names on the wire, and no code.
    fn visit_attribute_mut(&mut self, _: &mut Attribute) {}
}

#[cfg(test)]
mod tests {
    use quote::ToTokens;
    use syn::parse_quote;

    use super::*;

    #[test]
    fn names_are_replaced_wherever_they_stand_for_code() {
        let (name, ty): (Ident, Type) = (parse_quote!(r#type), parse_quote!(Vec<u8>));
        let value: Expr = parse_quote!(1 + 1);
        let filled = template!(
            ItemImpl: {
                #[name]
                impl From<Held> for Held {
                    fn from(name: Held) -> other::Held { self.name = value; name!(name) }
                }
            },
            name = &name,
            Held = &ty,
            value = &value,
        );
        let expected: ItemImpl = parse_quote! {
            #[name]
            impl From<Vec<u8>> for Vec<u8> {
                fn from(r#type: Vec<u8>) -> other::Held { self.r#type = 1 + 1; r#type!(name) }
            }
        };
        assert_eq!(
            filled.to_token_stream().to_string(),
            expected.to_token_stream().to_string()
        );
    }
}

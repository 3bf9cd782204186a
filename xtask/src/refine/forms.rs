//! Form bodies. progenitor's helper returns progenitor's error, and letta-api has an error of its own.

use syn::visit_mut::VisitMut;
use syn::{Expr, parse_quote};

/// Makes `request.form_urlencoded(&body)?` into `body::form(request, &body)?`.
pub(super) struct OwnForms;

impl VisitMut for OwnForms {
    fn visit_expr_mut(&mut self, expr: &mut Expr) {
        syn::visit_mut::visit_expr_mut(self, expr);
        if let Expr::MethodCall(call) = expr
            && call.method == "form_urlencoded"
        {
            let (request, arguments) = (&call.receiver, &call.args);
            *expr = parse_quote!(body::form(#request, #arguments));
        }
    }
}

//! Tests that run once for each of the emulator's rules for tokens.

/// Makes two tests of each function: `NAME::strict` and `NAME::published_2025`.
///
/// The function is `async`, and takes the [`TokenRules`](letta_api_emulator::TokenRules) that its emulator must have. A
/// function that is not named here is never used, which the compiler reports.
///
/// ```
/// use letta_api_emulator::{Emulator, TokenRules};
///
/// async fn an_emulator_starts(rules: TokenRules) {
///     Emulator::builder().token_rules(rules).start().await.unwrap();
/// }
///
/// letta_api_tests::with_both_token_rules!(an_emulator_starts);
/// ```
///
/// What `#[tokio::test]` is to be given comes first, in brackets: `[flavor = "multi_thread"] an_emulator_starts`.
#[macro_export]
macro_rules! with_both_token_rules {
    (@one [$($runtime:tt)*] $name:ident) => {
        mod $name {
            #[tokio::test($($runtime)*)]
            async fn strict() {
                super::$name(letta_api_emulator::TokenRules::strict()).await;
            }

            #[tokio::test($($runtime)*)]
            async fn published_2025() {
                super::$name(letta_api_emulator::TokenRules::published_2025()).await;
            }
        }
    };
    ($runtime:tt $($name:ident),+ $(,)?) => {
        $($crate::with_both_token_rules!(@one $runtime $name);)+
    };
    ($($name:ident),+ $(,)?) => {
        $($crate::with_both_token_rules!(@one [] $name);)+
    };
}

//! Creates a token by the default HTTP client, and prints how that went. It is a process of its own, since the
//! environment names the certificates to trust, and since cryptography is chosen for a process.

use std::error::Error;

use letta_api_ext::{AccessPolicy, Letta, RetryPolicy};
use rustls::crypto::{CryptoProvider, ring};

#[tokio::main(flavor = "current_thread")]
async fn main() {
    if std::env::args().any(|argument| argument == "--install-p256") {
        let mut provider = ring::default_provider();
        provider.kx_groups = vec![ring::kx_group::SECP256R1];
        provider
            .install_default()
            .expect("nothing else is installed");
    }
    if let Err(error) = create().await {
        let is_connect = error.is_connect();
        println!(
            "{error}\nis_connect: {is_connect}\nfield: {:?}",
            error.field()
        );
        let mut cause: Option<&(dyn Error + 'static)> = Some(&error);
        while let Some(error) = cause {
            println!("{error}\n{error:?}\n{error:#?}");
            cause = error.source();
        }
        std::process::exit(1);
    }
}

async fn create() -> Result<(), letta_api_ext::Error> {
    let policy = AccessPolicy::builder().agent("agent-1").chat().build()?;
    let letta = Letta::from_env()?.with_retry(RetryPolicy::never());
    let tokens = letta.access_tokens();
    let token = tokens.create(policy, "https://chat.example.com").await?;
    println!("created one of {} bytes", token.expose_secret().len());
    let is_installed = CryptoProvider::get_default().is_some();
    println!("installed for the process: {is_installed}");
    Ok(())
}

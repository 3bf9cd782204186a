//! Lists the first tokens of the account through the raw client.
//!
//! Needs `LETTA_API_KEY`; `LETTA_BASE_URL` counts too.

use letta_api::{ApiKey, BaseUrl, Bearer, Client, types};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let key = ApiKey::new(std::env::var("LETTA_API_KEY")?)?;
    let base_url = std::env::var("LETTA_BASE_URL");
    let base_url = BaseUrl::parse(base_url.as_deref().unwrap_or("https://api.letta.com"))?;
    let http = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .build()?;
    let client = Client::new(base_url, http).with_transport(Bearer::new(&key));

    let params = types::ListClientSideAccessTokensParams::default().with_limit(20u32);
    let page = client.list_client_side_access_tokens(&params).await?;
    for token in &page.tokens {
        // Printing a token shows all but its secret.
        println!("{token:?}");
    }
    println!("{} tokens, more: {}", page.tokens.len(), page.has_next_page);
    Ok(())
}

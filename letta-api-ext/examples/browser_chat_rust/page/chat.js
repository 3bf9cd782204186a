// Loads the page. All that it does is in Rust: see `src/`.

import start from "./page.js";

await start();

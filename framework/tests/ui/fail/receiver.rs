use fw::get;

struct Store;

impl Store {
    #[get("/a")]
    async fn a(&self) {} //~ mistake

    #[get("/b")]
    async fn b(self: std::sync::Arc<Self>) {} //~ mistake
}

fn main() {}

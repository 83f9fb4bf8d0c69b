use fw::{App, on_sqs, sources};

struct Store;

#[on_sqs("orders")]
async fn ship(_: &Store) {}

mod other {
    #[fw::on_sqs("orders")]
    pub async fn ship() {}
}

async fn bare() {}

fn main() {
    let _ = App::new("a", async || Ok::<_, fw::Error>(Store)).on(sources![ship, other::ship]); //~ mistake
    let _ = App::stateless("b").on(sources![bare]); //~ mistake
    let _ = App::stateless("c").on(sources![ship]); //~ mistake
}

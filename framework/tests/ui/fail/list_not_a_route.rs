use fw::{Routes, routes};

async fn plain() {}

fn main() {
    let _: Routes<()> = routes![
        plain, //~ mistake
        unknown, //~ mistake
    ];
}

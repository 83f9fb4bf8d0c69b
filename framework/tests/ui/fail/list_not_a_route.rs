use fw::{Routes, routes};

async fn plain() {}

mod more {
    pub async fn other() {}
}

fn main() {
    let _: Routes<()> = routes![
        plain, //~ mistake
        more::other, //~ mistake
        unknown, //~ mistake
    ];
}

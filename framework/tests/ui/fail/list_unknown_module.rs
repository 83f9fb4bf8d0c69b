use fw::{Routes, routes};

mod known {
    #[fw::get("/a")]
    pub async fn a() {}

    #[fw::get("/b")]
    async fn private() {}
}

fn main() {
    let _: Routes<()> = routes![
        known::a,
        known::unknown, //~ mistake
    ];
    let _: Routes<()> = routes![
        nowhere::a, //~ mistake
    ];
    let _: Routes<()> = routes![
        known::private, //~ mistake
    ];
}

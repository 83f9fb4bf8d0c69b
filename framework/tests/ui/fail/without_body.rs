use fw::get;

trait Api {
    #[get("/a")]
    async fn a(); //~ mistake
}

fn main() {}

use fw::get;

#[get("/files/<path..>/meta")] //~ mistake
async fn a() {}

fn main() {}

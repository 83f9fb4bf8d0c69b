use fw::{Result, get};

#[derive(Debug)]
enum Refused {
    Closed,
}

fn enrol() -> std::result::Result<u32, Refused> {
    Err(Refused::Closed)
}

#[get("/a")]
async fn a() -> Result<String> {
    Ok(format!("seat {}", enrol()?)) //~ mistake
}

fn main() {}

use fw::{Error, Result, get};

#[derive(Debug, thiserror::Error)]
#[error("closed")]
struct Closed;

impl From<Closed> for Error { //~ mistake
    fn from(_: Closed) -> Self {
        Error::gone("closed")
    }
}

#[get("/a")]
async fn a() -> Result<String> {
    Err(Closed)?
}

fn main() {}

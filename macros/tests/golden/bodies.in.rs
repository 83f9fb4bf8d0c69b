#[post("/a", validate)]
async fn a<'a>(Json(order): Json<Order<'a>>) {}

#[post("/b")]
async fn b(form: Option<extract::Form<Login>>) {}

#[post("/c")]
async fn c(body: Result<Json<u8>, JsonRejection>, again: Json<u8>) {}

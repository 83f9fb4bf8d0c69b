/// Ship an order.
///
/// Once.
#[on_sqs("orders")]
pub async fn ship(store: &Store, Json(order): Json<Order>, message: Message) -> Result<()> {
    store.ship(order)
}

#[on_sqs("orders")]
async fn count(orders: Batch<Json<Order>>) -> Failed {
    Failed::none()
}

#[on_s3("uploads", created, removed, prefix = "in/")]
async fn thumbnail(object: ObjectEvent) {}

#[on_event(source = "shop \"x\"", detail_type = "Placed", bus = "trade")]
async fn placed(event: BusEvent<Order>) {}

#[schedule("cron(0 3 * * ? *)", timezone = "Europe/Berlin")]
async fn nightly() {}

#[function]
async fn add(Json(terms): Json<Vec<i64>>) -> Result<Json<i64>> {
    Ok(Json(terms.iter().sum()))
}

sources! { ship, jobs::nightly }

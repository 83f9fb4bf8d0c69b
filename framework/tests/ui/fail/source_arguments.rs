use fw::{function, on_event, on_s3, on_sns, on_sqs, schedule};

#[on_sqs(orders)] //~ mistake
async fn unquoted() {}

#[on_sqs("arn:aws:sqs:us-east-1:123456789012:orders.fifo")] //~ mistake
async fn arn() {}

#[on_sns("alerts", subject = "x")] //~ mistake
async fn unknown_key() {}

#[on_s3("uploads", create)] //~ mistake
async fn misspelt() {}

#[on_s3("uploads", prefix = "in/")] //~ mistake
async fn of_what() {}

#[on_event(source = "shop", detail_typ = "Order Placed")] //~ mistake
async fn misspelt_key() {}

#[on_event(pattern = r#"{"source": "shop"}"#)] //~ mistake
async fn pattern() {}

#[schedule("rate(1 minutes)")] //~ mistake
async fn plural() {}

#[schedule("cron(0 12 * * 1 *)")] //~ mistake
async fn two_days() {}

#[schedule("cron(0 12 * * ? *)", timezone = "Europe/Berln")] //~ mistake
async fn zone() {}

#[on_sqs(queue = "orders")] //~ mistake
async fn keyed() {}

#[schedule(cron = "0 12 * * ? *", timezone = "Europe/Berlin")] //~ mistake
async fn keyed_schedule() {}

#[function(timeout = 5)] //~ mistake
async fn no_arguments() {}

fn main() {}

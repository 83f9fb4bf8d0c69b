::core::compile_error! {
    "unknown method `GTE`\n= help: did you mean `GET`?"
}
::core::compile_error! {
    "methods are upper case\n= help: write `PUT`"
}
::core::compile_error! {
    "a handler must be an `async fn`\n= help: write `async fn object`"
}
::core::compile_error! {
    "a handler cannot be generic: a request does not say which instance it is for\n= help: write the one type or value that `T` stands for"
}
::core::compile_error! {
    "a parameter is written in angle brackets, not in braces\n\n  \"/objects/{key}\"\n            ^^^^^\n= help: write \"/objects/<key>\""
}
#[allow(dead_code)]
pub fn object<T>(key: &str) -> T {
    loop {}
}
#[doc(hidden)]
#[allow(non_camel_case_types, missing_debug_implementations, unreachable_pub)]
mod __fw_object_in_1_1 {
    pub struct object {}
}
#[doc(hidden)]
#[allow(unused_imports, unreachable_pub, clippy::redundant_pub_crate)]
pub use __fw_object_in_1_1::object as __fw_item_object;
#[doc(hidden)]
#[allow(unused_imports, unreachable_pub, clippy::redundant_pub_crate)]
pub use __fw_object_in_1_1::*;
impl ::fw::__private::RouteDecl for __fw_item_object {
    const INFO: ::fw::__private::RouteInfo = ::fw::__private::RouteInfo::NONE;
}
impl<__FwState> ::fw::__private::IntoRoute<__FwState> for __fw_item_object {
    fn into_route() -> ::fw::__private::Route<__FwState> {
        loop {}
    }
}

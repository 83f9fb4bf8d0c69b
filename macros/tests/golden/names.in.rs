#[delete("/files/<type>/<path..>", crate = ::web)]
#[cfg(feature = "files")]
#[deprecated]
pub(crate) async fn r#move(r#type: &str, mut _path: String, _: Method) -> impl IntoResponse {
    path.clear();
}

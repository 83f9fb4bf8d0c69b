fn list() -> ::fw::Routes<Store> {
    use ::fw::__private as __fw;
    const __FW_ROUTES: &[(usize, &str, u64, __fw::RouteInfo)] = &[];
    __fw::Routes::collect(|__fw_list| {})
}

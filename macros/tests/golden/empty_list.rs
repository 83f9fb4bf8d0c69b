fn list() -> ::fw::Routes<Store> {
    const __FW_ROUTES: &[(usize, &str, ::fw::__private::RouteInfo)] = &[];
    ::fw::__private::Routes::collect(|__fw_list| {})
}

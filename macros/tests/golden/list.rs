fn list() -> ::fw::Routes<Store> {
    const __FW_ROUTES: &[(usize, &str, ::fw::__private::RouteInfo)] = &[
        (0usize, "hello", <hello as ::fw::__private::RouteDecl>::INFO),
        (1usize, "files::list", <files::list as ::fw::__private::RouteDecl>::INFO),
        #[cfg(unix)]
        (2usize, "crate::debug", <crate::debug as ::fw::__private::RouteDecl>::INFO),
    ];
    const _: () = ::fw::__private::assert_distinct(__FW_ROUTES, 0usize);
    const _: () = ::fw::__private::assert_distinct(__FW_ROUTES, 1usize);
    #[cfg(unix)]
    const _: () = ::fw::__private::assert_distinct(__FW_ROUTES, 2usize);
    ::fw::__private::Routes::collect(|__fw_list| {
        __fw_list.add::<hello>();
        __fw_list.add::<files::list>();
        #[cfg(unix)] __fw_list.add::<crate::debug>();
    })
}

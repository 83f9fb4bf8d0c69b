fn list() -> ::fw::Routes<Store> {
    use ::fw::__private as __fw;
    const __FW_ROUTES: &[(usize, &str, u64, __fw::RouteInfo)] = &[
        (
            0usize,
            "hello",
            <hello as __fw::RouteDecl>::SHAPE,
            <hello as __fw::RouteDecl>::INFO,
        ),
        (
            1usize,
            "files::list",
            <files::list as __fw::RouteDecl>::SHAPE,
            <files::list as __fw::RouteDecl>::INFO,
        ),
        #[cfg(unix)]
        (
            2usize,
            "crate::debug",
            <crate::debug as __fw::RouteDecl>::SHAPE,
            <crate::debug as __fw::RouteDecl>::INFO,
        ),
    ];
    const _: () = __fw::assert_distinct(__FW_ROUTES, 0usize);
    const _: () = __fw::assert_distinct(__FW_ROUTES, 1usize);
    #[cfg(unix)]
    const _: () = __fw::assert_distinct(__FW_ROUTES, 2usize);
    __fw::Routes::collect(|__fw_list| {
        __fw_list.add::<(hello)>();
        __fw_list.add::<(files::list)>();
        #[cfg(unix)] __fw_list.add::<(crate::debug)>();
    })
}

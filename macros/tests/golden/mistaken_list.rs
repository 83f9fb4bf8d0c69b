fn list() -> ::fw::Routes<Store> {
    ::core::compile_error! {
        "a route in a list is the handler's name, and not a call of it\n= help: write `hello`"
    }
    ::core::compile_error! {
        "only `#[cfg(…)]` can stand on a route in a list\n= help: put other attributes on the handler itself"
    }
    ::core::compile_error! {
        "a route is named by its handler's path\n= help: write `routes![handler, module::handler]`"
    }
    use ::fw::__private as __fw;
    const __FW_ROUTES: &[(usize, &str, u64, __fw::RouteInfo)] = &[
        (
            0usize,
            "files",
            <files as __fw::RouteDecl>::SHAPE,
            <files as __fw::RouteDecl>::INFO,
        ),
    ];
    const _: () = __fw::assert_distinct(__FW_ROUTES, 0usize);
    __fw::Routes::collect(|__fw_list| {
        __fw_list.add::<(files)>();
    })
}

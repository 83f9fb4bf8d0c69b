fn list() -> ::fw::Routes<Store> {
    use ::fw::__private as __fw;
    mod __fw_stand_ins {
        #[allow(unused_imports)]
        pub(super) use ::fw::__private::NotARoute as __fw_0;
        #[allow(unused_imports)]
        pub(super) use ::fw::__private::NotARoute as __fw_1;
        #[allow(unused_imports)]
        pub(super) use ::fw::__private::NotARoute as __fw_2;
    }
    #[allow(unused_imports)]
    use __fw_stand_ins::*;
    #[allow(unused_imports, deprecated)]
    use hello as __fw_0;
    #[allow(unused_imports, deprecated)]
    use files::list as __fw_1;
    #[cfg(unix)]
    #[allow(unused_imports, deprecated)]
    use crate::debug as __fw_2;
    const __FW_ROUTES: &[(usize, &str, u64, __fw::RouteInfo)] = &[
        (
            0usize,
            "hello",
            <__fw_0 as __fw::RouteDecl>::SHAPE,
            <__fw_0 as __fw::RouteDecl>::INFO,
        ),
        (
            1usize,
            "files::list",
            <__fw_1 as __fw::RouteDecl>::SHAPE,
            <__fw_1 as __fw::RouteDecl>::INFO,
        ),
        #[cfg(unix)]
        (
            2usize,
            "crate::debug",
            <__fw_2 as __fw::RouteDecl>::SHAPE,
            <__fw_2 as __fw::RouteDecl>::INFO,
        ),
    ];
    #[allow(deprecated)]
    const _: () = {
        let _ = &__fw_0;
        __fw::assert_distinct(__FW_ROUTES, 0usize)
    };
    #[allow(deprecated)]
    const _: () = {
        let _ = &__fw_1;
        __fw::assert_distinct(__FW_ROUTES, 1usize)
    };
    #[cfg(unix)]
    #[allow(deprecated)]
    const _: () = {
        let _ = &__fw_2;
        __fw::assert_distinct(__FW_ROUTES, 2usize)
    };
    __fw::Routes::collect(|__fw_list| {
        __fw_list.add::<__fw_0>();
        __fw_list.add::<__fw_1>();
        #[cfg(unix)] __fw_list.add::<__fw_2>();
    })
}

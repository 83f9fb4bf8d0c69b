fn list() -> ::fw::Routes<Store> {
    ::core::compile_error! {
        "a route in a list is the handler's name, not a call\n= help: write `hello`"
    }
    ::core::compile_error! {
        "only `#[cfg(…)]` is possible on a route in a list\n= help: put other attributes on the handler itself"
    }
    ::core::compile_error! {
        "write a route as the path of its handler\n= help: write `routes![handler, module::handler]`"
    }
    use ::fw::__private as __fw;
    mod __fw_stand_ins {
        #[allow(unused_imports)]
        pub(super) use ::fw::__private::NotARoute as __fw_item_files;
    }
    #[allow(unused_imports, deprecated)]
    use files as __fw_0;
    const __FW_ROUTES: &[(usize, &str, u64, __fw::RouteInfo)] = &[
        {
            #[allow(unused_imports)]
            use __fw_stand_ins::*;
            #[allow(unused_imports, deprecated)]
            use __fw_0 as __fw_item_files;
            {
                #[allow(unused_imports)]
                use self::*;
                (
                    0usize,
                    "files",
                    <__fw_item_files as __fw::RouteDecl>::SHAPE,
                    <__fw_item_files as __fw::RouteDecl>::INFO,
                )
            }
        },
    ];
    #[allow(deprecated)]
    const _: () = {
        let _ = &__fw_0;
        __fw::assert_distinct(__FW_ROUTES, 0usize)
    };
    __fw::Routes::collect(|__fw_list| {
        {
            #[allow(unused_imports)]
            use __fw_stand_ins::*;
            #[allow(unused_imports, deprecated)]
            use __fw_0 as __fw_item_files;
            {
                #[allow(unused_imports)]
                use self::*;
                __fw_list.add::<__fw_item_files>();
            }
        }
    })
}

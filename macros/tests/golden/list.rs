fn list() -> ::fw::Routes<Store> {
    use ::fw::__private as __fw;
    mod __fw_stand_ins {
        #[allow(unused_imports)]
        pub(super) use ::fw::__private::NotARoute as __fw_item_hello;
        #[allow(unused_imports)]
        pub(super) use ::fw::__private::NotARoute as __fw_item_list;
        #[allow(unused_imports)]
        pub(super) use ::fw::__private::NotARoute as __fw_item_debug;
    }
    #[allow(unused_imports, deprecated)]
    use hello as __fw_0;
    #[allow(unused_imports, deprecated)]
    use files::{self as __fw_in_1, list as __fw_1};
    #[cfg(unix)]
    #[allow(unused_imports, deprecated)]
    use crate::debug as __fw_2;
    const __FW_ROUTES: &[(usize, &str, u64, __fw::RouteInfo)] = &[
        {
            #[allow(unused_imports)]
            use __fw_stand_ins::*;
            #[allow(unused_imports, deprecated)]
            use __fw_0 as __fw_item_hello;
            {
                #[allow(unused_imports)]
                use self::*;
                (
                    0usize,
                    "hello",
                    <__fw_item_hello as __fw::RouteDecl>::SHAPE,
                    <__fw_item_hello as __fw::RouteDecl>::INFO,
                )
            }
        },
        {
            #[allow(unused_imports)]
            use __fw_stand_ins::*;
            #[allow(unused_imports, deprecated)]
            use __fw_1 as __fw_item_list;
            {
                #[allow(unused_imports)]
                use __fw_in_1::*;
                (
                    1usize,
                    "files::list",
                    <__fw_item_list as __fw::RouteDecl>::SHAPE,
                    <__fw_item_list as __fw::RouteDecl>::INFO,
                )
            }
        },
        #[cfg(unix)]
        {
            #[allow(unused_imports)]
            use __fw_stand_ins::*;
            #[allow(unused_imports, deprecated)]
            use __fw_2 as __fw_item_debug;
            {
                #[allow(unused_imports)]
                use crate::*;
                (
                    2usize,
                    "crate::debug",
                    <__fw_item_debug as __fw::RouteDecl>::SHAPE,
                    <__fw_item_debug as __fw::RouteDecl>::INFO,
                )
            }
        },
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
        {
            #[allow(unused_imports)]
            use __fw_stand_ins::*;
            #[allow(unused_imports, deprecated)]
            use __fw_0 as __fw_item_hello;
            {
                #[allow(unused_imports)]
                use self::*;
                __fw_list.add::<__fw_item_hello>();
            }
        }
        {
            #[allow(unused_imports)]
            use __fw_stand_ins::*;
            #[allow(unused_imports, deprecated)]
            use __fw_1 as __fw_item_list;
            {
                #[allow(unused_imports)]
                use __fw_in_1::*;
                __fw_list.add::<__fw_item_list>();
            }
        }
        #[cfg(unix)]
        {
            #[allow(unused_imports)]
            use __fw_stand_ins::*;
            #[allow(unused_imports, deprecated)]
            use __fw_2 as __fw_item_debug;
            {
                #[allow(unused_imports)]
                use crate::*;
                __fw_list.add::<__fw_item_debug>();
            }
        }
    })
}

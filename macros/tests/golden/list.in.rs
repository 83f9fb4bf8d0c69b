routes![hello, files::list, #[cfg(unix)] crate::debug,];

routes![hello(), #[inline] files, "text"];

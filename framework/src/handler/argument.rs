//! The arguments of a source's handler whose type has no parameters: `FromEvent` by other names, for the reason of
//! [`Extractor`](super::Extractor).

use serde_json::value::RawValue;

use crate::{
    error::Error,
    source::{
        BusEvent, Delivery, FromEvent, Input, Message, Messages, Notification, ObjectEvent,
        Schedule,
    },
};

/// Declares an argument of what is called with an `$item`.
macro_rules! argument {
    ($(#[$attribute:meta])* $name:ident, $item:ty) => {
        $(#[$attribute])*
        pub trait $name: Sized {
            /// Reads it.
            ///
            /// # Errors
            ///
            /// Why it cannot be read.
            fn extract(delivery: &Delivery<'_, $item>) -> Result<Self, Error>;
        }

        #[diagnostic::do_not_recommend]
        impl<T: FromEvent<$item>> $name for T {
            fn extract(delivery: &Delivery<'_, $item>) -> Result<Self, Error> {
                T::from_event(delivery)
            }
        }
    };
}

argument! {
    /// An argument of a queue's handler.
    #[diagnostic::on_unimplemented(
        message = "`{Self}` cannot be read from a message of a queue",
        label = "not what a message is read as",
        note = "take `Json<{Self}>`, `String` or `Message` for one message, or `Batch<Json<{Self}>>` for all; the app's state is taken by reference, `&T`; a type of your own implements `fw::source::FromEvent<Message>`"
    )]
    MessageArgument, Message
}

argument! {
    /// An argument of a queue's handler that takes whole batches.
    #[diagnostic::on_unimplemented(
        message = "`{Self}` cannot be read from a batch of a queue",
        label = "not what a batch is read as",
        note = "beside a `Batch<T>` there are the app's state, taken by reference, `&T`, and `LambdaContext`; a type of your own implements `fw::source::FromEvent<Messages>`"
    )]
    BatchArgument, Messages
}

argument! {
    /// An argument of a topic's handler.
    #[diagnostic::on_unimplemented(
        message = "`{Self}` cannot be read from a notification of a topic",
        label = "not what a notification is read as",
        note = "take `Json<{Self}>`, `String` or `Notification`; the app's state is taken by reference, `&T`; a type of your own implements `fw::source::FromEvent<Notification>`"
    )]
    NotificationArgument, Notification
}

argument! {
    /// An argument of a bucket's handler.
    #[diagnostic::on_unimplemented(
        message = "`{Self}` cannot be read from an event of a bucket",
        label = "not what happens to an object",
        note = "take `ObjectEvent`; the app's state is taken by reference, `&T`; a type of your own implements `fw::source::FromEvent<ObjectEvent>`"
    )]
    ObjectArgument, ObjectEvent
}

argument! {
    /// An argument of a bus's handler.
    #[diagnostic::on_unimplemented(
        message = "`{Self}` cannot be read from an event of a bus",
        label = "not what an event is read as",
        note = "take `Json<{Self}>` for its detail, or `BusEvent<{Self}>`; the app's state is taken by reference, `&T`; a type of your own implements `fw::source::FromEvent<BusEvent<Box<RawValue>>>`"
    )]
    BusArgument, BusEvent<Box<RawValue>>
}

argument! {
    /// An argument of a schedule's handler.
    #[diagnostic::on_unimplemented(
        message = "`{Self}` cannot be read from what a schedule sends",
        label = "not what a schedule sends",
        note = "take `Schedule`, or nothing; the app's state is taken by reference, `&T`; a type of your own implements `fw::source::FromEvent<Schedule>`"
    )]
    ScheduleArgument, Schedule
}

argument! {
    /// An argument of a function that is called directly.
    #[diagnostic::on_unimplemented(
        message = "`{Self}` cannot be read from what a caller sends",
        label = "not an input",
        note = "take `Json<{Self}>`; the app's state is taken by reference, `&T`; a type of your own implements `fw::source::FromEvent<Input>`"
    )]
    InputArgument, Input
}

//! The arguments of a source's handler whose type has no parameters: `FromEvent` with other names,
//! for the reason of [`Extractor`](super::Extractor).

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
        label = "cannot be read from a message",
        note = "take `Json<{Self}>`, `String` or `Message` for one message, or `Batch<Json<{Self}>>` for all; take the app's state by reference, `&T`; implement it for your own type: `fw::source::FromEvent<Message>`"
    )]
    MessageArgument, Message
}

argument! {
    /// An argument of a queue's handler that takes whole batches.
    #[diagnostic::on_unimplemented(
        message = "`{Self}` cannot be read from a batch of a queue",
        label = "cannot be read from a batch",
        note = "in addition to a `Batch<T>` take the app's state by reference, `&T`, or `LambdaContext`; implement it for your own type: `fw::source::FromEvent<Messages>`"
    )]
    BatchArgument, Messages
}

argument! {
    /// An argument of a topic's handler.
    #[diagnostic::on_unimplemented(
        message = "`{Self}` cannot be read from a notification of a topic",
        label = "cannot be read from a notification",
        note = "take `Json<{Self}>`, `String` or `Notification`; take the app's state by reference, `&T`; implement it for your own type: `fw::source::FromEvent<Notification>`"
    )]
    NotificationArgument, Notification
}

argument! {
    /// An argument of a bucket's handler.
    #[diagnostic::on_unimplemented(
        message = "`{Self}` cannot be read from an event of a bucket",
        label = "cannot be read from an object's event",
        note = "take `ObjectEvent`; take the app's state by reference, `&T`; implement it for your own type: `fw::source::FromEvent<ObjectEvent>`"
    )]
    ObjectArgument, ObjectEvent
}

argument! {
    /// An argument of a bus's handler.
    #[diagnostic::on_unimplemented(
        message = "`{Self}` cannot be read from an event of a bus",
        label = "cannot be read from an event",
        note = "take `Json<{Self}>` for its detail, or `BusEvent<{Self}>`; take the app's state by reference, `&T`; implement it for your own type: `fw::source::FromEvent<BusEvent<Box<RawValue>>>`"
    )]
    BusArgument, BusEvent<Box<RawValue>>
}

argument! {
    /// An argument of a schedule's handler.
    #[diagnostic::on_unimplemented(
        message = "`{Self}` cannot be read from a schedule's event",
        label = "cannot be read from a schedule's event",
        note = "take `Schedule`, or nothing; take the app's state by reference, `&T`; implement it for your own type: `fw::source::FromEvent<Schedule>`"
    )]
    ScheduleArgument, Schedule
}

argument! {
    /// An argument of a function that is called directly.
    #[diagnostic::on_unimplemented(
        message = "`{Self}` cannot be read from a caller's input",
        label = "not an input",
        note = "take `Json<{Self}>`; take the app's state by reference, `&T`; implement it for your own type: `fw::source::FromEvent<Input>`"
    )]
    InputArgument, Input
}

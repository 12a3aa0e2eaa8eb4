/// Generates `with_FIELD` methods for a struct of public fields that may gain fields.
#[doc(hidden)]
#[macro_export]
macro_rules! setters {
    ($type:ty { $($setter:ident($field:ident: $value:ty)),+ $(,)? }) => {
        impl $type {
            $(
                #[doc = concat!(
                    "Sets [`", stringify!($field), "`](#structfield.", stringify!($field), ")."
                )]
                #[must_use]
                pub fn $setter(mut self, $field: $value) -> Self {
                    self.$field = $field.into();
                    self
                }
            )+
        }
    };
}

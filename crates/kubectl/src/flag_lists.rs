//! The flags that commands of one family share.

/// Those of the commands that make an object from flags, and more.
///
/// Kubernetes: kubectl/pkg/cmd/create, AddApplyAnnotationFlags, AddValidateFlags, AddDryRunFlag, PrintFlags.
macro_rules! generator_flags {
    ($($more:expr),* $(,)?) => {
        &[$crate::OUTPUT, $crate::DRY_RUN, $crate::VALIDATE, $crate::create::SAVE_CONFIG, $($more),*]
    };
}

/// Those of the commands of `kubectl set`, and more.
///
/// Kubernetes: kubectl/pkg/cmd/set, AddFilenameOptionFlags, AddDryRunFlag, AddFieldManagerFlagVar, PrintFlags.
macro_rules! set_flags {
    ($($more:expr),* $(,)?) => {
        &[
            $crate::FILENAME,
            $crate::RECURSIVE,
            $crate::OUTPUT,
            $crate::ALL,
            $crate::DRY_RUN,
            $crate::local::LOCAL,
            $crate::set::FIELD_MANAGER,
            $($more),*
        ]
    };
}

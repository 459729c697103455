//! Memory is asked of the browser in large pieces, ahead of need.
//!
//! The allocator asks for no more than it needs at that moment, 64 KiB as a rule, and the browser takes about
//! a millisecond for each such request and for collecting its garbage after it, whatever the size: a storm of
//! 150,000 pods spent more than half of its time on 2,000 of them (docs/performance.md).

use std::cell::Cell;

/// So much of what there is already is asked for at once; untouched memory costs the machine nothing.
const SHARE: usize = 16;
const LEAST: usize = 1 << 20;

thread_local! {
    static SIZE: Cell<usize> = const { Cell::new(0) };
}

#[cfg(target_arch = "wasm32")]
fn memory_size() -> usize {
    const PAGE: usize = 64 << 10;
    core::arch::wasm32::memory_size::<0>() * PAGE
}

/// Only wasm's memory grows by pages.
#[cfg(not(target_arch = "wasm32"))]
fn memory_size() -> usize {
    0
}

/// When the allocator had to ask for more since the last call, it gets more than it asked for. To be called
/// between steps: it costs a comparison.
pub fn keep_ahead() {
    if memory_size() == SIZE.get() {
        return;
    }
    let mut piece: Vec<u8> = Vec::new();
    // What is given back stays with the allocator. When there is no more, it goes on without a reserve.
    let _ = piece.try_reserve_exact((memory_size() / SHARE).max(LEAST));
    drop(std::hint::black_box(piece));
    SIZE.set(memory_size());
}

//! recobeacon turns the actions of a shop's visitors into the tracking requests of recommendation
//! engines, and delivers each event exactly as often as it should be.
//!
//! It has two parts, and dependencies point one way:
//!
//! * [`recobeacon_engine`] is pure: it uses no clock, no randomness and no browser type. It takes
//!   inputs and returns effects. It is compiled and tested on the host, and the collector reads
//!   events by the same rules.
//! * [`browser`] is the shell: it passes events of the page to the engine and performs the effects.
//!   On targets other than wasm32 it has only the table of codes.
#![deny(unsafe_code)]

pub mod browser;

// A small single-threaded allocator instead of std's, which has 7 kB. wasm32 without threads makes
// `AssumeSingleThreaded` sound; the `unsafe` asserts that this stays so. Its time grows with the
// number of free blocks. Hundreds of tests in one instance leave many, so they run without it.
#[cfg(all(target_arch = "wasm32", not(debug_assertions)))]
#[global_allocator]
#[allow(unsafe_code)]
static ALLOCATOR: lol_alloc::AssumeSingleThreaded<lol_alloc::FreeListAllocator> =
    // SAFETY: the module is built without the atomics feature, so there is one thread.
    unsafe { lol_alloc::AssumeSingleThreaded::new(lol_alloc::FreeListAllocator::new()) };

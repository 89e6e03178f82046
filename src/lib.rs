//! recobeacon turns what a visitor of a shop does into the tracking requests that recommendation
//! engines understand, and gets each of them delivered exactly as often as it should be.
//!
//! Two halves, and the arrow between them points one way:
//!
//! * [`recobeacon_engine`] is pure: no clock, no randomness, no browser type. Inputs go in, effects come
//!   out. It compiles and is tested on the host, and the collector reads events by the same rules.
//! * [`browser`] is the shell: it feeds the engine what happens in the page and performs the effects. On
//!   other targets than wasm32 it is only the table of its codes.
#![deny(unsafe_code)]

pub mod browser;

// One small single-threaded allocator instead of std's 7 kB one; wasm32 without threads is what
// makes `AssumeSingleThreaded` true. The `unsafe` is the promise that this stays so.
// Its time grows with the number of free blocks, which hundreds of tests in one instance leave: they run without it.
#[cfg(all(target_arch = "wasm32", not(debug_assertions)))]
#[global_allocator]
#[allow(unsafe_code)]
static ALLOCATOR: lol_alloc::AssumeSingleThreaded<lol_alloc::FreeListAllocator> =
    // SAFETY: the module is built without the atomics feature, so there is one thread.
    unsafe { lol_alloc::AssumeSingleThreaded::new(lol_alloc::FreeListAllocator::new()) };

//! An allocator that tells of what is asked of it.

use std::alloc::{GlobalAlloc, Layout, System};

/// The system's allocator. Each time it tells first how many bytes are wanted; what is given back wants none.
pub(crate) struct Counting(pub fn(usize));

#[allow(unsafe_code, reason = "an allocator is unsafe by its trait")]
// SAFETY: everything is passed on to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        (self.0)(layout.size());
        // SAFETY: the caller keeps the contract.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        (self.0)(0);
        // SAFETY: the caller keeps the contract.
        unsafe { System.dealloc(pointer, layout) }
    }
}

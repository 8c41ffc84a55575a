/** Seeds by which a run asks `faulty.ts` for a fault. */
export const faults = { abort: 4_000_000_001, block: 4_000_000_002, heap: 4_000_000_003, profile: 4_000_000_004 }

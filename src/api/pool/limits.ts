/** What a process of the pool may take. */
import type { Limits } from '../../engine/limits.ts'

const MiB = 2 ** 20
/**
 * Heap of one process, MiB. V8 ends a process that reaches the limit, so it is above what the densest text of the allowed
 * size can become: 32 times its length, measured (lists in lists). A layer takes less than 10 KiB while it is verified and
 * costed.
 */
export const heapMiB = ({ maxBodyBytes, limits }: { maxBodyBytes: number; limits: Limits }): number =>
  Math.ceil(256 + (48 * maxBodyBytes) / MiB + limits.maxLayers / 100)
/**
 * What array buffers of one task may take, bytes: a file of `largestShared`, the numbers that an import may compute
 * (`onnx-import/budget.ts`), an exported model with its constants.
 */
export const bufferBytes = 512 * MiB
/** A file larger than this is read by a process of its own, whose limit is raised by the file's size. */
export const largestShared = 64 * MiB
/** A process that a task left larger than this is ended, so that the memory goes back. */
export const largestIdle = 256 * MiB
/** What writing a file takes on a slow disk, s; a file ends at 2 GiB. */
export const writeSeconds = (bytes: number): number => Math.min(bytes, 2048 * MiB) / (16 * MiB)
/** A process that has worked for longer, s, is ended, so that only an endless task reaches its limit of processor time. */
export const longestLife = 60
/** How often processes beyond the first are looked for that are idle. */
export const idleMs = 60_000
/** Longest time that a process may take to start. */
export const startMs = 60_000

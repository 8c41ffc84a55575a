import type { BackendName } from '../../contract.ts'
import type { DeviceKind } from '../../devices/device.ts'
import type { LoadRequest, Runtime, Session } from '../contract.ts'

/** A back end of TF.js: where its kernels come from and how it is made active. */
export interface TfjsBackend extends Pick<Runtime, 'version' | 'leastMemory' | 'memoryLimitBytes'> {
  name: BackendName
  maxThreads: number
  /**
   * Makes it the active back end, for this device and so many threads. @returns what it was told, by its own option names.
   * @throws Error with the reason where it does not work on this host.
   */
  activate(request: Pick<LoadRequest, 'device' | 'threads'>): Promise<Session['options']>
  /** The command that would make it work on a kind of device, where there is one. */
  remedy(kind: DeviceKind): string | null
}

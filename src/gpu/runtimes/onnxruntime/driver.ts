import type { OnnxExport } from '../../../engine/formats/onnx-export.ts'
import type { DeviceKind } from '../../devices/device.ts'
import type { LoadRequest, Session } from '../contract.ts'
import type { RuntimeSetting } from '../settings.ts'

/** A network as a way into ONNX Runtime holds it. */
export interface Opened extends Omit<Session, 'addedOps' | 'options'> {
  /** What ONNX Runtime was told beside what every session is told, by its own names. */
  options: Session['options']
  /** Ends the profile that `profilePrefix` asked for: the file is whole then. */
  endProfiling(): void
}

/** A way into ONNX Runtime: its C API, or the npm package's binding. */
export interface Driver {
  /** Whether input and output stay on the device through operators that the export adds instead of through bound memory. */
  residentByOps: boolean
  /** Whether `Session.copiesMs` tells of copies on a kind of device. */
  separatesCopies(kind: DeviceKind): boolean
  settings(kind: DeviceKind): RuntimeSetting[]
  /**
   * @param profilePrefix Where a profile is written, a path to which ONNX Runtime adds; none without.
   * @throws Error in ONNX Runtime's words.
   */
  open(request: LoadRequest, model: OnnxExport, profilePrefix?: string): Promise<Opened>
}

/** Makes ONNX Runtime refuse a graph of which a node would land on the CPU, whatever the reason. */
export const noCpuFallback = { 'session.disable_cpu_ep_fallback': '1' } as const

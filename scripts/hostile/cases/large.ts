import { setTimeout as sleep } from 'node:timers/promises'
import { file, floats, node } from '../../onnx-file.ts'
import type { HostileCase, HostileGroup } from '../contract.ts'
import { processTree, statusBytes } from '../memory.ts'
import { expectOutcome, register, upload } from '../requests.ts'

/** What is large and allowed: it costs memory while it lasts, and no longer. */

const MiB = 2 ** 20

/** A parameter of 512 MiB: it goes to disk piece by piece. */
const exported: HostileCase = {
  name: 'export of a parameter of 512 MiB',
  mostMiB: 700,
  mostChildMiB: 300,
  run: async (service) => {
    const id = await register(service, { input: { shape: [2 ** 14] }, layers: [{ type: 'Linear', outFeatures: 2 ** 13, bias: false }] })
    const response = await fetch(`${service.url}/v1/architectures/${id}/export?format=onnx&weights=seeded`)
    let bytes = 0
    for await (const chunk of response.body!) bytes += (chunk as Uint8Array).length
    if (response.status !== 200 || bytes < 2 ** 29) throw new Error(`answered ${response.status} with ${bytes} bytes`)
    return { status: 200, note: `${Math.round(bytes / MiB)} MiB` }
  },
}

/** A file of 512 MiB has a process of its own, which ends with it. */
const imported: HostileCase = {
  name: 'import of 512 MiB, and what is left of it',
  mostMiB: 700,
  mostChildMiB: 800,
  run: async (service) => {
    const outputs = 512 * (MiB / 4 / 4)
    const weight = floats('w', [0])
    weight.dims = [BigInt(outputs), 4n, 1n, 1n]
    weight.rawData = new Uint8Array(16 * outputs)
    const bytes = file({
      nodes: [node('Conv', ['p', 'w'], ['y']), node('Concat', ['x', 'one'], ['p'], { axis: 1 })],
      initializers: [weight, floats('one', [1, 1, 8, 8])],
    })
    expectOutcome(await upload(service, bytes), 201)
    await sleep(2000)
    const left = processTree(service.pid).reduce((sum, pid) => sum + statusBytes(pid, 'VmRSS'), 0) / MiB
    if (left > 900) throw new Error(`${Math.round(left)} MiB are left after it, the service and its processes together`)
    return { status: 201, note: `${Math.round(left)} MiB left` }
  },
}

export const large: HostileGroup = { name: 'large', cases: [exported, imported] }

import type { HostileCase, HostileGroup } from '../contract.ts'
import { exportBombs } from '../export-bombs.ts'
import { expectOutcome, outcomeOf, register } from '../requests.ts'

/** Small networks whose layers bring constants of gigabytes: registered and costed, and refused as ONNX. */
const constants = Object.entries(exportBombs).map(
  ([name, network]): HostileCase => ({
    name,
    mostMiB: 700,
    mostChildMiB: 700,
    run: async (service) => {
      const id = await register(service, network)
      const outcome = await outcomeOf(await fetch(`${service.url}/v1/architectures/${id}/export?format=onnx`))
      return expectOutcome(outcome, 422, 'EXPORT_UNSUPPORTED', /needs a constant of .* bytes .*the limit is/)
    },
  }),
)

export const exports: HostileGroup = { name: 'exports', cases: constants }

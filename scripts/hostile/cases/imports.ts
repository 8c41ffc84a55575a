import type { HostileCase, HostileGroup } from '../contract.ts'
import { bombBytes, onnxBombs } from '../onnx-bombs.ts'
import { expectOutcome, upload } from '../requests.ts'

/** Uploads that ask for gigabytes: each is refused, and costs the service nothing. */
export const imports: HostileGroup = {
  name: 'imports',
  cases: Object.keys(onnxBombs).map(
    (name): HostileCase => ({
      name,
      mostMiB: 700,
      mostChildMiB: 700,
      run: async (service) => expectOutcome(await upload(service, bombBytes(name)), 422, '', /.+/),
    }),
  ),
}

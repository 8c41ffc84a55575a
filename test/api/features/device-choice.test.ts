/** What a request for a run leaves out is chosen where there is only one, and said; where there are several it is refused. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Offers } from '../../../src/gpu/devices/directory.ts'
import { offers } from '../fake-worker.ts'
import { openTestApi, smallNetwork, type TestApi } from '../helper.ts'

const [cpu, left, right] = offers().devices as [Offers['devices'][number], Offers['devices'][number], Offers['devices'][number]]

/** As where koffi has no build for the platform. */
const withoutKoffi: Offers['devices'][number] = {
  ...cpu,
  runtimes: [
    { runtime: 'onnxruntime', backend: 'cpu', usable: false, reason: 'no build in /srv/app/koffi/linux', command: null },
    { ...(cpu.runtimes[0] as Extract<(typeof cpu.runtimes)[number], { usable: true }>), backend: 'node' },
  ],
}
const passedOver = /^backend: node, since cpu does not work on cpu:0 \(no build in linux\)$/

let api: TestApi
let id: string
let devices: Offers['devices'] = []
before(async () => {
  api = await openTestApi({}, () => ({ ...offers(), devices }))
  id = (await api.request.post('/v1/architectures').send(smallNetwork(1)).expect(201)).body.id
})
after(() => api.close())

const ask = (request: object) => api.request.post('/v1/runs').send({ architectureId: id, fresh: true, ...request })

type Case = [request: object, there: Offers['devices'], device: string, runtime: string, notes: RegExp[]]
const chosen: Case[] = [
  [{}, [left], 'left/cuda:0', 'onnxruntime', [/^device: cuda:0, the only one there is$/, /^runtime: onnxruntime, the only one/]],
  [{ runtime: 'tfjs' }, [cpu], 'here/cpu:0', 'tfjs', [/^device: cpu:0/]],
  [{ device: 'cpu', runtime: 'tfjs' }, [cpu, left, right], 'here/cpu:0', 'tfjs', [/^device: cpu:0, the only one of the kind cpu/]],
  [{ device: 'CUDA' }, [cpu, left], 'left/cuda:0', 'onnxruntime', [/^device: cuda:0, the only one of the kind cuda/, /^runtime: /]],
  [{ device: 'cpu:0', backend: 'wasm' }, [cpu], 'here/cpu:0', 'tfjs', [/^runtime: tfjs/]],
  [{ device: 'cpu:0', runtime: 'onnxruntime' }, [cpu, left], 'here/cpu:0', 'onnxruntime', []],
  [{ device: 'cpu:0', runtime: 'onnxruntime' }, [withoutKoffi], 'here/cpu:0', 'onnxruntime', [passedOver]],
  [{ device: 'cpu:0', runtime: 'onnxruntime', backend: 'node' }, [withoutKoffi], 'here/cpu:0', 'onnxruntime', []],
]
const refused: [request: object, there: Offers['devices'], status: number, code: string, detail: RegExp][] = [
  [{}, [cpu, left], 409, 'AMBIGUOUS_DEVICE', /device is missing, and there are several: write cpu:0 or left\/cuda:0/],
  [
    { device: 'cuda' },
    [cpu, left, right],
    409,
    'AMBIGUOUS_DEVICE',
    /several devices of the kind cuda: write left\/cuda:0 or right\/cuda:0/,
  ],
  [{}, [], 404, 'DEVICE_NOT_FOUND', /device is missing, and there is none/],
  [{ device: 'cuda' }, [cpu], 404, 'DEVICE_NOT_FOUND', /no device "cuda".*nvidia-smi is not on the PATH/],
  [{ device: 'cpu' }, [cpu], 400, 'INVALID_REQUEST', /runtime is missing, and several work on cpu:0: write onnxruntime or tfjs/],
]

describe('a run that leaves out its device or its runtime', () => {
  for (const [request, there, device, runtime, notes] of chosen)
    it(`gets ${device} and ${runtime} for ${JSON.stringify(request)} among ${there.length}`, async () => {
      devices = there
      const { body } = await ask(request).expect(202)
      assert.equal(`${body.host}/${body.device}`, device)
      assert.equal(body.runtime, runtime)
      assert.equal(body.notes.length, notes.length)
      notes.forEach((note, i) => void assert.match(body.notes[i], note))
      const later = (await api.request.get(body.links.self).expect(200)).body
      assert.equal(later.notes, undefined)
    })

  for (const [request, there, status, code, detail] of refused)
    it(`is refused for ${JSON.stringify(request)} among ${there.length}`, async () => {
      devices = there
      const { body } = await ask(request).expect(status)
      assert.equal(body.code, code)
      assert.match(body.detail, detail)
    })

  it('says in the environment of a run which better back end does not work, without the folders of the host', async () => {
    devices = [withoutKoffi]
    const { body } = await ask({ runtime: 'onnxruntime', against: { batch: 2 } }).expect(202)
    const { environment } = (await api.request.get(`${body.links.self}?wait=30`).expect(200)).body
    const passed = [{ backend: 'cpu', reason: 'no build in linux' }]
    assert.deepEqual([environment.a.unusableBackends, environment.b.unusableBackends], [passed, passed])
  })

  it('has side b of a comparison on the same device and runtime', async () => {
    devices = [cpu, left]
    const { body } = await ask({ device: 'cuda', against: { batch: 2 } }).expect(202)
    assert.equal(body.against.runtime, 'onnxruntime')
    assert.equal(body.against.backend, body.backend)
  })

  it('is one request with one key, whoever is there by then', async () => {
    devices = [left]
    const key = { 'idempotency-key': 'the-only-one' }
    const first = await ask({}).set(key).expect(202)
    devices = [cpu, left, right]
    const again = await ask({}).set(key).expect(200)
    assert.equal(again.body.id, first.body.id)
    assert.match(again.body.notes[0], /key created the run before/)
    await ask({ device: 'left/cuda:0' }).set(key).expect(409)
  })

  it('is told the same over GraphQL, and for a sweep once', async () => {
    devices = [left]
    const query = 'mutation ($input: NewRunInput!) { createRun(input: $input) { notes run { device runtime } } }'
    const { body } = await api.request.post('/graphql').send({ query, variables: { input: { architectureId: id, fresh: true } } })
    assert.deepEqual(body.data.createRun.run, { device: 'cuda:0', runtime: 'onnxruntime' })
    assert.equal(body.data.createRun.notes.length, 2)
    const sweep = await api.request
      .post('/v1/sweeps')
      .send({ architectureId: id, batches: [1, 2], fresh: true })
      .expect(202)
    assert.equal(sweep.body.device, 'cuda:0')
    assert.equal(sweep.body.notes.length, 2)
  })
})

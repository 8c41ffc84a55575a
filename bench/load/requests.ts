/** The kinds of requests of the load test, and how one is sent and judged. */
import http from 'node:http'
import { file, floats, node } from '../../scripts/onnx-file.ts'
import { call } from '../service.ts'

/** What the service has, so that requests are about something. */
export interface World {
  url: string
  /** Ids of networks of the zoo. */
  networks: string[]
  /** Ids of runs that have ended; the latest come last. */
  runs: string[]
  /** Cost answers by their paths, with the ETag of each. */
  etags: [path: string, etag: string][]
}

export interface Kind {
  name: string
  /** Of the requests, against the others' shares. */
  share: number
  /** The status of its success. */
  expects: number
  /** The n-th of its kind. */
  request(world: World, n: number): { path: string; method?: string; headers?: Record<string, string>; body?: string | Uint8Array }
}

const json = { 'content-type': 'application/json' }
const one = <T>(list: readonly T[], n: number): T => list[n % list.length]!

/** A network that is like no other. */
const small = (n: number) => ({
  name: `load-${n}`,
  input: { shape: [3, 32, 32] },
  layers: [
    { type: 'Conv2d', outChannels: 8 + (n % 120), kernelSize: 3, padding: 1 },
    { type: 'ReLU' },
    { type: 'MaxPool2d', kernelSize: 2 },
    { type: 'Flatten' },
    { type: 'Linear', outFeatures: 10 + Math.floor(n / 120) },
  ],
})

/** An ONNX file of 1.5 kB whose weights are like no other's. */
const onnx = (n: number): Uint8Array => {
  const weights = Array.from({ length: 4 * 3 * 9 }, (_, i) => Math.sin(n + i))
  return file({
    nodes: [node('Conv', ['x', 'w'], ['c'], { pads: [1, 1, 1, 1] }), node('Relu', ['c'], ['y'])],
    initializers: [floats('w', [4, 3, 3, 3], weights)],
  })
}

const graphql = (query: string) => ({ path: '/graphql', method: 'POST', headers: json, body: JSON.stringify({ query }) })

/** Mostly reads, as pages and scripts make them; a fourteenth registers something. */
export const kinds: readonly Kind[] = [
  { name: 'GET list of networks', share: 10, expects: 200, request: () => ({ path: '/v1/architectures?limit=20' }) },
  { name: 'GET list of runs', share: 15, expects: 200, request: () => ({ path: '/v1/runs?limit=20' }) },
  {
    name: 'GET costs',
    share: 20,
    expects: 200,
    // Batches in turn, so that some answers are kept by the service and some are worked out.
    request: ({ networks }, n) => ({ path: `/v1/architectures/${one(networks, n)}/costs?batch=${1 + (n % 50)}` }),
  },
  {
    name: 'GET costs, not modified',
    share: 15,
    expects: 304,
    request({ etags }, n) {
      const [path, etag] = one(etags, n)
      return { path, headers: { 'if-none-match': etag } }
    },
  },
  { name: 'GET a run', share: 12, expects: 200, request: ({ runs }, n) => ({ path: `/v1/runs/${one(runs, n)}` }) },
  { name: 'GET queue', share: 5, expects: 200, request: () => ({ path: '/v1/queue' }) },
  {
    name: 'GraphQL: runs with networks',
    share: 8,
    expects: 200,
    request: () =>
      graphql('{ runs(first: 10) { edges { node { id status result { latencyMs { p50 } } architecture { name counts { macs } } } } } }'),
  },
  {
    name: 'GraphQL: costs',
    share: 6,
    expects: 200,
    request: ({ networks }, n) => graphql(`{ architecture(id: "${one(networks, n)}") { name costs { totals { macs flops } } } }`),
  },
  {
    name: 'POST a network, JSON',
    share: 5,
    expects: 201,
    request: (_, n) => ({ path: '/v1/architectures', method: 'POST', headers: json, body: JSON.stringify(small(n)) }),
  },
  {
    name: 'POST a network, ONNX file',
    share: 2,
    expects: 201,
    request: (_, n) => ({
      path: `/v1/architectures?name=load-file-${n}`,
      method: 'POST',
      headers: { 'content-type': 'application/octet-stream' },
      body: onnx(n),
    }),
  },
]

/** What the service answers where it refuses for a while and says so: an outcome, and no error. */
export const refused = 'refused, 503'
export const answered = 'ok'
const longestMs = 60_000

/** Connections are kept, as many as there are requests at once. */
export const agent = new http.Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY })

/** @returns `answered`, `refused`, or what is wrong with the answer, in words. */
export function sendOne(world: World, kind: Kind, n: number): Promise<string> {
  const { path, method = 'GET', headers = {}, body } = kind.request(world, n)
  return new Promise((resolve) => {
    const request = http.request(`${world.url}${path}`, { method, headers, agent, timeout: longestMs }, (response) => {
      const parts: Buffer[] = []
      response.on('data', (part: Buffer) => parts.push(part))
      response.on('error', ({ message }) => resolve(`the answer broke off: ${message}`))
      response.on('end', () => resolve(judge(kind, response, Buffer.concat(parts).toString())))
    })
    request.on('timeout', () => request.destroy(new Error(`no answer in ${longestMs / 1000} s`)))
    request.on('error', ({ message }) => resolve(message))
    request.end(body)
  })
}

function judge({ expects }: Kind, { statusCode, headers }: http.IncomingMessage, text: string): string {
  // A refusal is honest that says why, and when to come back.
  if (statusCode === 503 && headers['retry-after'] && codeOf(text)) return refused
  if (statusCode !== expects) return `${statusCode} ${codeOf(text) ?? text.slice(0, 200)}`
  // GraphQL says 200 where a field failed, too.
  if (text.startsWith('{"data":') || text.startsWith('{"errors":')) {
    const { errors } = JSON.parse(text) as { errors?: { message: string; extensions?: { code?: string } }[] }
    if (errors?.[0]) return errors[0].extensions?.code === 'OVERLOADED' ? refused : `GraphQL: ${errors[0].message}`
  }
  return answered
}

function codeOf(text: string): string | null {
  try {
    const { code, errors } = JSON.parse(text) as { code?: string; errors?: { message: string }[] }
    return code ?? errors?.[0]?.message ?? null
  } catch {
    return null
  }
}

/** Registers what the requests are about. */
export async function prepare(url: string): Promise<World> {
  const networks: string[] = []
  for (const preset of ['alexnet', 'resnet50', 'mobilenet_v2', 'densenet121', 'squeezenet1_1'])
    networks.push((await call<{ id: string }>(`${url}/v1/architectures`, { name: preset, zoo: { preset } })).id)
  const etags: World['etags'] = []
  for (const id of networks) {
    const path = `/v1/architectures/${id}/costs`
    const answer = await fetch(url + path)
    await answer.arrayBuffer()
    etags.push([path, answer.headers.get('etag')!])
  }
  return { url, networks, runs: [], etags }
}

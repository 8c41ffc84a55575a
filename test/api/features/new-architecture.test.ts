/** A new architecture is stated once: REST's forms, GraphQL's input and the reader's envelope know the same keys. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Value } from 'typebox/value'
import { Envelope, NewArchitecture, NewArchitectureInput } from '../../../src/api/features/architectures/new-architecture.ts'

const forms: [form: string, body: Record<string, unknown>][] = [
  ['a graph', { name: 'a', input: { shape: [3, 8, 8] }, layers: [{ type: 'Conv2d', outChannels: 4, kernelSize: 3 }] }],
  [
    'a graph of several inputs',
    { name: 'a', inputs: [{ id: 'x', shape: [3] }], layers: [{ type: 'ReLU', inputs: ['x'] }], outputs: ['relu1'] },
  ],
  ['a family', { name: 'a', zoo: { family: 'resnet', options: { classes: 10 } } }],
  ['a preset', { name: 'a', zoo: { preset: 'resnet50' } }],
  ['a Keras model', { name: 'a', keras: { class_name: 'Sequential' }, inputShape: [32, 32, 3] }],
  ['a TF.js model', { name: 'a', tfjs: { modelTopology: {} } }],
]

describe('the schemas of a new architecture', () => {
  for (const [form, body] of forms)
    it(`each take ${form}, and its parts only`, () => {
      for (const schema of [NewArchitecture, NewArchitectureInput, Envelope]) assert.ok(Value.Check(schema, body))
      for (const schema of [NewArchitecture, Envelope]) assert.ok(!Value.Check(schema, { ...body, layerz: [] }))
    })

  it('know the same keys', () => {
    const keys = new Set(NewArchitecture.anyOf.flatMap((form) => Object.keys(form.properties)))
    assert.deepEqual(Object.keys(NewArchitectureInput.properties).sort(), [...keys].sort())
    assert.deepEqual(Object.keys(Envelope.properties).sort(), [...keys].sort())
  })

  it('want a family or a preset where REST documents it', () => {
    for (const zoo of [{}, { family: 'resnet', preset: 'resnet50' }]) assert.ok(!Value.Check(NewArchitecture, { name: 'a', zoo }))
  })
})

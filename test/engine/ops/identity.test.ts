import assert from 'node:assert/strict'
import { test } from 'node:test'
import { identity } from '../../../src/engine/ops/identity.ts'
import { activation } from './table.ts'

activation(identity, {})

test('Identity: a view, so it moves no bytes', () => assert.equal(identity.view, true))

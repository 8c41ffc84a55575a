import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dropout } from '../../../src/engine/ops/dropout.ts'
import { activation } from './table.ts'

activation(dropout, {})

test('Dropout: a view, so it moves no bytes', () => assert.equal(dropout.view, true))

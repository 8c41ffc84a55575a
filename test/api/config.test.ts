import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ConfigError, ConfigSchema, configHelp, readConfig, readFlags } from '../../src/api/config.ts'

const problemsOf = (read: () => unknown): string[] => {
  try {
    read()
  } catch (error) {
    assert.ok(error instanceof ConfigError)
    return error.message.split('\n')
  }
  return []
}

describe('configuration', () => {
  it('has the documented defaults; empty counts as not set, other names are not ours', () => {
    const config = readConfig({ PORT: '', NOT_OURS: 'x', PATH: '/bin' })
    assert.equal(config.HOST, '127.0.0.1')
    assert.equal(config.PORT, 3000)
    assert.equal(config.ROLE, 'all')
    assert.equal(config.DATABASE_URL, undefined)
    assert.ok(!('NOT_OURS' in config))
  })
  it('reads strict spellings only', () => {
    assert.equal(readConfig({ PORT: '0' }).PORT, 0)
    assert.equal(readConfig({ TRUST_PROXY: 'true' }).TRUST_PROXY, true)
    for (const PORT of ['3e3', ' 3000', '0x10', '3000.0', '65536', '-1', 'NaN', '+1'])
      assert.equal(problemsOf(() => readConfig({ PORT })).length, 1, PORT)
    for (const [given, read] of [
      ['1', true],
      ['0', false],
    ] as const)
      assert.equal(readConfig({ TRUST_PROXY: given }).TRUST_PROXY, read)
    for (const TRUST_PROXY of ['2', 'yes', 'TRUE']) assert.equal(problemsOf(() => readConfig({ TRUST_PROXY })).length, 1, TRUST_PROXY)
  })
  it('names every wrong value at once, and what would be right, and shows no secret', () => {
    const problems = problemsOf(() =>
      readConfig({ PORT: 'x', ROLE: 'boss', DATABASE_URL: 'mysql://user:hunter2@host/db', CORS_ORIGIN: 'example' }),
    )
    assert.equal(problems.length, 4)
    assert.match(problems.join('\n'), /PORT is "x", but must be an integer from 0 to 65535/)
    assert.match(problems.join('\n'), /ROLE is "boss", but must be one of "all", "api", "worker"/)
    assert.match(problems.join('\n'), /DATABASE_URL .* postgres:\/\//)
    assert.ok(!problems.join('\n').includes('hunter2'))
  })
  it('headers of a collector are percent-encoded, and are not repeated where they are not', () => {
    assert.equal(
      readConfig({ OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Basic%20YTpi' }).OTEL_EXPORTER_OTLP_HEADERS,
      'authorization=Basic%20YTpi',
    )
    for (const wrong of ['authorization=hunter2%', 'hunter2', 'authorization=hunter2%0A', 'bad(name)=hunter2'])
      assert.throws(
        () => readConfig({ OTEL_EXPORTER_OTLP_HEADERS: wrong }),
        (error: Error) =>
          error.name === 'ConfigError' && !error.message.includes('hunter2') && /OTEL_EXPORTER_OTLP_HEADERS/.test(error.message),
      )
  })
  it('a collector that is no URL, or has a password in it, ends the start with a sentence that does not repeat it', () => {
    assert.equal(readConfig({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://[::1]:4318' }).OTEL_EXPORTER_OTLP_ENDPOINT, 'http://[::1]:4318')
    for (const wrong of ['http://127.0.0.1:99999', 'http://[', 'http://user:hunter2@collector:4318', 'http://user:hunter2@collector?a'])
      assert.throws(
        () => readConfig({ OTEL_EXPORTER_OTLP_ENDPOINT: wrong }),
        (error: Error) =>
          error.name === 'ConfigError' && !error.message.includes('hunter2') && /OTEL_EXPORTER_OTLP_ENDPOINT/.test(error.message),
      )
  })
  it('help lists every name with its default and a sentence', () => {
    const help = configHelp()
    for (const [name, { description }] of Object.entries(ConfigSchema.properties) as unknown as [string, { description: string }][]) {
      assert.ok(help.includes(`${name} `) && help.includes(description), name)
      assert.match(description, /\.$/)
    }
  })
  it('flags: help and version, and nothing else', () => {
    assert.deepEqual(readFlags([]), { help: false, version: false })
    assert.deepEqual(readFlags(['--help']), { help: true, version: false })
    assert.deepEqual(readFlags(['-h']), { help: true, version: false })
    assert.deepEqual(readFlags(['--version']), { help: false, version: true })
    assert.match(problemsOf(() => readFlags(['--port=3001']))[0]!, /set the environment variable PORT/)
    assert.match(problemsOf(() => readFlags(['--prt']))[0]!, /PORT/)
    assert.equal(problemsOf(() => readFlags(['--a', '-b', 'c'])).length, 3)
  })
})

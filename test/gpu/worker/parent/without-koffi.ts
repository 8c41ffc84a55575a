/** The worker program on a host where koffi has no build for the platform: its module cannot be found. */
import { registerHooks } from 'node:module'
import { workerProgram } from '../../../../src/gpu/worker/parent/process.ts'

registerHooks({
  resolve(specifier, context, next) {
    if (specifier === 'koffi') throw new Error('Cannot find the native Koffi module in /srv/app/node_modules/koffi')
    return next(specifier, context)
  },
})
await import(workerProgram)

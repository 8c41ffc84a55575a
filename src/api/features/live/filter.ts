import type { LiveEvent, LiveQuery } from './schema.ts'

/** Whether a listener that asked for `query` wants to hear an event. */
export function liveFilter({ type, device, run, label }: LiveQuery): (event: LiveEvent) => boolean {
  const types = type && new Set<string>(type)
  const devices = device && new Set(device.map((each) => each.toLowerCase()))
  const runs = run && new Set(run.map((each) => each.toLowerCase()))
  const labels = label?.map((each) => {
    const at = each.indexOf('=')
    return at < 0 ? ([each, null] as const) : ([each.slice(0, at), each.slice(at + 1)] as const)
  })
  const isOn = (host: string, name: string, uuid: string): boolean =>
    !devices || [name, `${host}/${name}`, uuid].some((each) => devices.has(each.toLowerCase()))
  const fits = (of: NonNullable<LiveEvent['run']>): boolean =>
    isOn(of.host, of.device, of.deviceUuid) &&
    (!runs || runs.has(of.runId)) &&
    (!labels || labels.every(([name, text]) => Object.hasOwn(of.labels, name) && (text === null || of.labels[name] === text)))
  return (event) => {
    if (event.type === 'reset') return true
    if (types && !types.has(event.type)) return false
    if (event.run) return fits(event.run)
    // What is no run has no labels, and is none of the runs asked for.
    if (runs || labels) return false
    if (event.queue) return isOn(event.queue.host, event.queue.device, event.queue.deviceUuid)
    if (event.device) return isOn(event.device.device.host, event.device.device.name, event.device.device.uuid)
    return !devices
  }
}

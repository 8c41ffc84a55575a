/** Which devices may start runs. The state is a row, so that it holds across restarts and for every service of the database. */
import { type AuditLine, writeLine } from './audit.ts'
import type { Database } from './database.ts'
import { eq, ne, sql } from './drizzle.ts'
import { requireStorable } from './errors.ts'
import { deviceNotice } from './notifications.ts'
import { type DeviceState, deviceStates } from './schema.ts'

/** A device that may start nothing. */
export interface DeviceHold {
  deviceUuid: string
  device: string
  host: string
  state: Exclude<DeviceState, 'active'>
  note: string | null
  /** The beginning of the key that asked for it; null where none was needed. */
  by: string | null
  since: Date
}

export type NewDeviceState = Omit<DeviceHold, 'since' | 'state'> & { state: DeviceState }

export class DeviceStates {
  readonly #db: Database

  constructor(db: Database) {
    this.#db = db
  }

  /** By device UUID, those that are paused or drained. */
  async holds(): Promise<Map<string, DeviceHold>> {
    const rows = await this.#db.select().from(deviceStates).where(ne(deviceStates.state, 'active'))
    return new Map(
      rows.map(({ changedBy, changedAt, ...row }) => [
        row.deviceUuid,
        { ...row, state: row.state as DeviceHold['state'], by: changedBy, since: changedAt },
      ]),
    )
  }

  /**
   * Sets the state of a device and tells every process. One that is in that state already keeps since when; its note may change.
   * @param line of the audit log, written with the change.
   * @throws StoreError INVALID_TEXT for a note that cannot be stored.
   */
  async set({ deviceUuid, device, host, state, note, by }: NewDeviceState, line?: AuditLine): Promise<void> {
    requireStorable([note ?? ''])
    await this.#db.transaction(async (tx) => {
      await tx
        .insert(deviceStates)
        .values({ deviceUuid, device, host, state, note, changedBy: by, changedAt: sql`now()` })
        .onConflictDoUpdate({
          target: deviceStates.deviceUuid,
          set: {
            ...{ device, host, state, note },
            changedBy: sql`CASE WHEN ${deviceStates.state} = ${state} THEN ${deviceStates.changedBy} ELSE ${by} END`,
            changedAt: sql`CASE WHEN ${deviceStates.state} = ${state} THEN ${deviceStates.changedAt} ELSE now() END`,
          },
        })
      await tx.execute(sql`SELECT ${deviceNotice(deviceUuid)}`)
      // NVIDIA's UUIDs, and ours of CPUs, are those of RFC 9562 behind a prefix, which the audit log has no place for.
      await writeLine(tx, line, deviceUuid.replace(/^[A-Z]+-/, ''))
    })
  }

  /** What was last said of the device; null for one that nobody ever paused or drained. */
  async get(deviceUuid: string): Promise<{ deviceUuid: string; device: string; host: string } | null> {
    const { device, host } = deviceStates
    const which = eq(deviceStates.deviceUuid, deviceUuid)
    return (await this.#db.select({ deviceUuid: deviceStates.deviceUuid, device, host }).from(deviceStates).where(which))[0] ?? null
  }
}

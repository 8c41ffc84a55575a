/** Columns of kinds that Drizzle does not have as we want them. */
import { customType, timestamp } from './drizzle.ts'
import { type Packed, pack, unpack } from './packed.ts'

/** To the millisecond. */
export const moment = (name: string) => timestamp(name, { withTimezone: true, precision: 3, mode: 'date' })

/** Given as an object, or packed already. */
export const packed = customType<{ data: object; driverData: Packed }>({
  dataType: () => 'text',
  toDriver: (value: object | Packed) => (typeof value === 'string' ? value : pack(value)),
  fromDriver: unpack,
})

export const bytea = customType<{ data: Uint8Array; driverData: Uint8Array }>({ dataType: () => 'bytea' })

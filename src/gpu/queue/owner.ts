/**
 * The name under which a service holds its runs. It says which process that was, so that another on the same host can
 * tell at once that it is gone; on other hosts its lease has to run out.
 */
import { randomBytes } from 'node:crypto'
import { fateOf, ownName } from '../../store/index.ts'

/** Names handed out by this process and not given back. */
const alive = new Set<string>()

export function newOwner(): string {
  const owner = [...ownName(), randomBytes(4).toString('hex')].join('|')
  alive.add(owner)
  return owner
}

export const retireOwner = (owner: string): void => void alive.delete(owner)

/** Whether the owner is known to be gone. False where this process cannot tell: another host, another container. */
export function isGone(owner: string): boolean {
  const name = owner.split('|').slice(0, -1)
  if (name.join('|') === ownName().join('|')) return !alive.has(owner)
  return fateOf(name) === 'gone'
}

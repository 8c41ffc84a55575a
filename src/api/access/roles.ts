/** Who may do what: the roles of keys, and the rule that each route and each root field of GraphQL has. */
import { type Role, roles } from '../../store/schema.ts'
import { ApiError } from '../errors.ts'

export { type Role, roles }

/** `public`: whoever reaches the service; otherwise the role that it takes. */
export type Access = 'public' | Role

/** Who sent a request. Without keys, everyone: `key` is null. */
export interface Caller {
  role: Role
  key: { id: string; prefix: string; name: string; expiresAt: Date | null } | null
}

const rank = (role: Role): number => roles.indexOf(role)

/** Whether the caller's role reaches: each role may do what those before it in `roles` may. */
export const mayDo = (caller: Caller, access: Access): boolean => access === 'public' || rank(caller.role) >= rank(access)

/** @throws ApiError FORBIDDEN where the caller's role does not reach. */
export function requireRole(caller: Caller, access: Access, what: string): void {
  if (access === 'public' || mayDo(caller, access)) return
  // As long as there is no key there is no admin to ask either.
  const who = caller.key
    ? `the key ${caller.key.prefix}… is of the role ${caller.role}: ask an admin for one`
    : `without a key you are a ${caller.role} here: whoever runs this service makes the first by npm run keys -- create`
  throw new ApiError('FORBIDDEN', `${what} needs a key of the role ${access}, and ${who}`, [], challenge('insufficient_scope', access))
}

/**
 * The header that a refusal of a caller carries (RFC 6750, 3).
 * @param error as section 3.1 has it; empty where nothing was sent. @param scope the role that is needed.
 */
export const challenge = (error: string, scope = ''): Record<string, string> => ({
  'www-authenticate': `Bearer realm="archmeter"${error && `, error="${error}"`}${scope && `, scope="${scope}"`}`,
})

import type { Session } from '../api/session.ts'
import { Empty } from './states.tsx'

/** In place of a page that is an admin's: why it is not shown, and who may see it. */
export function AdminsAlone({ session, what }: { session: Session; what: string }) {
  return (
    <Empty title={`${what} an admin’s to see`}>
      {session.key ? (
        <>
          You are signed in as {session.key.name} ({session.key.prefix}), a {session.role}. Sign out, and in again with a key of the role
          admin, or ask an admin.
        </>
      ) : (
        <>
          Without a key you are a {session.role} here. Whoever runs this service makes the first key on its machine:{' '}
          <code>npm run keys -- create --name me --role admin</code>
        </>
      )}
    </Empty>
  )
}

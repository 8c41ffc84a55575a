import { Button, PasswordInput, Stack, Text } from '@mantine/core'
import { type FormEvent, useState } from 'react'
import { CallError, send } from '../api/client.ts'
import { queryClient } from '../api/queries.ts'
import { type Session, signedIn } from '../api/session.ts'

/**
 * Asks for an API key, in place of the page. The key goes to the service alone, which gives the browser a cookie for it that
 * no script can read: nothing of it is kept here.
 */
export function SignIn() {
  const [key, setKey] = useState('')
  const [error, setError] = useState<string | null>(null)
  const [busy, setBusy] = useState(false)
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    setBusy(true)
    setError(null)
    try {
      await send<Session>('/v1/session', { key })
      // What was refused before is asked anew.
      queryClient.clear()
      signedIn()
    } catch (cause) {
      if (!(cause instanceof CallError)) throw cause
      setError(cause.status === 401 ? 'This key is unknown, revoked or expired.' : cause.message)
    } finally {
      setBusy(false)
    }
  }
  return (
    <main style={{ maxWidth: 460, margin: '12vh auto', padding: '0 1rem' }}>
      <form onSubmit={submit} className="card" style={{ padding: '1.5rem' }}>
        <Stack gap="md">
          <h1 style={{ margin: 0, fontSize: '1.3rem' }}>Archmeter asks for a key</h1>
          <PasswordInput
            label="API key"
            description="It begins with amk_. An admin makes one, or npm run keys on the service’s machine."
            value={key}
            onChange={({ currentTarget }) => setKey(currentTarget.value)}
            error={error}
            autoComplete="off"
            autoFocus
            required
          />
          <Button type="submit" loading={busy} disabled={key.trim() === ''}>
            Sign in
          </Button>
          <Text size="xs" c="dimmed">
            The browser stays signed in for twelve hours at most.
          </Text>
        </Stack>
      </form>
    </main>
  )
}

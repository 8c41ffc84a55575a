import { Button } from '@mantine/core'
import { Link } from 'wouter'

/** What two picked runs lead to. */
export function Picked({ ids, clear }: { ids: string[]; clear: () => void }) {
  const [a, b] = ids
  if (!a) return <span style={{ color: 'var(--quiet)', fontSize: '0.85rem', paddingBottom: 6 }}>Pick two results to compare them.</span>
  return (
    <>
      {b ? (
        <Button size="xs" component={Link} href={`/compare?a=${a}&b=${b}`}>
          Compare the two
        </Button>
      ) : (
        <span style={{ color: 'var(--quiet)', fontSize: '0.85rem', paddingBottom: 6 }}>Pick another one.</span>
      )}
      <Button size="xs" variant="subtle" onClick={clear}>
        Clear
      </Button>
    </>
  )
}

import { useQuery } from '@tanstack/react-query'
import { architectureQuery } from '../api/queries.ts'

/** The name of an architecture by its id; one that was deleted has its id alone. */
export function useName(id: string, known?: string): string {
  const { data } = useQuery({ ...architectureQuery(id), enabled: known === undefined && id !== '' })
  return known ?? data?.name ?? `${id.slice(0, 8)}…`
}

export function Name({ id, known }: { id: string; known?: string | undefined }) {
  return <>{useName(id, known)}</>
}

import { Alert, Button } from '@mantine/core'
import { Component, type ReactNode } from 'react'

/** Keeps a mistake of one page from taking the others with it. */
export class Broken extends Component<{ children: ReactNode }, { error: Error | null }> {
  override state: { error: Error | null } = { error: null }
  static getDerivedStateFromError(error: Error) {
    return { error }
  }
  override render() {
    const { error } = this.state
    if (!error) return this.props.children
    // After an update of the service, the files of the page that is open are gone.
    const stale = /dynamically imported module|Importing a module/.test(error.message)
    return (
      <Alert color="orange" title={stale ? 'The service was updated' : 'This page broke'}>
        <p>{stale ? 'This page belongs to the version before. Load it anew.' : error.message}</p>
        <Button onClick={() => location.reload()}>Load again</Button>
      </Alert>
    )
  }
}

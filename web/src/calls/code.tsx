import { Button, CopyButton } from '@mantine/core'

/** A text to copy. */
export function Code({ label, text }: { label: string; text: string }) {
  return (
    <div style={{ position: 'relative', marginTop: 6 }}>
      <section
        className="code"
        // Scrolls, so the keyboard must reach it.
        // biome-ignore lint/a11y/noNoninteractiveTabindex: see above
        tabIndex={0}
        aria-label={label}
        style={{
          margin: 0,
          padding: '0.55rem 4.2rem 0.55rem 0.7rem',
          border: '1px solid var(--line)',
          borderRadius: 8,
          background: 'var(--page)',
          fontSize: '0.75rem',
          whiteSpace: 'pre-wrap',
          overflowWrap: 'anywhere',
          maxHeight: 200,
          overflow: 'auto',
        }}
      >
        {text}
      </section>
      <CopyButton value={text}>
        {({ copied, copy }) => (
          <Button
            size="compact-xs"
            variant="default"
            onClick={copy}
            aria-label={`Copy ${label}`}
            style={{ position: 'absolute', top: 6, right: 6 }}
          >
            {copied ? 'copied' : 'copy'}
          </Button>
        )}
      </CopyButton>
    </div>
  )
}

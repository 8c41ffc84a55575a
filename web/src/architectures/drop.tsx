import { Button, FileButton, Loader } from '@mantine/core'
import { useState } from 'react'
import { Refused } from '../shell/states.tsx'
import { useRegister } from './register.ts'

/** Where files of a network are dropped, or chosen. */
export function Drop() {
  const register = useRegister()
  const [over, setOver] = useState(false)
  return (
    <section
      className="drop"
      data-over={over}
      aria-label="Register a file"
      onDragOver={(event) => {
        event.preventDefault()
        setOver(true)
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault()
        setOver(false)
        if (event.dataTransfer.files.length > 0) register.mutate({ files: [...event.dataTransfer.files] })
      }}
    >
      {register.isPending ? (
        <div role="status">
          <Loader size="sm" /> <div>reading …</div>
        </div>
      ) : (
        <>
          <div style={{ fontWeight: 600 }}>Drop a network here</div>
          <div style={{ color: 'var(--quiet)', fontSize: '0.88rem', margin: '0.25rem 0 0.8rem' }}>
            ONNX (with its .data files), Keras or TensorFlow.js JSON, or Archmeter’s own JSON
          </div>
          <FileButton multiple onChange={(files) => files.length > 0 && register.mutate({ files })}>
            {(props) => (
              <Button {...props} variant="default" size="xs">
                Choose files
              </Button>
            )}
          </FileButton>
        </>
      )}
      {register.error && (
        <div style={{ marginTop: '1rem', textAlign: 'left' }}>
          <Refused error={register.error} title="This could not be registered" />
        </div>
      )}
    </section>
  )
}

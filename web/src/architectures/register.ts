import { useMutation } from '@tanstack/react-query'
import { useLocation } from 'wouter'
import { CallError, send, upload } from '../api/client.ts'
import { queryClient } from '../api/queries.ts'
import type { Architecture } from '../api/types.ts'

/** What may be dropped: files of one network, a network of the zoo by name, or a request as it is. */
export type Source = { files: File[] } | { preset: string } | { body: unknown }

const stem = (name: string): string => name.replace(/\.[^.]+$/, '')

const wrong = (detail: string) => new CallError({ status: 422, code: 'NOT_READ', detail })

/** Sends files or a name of the zoo to the service, which reads them; the file's own content says what it is. */
async function register(source: Source): Promise<Architecture> {
  if ('preset' in source) return send('/v1/architectures', { name: source.preset, zoo: { preset: source.preset } })
  if ('body' in source) return send('/v1/architectures', source.body)
  const onnx = source.files.find(({ name }) => /\.onnx$/i.test(name))
  if (onnx) {
    const form = new FormData()
    form.append('name', stem(onnx.name))
    form.append('file', onnx, onnx.name)
    for (const data of source.files) if (data !== onnx) form.append('data', data, data.name)
    return upload('/v1/architectures', form)
  }
  const file = source.files.find(({ name }) => /\.json$/i.test(name))
  if (!file)
    throw wrong(
      `${source.files[0]?.name ?? 'This'} is neither .onnx nor .json. From PyTorch: torch.onnx.export(model, (x,), "model.onnx"). From Keras: write model.to_json() to a .json file.`,
    )
  const text = await file.text()
  let json: Record<string, unknown>
  try {
    json = JSON.parse(text)
  } catch (cause) {
    throw wrong(`${file.name} is not JSON: ${placed((cause as Error).message, text)}`)
  }
  return send('/v1/architectures', asRequest(json, stem(file.name)))
}

/** A request to register what a JSON file holds: a request already, a model.json of TensorFlow.js, or Keras' to_json(). */
function asRequest(json: Record<string, unknown>, name: string): unknown {
  if ('modelTopology' in json) return { name, tfjs: json }
  if ('class_name' in json) return { name, keras: json }
  return { name, ...json }
}

/** The line of a mistake, where the parser says the place only: "… at position 120" is line 7. */
function placed(message: string, text: string): string {
  const at = /position (\d+)/.exec(message)?.[1]
  if (at === undefined || /line \d/.test(message)) return message
  return `${message} (line ${text.slice(0, Number(at)).split('\n').length})`
}

/** Registers and opens the page of what was registered. */
export function useRegister() {
  const [, navigate] = useLocation()
  return useMutation<Architecture, CallError, Source>({
    mutationFn: register,
    onSuccess: ({ id }) => {
      void queryClient.invalidateQueries({ queryKey: ['architectures'] })
      navigate(`/architectures/${id}`)
    },
  })
}

import { Button, Group, Select, TextInput } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { useLocation } from 'wouter'
import { type CallError, send } from '../../api/client.ts'
import { paths, queryClient, useRewritePreview, useRewrites } from '../../api/queries.ts'
import type { RewriteResult, RewriteStep } from '../../api/types.ts'
import { curlOf } from '../../calls/calls-button.tsx'
import { Code } from '../../calls/code.tsx'
import { errorsUnder, OptionFields, type OptionSchema } from '../../lib/options.tsx'
import { Empty, Loading, Refused } from '../../shell/states.tsx'
import { BeforeAfter } from './before-after.tsx'

/** The recipe as the address of the page holds it; what cannot be read is no recipe. */
export function readRecipe(text: string): RewriteStep[] {
  try {
    const read: unknown = JSON.parse(text)
    return Array.isArray(read) ? read.filter(isStep) : []
  } catch {
    return []
  }
}

const isStep = (step: any): step is RewriteStep =>
  typeof step?.rewrite === 'string' &&
  (step.options === undefined || (typeof step.options === 'object' && step.options !== null)) &&
  (step.layers === undefined || Array.isArray(step.layers))

/** Writes a recipe step by step, sees what it would make of the network, and registers the result. */
export function RewriteView({
  id,
  convention,
  batch,
  recipe,
  onChange,
}: {
  id: string
  convention: string
  batch: number
  recipe: RewriteStep[]
  onChange: (to: RewriteStep[]) => void
}) {
  const rewrites = useRewrites()
  const [name, setName] = useState('')
  const [, navigate] = useLocation()
  const body = { recipe, convention, batch }
  const [asked] = useDebouncedValue(body, 300)
  const preview = useRewritePreview(id, recipe.length === 0 ? { ...asked, recipe: [] } : asked)
  const register = useMutation<RewriteResult, CallError>({
    mutationFn: () => send(paths.rewrites(id), { ...body, ...(name.trim() ? { name: name.trim() } : {}) }),
    onSuccess: ({ architecture }) => {
      void queryClient.invalidateQueries({ queryKey: ['architectures'] })
      if (architecture) navigate(`/architectures/${architecture.id}`)
    },
  })
  if (rewrites.error) return <Refused error={rewrites.error} />
  if (!rewrites.data) return <Loading />
  const set = (at: number, step: RewriteStep | null) =>
    onChange(recipe.flatMap((each, index) => (index === at ? (step ? [step] : []) : [each])))
  const refusal = preview.error ?? register.error
  return (
    <>
      {recipe.map((step, at) => (
        <Step
          key={at}
          step={step}
          number={at + 1}
          rewrite={rewrites.data.items.find((each) => each.name === step.rewrite)}
          errors={errorsUnder(refusal?.errors ?? [], `/recipe/${at}/options`)}
          layersError={errorsUnder(refusal?.errors ?? [], `/recipe/${at}`).layers}
          onChange={(to) => set(at, to)}
        />
      ))}
      <Select
        label={recipe.length === 0 ? 'Rewrite this network by' : 'and then by'}
        placeholder="a rewrite"
        searchable
        w="min(100%, 30rem)"
        value={null}
        data={rewrites.data.items.map((each) => ({ value: each.name, label: `${each.name}: ${each.summary}` }))}
        onChange={(rewrite) => rewrite && onChange([...recipe, { rewrite }])}
        mb="md"
      />
      {refusal && <Refused error={refusal} title="This recipe does not work here" />}
      {recipe.length === 0 ? (
        <Empty title="Nothing is changed yet">
          Pick a rewrite: the network before and after stand side by side here, and nothing is registered until you say so.
        </Empty>
      ) : preview.data && !preview.error ? (
        <div style={{ opacity: preview.isPlaceholderData ? 0.6 : 1 }}>
          <BeforeAfter result={preview.data} />
          <Group align="flex-end" mt="md" gap="sm">
            <TextInput
              label="Name of the new network"
              placeholder="the old name and the rewrites"
              w={280}
              value={name}
              onChange={(event) => setName(event.currentTarget.value)}
            />
            <Button loading={register.isPending} onClick={() => register.mutate()}>
              Register as new
            </Button>
          </Group>
          <div style={{ marginTop: '1rem' }}>
            <Code label="curl" text={curlOf({ what: '', path: paths.rewrites(id), method: 'POST', body })} />
          </div>
        </div>
      ) : (
        !preview.error && <Loading />
      )}
    </>
  )
}

function Step({
  step,
  number,
  rewrite,
  errors,
  layersError,
  onChange,
}: {
  step: RewriteStep
  number: number
  rewrite: { summary: string; givesUp: string; source: string; whole: boolean; options: Record<string, unknown> } | undefined
  errors: Record<string, string>
  layersError: string | undefined
  onChange: (to: RewriteStep | null) => void
}) {
  const { options, layers, ...rest } = step
  const properties = (rewrite?.options.properties ?? {}) as Record<string, OptionSchema>
  return (
    <section className="card" style={{ marginBottom: '0.8rem' }} aria-label={`Step ${number}: ${step.rewrite}`}>
      <Group justify="space-between" wrap="nowrap" align="flex-start">
        <div>
          <h2 style={{ margin: 0 }}>
            {number}. {step.rewrite}
          </h2>
          {rewrite && (
            <p className="note">
              {rewrite.summary} Gives up: {rewrite.givesUp} <cite>{rewrite.source}</cite>
            </p>
          )}
        </div>
        <Button
          size="compact-xs"
          variant="subtle"
          style={{ flexShrink: 0 }}
          aria-label={`Remove step ${number}`}
          onClick={() => onChange(null)}
        >
          Remove
        </Button>
      </Group>
      <OptionFields
        properties={properties}
        value={options ?? {}}
        errors={errors}
        onChange={(to) => onChange({ ...rest, ...(layers ? { layers } : {}), ...(Object.keys(to).length > 0 ? { options: to } : {}) })}
      />
      {rewrite && !rewrite.whole && (
        <TextInput
          size="xs"
          mt="xs"
          label="Layers"
          description="Ids, separated by commas; all that it applies to if left empty"
          defaultValue={layers?.join(', ') ?? ''}
          error={layersError}
          onBlur={(event) => {
            const ids = event.currentTarget.value
              .split(',')
              .map((each) => each.trim())
              .filter((each) => each !== '')
            onChange({ ...rest, ...(options ? { options } : {}), ...(ids.length > 0 ? { layers: ids } : {}) })
          }}
        />
      )}
    </section>
  )
}

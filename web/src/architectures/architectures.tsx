import { Button, SimpleGrid, TextInput } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { useState } from 'react'
import { Link, useSearchParams } from 'wouter'
import { paths, useArchitectures } from '../api/queries.ts'
import type { Architecture } from '../api/types.ts'
import { exact, moment, scaled } from '../lib/format.ts'
import { Header } from '../shell/header.tsx'
import { Empty, Loading, Refused } from '../shell/states.tsx'
import { Drop } from './drop.tsx'
import { ZooPicker } from './zoo.tsx'

type Column = 'name' | 'layers' | 'params' | 'macs' | 'createdAt'
const value: Record<Column, (each: Architecture) => string | number> = {
  name: ({ name }) => name.toLowerCase(),
  layers: ({ counts }) => counts.layers,
  params: ({ counts }) => counts.params,
  macs: ({ counts }) => counts.macs,
  createdAt: ({ createdAt }) => createdAt,
}

export function Architectures() {
  const [params, setParams] = useSearchParams()
  const search = params.get('search') ?? ''
  const [asked] = useDebouncedValue(search, 250)
  const sort = (params.get('sort') ?? '-createdAt') as Column | `-${Column}`
  const list = useArchitectures(asked, 100)
  const set = (key: string, to: string) =>
    setParams(
      (before) => {
        const next = new URLSearchParams(before)
        if (to) next.set(key, to)
        else next.delete(key)
        return next
      },
      { replace: true },
    )
  return (
    <>
      <Header
        title="Architectures"
        calls={[
          {
            what: 'The list',
            path: paths.architectures(asked, 100),
            graphql: `{ architectures(first: 100${asked ? `, search: ${JSON.stringify(asked)}` : ''}) { edges { node { id name counts { layers params macs } } } } }`,
          },
          {
            what: 'Register one of the zoo',
            path: '/v1/architectures',
            method: 'POST',
            body: { name: 'r50', zoo: { preset: 'resnet50' } },
          },
        ]}
      />
      <SimpleGrid cols={{ base: 1, md: 2 }} mb="md">
        <Drop />
        <div className="card">
          <ZooPicker />
        </div>
      </SimpleGrid>
      <TextInput
        aria-label="Search by name"
        placeholder="Search by name"
        value={search}
        onChange={(event) => set('search', event.currentTarget.value)}
        mb="sm"
        maw={360}
      />
      {list.error && !list.data ? (
        <Refused error={list.error} />
      ) : !list.data ? (
        <Loading />
      ) : (
        <List items={list.data.items} sort={sort} onSort={(to) => set('sort', to)} search={asked} />
      )}
    </>
  )
}

function List({ items, sort, onSort, search }: { items: Architecture[]; sort: string; onSort: (to: string) => void; search: string }) {
  const [picked, setPicked] = useState<string[]>([])
  if (items.length === 0)
    return search ? (
      <Empty title={`No architecture has “${search}” in its name`}>Search looks at names alone, large and small letters alike.</Empty>
    ) : (
      <Empty title="Nothing registered yet">Drop a file above, or pick a network of the zoo.</Empty>
    )
  const column = sort.replace('-', '') as Column
  const sign = sort.startsWith('-') ? -1 : 1
  const get = value[column] ?? value.createdAt
  const sorted = [...items].sort((a, b) => (get(a) < get(b) ? -sign : get(a) > get(b) ? sign : 0))
  const most = { params: Math.max(...items.map(({ counts }) => counts.params)), macs: Math.max(...items.map(({ counts }) => counts.macs)) }
  const head = (name: Column, label: string, kind = '') => (
    <th className={kind} aria-sort={column === name ? (sign < 0 ? 'descending' : 'ascending') : 'none'}>
      <button type="button" className="sort" onClick={() => onSort(sort === `-${name}` ? name : `-${name}`)}>
        {label}
        {column === name ? (sign < 0 ? ' ↓' : ' ↑') : ''}
      </button>
    </th>
  )
  return (
    <>
      {picked.length > 0 && (
        <Button size="xs" mb="sm" component={Link} href={`/compare/architectures?architectures=${picked.join(',')}`}>
          {picked.length === 1 ? 'Compare it with others' : `Compare the ${picked.length}`}
        </Button>
      )}
      <div className="card scroll" style={{ padding: 0 }}>
        <table className="plain">
          <thead>
            <tr>
              <th>
                <span className="unseen">Compare</span>
              </th>
              {head('name', 'Name')}
              {head('layers', 'Layers', 'num wide')}
              {head('params', 'Params', 'num')}
              {head('macs', 'Multiply-adds', 'num')}
              <th className="wide">From</th>
              {head('createdAt', 'Registered', 'num wide')}
            </tr>
          </thead>
          <tbody>
            {sorted.map((each) => (
              <tr key={each.id}>
                <td>
                  <input
                    type="checkbox"
                    aria-label={`Compare ${each.name}`}
                    checked={picked.includes(each.id)}
                    onChange={({ currentTarget: { checked } }) =>
                      setPicked((before) => (checked ? [...before, each.id] : before.filter((id) => id !== each.id)))
                    }
                  />
                </td>
                <td>
                  <Link href={`/architectures/${each.id}`}>{each.name}</Link>
                </td>
                <td className="num wide">{exact(each.counts.layers)}</td>
                <Bar value={each.counts.params} most={most.params} color="var(--params)" />
                <Bar value={each.counts.macs} most={most.macs} color="var(--flops)" partial={each.counts.partial} />
                <td className="wide">{from(each)}</td>
                <td className="num wide">{moment(each.createdAt)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  )
}

function Bar({ value, most, color, partial = false }: { value: number; most: number; color: string; partial?: boolean }) {
  return (
    <td className="num" title={`${exact(value)}${partial ? ', at least: some layers could not be counted' : ''}`}>
      {partial ? '≥ ' : ''}
      {scaled(value)}
      <div className="bar" style={{ width: `${(100 * value) / Math.max(most, 1)}%`, background: color }} />
    </td>
  )
}

export const from = ({ source }: Architecture): string =>
  source.kind === 'zoo'
    ? `zoo, ${source.preset ?? source.family}`
    : source.kind === 'json'
      ? 'JSON'
      : source.kind === 'onnx'
        ? 'ONNX file'
        : source.kind === 'rewrite'
          ? `${source.parent.name}, rewritten`
          : source.kind

import { Type } from 'typebox'
import { conventions } from '../../../engine/conventions/index.ts'

/**
 * The name of a convention. Text over REST, where an unknown one gets an error that lists them; the closed set that it is
 * over GraphQL.
 */
export const conventionName = (description: string, options: { default?: string; examples?: string[] } = {}) =>
  Type.String({ minLength: 1, maxLength: 100, ...options, description, graphqlType: 'ConventionName' })

/** What an answer was counted by. */
export const CountedBy = Type.String({ description: 'The convention that flops are counted by.', graphqlType: 'ConventionName' })

/** GraphQL's type of `conventionName`. */
export const ConventionNames = Type.Enum(
  conventions.map(({ name }) => name),
  {
    description: 'A way to count flops.',
    enumDescriptions: Object.fromEntries(conventions.map(({ name, summary }) => [name, summary])),
  },
)

export const ConventionSchema = Type.Object(
  {
    name: Type.String({ description: 'What `convention` takes.', graphqlType: 'ConventionName' }),
    summary: Type.String({ description: 'What it counts, in a line.' }),
    definition: Type.String({ description: 'A definition in words, complete enough to recompute a figure by hand.' }),
    source: Type.String({ description: 'Lecture, paper, or tool and version.' }),
  },
  { title: 'Convention', description: 'A way to count flops, and where it comes from.' },
)
export const ConventionList = Type.Object({ items: Type.Array(ConventionSchema) }, { title: 'ConventionList' })

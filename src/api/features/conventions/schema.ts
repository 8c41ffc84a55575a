import { Type } from 'typebox'

export const ConventionSchema = Type.Object(
  {
    name: Type.String(),
    summary: Type.String(),
    definition: Type.String({ description: 'A definition in words, complete enough to recompute a figure by hand.' }),
    source: Type.String({ description: 'Lecture, paper, or tool and version.' }),
  },
  { title: 'Convention' },
)
export const ConventionList = Type.Object({ items: Type.Array(ConventionSchema) }, { title: 'ConventionList' })

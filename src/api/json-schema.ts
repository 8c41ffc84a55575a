/** Keywords whose values are data, not schemas. */
const data = new Set(['examples', 'example', 'enum', 'const', 'default', 'required'])

/** Keywords of ours: values that are not shown, and the GraphQL type of a schema. */
const ours = new Set(['secret', 'graphqlType', 'enumDescriptions'])

/**
 * TypeBox's schemas as JSON Schema 2020-12, which OpenAPI 3.1 speaks: tuples are `prefixItems`, and keywords of ours
 * are left out. `visit` may replace each object on the way out.
 */
export function toJsonSchema(value: unknown, visit: (schema: Record<string, any>) => unknown = (schema) => schema): unknown {
  if (Array.isArray(value)) return value.map((each) => toJsonSchema(each, visit))
  if (typeof value !== 'object' || value === null) return value
  const result: Record<string, any> = {}
  for (const [key, each] of Object.entries(value)) {
    if (ours.has(key)) continue
    if (key === 'properties') result[key] = ofEach(each as object, visit)
    else result[key] = data.has(key) ? each : toJsonSchema(each, visit)
  }
  if (Array.isArray(result.enum) && result.type === undefined && result.enum.every((each) => typeof each === 'string'))
    result.type = 'string'
  if (Array.isArray(result.items)) {
    result.prefixItems = result.items
    result.items = false
    delete result.additionalItems
  }
  return visit(result)
}

/** Of properties, whose names are no keywords: one may be called `secret`. */
const ofEach = (properties: object, visit: (schema: Record<string, any>) => unknown): object =>
  Object.fromEntries(Object.entries(properties).map(([name, schema]) => [name, toJsonSchema(schema, visit)]))

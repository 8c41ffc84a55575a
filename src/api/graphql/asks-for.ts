import { type GraphQLResolveInfo, Kind, type SelectionSetNode } from 'graphql'

/** Whether the field that is resolved is asked for this field of its value, by any alias, in fragments too. */
export function asksFor(name: string, { fieldNodes, fragments }: Pick<GraphQLResolveInfo, 'fieldNodes' | 'fragments'>): boolean {
  const isIn = (set: SelectionSetNode | undefined): boolean =>
    set?.selections.some((each) => {
      if (each.kind === Kind.FIELD) return each.name.value === name
      return isIn(each.kind === Kind.INLINE_FRAGMENT ? each.selectionSet : fragments[each.name.value]?.selectionSet)
    }) ?? false
  return fieldNodes.some(({ selectionSet }) => isIn(selectionSet))
}

import { conventions } from '../../../engine/conventions/index.ts'

/** Every counting convention, in words. */
export const listConventions = () => conventions.map(({ name, summary, definition, source }) => ({ name, summary, definition, source }))

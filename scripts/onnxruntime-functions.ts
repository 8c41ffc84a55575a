/**
 * `node scripts/onnxruntime-functions.ts HEADER`: holds the table of ONNX Runtime's functions
 * (`src/gpu/runtimes/onnxruntime/c-api/functions.ts`) against `onnxruntime_c_api.h` of the version that onnxruntime-node
 * ships: places, results and parameters. For each function that differs it prints the line that belongs there, and ends
 * with 1. To be run when onnxruntime-node is raised.
 */
import { readFileSync } from 'node:fs'
import { type CType, places } from '../src/gpu/runtimes/onnxruntime/c-api/functions.ts'

export interface Declared {
  index: number
  result: CType
  parameters: CType[]
}

/** What a declaration of C is to a caller that knows addresses, text and numbers alone. */
function cType(declaration: string): CType {
  // SAL's notes (`_In_opt_`, `_In_reads_(n)`) say nothing of the type.
  const words = declaration.replace(/\b_\w+_(\(\w+\))?/g, ' ').trim()
  const stars = words.split('*').length - 1
  const text = /\bconst (char|ORTCHAR_T)\b/.test(words)
  if (text && stars === 1) return 'str'
  if (text && stars === 2) return 'const char **'
  if (stars > 0 || /\bOrtStatusPtr\b/.test(words)) return 'void *'
  if (/^void\b/.test(words)) return 'void'
  return /^size_t\b/.test(words) ? 'size_t' : 'int'
}

/** Parameters as they stand between the parentheses of a declaration. */
const parametersOf = (list: string): CType[] =>
  list
    .replace(/\([^()]*\)/g, (nested) => nested.replaceAll(',', ' '))
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '' && each !== 'void')
    .map(cType)

/**
 * The members of `OrtApi` in the text of a header, by name.
 * @throws Error where the text has no such struct, or a member of a form that is not known.
 */
export function declaredFunctions(header: string): { apiVersion: number; functions: Map<string, Declared> } {
  const text = header
    .replace(/\/\*[\s\S]*?\*\//g, ' ')
    .replace(/\/\/.*$/gm, ' ')
    .replace(/^\s*#.*$/gm, ' ')
  const body = /\bstruct OrtApi \{([\s\S]*?)\n\};/.exec(text)?.[1]
  const apiVersion = Number(/^#define ORT_API_VERSION (\d+)/m.exec(header)?.[1])
  if (!body || !apiVersion) throw new Error('this is not onnxruntime_c_api.h: there is no struct OrtApi, or no ORT_API_VERSION')
  const functions = new Map<string, Declared>()
  const members = body.split(';').map((each) => each.replace(/\s+/g, ' ').trim())
  for (const [index, member] of members.filter((each) => each !== '').entries()) {
    const status = /^ORT_API2_STATUS\( ?(\w+) ?(?:,(.*))?\)/.exec(member)
    const typed = /^ORT_API_T\( ?(.+?) ?, ?(\w+) ?(?:,(.*))?\)/.exec(member)
    const release = /^ORT_CLASS_RELEASE2?\( ?(\w+) ?\)/.exec(member)
    const plain = /^(.+?)\( ?(?:ORT_API_CALL ?)?\* ?(\w+) ?\) ?\((.*?)\)(?: ?NO_EXCEPTION.*)?$/.exec(member)
    if (status) functions.set(status[1]!, { index, result: 'void *', parameters: parametersOf(status[2] ?? '') })
    else if (release) functions.set(`Release${release[1]}`, { index, result: 'void', parameters: ['void *'] })
    else if (typed) functions.set(typed[2]!, { index, result: cType(typed[1]!), parameters: parametersOf(typed[3] ?? '') })
    else if (plain) functions.set(plain[2]!, { index, result: cType(plain[1]!), parameters: parametersOf(plain[3]!) })
    else throw new Error(`member ${index} of OrtApi is not understood: ${member.slice(0, 200)}`)
  }
  return { apiVersion, functions }
}

/** Functions of the table that the header has elsewhere, or otherwise, each as the line that belongs into the table. */
export function differing(functions: ReadonlyMap<string, Declared>): string[] {
  return Object.entries(places).flatMap(([name, [index, result, parameters]]) => {
    const declared = functions.get(name)
    if (!declared) return [`${name}: the header does not have it`]
    const right = [declared.index, declared.result, declared.parameters]
    return JSON.stringify([index, result, parameters]) === JSON.stringify(right) ? [] : [`${name}: ${JSON.stringify(right)},`]
  })
}

if (import.meta.main) {
  const [file] = process.argv.slice(2)
  if (!file) throw new Error('name the header: node scripts/onnxruntime-functions.ts PATH/onnxruntime_c_api.h')
  const { apiVersion, functions } = declaredFunctions(readFileSync(file, 'utf8'))
  const wrong = differing(functions)
  console.log(
    `version ${apiVersion} of the C API has ${functions.size} functions; of the ${Object.keys(places).length} in use ${wrong.length} differ`,
  )
  for (const line of wrong) console.log(line)
  if (wrong.length > 0) process.exitCode = 1
}

/**
 * The import boundaries, one rule each; `npm run boundaries` checks them and test/boundaries.test.ts proves each one by
 * a deliberate violation. Imports go down only: api → gpu, store, engine; gpu → store, engine; store → engine.
 * Paths are regular expressions on what an import resolves to. `type-only` marks `import type`, which is erased.
 */

/** Small packages without I/O or native code that the engine may use. */
const purePackages = [
  'typebox',
  'fastest-levenshtein',
  '@bufbuild/protobuf',
  'onnx-buf',
  'csv-stringify',
  'elkjs',
  'ml-matrix',
  'ml-fcnnls',
]
const packageOf = (names) => `(^|/)node_modules/(${names.join('|')})/`
/** All of a package that loads a binding but its package.json, which is read for its version. */
const bindings = '(^|/)node_modules/(onnxruntime-[^/]+|@tensorflow/[^/]+|koffi)/(?!package\\.json$)'

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: 'engine-imports-no-other-layer',
      comment: 'The engine is pure and at the bottom: it must run in a browser as well.',
      severity: 'error',
      from: { path: '^src/engine/' },
      to: { path: '^(src/(?!engine/)|web/|scripts/)' },
    },
    {
      name: 'engine-uses-no-node-module',
      comment: 'No I/O, no clock, no threads: nothing of node: in the engine.',
      severity: 'error',
      from: { path: '^src/engine/' },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'engine-uses-pure-packages-only',
      comment: 'A package is added to purePackages above after a look that it does no I/O and loads nothing native.',
      severity: 'error',
      from: { path: '^src/engine/' },
      to: { path: '(^|/)node_modules/', pathNot: [packageOf(purePackages), '(^|/)node_modules/@tensorflow/'] },
    },
    {
      name: 'engine-knows-tfjs-by-type-only',
      comment: "An op's lowering takes `tf` as a parameter: write `import type`.",
      severity: 'error',
      from: { path: '^src/engine/' },
      to: { path: '(^|/)node_modules/@tensorflow/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'store-imports-engine-only',
      comment: 'The store keeps what it is given: it knows neither queue nor HTTP.',
      severity: 'error',
      from: { path: '^src/store/' },
      to: { path: '^(src/(?!store/|engine/)|web/|scripts/)' },
    },
    {
      name: 'gpu-imports-store-and-engine-only',
      comment: 'Queue, worker and runtimes must work without an HTTP server.',
      severity: 'error',
      from: { path: '^src/gpu/' },
      to: { path: '^(src/(?!gpu/|store/|engine/)|web/|scripts/)' },
    },
    {
      name: 'api-imports-src-only',
      comment: 'The service serves the built dashboard as files; it imports none of it, and no script.',
      severity: 'error',
      from: { path: '^src/api/' },
      to: { path: '^(web/|scripts/)' },
    },
    {
      name: 'cli-imports-engine-only',
      comment: 'The command line needs no server, database or device, and starts in a fraction of a second.',
      severity: 'error',
      from: { path: '^src/cli/' },
      to: { path: '^(src/(?!cli/|engine/)|web/|scripts/)' },
    },
    {
      name: 'nothing-imports-the-command-line',
      comment: 'What a command shares with the service lies in the engine.',
      severity: 'error',
      from: { path: '^(src|web)/', pathNot: '^src/cli/' },
      to: { path: '^src/cli/' },
    },
    {
      name: 'bindings-in-runtimes-only',
      comment: 'A native binding can crash its process: only src/gpu/runtimes/<name>/ loads one, inside the worker.',
      severity: 'error',
      from: { path: '^(src|web|scripts)/', pathNot: ['^src/gpu/runtimes/[^/]+/', '^src/engine/'] },
      to: { path: bindings, dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'runtimes-stand-alone',
      comment: 'Two runtimes share the contract, never code of one another: each can be taken out alone.',
      severity: 'error',
      from: { path: '^src/gpu/runtimes/([^/]+)/' },
      to: { path: '^src/gpu/runtimes/[^/]+/', pathNot: '^src/gpu/runtimes/$1/' },
    },
    {
      name: 'child-of-the-worker-by-message-only',
      comment:
        'src/gpu/worker/child/ is another process, and so are the runtimes: what the service loads of them is dead weight, or a binding that can crash it.',
      severity: 'error',
      from: { path: '^(src|web)/', pathNot: ['^src/gpu/worker/child/', '^src/gpu/runtimes/'] },
      to: { path: ['^src/gpu/worker/child/', '^src/gpu/runtimes/(index|model-file|probe-request)\\.ts$', '^src/gpu/runtimes/[^/]+/'] },
    },
    {
      name: 'child-of-the-worker-judges-nothing',
      comment: 'The process that measures gives what it saw; queue, certificate and store are the service’s.',
      severity: 'error',
      from: { path: '^src/gpu/(worker/child|runtimes)/' },
      to: { path: '^src/(store/|gpu/(certificate|queue|worker/parent)/)' },
    },
    {
      name: 'drizzle-by-one-door',
      comment: 'src/store/drizzle.ts loads it as CommonJS: one plain import of it costs every start a third of a second.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/store/drizzle\\.ts$' },
      to: { path: '(^|/)node_modules/drizzle-orm/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'reference-by-its-thread',
      comment: 'The package holds a program of 5 MB as a text, which takes 25 MB for as long as a process that imports it lives.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/api/plugins/reference-thread\\.ts$' },
      to: { path: '(^|/)node_modules/@scalar/' },
    },
    {
      name: 'features-share-no-routes',
      comment: "A feature may use another's service; its routes are its own face.",
      severity: 'error',
      from: { path: '^src/api/features/([^/]+)/' },
      to: { path: '^src/api/features/.+/routes\\.ts$', pathNot: '^src/api/features/$1/' },
    },
    {
      name: 'web-talks-http-only',
      comment: 'The dashboard is a client like any other.',
      severity: 'error',
      from: { path: '^web/' },
      to: { path: '^(src|scripts)/' },
    },
    {
      name: 'nothing-imports-tests-or-benchmarks',
      comment: 'What ships depends on nothing that does not.',
      severity: 'error',
      from: { path: '^(src|web|scripts)/' },
      to: { path: '^(test|bench)/' },
    },
    {
      name: 'shipped-code-uses-declared-dependencies',
      comment: 'A package that src imports stands in dependencies, not in devDependencies alone, nor comes by another package.',
      severity: 'error',
      from: { path: '^src/' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'no-cycles',
      comment:
        'A cycle of values makes the order of loading matter; one of types, that neither file can be read, moved or tested without the other. Move what both need below them.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-orphans',
      comment: 'A module that imports nothing and that nothing imports is dead, or its line in an index is missing.',
      severity: 'error',
      from: { orphan: true, path: '^(src|web|scripts)/', pathNot: '\\.d\\.ts$' },
      to: {},
    },
    {
      name: 'imports-resolve',
      comment: 'A misspelt import that only one path reaches fails when a user takes that path.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    doNotFollow: { path: '(^|/)node_modules/' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'require', 'default', 'types'],
      mainFields: ['module', 'main', 'types', 'typings'],
      extensions: ['.ts', '.tsx', '.mjs', '.js', '.json', '.d.ts'],
    },
  },
}

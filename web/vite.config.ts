import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import react from '@vitejs/plugin-react'
import { defineConfig, type Plugin } from 'vite'

/** Writes `.br` and `.gz` beside every text file of the build, which the service hands out as they are. */
const compressed = (): Plugin => ({
  name: 'compressed',
  apply: 'build',
  closeBundle() {
    const folder = join(import.meta.dirname, 'dist/assets')
    for (const name of readdirSync(folder)) {
      if (!/\.(js|css|svg)$/.test(name)) continue
      const bytes = readFileSync(join(folder, name))
      writeFileSync(join(folder, `${name}.gz`), gzipSync(bytes, { level: 9 }))
      // 9 of 11: the last two levels take ten times as long for 3 %.
      writeFileSync(join(folder, `${name}.br`), brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } }))
    }
  },
})

export default defineConfig({
  root: import.meta.dirname,
  plugins: [react(), compressed()],
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    target: 'es2022',
    // Charts and the layout of graphs are chunks of their own, loaded by the pages that show them.
    chunkSizeWarningLimit: 1700,
    reportCompressedSize: false,
  },
  // `npm run dev:web` beside `npm start`.
  server: {
    proxy: Object.fromEntries(
      ['/v1', '/graphql', '/graphiql', '/docs', '/openapi.json', '/readyz', '/metrics'].map((path) => [path, 'http://127.0.0.1:3000']),
    ),
  },
})

import type { FastifyInstance } from 'fastify'
import { pagePolicy } from '../../plugins/security.ts'

const page = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Archmeter</title>
<style>
  :root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
  body { max-width: 46rem; margin: 3rem auto; padding: 0 1rem }
  pre { overflow-x: auto; padding: .75rem; border: 1px solid #8886; border-radius: 4px; font-size: .85rem }
</style>
</head>
<body>
<h1>Archmeter</h1>
<p>What a convolutional network costs, on paper and on a GPU.</p>
<ul>
  <li><a href="/docs/">HTTP API, every call</a> (<a href="/openapi.json">OpenAPI 3.1</a>)</li>
  <li><a href="/graphiql">GraphQL, to try out</a></li>
  <li><a href="/v1/architectures">Architectures</a>, <a href="/v1/zoo">zoo</a>, <a href="/v1/conventions">conventions</a>,
    <a href="/v1/devices">devices</a>, <a href="/v1/runs">runs</a>, <a href="/v1/queue">queue</a></li>
  <li><a href="/readyz">Readiness</a>, <a href="/metrics">metrics</a></li>
</ul>
<p>Register a network of the zoo:</p>
<pre>curl -s ORIGIN/v1/architectures -H 'content-type: application/json' \\
  -d '{"name":"r50","zoo":{"preset":"resnet50"}}'</pre>
<p>Or one of yours:</p>
<pre>curl -s ORIGIN/v1/architectures -H 'content-type: application/json' \\
  -d '{"name": "small", "input": {"shape": [3, 32, 32]}, "layers": [
    {"type": "Conv2d", "outChannels": 16, "kernelSize": 3},
    {"type": "Flatten"},
    {"type": "Linear", "outFeatures": 10}]}'</pre>
<p>Read what it costs, with the id of the answer, as JSON or as CSV:</p>
<pre>curl -s ORIGIN/v1/architectures/ID/costs
curl -s 'ORIGIN/v1/architectures/ID/costs?batch=8' -H 'accept: text/csv'</pre>
<p>Time it, and watch:</p>
<pre>curl -s ORIGIN/v1/runs -H 'content-type: application/json' \\
  -d '{"architectureId":"ID","device":"cpu:0","runtime":"onnxruntime"}'
curl -sN ORIGIN/v1/runs/RUN/events</pre>
<script>for (const pre of document.querySelectorAll('pre')) pre.textContent = pre.textContent.replaceAll('ORIGIN', location.origin)</script>
</body>
</html>
`

/** The page at `/`: where to go from here. */
export function landingRoute(app: FastifyInstance): void {
  app.get('/', { schema: { hide: true } }, (_request, reply) =>
    reply.header('content-security-policy', pagePolicy).type('text/html; charset=utf-8').send(page),
  )
}

// Runs in the browser. React, ReactDOM, GraphiQL and graphqlWs are the globals of the scripts before it.
const { React, ReactDOM, GraphiQL, graphqlWs } = globalThis

const socketUrl = new URL('/graphql', location.href)
socketUrl.protocol = location.protocol === 'https:' ? 'wss:' : 'ws:'

const fetcher = GraphiQL.createFetcher({ url: '/graphql', wsClient: graphqlWs.createClient({ url: socketUrl.href, lazy: true }) })

const defaultQuery = `# Archmeter: what a convolutional network costs, on paper and on a device.
# Ctrl-Enter runs what the cursor is in; the book at the left has every type.

{
  zoo {
    name
    summary
  }
}
`

ReactDOM.createRoot(document.getElementById('graphiql')).render(React.createElement(GraphiQL, { fetcher, defaultQuery }))

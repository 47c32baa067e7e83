'use strict';

// The page's own part: what the server says about itself, the hint, and a fetcher that speaks
// GraphQL over HTTP for queries and mutations and GraphQL over SSE for subscriptions.

(async () => {
  const settings = await (await fetch('graphiql/settings.json')).json();
  showCast(settings.cast);
  ReactDOM.createRoot(document.getElementById('graphiql')).render(
    React.createElement(GraphiQL, {
      fetcher: fetcherOf(settings.endpoint),
      defaultQuery: settings.query,
      defaultHeaders: JSON.stringify({ Authorization: 'Bearer ' }, null, 2),
      shouldPersistHeaders: true,
      defaultEditorToolsVisibility: 'headers',
    }),
  );
})();

function showCast(cast) {
  const rows = cast.map(({ name, roles }) => {
    const row = document.createElement('tr');
    const command = document.createElement('code');
    command.textContent = `go run ./server token --as "${name}"`;
    for (const content of [name, roles, command]) {
      row.insertCell().append(content);
    }
    return row;
  });
  document.getElementById('cast').replaceChildren(...rows);
}

function fetcherOf(endpoint) {
  return (params, options = {}) => {
    const headers = { ...options.headers, 'Content-Type': 'application/json' };
    if (/^Bearer\s*$/.test(headers.Authorization ?? '')) {
      delete headers.Authorization; // the untouched default means nobody is signed in
    }
    const request = { method: 'POST', headers, body: JSON.stringify(params) };
    return isSubscription(params, options) ? stream(endpoint, request) : once(endpoint, request);
  };
}

function isSubscription({ operationName }, { documentAST }) {
  const operations = (documentAST?.definitions ?? []).filter((d) => d.kind === 'OperationDefinition');
  const chosen = operations.find((d) => d.name?.value === operationName) ?? operations[0];
  return chosen?.operation === 'subscription';
}

async function once(endpoint, request) {
  request.headers.Accept = 'application/graphql-response+json, application/json;q=0.9';
  const response = await fetch(endpoint, request);
  return response.json();
}

async function* stream(endpoint, request) {
  const abort = new AbortController();
  request.headers.Accept = 'text/event-stream';
  const response = await fetch(endpoint, { ...request, signal: abort.signal });
  if (!response.headers.get('Content-Type')?.startsWith('text/event-stream')) {
    yield await response.json();
    return;
  }
  try {
    let buffered = '';
    for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
      const events = (buffered + chunk).split(/\r?\n\r?\n/);
      buffered = events.pop();
      for (const { type, data } of events.map(parseEvent)) {
        if (type === 'complete') return;
        if (type === 'next') yield JSON.parse(data);
      }
    }
  } finally {
    abort.abort();
  }
}

function parseEvent(text) {
  const event = { type: 'message', data: '' };
  for (const line of text.split(/\r?\n/)) {
    const [, field, value] = /^(event|data): ?(.*)$/.exec(line) ?? [];
    if (field === 'event') event.type = value;
    if (field === 'data') event.data += value;
  }
  return event;
}

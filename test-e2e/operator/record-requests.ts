/**
 * Preloaded into an operator (`node --import`) to record every answered request to the API server as a line
 * `METHOD PATH STATUS` in the file named by SHARDWRIGHT_REQUEST_LOG.
 */
import { subscribe } from 'node:diagnostics_channel';
import { appendFileSync } from 'node:fs';

interface Answer {
  readonly request: { readonly method: string; readonly path: string };
  readonly response: { readonly statusCode: number };
}

const file = process.env['SHARDWRIGHT_REQUEST_LOG'];
if (file !== undefined) {
  subscribe('undici:request:headers', (message) => {
    const { request, response } = message as Answer;
    appendFileSync(file, `${request.method} ${request.path} ${response.statusCode}\n`);
  });
}

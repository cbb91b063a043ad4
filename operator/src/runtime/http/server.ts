import { once } from 'node:events';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { Clock } from '../clock.ts';
import type { Logger } from '../logger.ts';
import { errorFields } from '../logger.ts';
import type { MetricsPage } from '../metrics/metrics-page.ts';
import type { HealthCheck } from './health.ts';
import { runChecks } from './health.ts';

export interface HttpServerOptions {
  /** @default '0.0.0.0' */
  readonly host?: string;
  /** 0 picks a free one. */
  readonly port: number;
  /** The metrics page; `createPrometheusMetrics` has one. */
  readonly metricsPage?: MetricsPage;
}

export interface StatusServer {
  readonly port: number;
  /** Ends all connections. */
  close(): Promise<void>;
}

export interface StatusServerOptions extends HttpServerOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly healthChecks: ReadonlyMap<string, HealthCheck>;
  readonly readinessChecks: ReadonlyMap<string, HealthCheck>;
}

/** Kubelets give a probe one second by default; a check that takes longer has failed anyhow. */
const CHECK_DEADLINE_MILLISECONDS = 5000;
const REQUEST_TIMEOUT_MILLISECONDS = 10_000;

interface Page {
  readonly status: number;
  readonly contentType: string;
  readonly text: string;
}

/** Serves /healthz, /readyz and /metrics. Rejects when the port cannot be had. */
export async function startStatusServer(options: StatusServerOptions): Promise<StatusServer> {
  const server = createServer({ requestTimeout: REQUEST_TIMEOUT_MILLISECONDS }, (request, response) => {
    void answer(options, request, response);
  });
  server.listen(options.port, options.host ?? '0.0.0.0');
  await once(server, 'listening');
  return {
    port: portOf(server),
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

async function answer(
  options: StatusServerOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  let page: Page;
  try {
    page = await render(options, request);
  } catch (error) {
    options.logger.error('could not answer', { path: request.url, ...errorFields(error) });
    page = textPage(500, 'internal error\n');
  }
  response.writeHead(page.status, { 'content-type': page.contentType, 'cache-control': 'no-store' });
  response.end(request.method === 'HEAD' ? undefined : page.text);
}

async function render(options: StatusServerOptions, request: IncomingMessage): Promise<Page> {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    return textPage(405, 'only GET\n');
  }
  const { pathname } = new URL(request.url ?? '/', 'http://localhost');
  switch (pathname) {
    case '/healthz':
      return checksPage(options, options.healthChecks);
    case '/readyz':
      return checksPage(options, options.readinessChecks);
    case '/metrics':
      return options.metricsPage === undefined
        ? textPage(404, 'no metrics\n')
        : {
            status: 200,
            contentType: options.metricsPage.contentType,
            text: await options.metricsPage.render(),
          };
    default:
      return textPage(404, 'not found\n');
  }
}

async function checksPage(
  { clock }: StatusServerOptions,
  checks: ReadonlyMap<string, HealthCheck>,
): Promise<Page> {
  const deadline = new AbortController();
  const timer = clock.setTimer(CHECK_DEADLINE_MILLISECONDS, () => deadline.abort());
  try {
    const report = await runChecks(checks, deadline.signal);
    return textPage(report.healthy ? 200 : 503, report.text);
  } finally {
    timer.cancel();
  }
}

function textPage(status: number, text: string): Page {
  return { status, contentType: 'text/plain; charset=utf-8', text };
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') {
    throw new TypeError('the server does not listen on a port');
  }
  return address.port;
}

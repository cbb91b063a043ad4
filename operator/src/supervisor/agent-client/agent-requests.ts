import { request } from 'node:https';
import type { IncomingMessage } from 'node:http';
import {
  type CommandName,
  type CommandRequest,
  type CommandResults,
  parseRefusal,
  parseResult,
} from '../../agent/protocol/commands.ts';
import { LEADER_HEADER, PATHS } from '../../agent/protocol/paths.ts';
import type { TlsMaterialSource } from '../../pki/tls-material.ts';
import { abortReason } from '../../runtime/abort.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { AgentTarget } from './agent-target.ts';
import { KeptConnections } from './kept-connections.ts';

/** Single requests to one agent, over connections that are kept: a command should not wait for a handshake. */
export interface AgentRequests {
  /**
   * Has a command carried out. Rejects with `RefusedError` when the agent does not, with `DeadlineError` after
   * the deadline, and with the connection's error: in the last two cases it may still be carried out.
   */
  command<Name extends CommandName>(
    request: CommandRequest<Name>,
    deadlineMilliseconds: number,
    signal: AbortSignal,
  ): Promise<CommandResults[Name]>;
  /** Milliseconds there and back. Shows the agent, too, that somebody is there, and whether that is the leader. */
  ping(isLeader: boolean, deadlineMilliseconds: number, signal: AbortSignal): Promise<number>;
  close(): void;
}

/** No answer in time; whether the request took effect is unknown. */
export class DeadlineError extends Error {
  readonly code = 'DeadlineExceeded';

  constructor(path: string, milliseconds: number) {
    super(`no answer to ${path} within ${milliseconds} ms`);
    this.name = 'DeadlineError';
  }
}

/** Longest answer to a single request, in bytes: the names of as many databases as the largest keyspaces have, and room to grow. */
const ANSWER_LIMIT_BYTES = 1024 * 1024;

export function createAgentRequests(options: {
  readonly target: AgentTarget;
  readonly tls: TlsMaterialSource;
  readonly clock: Clock;
}): AgentRequests {
  const { target, tls, clock } = options;
  const connections = new KeptConnections(target, tls);

  const send = async (
    exchange: {
      readonly method: string;
      readonly path: string;
      readonly body?: string;
      readonly headers?: Readonly<Record<string, string>>;
    },
    deadlineMilliseconds: number,
    signal: AbortSignal,
  ): Promise<{ readonly status: number; readonly text: string }> => {
    const { method, path, body, headers = {} } = exchange;
    signal.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const { host, port } = target;
    const outgoing = request({ host, port, agent: connections.agent, method, path, headers });
    let failure: Error | undefined;
    const fail = (error: Error): void => {
      failure = error;
      reject(error);
      outgoing.destroy(error);
    };
    const onAbort = (): void => fail(abortReason(signal));
    signal.addEventListener('abort', onAbort, { once: true });
    const deadline = clock.setTimer(deadlineMilliseconds, () =>
      fail(new DeadlineError(path, deadlineMilliseconds)),
    );
    outgoing.on('error', reject);
    outgoing.on('response', resolve);
    outgoing.end(body);
    try {
      const response = await promise;
      return { status: response.statusCode ?? 0, text: await readAnswer(response) };
    } catch (error) {
      // An answer cut short by us says only that it was cut short.
      throw failure ?? error;
    } finally {
      deadline.cancel();
      signal.removeEventListener('abort', onAbort);
    }
  };

  return {
    async command<Name extends CommandName>(
      request: CommandRequest<Name>,
      deadlineMilliseconds: number,
      signal: AbortSignal,
    ) {
      const body = JSON.stringify(request);
      const answer = await send({ method: 'POST', path: PATHS.commands, body }, deadlineMilliseconds, signal);
      if (answer.status !== 200) {
        throw parseRefusal(answer.text, answer.status);
      }
      return parseResult<Name>(request.command, answer.text);
    },
    async ping(isLeader, deadlineMilliseconds, signal) {
      const start = clock.monotonic();
      const headers = isLeader ? { [LEADER_HEADER]: 'true' } : {};
      const exchange = { method: 'GET', path: PATHS.ping, headers };
      const { status, text } = await send(exchange, deadlineMilliseconds, signal);
      if (status !== 204) {
        throw parseRefusal(text, status);
      }
      return clock.monotonic() - start;
    },
    close: () => connections.close(),
  };
}

async function readAnswer(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > ANSWER_LIMIT_BYTES) {
      throw new RangeError(`the answer has more than ${ANSWER_LIMIT_BYTES} bytes`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

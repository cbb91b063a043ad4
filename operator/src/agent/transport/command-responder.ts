import type { IncomingMessage } from 'node:http';
import { assertNever } from '../../runtime/assert-never.ts';
import {
  COMMAND_LIMIT_BYTES,
  type CommandName,
  type CommandRequest,
  commandRequestSchema,
  type CommandResults,
  RefusedError,
} from '../protocol/commands.ts';

/** Carries commands out. Each handler may throw {@link RefusedError}; its signal aborts when nobody waits any more. */
export type CommandHandlers = {
  readonly [Name in CommandName]: (
    request: CommandRequest<Name>,
    signal: AbortSignal,
  ) => Promise<CommandResults[Name]>;
};

/**
 * Reads a command, and has it carried out unless it was decided in an epoch older than the agent knows.
 * Resolves with the result as JSON; rejects with {@link RefusedError}.
 */
export async function answerCommand(
  body: IncomingMessage,
  handlers: CommandHandlers,
  currentEpoch: () => number,
  signal: AbortSignal,
): Promise<string> {
  const request = parseRequest(await readBody(body));
  const epoch = currentEpoch();
  if (request.epoch < epoch) {
    throw new RefusedError('StaleEpoch', `epoch ${request.epoch} is over, it is epoch ${epoch}`);
  }
  try {
    return JSON.stringify(await carryOut(handlers, request, signal));
  } catch (error) {
    if (error instanceof RefusedError) {
      throw error;
    }
    const message = error instanceof Error ? error.message : String(error);
    throw new RefusedError('Failed', message, { cause: error });
  }
}

function carryOut(
  handlers: CommandHandlers,
  request: CommandRequest,
  signal: AbortSignal,
): Promise<CommandResults[CommandName]> {
  switch (request.command) {
    case 'stopReceiving':
      return handlers.stopReceiving(request, signal);
    case 'killServer':
      return handlers.killServer(request, signal);
    case 'closeWrites':
      return handlers.closeWrites(request, signal);
    case 'stepDown':
      return handlers.stepDown(request, signal);
    case 'reopenWrites':
      return handlers.reopenWrites(request, signal);
    case 'awaitApplied':
      return handlers.awaitApplied(request, signal);
    case 'prepareToLead':
      return handlers.prepareToLead(request, signal);
    case 'prepareToFollow':
      return handlers.prepareToFollow(request, signal);
    case 'restartPrimary':
      return handlers.restartPrimary(request, signal);
    case 'setUsers':
      return handlers.setUsers(request, signal);
    case 'readUsers':
      return handlers.readUsers(request, signal);
    case 'readHoldings':
      return handlers.readHoldings(request, signal);
    case 'inspectDatabases':
      return handlers.inspectDatabases(request, signal);
    case 'findMiddleKey':
      return handlers.findMiddleKey(request, signal);
    default:
      return assertNever(request);
  }
}

async function readBody(body: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > COMMAND_LIMIT_BYTES) {
      throw new RefusedError('InvalidRequest', `a command has at most ${COMMAND_LIMIT_BYTES} bytes`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parseRequest(text: string): CommandRequest {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new RefusedError('InvalidRequest', 'the command is not JSON', { cause });
  }
  const request = commandRequestSchema.safeParse(value);
  if (!request.success) {
    throw new RefusedError('InvalidRequest', 'this is no command', { cause: request.error });
  }
  return request.data;
}

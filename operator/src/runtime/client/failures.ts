import { ApiError, apiErrorCode } from './api-error.ts';
import type { StatusBody } from './api-error.ts';
import type { TransportResponse } from './transport.ts';

/** A body of an error is read up to this many bytes. */
const LONGEST_ERROR_BODY = 1024 * 1024;
/** How much of an answer that is no Status is quoted. */
const LONGEST_QUOTE = 300;

/** Translates an answer that is not a success, whose body was read as `text`. */
export function failureOfResponse(request: string, response: TransportResponse, text: string): ApiError {
  const status = parseStatus(text);
  const seconds = Number(singleHeader(response, 'retry-after') ?? status?.details?.retryAfterSeconds);
  return failureOfStatus(
    request,
    status ?? { message: quote(text) },
    response.status,
    secondsToWait(seconds),
  );
}

/** Translates a `Status` object; `fallbackCode` is the HTTP status where the object tells none. */
export function failureOfStatus(
  request: string,
  status: StatusBody,
  fallbackCode: number,
  retryAfterMilliseconds?: number,
): ApiError {
  const code = status.code ?? fallbackCode;
  const message = status.message === undefined || status.message === '' ? `HTTP ${code}` : status.message;
  return new ApiError(apiErrorCode(code, status.reason, status.details), code, `${request}: ${message}`, {
    details: status.details,
    retryAfterMilliseconds: retryAfterMilliseconds ?? secondsToWait(status.details?.retryAfterSeconds),
  });
}

/** Translates what the network or TLS said. */
export function failureOfConnection(request: string, error: unknown): ApiError {
  if (error instanceof ApiError) {
    return error;
  }
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const timedOut = TIMEOUT_CODES.has(code);
  const message = error instanceof Error ? error.message || code : String(error);
  return new ApiError(timedOut ? 'Timeout' : 'Unavailable', 0, `${request}: ${message}`, { cause: error });
}

const TIMEOUT_CODES: ReadonlySet<string> = new Set([
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
  'UND_ERR_CONNECT_TIMEOUT',
  'ETIMEDOUT',
]);

/** Reads a whole body, up to `limit` bytes; more is an error, since a cut document is worthless. */
export async function readText(
  request: string,
  response: TransportResponse,
  limit: number = LONGEST_ERROR_BODY,
): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body) {
    length += chunk.byteLength;
    if (length > limit) {
      throw new ApiError('Malformed', response.status, `${request}: answer is longer than ${limit} bytes`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** `metav1.Status`, if `text` is one. */
function parseStatus(text: string): StatusBody | undefined {
  try {
    const body: unknown = JSON.parse(text);
    return isStatus(body) ? body : undefined;
  } catch {
    return undefined;
  }
}

/** Whether a decoded body is a `metav1.Status`. */
export function isStatus(body: unknown): body is StatusBody {
  return typeof body === 'object' && body !== null && 'kind' in body && body.kind === 'Status';
}

function singleHeader(response: TransportResponse, name: string): string | undefined {
  const value = response.headers[name];
  return Array.isArray(value) ? value[0] : value;
}

function secondsToWait(seconds: number | undefined): number | undefined {
  return seconds !== undefined && Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : undefined;
}

function quote(text: string): string {
  return text.trim().slice(0, LONGEST_QUOTE);
}

/**
 * What is wrong with what the other side sent.
 * - `malformed`: the bytes do not follow the protocol.
 * - `out-of-order`: a packet with the wrong sequence number.
 * - `too-large`: a packet beyond the limit of its connection.
 * - `unsupported`: a valid wish that this side does not offer.
 * - `closed`: the stream ended in the middle of an exchange.
 */
export type ProtocolErrorCode = 'malformed' | 'out-of-order' | 'too-large' | 'unsupported' | 'closed';

/** The other side broke the protocol. Its connection cannot be used any more; others are not concerned. */
export class ProtocolError extends Error {
  readonly code: ProtocolErrorCode;

  constructor(code: ProtocolErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'ProtocolError';
    this.code = code;
  }
}

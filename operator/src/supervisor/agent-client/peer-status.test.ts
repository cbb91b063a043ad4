import { describe, expect, it } from '@jest/globals';
import { RefusedError } from '../../agent/protocol/commands.ts';
import { FrameError } from '../../agent/protocol/frame.ts';
import { WrongPeerError } from '../../pki/peer-verification.ts';
import { type PeerStatus, SilenceError, statusAfter } from './peer-status.ts';

const withCode = (code: string): Error => Object.assign(new Error(code), { code });

const rows: readonly (readonly [unknown, PeerStatus])[] = [
  [withCode('ECONNREFUSED'), 'refused'],
  [withCode('EHOSTUNREACH'), 'unreachable'],
  [withCode('ENETUNREACH'), 'unreachable'],
  [withCode('ETIMEDOUT'), 'unreachable'],
  [withCode('ENOTFOUND'), 'unreachable'],
  [new SilenceError('ConnectTimeout', 1000), 'unreachable'],
  [new SilenceError('Silent', 3000), 'silent'],
  [withCode('ECONNRESET'), 'closed'],
  [withCode('EPIPE'), 'closed'],
  [new Error('the agent has ended the stream'), 'closed'],
  ['no error at all', 'closed'],
  [new WrongPeerError('another pod'), 'rejected'],
  [new RefusedError('NotAuthorised', 'no'), 'rejected'],
  [withCode('CERT_HAS_EXPIRED'), 'rejected'],
  [withCode('ERR_TLS_CERT_ALTNAME_INVALID'), 'rejected'],
  [withCode('SELF_SIGNED_CERT_IN_CHAIN'), 'rejected'],
  [withCode('UNABLE_TO_GET_ISSUER_CERT_LOCALLY'), 'rejected'],
  [withCode('ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED'), 'rejected'],
  [new FrameError('UnsupportedVersion', 'version 2'), 'unintelligible'],
];

describe('statusAfter', () => {
  it.each(rows.map(([error, status]) => [String(error), status, error] as const))(
    '%s: %s',
    (_text, status, error) => {
      expect(statusAfter(error)).toBe(status);
    },
  );
});

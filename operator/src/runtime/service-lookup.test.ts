import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { clusterDomain, createServiceLookup, isNoSuchName } from './service-lookup.ts';

/** Where the header of a message ends. Source of this and the codes below: RFC 1035, section 4. */
const HEADER_BYTES = 12;
const ANSWER_FLAGS = 0x8180;
const NAME_ERROR = 3;

/** An answer with one address for whatever is asked; or, without one, that there is no such name. */
function answerTo(question: Buffer, address: readonly number[] | null): Buffer {
  let end = HEADER_BYTES;
  while (question[end] !== 0) {
    end += 1 + (question[end] ?? 0);
  }
  const asked = question.subarray(HEADER_BYTES, end + 5);
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt16BE(question.readUInt16BE(0), 0);
  header.writeUInt16BE(address === null ? ANSWER_FLAGS | NAME_ERROR : ANSWER_FLAGS, 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(address === null ? 0 : 1, 6);
  // A pointer to the name of the question, type A, class IN, five seconds, four bytes.
  const record = [0xc0, HEADER_BYTES, 0, 1, 0, 1, 0, 0, 0, 5, 0, 4, ...(address ?? [])];
  return Buffer.concat([header, asked, Buffer.from(address === null ? [] : record)]);
}

describe('createServiceLookup', () => {
  let server: Socket;
  let nameServers: readonly string[];
  let ports: number[];
  let answer: (question: Buffer, from: RemoteInfo) => Buffer | null;

  beforeEach(async () => {
    ports = [];
    server = createSocket('udp4').on('message', (question, from) => {
      ports.push(from.port);
      const message = answer(question, from);
      if (message !== null) {
        server.send(message, from.port, from.address);
      }
    });
    server.bind(0, '127.0.0.1');
    await once(server, 'listening');
    nameServers = [`127.0.0.1:${server.address().port}`];
  });

  afterEach(() => void server.close());

  it('tells an address', async () => {
    answer = (question) => answerTo(question, [10, 0, 0, 7]);
    expect(await createServiceLookup({ nameServers })('a.b.shop.svc')).toBe('10.0.0.7');
  });

  it('asks again from another port where there is no answer', async () => {
    answer = (question, { port }) => (port === ports[0] ? null : answerTo(question, [10, 0, 0, 7]));
    const lookUp = createServiceLookup({ nameServers, attempts: 2, attemptMilliseconds: 20 });
    expect(await lookUp('a.b.shop.svc')).toBe('10.0.0.7');
    expect(new Set(ports).size).toBe(2);
  });

  it('gives up in the end', async () => {
    answer = () => null;
    const lookUp = createServiceLookup({ nameServers, attempts: 3, attemptMilliseconds: 20 });
    const error: unknown = await lookUp('a.b.shop.svc').catch((cause: unknown) => cause);
    expect(error).toMatchObject({ code: 'ETIMEOUT' });
    expect(isNoSuchName(error)).toBe(false);
    expect(ports).toHaveLength(3);
  });

  it('takes it for an answer that there is no such name', async () => {
    answer = (question) => answerTo(question, null);
    const lookUp = createServiceLookup({ nameServers, attempts: 3, attemptMilliseconds: 20 });
    const error: unknown = await lookUp('a.b.shop.svc').catch((cause: unknown) => cause);
    expect(isNoSuchName(error)).toBe(true);
    expect(ports).toHaveLength(1);
  });
});

describe('clusterDomain', () => {
  it.each([
    [
      'search shop.svc.cluster.local svc.cluster.local cluster.local\nnameserver 10.96.0.10\n',
      'cluster.local',
    ],
    ['nameserver 10.96.0.10\nsearch a.svc.corp.example svc.corp.example\noptions ndots:5\n', 'corp.example'],
    ['nameserver 127.0.0.1\n', undefined],
  ])('%j', (text, expected) => {
    expect(clusterDomain(text)).toBe(expected);
  });
});

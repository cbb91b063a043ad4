import { Readable } from 'node:stream';
import {
  createTestAuthority,
  type ReplaceableTls,
  replaceableTls,
  type TestAuthority,
} from '../../pki/testing/test-certificates.ts';
import type { PeerIdentity } from '../../pki/identity.ts';
import type { TlsMaterial } from '../../pki/tls-material.ts';
import { systemClock } from '../../runtime/clock.ts';
import { silentLogger } from '../../runtime/logger.ts';
import { type AgentServer, startAgentServer } from '../transport/agent-server.ts';
import { type CloneResponder, createCloneResponder, type OpenClone } from '../transport/clone-responder.ts';
import type { CommandHandlers } from '../transport/command-responder.ts';
import { createStateFeed, type StateFeed } from '../transport/state-feed.ts';
import { replicaState } from './agent-states.ts';

/** A running agent's server, with certificates of its own authority. */
export interface AgentFixture {
  readonly authority: TestAuthority;
  readonly tls: ReplaceableTls;
  readonly feed: StateFeed;
  readonly clones: CloneResponder;
  readonly server: AgentServer;
  readonly contacts: PeerIdentity[];
  /** How many of them were the leader's. */
  readonly leaderContacts: () => number;
}

export const POD_SERVER_NAME = 'demo-shard-0-1.demo-shard-0.shop.svc';

const emptyClone: OpenClone = async () => ({ bytes: Readable.from([]), estimatedBytes: 0 });

/** Starts one on a free port of the loopback address. Its state is that of a replica in epoch 3. */
export async function startAgentFixture(
  options: {
    readonly authority?: TestAuthority;
    /** @default a good one */
    readonly material?: TlsMaterial;
    readonly commands?: Partial<CommandHandlers>;
    readonly openClone?: OpenClone;
    readonly port?: number;
  } = {},
): Promise<AgentFixture> {
  const authority = options.authority ?? (await createTestAuthority());
  const tls = replaceableTls(options.material ?? (await authority.material('agent')));
  const feed = createStateFeed(systemClock);
  feed.publish(replicaState());
  const contacts: PeerIdentity[] = [];
  let leaderContacts = 0;
  const clones = createCloneResponder(options.openClone ?? emptyClone, { logger: silentLogger });
  const server = await startAgentServer({
    host: '127.0.0.1',
    port: options.port ?? 0,
    tls,
    cluster: { namespace: 'shop', cluster: 'demo' },
    feed,
    commands: {
      stopReceiving: () => Promise.reject(new Error('not in this test')),
      killServer: () => Promise.resolve({ exit: null }),
      closeWrites: () => Promise.reject(new Error('not in this test')),
      stepDown: () => Promise.reject(new Error('not in this test')),
      reopenWrites: () => Promise.reject(new Error('not in this test')),
      awaitApplied: () => Promise.reject(new Error('not in this test')),
      prepareToLead: () => Promise.reject(new Error('not in this test')),
      prepareToFollow: () => Promise.reject(new Error('not in this test')),
      restartPrimary: () => Promise.reject(new Error('not in this test')),
      setUsers: () => Promise.reject(new Error('not in this test')),
      readUsers: () => Promise.reject(new Error('not in this test')),
      readHoldings: () => Promise.reject(new Error('not in this test')),
      inspectDatabases: () => Promise.reject(new Error('not in this test')),
      findMiddleKey: () => Promise.reject(new Error('not in this test')),
      ...options.commands,
    },
    currentEpoch: () => 3,
    clones,
    onContact(peer, isLeader) {
      contacts.push(peer);
      leaderContacts += isLeader ? 1 : 0;
    },
    clock: systemClock,
    logger: silentLogger,
  });
  return { authority, tls, feed, clones, server, contacts, leaderContacts: () => leaderContacts };
}

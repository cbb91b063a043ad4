import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { V1Pod, V1Secret } from '@kubernetes/client-node';
import { type CommandRequest, RefusedError } from '../../agent/protocol/commands.ts';
import type { UsersState } from '../../agent/protocol/users.ts';
import type { ShardedCluster, ShardMap } from '../../api/v1alpha1/index.ts';
import { aCluster, aShard } from '../../controllers/sharded-cluster/testing/builders.ts';
import { silentLogger } from '../../runtime/logger.ts';
import type { ObjectKey } from '../../runtime/objects.ts';
import { secrets } from '../../runtime/resources.ts';
import { FakeApiServer } from '../../runtime/testing/fake-api-server.ts';
import { FakeClock } from '../../runtime/testing/fake-clock.ts';
import { UserKeeper, type UserKeeperOptions } from './user-keeper.ts';

const NAMESPACE = 'test';
const CLUSTER = { namespace: NAMESPACE, name: 'demo' };

function aSecret(name: string, values: Readonly<Record<string, string>>): V1Secret {
  const data = Object.fromEntries(
    Object.entries(values).map(([key, value]) => [key, Buffer.from(value).toString('base64')]),
  );
  return { metadata: { name, namespace: NAMESPACE }, data };
}

/** A keeper, one primary, and an API server with the Secrets of users. */
class Stage {
  readonly clock = new FakeClock();
  readonly server = new FakeApiServer(this.clock);
  readonly sent: Extract<CommandRequest, { command: 'setUsers' }>[] = [];
  readonly keeper: UserKeeper;
  cluster: ShardedCluster = aCluster({
    keyspaces: [{ name: 'app' }],
    users: [{ name: 'web', passwordSecretKeyRef: { name: 'web-password' } }],
  });
  ownSecrets = new Map([
    ['demo-app', aSecret('demo-app', { password: 'app-password' })],
    ['demo-router', aSecret('demo-router', { key: 'key', username: 'shardwright_router', password: 'own' })],
  ]);
  role: 'primary' | 'replica' = 'primary';
  users: UsersState | null = null;
  refusal: RefusedError | null = null;
  readonly #stop = new AbortController();
  #running: Promise<void> = Promise.resolve();

  constructor() {
    const keyspaces = [{ name: 'app' }];
    const map = { metadata: CLUSTER, spec: { revision: 1, shards: [aShard(0, { epoch: 4 })], keyspaces } };
    const options = {
      client: this.server,
      clusters: { get: () => this.cluster },
      shardMaps: { list: () => [map as unknown as ShardMap] },
      pods: { get: ({ name }: ObjectKey): V1Pod => ({ metadata: { uid: `uid-of-${name}` } }) },
      secrets: { get: ({ name }: ObjectKey) => this.ownSecrets.get(name) },
      streams: {
        view: () => ({ frame: { state: { member: { role: { kind: this.role } }, users: this.users } } }),
        command: async (uid: string, request: CommandRequest) => {
          expect(uid).toBe('uid-of-demo-shard-0-0');
          this.sent.push(request as (typeof this.sent)[number]);
          if (this.refusal !== null) {
            throw this.refusal;
          }
          return {};
        },
      },
      credentials: {
        hash: (password: string) => `*${password}`,
        routerPassword: (secret: string, user: string) => `${secret}/${user}`,
        routerHash: (secret: string, user: string) => `*${secret}/${user}`,
      },
      clock: this.clock,
      logger: silentLogger,
      random: () => 0.5,
    };
    this.keeper = new UserKeeper(options as unknown as UserKeeperOptions);
  }

  start(): void {
    this.#running = this.keeper.run(this.#stop.signal);
  }

  get problems(): string[] {
    return this.keeper.problems(CLUSTER).map(({ reason }) => reason);
  }

  /** Names of the users last sent. */
  get named(): readonly string[] {
    return this.sent.at(-1)?.users.map(({ name }) => name) ?? [];
  }

  /** The agent has done what it was told last. */
  carryOut(taken: readonly string[] = []): void {
    this.users = {
      digest: this.sent.at(-1)?.digest ?? '',
      taken,
      carried: { digest: null, isComplete: true },
    };
  }

  async close(): Promise<void> {
    this.#stop.abort(new Error('the test is over'));
    await this.#running;
  }
}

describe('UserKeeper', () => {
  let stage: Stage;
  const start = async (): Promise<void> => {
    stage.start();
    await stage.clock.advance(2000);
  };
  const pass = () => stage.clock.advance(2000);
  const put = (password: string) =>
    stage.server.create(secrets, aSecret('web-password', { password }), new AbortController().signal);

  beforeEach(() => {
    stage = new Stage();
  });
  afterEach(() => stage.close());

  it('tells a primary its users once, in the epoch of the map, with hashes only', async () => {
    await put('web-password-1');
    await start();
    expect(stage.named).toEqual(['shardwright_router', 'app', 'web']);
    expect(stage.sent.at(-1)).toMatchObject({ command: 'setUsers', epoch: 4, untouched: [] });
    stage.carryOut();
    const sent = stage.sent.length;
    await stage.clock.advance(60_000);
    expect(stage.sent).toHaveLength(sent);
    expect(stage.problems).toEqual([]);
  });

  it('tells nobody who is no primary', async () => {
    stage.role = 'replica';
    await start();
    expect(stage.sent).toEqual([]);
  });

  it('tells of a Secret that is missing, and its user when it is there', async () => {
    await start();
    expect(stage.problems).toEqual(['UserSecretMissing']);
    expect(stage.sent.at(-1)?.untouched).toEqual(['web']);
    stage.carryOut();
    await put('web-password-1');
    await pass();
    expect(stage.named).toContain('web');
    expect(stage.problems).toEqual([]);
  });

  it('follows a password that changes, and a user that is taken out', async () => {
    await put('first');
    await start();
    stage.carryOut();
    const { data } = aSecret('web-password', { password: 'second' });
    const key = { namespace: NAMESPACE, name: 'web-password' };
    await stage.server.mergePatch(secrets, key, { data }, {}, new AbortController().signal);
    await pass();
    expect(stage.sent.at(-1)?.users.at(-1)?.passwordHashes).toEqual(['*key/web', '*second']);
    stage.carryOut();
    stage.cluster = aCluster({ keyspaces: [{ name: 'app' }] });
    await pass();
    expect(stage.named).toEqual(['shardwright_router', 'app']);
    expect(stage.sent.at(-1)?.untouched).toEqual([]);
  });

  it('tells again what was not carried out, now and then, and at once after a restart of the agent', async () => {
    await put('web-password-1');
    await start();
    const sent = stage.sent.length;
    await stage.clock.advance(25_000);
    expect(stage.sent.length - sent).toBe(2);
    stage.carryOut();
    await pass();
    stage.users = null;
    await stage.clock.advance(10_000);
    expect(stage.sent.length - sent).toBe(3);
  });

  it('tells of users that are somebody else’s, and of an agent of a former version', async () => {
    await put('web-password-1');
    await start();
    stage.carryOut(['web']);
    await pass();
    expect(stage.problems).toEqual(['UserNotSet']);
    stage.users = null;
    stage.refusal = new RefusedError('InvalidRequest', 'this is no command');
    await stage.clock.advance(20_000);
    expect(stage.keeper.problems(CLUSTER)[0]?.message).toContain('Restart the pods of demo-shard-0');
  });

  it('does nothing without the routers’ Secret, without keyspaces, and while suspended', async () => {
    stage.ownSecrets.delete('demo-router');
    await start();
    stage.ownSecrets.set('demo-router', aSecret('demo-router', { key: 'k', username: 'u', password: 'p' }));
    stage.cluster = aCluster({ keyspaces: [{ name: 'app' }], suspend: true });
    await pass();
    expect(stage.sent).toEqual([]);
  });
});

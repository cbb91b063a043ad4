/** One object that cannot be repaired, or a pod that is hard to find, keeps nothing else from being repaired. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { LABELS } from '../../api/v1alpha1/index.ts';
import { ApiError } from '../../runtime/client/api-error.ts';
import { podDisruptionBudgets, pods, secrets, services, statefulSets } from '../../runtime/resources.ts';
import { Harness } from './testing/harness.ts';

describe('repairs', () => {
  let world: Harness;

  beforeEach(async () => {
    world = new Harness();
    world.start();
    await world.createCluster({ shards: 1 });
    await world.untilQuiet();
  });
  afterEach(async () => {
    await world.stop();
  });

  it('go on past an object that is refused, up to the labels of pods', async () => {
    world.server.beforeRequest = ({ verb, kind }) => {
      if (verb === 'apply' && kind === 'ConfigMap') {
        throw new ApiError('Forbidden', 403, 'not by you');
      }
    };
    await world.patch(statefulSets, 'demo-shard-0', { spec: { replicas: 7 } });
    await world.changeSpec({ config: 'max_connections=10' });
    await world.patch(pods, 'demo-shard-0-0', { metadata: { labels: { [LABELS.role]: 'replica' } } });
    await world.untilQuiet();
    expect((await world.get(statefulSets, 'demo-shard-0'))?.spec?.replicas).toBe(3);
    expect((await world.get(pods, 'demo-shard-0-0'))?.metadata?.labels?.[LABELS.role]).toBe('primary');
    expect(await world.condition('Available')).toBe('True/PrimariesAvailable');
    expect(await world.condition('Degraded')).toBe('True/ReconcileFailed');
    expect(await world.message('Degraded')).toBe('The API server refuses ConfigMap demo-config: not by you.');
  });

  it.each([
    { type: podDisruptionBudgets, name: 'demo-shard-0-primary', edit: { spec: { minAvailable: 9 } } },
    { type: services, name: 'demo-shard-0-primary', edit: { spec: { selector: null } } },
    { type: secrets, name: 'demo-app', edit: { data: { host: 'eA==' } } },
  ])('make a $type.kind again that cannot be changed any more, as it was', async ({ type, name, edit }) => {
    const before = await world.get(type, name);
    world.server.beforeRequest = ({ verb, kind, key }) => {
      if (verb === 'apply' && kind === type.kind && key === `test/${name}` && !gone) {
        throw new ApiError('Invalid', 422, 'field is immutable');
      }
      gone ||= verb === 'delete' && key === `test/${name}`;
    };
    let gone = false;
    await world.patch(type, name, edit);
    await world.untilQuiet();
    const after = await world.get(type, name);
    expect(after?.metadata?.uid).not.toBe(before?.metadata?.uid);
    expect(content(after)).toEqual(content(before));
    expect(await world.condition('Ready')).toBe('True/AllShardsReady');
  });

  it('delete nothing when what is desired is itself refused', async () => {
    const before = await world.get(services, 'demo-shard-0-primary');
    world.server.beforeRequest = ({ verb, kind }) => {
      if (verb === 'apply' && kind === 'Service') {
        throw new ApiError('Invalid', 422, 'not this way');
      }
    };
    await world.patch(services, 'demo-shard-0-primary', { spec: { selector: null } });
    await world.untilQuiet();
    expect((await world.get(services, 'demo-shard-0-primary'))?.metadata?.uid).toBe(before?.metadata?.uid);
    expect(await world.condition('Degraded')).toBe('True/ReconcileFailed');
  });

  it.each([LABELS.cluster, LABELS.shard, LABELS.component, LABELS.name, LABELS.role])(
    'put the label %s of a pod back',
    async (label) => {
      await world.patch(pods, 'demo-shard-0-0', { metadata: { labels: { [label]: null } } });
      await world.untilQuiet();
      expect((await world.get(pods, 'demo-shard-0-0'))?.metadata?.labels).toMatchObject({
        [LABELS.cluster]: 'demo',
        [LABELS.shard]: '0',
        [LABELS.component]: 'database',
        [LABELS.name]: 'shardwright',
        [LABELS.role]: 'primary',
      });
      expect(await world.condition('Ready')).toBe('True/AllShardsReady');
    },
  );
});

function content(object: object | undefined): unknown {
  const { spec, data } = (object ?? {}) as { spec?: unknown; data?: unknown };
  return { spec, data };
}

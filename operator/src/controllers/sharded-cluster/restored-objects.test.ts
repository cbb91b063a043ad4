/** What somebody deletes or edits is put back as it was. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { LABELS } from '../../api/v1alpha1/index.ts';
import type { KubernetesObject } from '../../runtime/objects.ts';
import {
  configMaps,
  podDisruptionBudgets,
  pods,
  secrets,
  serviceAccounts,
  services,
  statefulSets,
} from '../../runtime/resources.ts';
import { secretValue } from './credentials.ts';
import { Harness } from './testing/harness.ts';

/** An object but for what changes when it is made again. */
function withoutIdentity(object: KubernetesObject | undefined): unknown {
  const { metadata, ...rest } = object ?? {};
  return { ...rest, labels: metadata?.labels, owners: metadata?.ownerReferences };
}

describe('a controller that finds something changed by hand', () => {
  let world: Harness;

  beforeEach(() => {
    world = new Harness();
    world.start();
  });
  afterEach(async () => {
    await world.stop();
  });

  it.each([
    { type: services, name: 'demo-shard-0-primary' },
    { type: services, name: 'demo-shard-1' },
    { type: podDisruptionBudgets, name: 'demo-shard-0-replicas' },
    { type: configMaps, name: 'demo-config' },
    { type: serviceAccounts, name: 'demo-database' },
    { type: statefulSets, name: 'demo-shard-1' },
  ])('puts back a deleted $type.kind $name', async ({ type, name }) => {
    await world.readyCluster();
    const before = await world.get(type, name);
    await world.delete(type, name);
    await world.untilQuiet();
    const after = await world.get(type, name);
    expect(after?.metadata?.uid).not.toBe(before?.metadata?.uid);
    expect(withoutIdentity(after)).toEqual(withoutIdentity(before));
    expect(world.events.map(({ reason, note }) => `${reason}: ${note}`)).toContain(
      `ObjectRepaired: ${type.kind} ${name} had been deleted and was created again.`,
    );
  });

  it('puts back what was edited, owner and labels included', async () => {
    await world.readyCluster();
    await world.patch(services, 'demo-shard-0-primary', { spec: { selector: { a: 'b' } } });
    await world.patch(statefulSets, 'demo-shard-0', { spec: { replicas: 7 } });
    await world.patch(configMaps, 'demo-config', { metadata: { labels: null } });
    await world.patch(serviceAccounts, 'demo-database', { metadata: { ownerReferences: null } });
    await world.untilQuiet();
    expect((await world.get(statefulSets, 'demo-shard-0'))?.spec?.replicas).toBe(3);
    expect((await world.get(services, 'demo-shard-0-primary'))?.spec?.selector).toMatchObject({
      [LABELS.role]: 'primary',
    });
    expect((await world.get(configMaps, 'demo-config'))?.metadata?.labels?.[LABELS.cluster]).toBe('demo');
    const account = await world.get(serviceAccounts, 'demo-database');
    expect(account?.metadata?.ownerReferences).toHaveLength(1);
  });

  it('never replaces a password, and makes only what is missing of a Secret', async () => {
    await world.readyCluster();
    const before = await world.get(secrets, 'demo-app');
    await world.patch(secrets, 'demo-app', { data: { uri: null, host: 'eA==' } });
    await world.untilQuiet();
    expect((await world.get(secrets, 'demo-app'))?.data).toEqual(before?.data);
    await world.patch(secrets, 'demo-app', { data: { password: 'b3duLWNob2ljZQ==' } });
    await world.untilQuiet();
    const data = (await world.get(secrets, 'demo-app'))?.data;
    expect(secretValue(data, 'password')).toBe('own-choice');
    expect(secretValue(data, 'uri')).toBe('mysql://app:own-choice@demo.test.svc:3306/');
  });

  it('corrects a role label that was changed by hand', async () => {
    await world.readyCluster({ shards: 1 });
    await world.patch(pods, 'demo-shard-0-2', { metadata: { labels: { [LABELS.role]: 'primary' } } });
    await world.untilQuiet();
    const pod = await world.get(pods, 'demo-shard-0-2');
    expect(pod?.metadata?.labels?.[LABELS.role]).toBe('replica');
  });
});

import { describe, expect, it } from '@jest/globals';
import type { ShardMapShard } from '../../api/v1alpha1/index.ts';
import { podAddresses, readAddresses } from './servers.ts';

const SHARD: ShardMapShard = {
  number: 1,
  name: 'demo-shard-1',
  epoch: 1,
  primary: 'demo-shard-1-0',
  replicas: [],
  ackers: [],
  initialised: true,
  acknowledgement: 'None',
};

const ADDRESS = { host: '127.0.0.1', port: 3307, serverName: 'localhost' };

describe('podAddresses', () => {
  it('names pods below the Service of their shard', () => {
    const host = 'demo-shard-1-0.demo-shard-1.shop.svc';
    expect(podAddresses('shop')(SHARD, 'demo-shard-1-0')).toEqual({ host, port: 3306, serverName: host });
  });
});

describe('readAddresses', () => {
  const read = (address: object): unknown =>
    readAddresses(JSON.stringify({ 'demo-shard-1-0': address }))(SHARD, 'demo-shard-1-0');

  it('finds the address of a pod', () => {
    expect(read(ADDRESS)).toEqual(ADDRESS);
  });

  it('takes the path of a socket', () => {
    const local = { ...ADDRESS, socketPath: '/run/mariadb.sock' };
    expect(read(local)).toEqual(local);
  });

  it('refuses a path that depends on where the router was started', () => {
    expect(() => read({ ...ADDRESS, socketPath: 'mariadb.sock' })).toThrow('socketPath');
  });

  it('tells that a pod has no address', () => {
    expect(() => readAddresses('{}')(SHARD, 'demo-shard-1-0')).toThrow(
      'there is no address of demo-shard-1-0',
    );
  });
});

/** A router that has its map from an API server, which goes away; no operator runs at all. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createConnection, type Connection, type RowDataPacket } from 'mysql2/promise';
import type { ShardMapSpec } from '../../operator/src/api/v1alpha1/index.ts';
import { type ControlPlane, startControlPlane } from '../cluster/control-plane/index.ts';
import {
  APPLICATION_USER,
  CLUSTER,
  createRouterWorld,
  KEYSPACE,
  type MapObject,
  type RouterWorld,
} from '../router/router-world.ts';
import { installCrds } from '../specs/install-crds.ts';
import { connectPlainly, type PlainClient } from '../specs/plain-client.ts';
import type { Fields } from '../specs/refused-spec.ts';

const MAPS = '/apis/shardwright.io/v1alpha1/namespaces/default/shardmaps';
const ROWS = 32;
/** What a server that is not there answers. */
const GONE = /ECONNREFUSED|ECONNRESET|EPIPE|socket hang up/;

describe('a router whose API server is gone', () => {
  let controlPlane: ControlPlane;
  let api: PlainClient;
  let world: RouterWorld;
  let former: Connection;
  const opened: Connection[] = [];

  const connect = async (user = APPLICATION_USER): Promise<Connection> => {
    const connection = await createConnection({
      ...world.router.address,
      user,
      password: world.password,
      database: KEYSPACE,
    });
    connection.on('error', () => {});
    opened.push(connection);
    return connection;
  };
  /** Writes a row of every slot, one statement each, and reads all. */
  const work = async (connection: Connection, value: number): Promise<unknown> => {
    for (let id = 0; id < ROWS; id += 1) {
      await connection.execute('UPDATE users SET n = ? WHERE id = ?', [value, id]);
    }
    const [rows] = await connection.query<RowDataPacket[]>('SELECT COUNT(*) AS n FROM users WHERE n = ?', [
      value,
    ]);
    return rows[0]?.['n'];
  };

  beforeAll(async () => {
    controlPlane = await startControlPlane();
    api = await connectPlainly(controlPlane.kubeconfigPath);
    await installCrds(api);
    world = await createRouterWorld({ mapObject: mapObject(controlPlane, api) });
    await world.begin();
    former = await connect();
    await former.query('CREATE TABLE users (id BIGINT PRIMARY KEY, n INT NOT NULL)');
    const rows = Array.from({ length: ROWS }, (_row, id) => `(${id}, 0)`);
    await former.query(`INSERT INTO users VALUES ${rows.join(', ')}`);
    await controlPlane.stopApiServer('SIGKILL');
  }, 900_000);

  afterAll(async () => {
    opened.forEach((connection) => connection.destroy());
    await world?.close();
    api?.close();
    await controlPlane?.stop();
  });

  it('serves on: connections that are there, new ones, and users it has not seen before', async () => {
    await expect(api.send('GET', MAPS)).rejects.toThrow(GONE);
    expect(await work(former, 1)).toBe(ROWS);
    expect(await work(await connect(), 2)).toBe(ROWS);
    await world.createUser('latecomer', world.password);
    expect(await work(await connect('latecomer'), 3)).toBe(ROWS);
    await former.query('ALTER TABLE users ADD COLUMN since INT NOT NULL DEFAULT 0');
    await expect(api.send('GET', MAPS)).rejects.toThrow(GONE);
  });

  it('serves when it has been started again, by the map that it had', async () => {
    await world.router.stop('SIGKILL');
    await world.router.start();
    expect(await work(await connect(), 4)).toBe(ROWS);
    await expect(api.send('GET', MAPS)).rejects.toThrow(GONE);
  });

  it('goes by a newer map once the API server is back', async () => {
    await controlPlane.startApiServer();
    await world.changeMap((map) => map);
    await world.routerUsesMap();
    expect(await work(await connect(), 5)).toBe(ROWS);
  });
});

/** The map as an object of the API server. */
function mapObject({ kubeconfigPath }: ControlPlane, api: PlainClient): MapObject {
  return {
    kubeconfigPath,
    async write(spec: ShardMapSpec) {
      const object = {
        apiVersion: 'shardwright.io/v1alpha1',
        kind: 'ShardMap',
        metadata: { name: CLUSTER },
        spec,
      };
      const created = await api.send('POST', MAPS, object);
      if (created.status === 201) {
        return;
      }
      const path = `${MAPS}/${CLUSTER}`;
      const { body } = await api.send('GET', path);
      const replaced = await api.send('PUT', path, { ...object, metadata: body['metadata'] as Fields });
      if (replaced.status !== 200) {
        throw new Error(`the map cannot be written: ${JSON.stringify([created.body, replaced.body])}`);
      }
    },
  };
}

/** Shards of agents, launchers and servers on this machine, which find their ShardMap in a real API server. */
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { settingsFile, type MemberPlace } from '../../operator/src/agent/pod-contract.ts';
import type { AgentSettingsInput } from '../../operator/src/agent/settings.ts';
import type { KeyPair } from '../../operator/src/pki/certificate.ts';
import { createAuthority, issueCertificate } from '../../operator/src/pki/certificate-authority.ts';
import { formatIdentity, type PeerRole } from '../../operator/src/pki/identity.ts';
import { CERTIFICATE_LIFETIME_MILLISECONDS, validityFrom } from '../../operator/src/pki/lifetime.ts';
import { memberServerNames, podServerName } from '../../operator/src/pki/server-names.ts';
import type { TlsMaterial } from '../../operator/src/pki/tls-material.ts';
import { findFreePorts } from '../cluster/control-plane/free-port.ts';
import { rootFileSystem, type PackagedMariadb } from '../mariadb/root-file-system.ts';
import { MemberProcesses } from './member-processes.ts';

export const NAMESPACE = 'agents';
export const CLUSTER = 'demo';
export const APPLICATION_USER = 'app';
export const REPLICATION_USER = 'replication';

/** Name of a shard. */
export function shardOf(number: number): string {
  return `${CLUSTER}-shard-${number}`;
}

/** Members that do not run yet. */
export interface ClusterProcesses {
  readonly folder: string;
  /** By shard, and within a shard by ordinal. */
  readonly shards: readonly (readonly MemberProcesses[])[];
  readonly applicationPassword: string;
  readonly authorityFile: string;
  /** Folder with a certificate that every server of the cluster could show, as `tls.crt`, `tls.key` and `ca.crt`. */
  readonly serverTls: string;
  /** As the operator's. */
  readonly tls: TlsMaterial;
  /** Gives the replication account another password, in its Secret; returns that. */
  renewReplicationPassword(): Promise<string>;
  dispose(): Promise<void>;
}

/** What a cluster may have other than usual. */
export interface ClusterProcessesOptions {
  /** Settings of the servers. @default small ones */
  readonly configuration?: string;
  /** Packages of Debian beside the servers' own. */
  readonly furtherPackages?: readonly string[];
  /** Folder in which everything lies. @default that for temporary files */
  readonly parentFolder?: string;
  /** Whether the application has an account of its own in the schemas `conformance*`. @default true */
  readonly hasApplicationAccount?: boolean;
  /** For how long a primary may hear from nobody. @default that of the agents */
  readonly fenceSeconds?: number;
  /** From the wish that a pod should end to the end of its server at the latest. @default 5 */
  readonly graceSeconds?: number;
  /** Called before a member is made; resolves with the uid of its pod. @default one made up */
  readonly createPod?: (place: MemberPort) => Promise<string>;
  /** Called with the volume of a member before anything is written there. @default nothing */
  readonly prepareVolume?: (folder: string, shard: number) => Promise<void>;
  /** By which ports a shard reaches a member of another one. @default its own */
  readonly route?: (fromShard: number, to: RoutedMember) => Promise<MemberPorts>;
}

/** Where a member listens. */
export type MemberPorts = Pick<MemberProcesses['options']['ports'], 'agent' | 'server'>;

/** A member that others reach. */
export interface RoutedMember {
  readonly shard: number;
  readonly pod: string;
  readonly ports: MemberPorts;
}

/** A member, and where its agent listens. */
export interface MemberPort {
  readonly shard: number;
  readonly pod: string;
  readonly agentPort: number;
}

const SMALL = 'innodb_buffer_pool_size = 64M\ninnodb_log_file_size = 32M';
const PORTS_OF_A_MEMBER = 3;
const APPLICATION_ACCOUNT = {
  purpose: 'application',
  folder: 'application',
  requireTls: true,
  schemas: ['conformance*'],
} satisfies AgentSettingsInput['accounts'][number];

/** Makes shards with so many `instances` each, whose agents read the API server through `kubeconfigPath`. */
export async function createClusterProcesses(
  packaged: PackagedMariadb,
  kubeconfigPath: string,
  instances: readonly number[],
  options: ClusterProcessesOptions = {},
): Promise<ClusterProcesses> {
  const { configuration = SMALL, furtherPackages = [], parentFolder = tmpdir() } = options;
  const { hasApplicationAccount = true, fenceSeconds, graceSeconds = 5 } = options;
  const { createPod, prepareVolume, route } = options;
  const folder = await mkdtemp(join(parentFolder, 'shardwright-agents-'));
  const root = await rootFileSystem(packaged, furtherPackages);
  const tls = await makeCertificates(instances.length);
  const operatorTls = { ...tls.operator, authorities: tls.authority };
  const serverTls = join(folder, 'server-tls');
  await writeCertificate(serverTls, tls.server, tls.authority);
  const places = await choosePlaces(instances);
  const accounts = join(folder, 'accounts');
  const applicationPassword = randomBytes(12).toString('hex');
  await writeAccount(accounts, 'application', APPLICATION_USER, applicationPassword);
  const renewReplicationPassword = async (): Promise<string> => {
    const password = randomBytes(12).toString('hex');
    await writeAccount(accounts, 'replication', REPLICATION_USER, password);
    return password;
  };
  await renewReplicationPassword();
  const settingsOf = (shard: number): string => join(folder, 'settings', String(shard));
  for (const shard of instances.keys()) {
    await mkdir(settingsOf(shard), { recursive: true });
    await writeFile(
      settingsFile(settingsOf(shard)),
      JSON.stringify({
        engine: { type: 'MariaDB', version: packaged.version },
        configuration,
        maxLagSeconds: 5,
        ...(fenceSeconds !== undefined && { fenceSeconds }),
        accounts: [
          ...(hasApplicationAccount ? [APPLICATION_ACCOUNT] : []),
          { purpose: 'replication', folder: 'replication', requireTls: true, schemas: [] },
        ],
        peers: await peersOf(shard, places, route),
      } satisfies AgentSettingsInput),
    );
  }

  const createMember = async ({ shard, ordinal, pod, ports }: Place): Promise<MemberProcesses> => {
    const place: MemberPlace = {
      namespace: NAMESPACE,
      cluster: CLUSTER,
      shard,
      ordinal,
      pod,
      podUid: (await createPod?.({ shard, pod, agentPort: ports.agent })) ?? `uid-${shard}-${ordinal}`,
    };
    const own = join(folder, pod);
    await mkdir(own, { recursive: true });
    // The server's programs see the member's own folder only, so its certificate lies there.
    await writeCertificate(join(own, 'server-tls'), tls.server, tls.authority);
    await writeCertificate(join(own, 'agent-tls'), tls.agent, tls.authority);
    const member = new MemberProcesses({
      place,
      folder: own,
      rootFileSystem: root,
      kubeconfigPath,
      agentTls: join(own, 'agent-tls'),
      serverTls: join(own, 'server-tls'),
      accounts,
      settings: settingsOf(shard),
      graceSeconds,
      ports,
      tls: operatorTls,
      agent: {
        host: '127.0.0.1',
        port: ports.agent,
        serverName: podServerName({ namespace: NAMESPACE, shard: shardOf(shard) }, pod),
        identity: { namespace: NAMESPACE, cluster: CLUSTER, role: 'agent' },
      },
    });
    await member.prepare();
    await prepareVolume?.(member.volumePath, shard);
    return member;
  };
  const shards = instances.map((): MemberProcesses[] => []);
  for (const place of places) {
    shards[place.shard]?.push(await createMember(place));
  }
  return {
    folder,
    shards,
    applicationPassword,
    authorityFile: join(serverTls, 'ca.crt'),
    serverTls,
    tls: operatorTls,
    renewReplicationPassword,
    async dispose() {
      await Promise.all(shards.flat().map((member) => member.dispose()));
      // What ends at last may still write.
      await rm(folder, { recursive: true, force: true, maxRetries: 10 });
      // Left behind by the mounts.
      await rm(join(root, folder), { recursive: true, force: true });
    },
  };
}

interface Place {
  readonly shard: number;
  readonly ordinal: number;
  readonly pod: string;
  readonly ports: MemberProcesses['options']['ports'];
}

async function choosePlaces(instances: readonly number[]): Promise<readonly Place[]> {
  const members = instances.flatMap((count, shard) =>
    Array.from({ length: count }, (_, ordinal) => ({ shard, ordinal, pod: `${shardOf(shard)}-${ordinal}` })),
  );
  const ports = await findFreePorts(members.length * PORTS_OF_A_MEMBER);
  return members.map((member, index) => {
    const [agent = 0, metrics = 0, server = 0] = ports.slice(index * PORTS_OF_A_MEMBER);
    return { ...member, ports: { agent, metrics, server } };
  });
}

/** Addresses of all members, as those of one shard know them. */
async function peersOf(
  shard: number,
  places: readonly Place[],
  route: ClusterProcessesOptions['route'],
): Promise<NonNullable<AgentSettingsInput['peers']>> {
  const peers: NonNullable<AgentSettingsInput['peers']> = {};
  for (const place of places) {
    const isOther = route !== undefined && place.shard !== shard;
    const { agent, server } = isOther ? await route(shard, place) : place.ports;
    peers[place.pod] = {
      agent: { host: '127.0.0.1', port: agent },
      server: { host: '127.0.0.1', port: server },
    };
  }
  return peers;
}

interface Certificates {
  readonly authority: string;
  readonly server: KeyPair;
  readonly agent: KeyPair;
  readonly operator: KeyPair;
}

async function makeCertificates(shards: number): Promise<Certificates> {
  const validity = validityFrom(Date.now(), CERTIFICATE_LIFETIME_MILLISECONDS);
  const authority = await createAuthority(CLUSTER, validity);
  const names = Array.from({ length: shards }, (_, number) =>
    memberServerNames({ namespace: NAMESPACE, shard: shardOf(number) }, { services: [] }),
  ).flat();
  const issue = (role: PeerRole): Promise<KeyPair> =>
    issueCertificate(
      authority,
      {
        commonName: role,
        dnsNames: [...new Set(names)],
        ipAddresses: ['127.0.0.1'],
        uris: [formatIdentity({ namespace: NAMESPACE, cluster: CLUSTER, role })],
        usages: ['server', 'client'],
      },
      validity,
    );
  return {
    authority: authority.certificate,
    server: await issue('replication'),
    agent: await issue('agent'),
    operator: await issue('operator'),
  };
}

async function writeCertificate(folder: string, pair: KeyPair, authority: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'tls.crt'), pair.certificate);
  await writeFile(join(folder, 'tls.key'), pair.key, { mode: 0o600 });
  await writeFile(join(folder, 'ca.crt'), authority);
}

async function writeAccount(
  accounts: string,
  purpose: string,
  username: string,
  password: string,
): Promise<void> {
  const folder = join(accounts, purpose);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'username'), username);
  await writeFile(join(folder, 'password'), password, { mode: 0o600 });
}

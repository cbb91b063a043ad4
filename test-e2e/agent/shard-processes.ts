/** A shard of agents, launchers and servers on this machine, and a real API server that holds its ShardMap. */
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
import { findFreePorts } from '../cluster/control-plane/free-port.ts';
import { rootFileSystem, type PackagedMariadb } from '../mariadb/root-file-system.ts';
import { MemberProcesses } from './member-processes.ts';

export const NAMESPACE = 'agents';
export const CLUSTER = 'demo';
export const SHARD = 'demo-shard-0';
export const APPLICATION_USER = 'app';
export const REPLICATION_USER = 'replication';

/** Three members that do not run yet. */
export interface ShardProcesses {
  readonly members: readonly [MemberProcesses, MemberProcesses, MemberProcesses];
  readonly applicationPassword: string;
  readonly authorityFile: string;
  /** Gives the replication account another password, in its Secret; returns that. */
  renewReplicationPassword(): Promise<string>;
  dispose(): Promise<void>;
}

/** What a shard may have other than usual. */
export interface ShardProcessesOptions {
  /** Settings of the servers. @default small ones */
  readonly configuration?: string;
  /** Packages of Debian beside the servers' own. */
  readonly furtherPackages?: readonly string[];
  /** Folder in which everything lies. @default that for temporary files */
  readonly parentFolder?: string;
}

const SMALL = 'innodb_buffer_pool_size = 64M\ninnodb_log_file_size = 32M';

/** Makes a shard whose agents read the API server through `kubeconfigPath`. */
export async function createShardProcesses(
  packaged: PackagedMariadb,
  kubeconfigPath: string,
  { configuration = SMALL, furtherPackages = [], parentFolder = tmpdir() }: ShardProcessesOptions = {},
): Promise<ShardProcesses> {
  const folder = await mkdtemp(join(parentFolder, 'shardwright-agents-'));
  const root = await rootFileSystem(packaged, furtherPackages);
  const tls = await makeCertificates();
  const ports = await findFreePorts(9);
  const portsOf = (ordinal: number): { agent: number; metrics: number; server: number } => {
    const [agent = 0, metrics = 0, server = 0] = ports.slice(ordinal * 3);
    return { agent, metrics, server };
  };
  const accounts = join(folder, 'accounts');
  const settings = join(folder, 'settings');
  const applicationPassword = randomBytes(12).toString('hex');
  await writeAccount(accounts, 'application', APPLICATION_USER, applicationPassword);
  const renewReplicationPassword = async (): Promise<string> => {
    const password = randomBytes(12).toString('hex');
    await writeAccount(accounts, 'replication', REPLICATION_USER, password);
    return password;
  };
  await renewReplicationPassword();
  await mkdir(settings);
  await writeFile(
    settingsFile(settings),
    JSON.stringify({
      engine: { type: 'MariaDB', version: packaged.version },
      configuration,
      maxLagSeconds: 5,
      accounts: [
        { purpose: 'application', folder: 'application', requireTls: true, schemas: ['conformance*'] },
        { purpose: 'replication', folder: 'replication', requireTls: true, schemas: [] },
      ],
      peers: Object.fromEntries(
        [0, 1, 2].map((ordinal) => [
          `${SHARD}-${ordinal}`,
          {
            agent: { host: '127.0.0.1', port: portsOf(ordinal).agent },
            server: { host: '127.0.0.1', port: portsOf(ordinal).server },
          },
        ]),
      ),
    } satisfies AgentSettingsInput),
  );

  const createMember = async (ordinal: number): Promise<MemberProcesses> => {
    const pod = `${SHARD}-${ordinal}`;
    const place: MemberPlace = {
      namespace: NAMESPACE,
      cluster: CLUSTER,
      shard: 0,
      ordinal,
      pod,
      podUid: `uid-${ordinal}`,
    };
    const own = join(folder, pod);
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
      settings,
      ports: portsOf(ordinal),
      tls: { ...tls.operator, authorities: tls.authority },
      agent: {
        host: '127.0.0.1',
        port: portsOf(ordinal).agent,
        serverName: podServerName({ namespace: NAMESPACE, shard: SHARD }, pod),
        identity: { namespace: NAMESPACE, cluster: CLUSTER, role: 'agent' },
      },
    });
    await member.prepare();
    return member;
  };
  const members = [await createMember(0), await createMember(1), await createMember(2)] as const;
  return {
    members,
    applicationPassword,
    authorityFile: join(folder, `${SHARD}-0`, 'server-tls', 'ca.crt'),
    renewReplicationPassword,
    async dispose() {
      await Promise.all(members.map((member) => member.dispose()));
      await rm(folder, { recursive: true, force: true });
      // Left behind by the mounts.
      await rm(join(root, folder), { recursive: true, force: true });
    },
  };
}

interface Certificates {
  readonly authority: string;
  readonly server: KeyPair;
  readonly agent: KeyPair;
  readonly operator: KeyPair;
}

async function makeCertificates(): Promise<Certificates> {
  const validity = validityFrom(Date.now(), CERTIFICATE_LIFETIME_MILLISECONDS);
  const authority = await createAuthority(CLUSTER, validity);
  const names = memberServerNames({ namespace: NAMESPACE, shard: SHARD }, { services: [] });
  const issue = (role: PeerRole): Promise<KeyPair> =>
    issueCertificate(
      authority,
      {
        commonName: role,
        dnsNames: names,
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

/** A shard of three MariaDB servers on this machine, out of one root file system. */
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { HostedMember, HostedShard } from '../../operator/src/engines/conformance/host.ts';
import { mariadbEngine } from '../../operator/src/engines/mariadb/engine.ts';
import { readAgentPassword } from '../../operator/src/engines/mariadb/credentials.ts';
import { layoutOf } from '../../operator/src/engines/mariadb/layout.ts';
import type { MemberOptions } from '../../operator/src/engines/member.ts';
import { findFreePorts } from '../cluster/control-plane/free-port.ts';
import { makeLoopbackCertificate } from './certificates.ts';
import { confine, SERVER_USER_ID } from './confined-program.ts';
import { createHostedMember, generalLogFile } from './hosted-member.ts';
import { rootFileSystem, type PackagedMariadb } from './root-file-system.ts';

/** A hosted shard that can be taken away. */
export interface DisposableShard extends HostedShard {
  /** Kills the servers and removes their files. */
  dispose(): Promise<void>;
}

/** Command lines are looked at this often: servers and most programs of a clone run for longer. */
const LOOK_MILLISECONDS = 250;

/** Makes the shard; nothing of it runs yet. */
export async function hostShard(packaged: PackagedMariadb): Promise<DisposableShard> {
  const root = await rootFileSystem(packaged);
  const folder = await mkdtemp(join(tmpdir(), 'shardwright-conformance-'));
  const tls = await makeLoopbackCertificate(join(folder, 'tls'));
  const passwords = {
    application: randomBytes(12).toString('hex'),
    replication: randomBytes(12).toString('hex'),
  };
  const startProgram = await confine(root, folder);
  const watch = watchCommandLines();

  const memberOptions: MemberOptions[] = [];
  const createMember = async (ordinal: number): Promise<HostedMember> => {
    const volumePath = join(folder, `member-${ordinal}`, 'volume');
    const memoryPath = join(folder, `member-${ordinal}`, 'memory');
    await mkdir(volumePath, { recursive: true });
    await mkdir(memoryPath, { recursive: true, mode: 0o700 });
    const configuration = [
      'innodb_buffer_pool_size = 64M',
      'general_log = ON',
      `general_log_file = ${generalLogFile(volumePath)}`,
      // Not used: every server boots closed.
      'read-only = OFF',
    ].join('\n');
    const [port = 0] = await findFreePorts(1);
    const options: MemberOptions & { port: number } = {
      shard: 7,
      ordinal,
      volumePath,
      memoryPath,
      port,
      tls,
      configuration,
    };
    memberOptions.push(options);
    return createHostedMember({ options, startProgram, applicationPassword: passwords.application });
  };
  const members = [await createMember(0), await createMember(1), await createMember(2)] as const;

  return {
    engine: mariadbEngine,
    members,
    passwords,
    commandLines: async () => [...watch.seen],
    async secrets() {
      const agents = await Promise.all(memberOptions.map((options) => readAgentPassword(layoutOf(options))));
      return [...Object.values(passwords), ...agents];
    },
    async secretFiles() {
      const folders = members.map((_member, ordinal) => join(folder, `member-${ordinal}`, 'memory'));
      const names = await Promise.all(
        folders.map(async (path) => (await readdir(path)).map((name) => join(path, name))),
      );
      return names.flat().filter((path) => path.endsWith('.cnf') || path.endsWith('.sql'));
    },
    async dispose() {
      watch.stop();
      await Promise.all(members.map((member) => member.signal('SIGKILL')));
      await rm(folder, { recursive: true, force: true });
      // Left behind by the mounts; gone with the machine's /tmp otherwise.
      await rm(join(root, folder), { recursive: true, force: true });
    },
  };
}

/** Collects the command lines of everything that runs as the servers' user. */
function watchCommandLines(): { readonly seen: ReadonlySet<string>; stop(): void } {
  const seen = new Set<string>();
  const look = async (): Promise<void> => {
    const ids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
    await Promise.all(
      ids.map(async (id) => {
        try {
          if ((await stat(`/proc/${id}`)).uid === SERVER_USER_ID) {
            seen.add((await readFile(`/proc/${id}/cmdline`, 'utf8')).replaceAll('\0', ' '));
          }
        } catch {
          // It has ended meanwhile.
        }
      }),
    );
  };
  const timer = setInterval(() => void look(), LOOK_MILLISECONDS);
  return { seen, stop: () => clearInterval(timer) };
}

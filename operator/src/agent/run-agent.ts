/** Wiring: everything an agent is made of, and how it ends. */
import { join } from 'node:path';
import { shardName } from '../api/v1alpha1/index.ts';
import type { Engine } from '../engines/engine.ts';
import type { Member, TlsFiles } from '../engines/member.ts';
import type { StartProgram } from '../engines/programs.ts';
import { openCertificateFiles } from '../pki/certificate-files.ts';
import { CERTIFICATE_FILE, KEY_FILE, TRUST_FILE } from '../pki/certificate-secrets.ts';
import type { PeerIdentity } from '../pki/identity.ts';
import { withScope } from '../runtime/abort.ts';
import type { ApiClient } from '../runtime/client/api-client.ts';
import type { Clock } from '../runtime/clock.ts';
import { startStatusServer } from '../runtime/http/server.ts';
import type { Logger } from '../runtime/logger.ts';
import { createPrometheusMetrics } from '../runtime/metrics/prometheus.ts';
import { createServiceLookup } from '../runtime/service-lookup.ts';
import { Agent } from './agent.ts';
import { requestClone } from './clone-client.ts';
import { type CompleteLaunch, completeLaunch } from './launch-plan.ts';
import { writeHosts } from './hosts-file.ts';
import { createLauncherClient } from './launcher-client.ts';
import { createAgentMetrics } from './metrics.ts';
import { openMountedFiles } from './mounted-files.ts';
import { createPeerPositions } from './peer-positions.ts';
import { followingMoves } from './moves/following-moves.ts';
import { createPeerResolver } from './peer-resolver.ts';
import { fetchPeerFrame } from './peer-states.ts';
import { createPeerAddresses, type PeerAddresses } from './peers.ts';
import { LAUNCHER_SOCKET, type MemberPlace, settingsFile } from './pod-contract.ts';
import type { AgentState } from './protocol/agent-state.ts';
import type { StateFrame } from './protocol/frame.ts';
import type { AgentSettings } from './settings.ts';
import { createShardMapReader } from './shard-map-reader.ts';
import { startAgentServer } from './transport/agent-server.ts';
import { createCloneResponder } from './transport/clone-responder.ts';
import { createStateFeed } from './transport/state-feed.ts';

/** Where an agent finds its things. In a pod these are constants. */
export interface AgentPlaces {
  readonly settings: string;
  readonly accounts: string;
  readonly agentTls: string;
  /** The hosts file of the server's container; there may be none. */
  readonly hosts: string;
  readonly serverTls: string;
  readonly volumePath: string;
  readonly memoryPath: string;
  readonly agentPort: number;
  readonly metricsPort: number;
  readonly serverPort: number;
  /** Address to listen on. @default all */
  readonly host?: string;
}

export interface RunAgentOptions {
  readonly place: MemberPlace;
  readonly places: AgentPlaces;
  readonly version: string;
  readonly engine: Engine;
  readonly client: ApiClient;
  readonly clock: Clock;
  readonly logger: Logger;
  /** @default children of this process */
  readonly startProgram?: StartProgram;
  /** @default the program's path in this image */
  readonly completeLaunch?: CompleteLaunch;
}

/** Runs an agent until the signal aborts; the server goes on. Rejects when it cannot listen or read its files. */
export async function runAgent(options: RunAgentOptions, signal: AbortSignal): Promise<void> {
  const { place, places, version, engine, client, clock, logger } = options;
  const random = Math.random;
  const cluster = { namespace: place.namespace, cluster: place.cluster };
  const serverTls = tlsFiles(places.serverTls);
  const tls = await openCertificateFiles({ directory: places.agentTls, clock, logger });
  const files = await openMountedFiles({
    settings: settingsFile(places.settings),
    accounts: places.accounts,
    serverTls,
    clock,
    logger,
  });
  const peers = createPeerAddresses(
    { namespace: place.namespace, name: shardName(place.cluster, place.shard) },
    places.serverPort,
    () => files.settings(),
    (name) => resolver.address(name),
  );
  /** Of any shard; their names are looked up anew each time, for nobody waits for them. */
  const membersOf = (name: string): PeerAddresses =>
    createPeerAddresses(
      { namespace: place.namespace, name },
      places.serverPort,
      () => files.settings(),
      () => undefined,
    );
  const resolver = createPeerResolver({
    names: () => peers.names(otherPods(shardMap, place.pod)),
    isSuspect: () => agent.isWithoutSource(),
    resolve: createServiceLookup(),
    refused() {
      const pod = agent.refusedSource();
      return pod === null ? null : (peers.names([pod])[0] ?? null);
    },
    onChange: (addresses) => writeHosts(places.hosts, addresses),
    clock,
    logger,
  });
  const identity: PeerIdentity = { ...cluster, role: 'agent' };
  const shardMap = createShardMapReader({ client, place, clock, logger, random });
  const launcher = createLauncherClient({
    socketPath: join(places.memoryPath, LAUNCHER_SOCKET),
    clock,
    logger,
    random,
  });
  const fetchFrame = (pod: string, limit: AbortSignal): Promise<StateFrame> =>
    fetchPeerFrame({ ...peers.agent(pod), identity }, tls.current(), limit);
  const fetchState = async (pod: string, limit: AbortSignal): Promise<AgentState> =>
    (await fetchFrame(pod, limit)).state;
  const fetchMember = async (
    { name }: { readonly name: string },
    pod: string,
    limit: AbortSignal,
  ): Promise<AgentState> =>
    (await fetchPeerFrame({ ...membersOf(name).agent(pod), identity }, tls.current(), limit)).state;
  const positions = createPeerPositions({
    peers: () => otherPods(shardMap, place.pod),
    following: () => followingMoves(shardMap.view(), place.shard),
    fetchState,
    fetchOther: fetchMember,
    clock,
    logger,
  });
  // Long before it would be asked for again.
  shardMap.onChange(() => void resolver.tell());
  const feed = createStateFeed(clock);
  const { registry, page } = createPrometheusMetrics();
  const metrics = createAgentMetrics(registry);
  const searchPath = process.env['PATH'] ?? '';
  const clones = createCloneResponder((pod, limit) => agent.openClone(pod, limit), {
    logger,
    onChange: () => agent.wake(),
  });
  const agent: Agent = new Agent({
    place,
    version,
    positionArithmetic: engine.positions,
    member: memberOf(options, serverTls, () => files.settings()),
    volumePath: places.volumePath,
    launcher,
    completeLaunch: options.completeLaunch ?? ((plan) => completeLaunch(plan, searchPath)),
    shardMap,
    files,
    peers,
    positions,
    fetchState,
    fetchFrame,
    requestClone: (pod, onProgress, limit) =>
      requestClone(
        {
          pod: place.pod,
          source: { ...peers.agent(pod), identity },
          tls: tls.current(),
          clock,
          onProgress,
        },
        limit,
      ),
    members: {
      address: (shard, pod) => membersOf(shard.name).server(pod),
      fetchState: fetchMember,
    },
    servedPod: () => clones.servedPod(),
    onStandDown: () => resolver.tell(),
    onState(state) {
      feed.publish(state);
      metrics.observe(state, agent.usage());
    },
    clock,
    logger,
    random,
  });
  await withScope(signal, async (scope) => {
    const status = await startStatusServer({
      host: places.host ?? '0.0.0.0',
      port: places.metricsPort,
      metricsPage: page,
      clock,
      logger,
      healthChecks: new Map([['loop', () => agent.assertAlive()]]),
      readinessChecks: new Map([['reads', () => agent.assertFitForReads()]]),
    });
    const server = await startAgentServer({
      ...(places.host === undefined ? {} : { host: places.host }),
      port: places.agentPort,
      tls,
      cluster,
      feed,
      commands: agent.commands,
      currentEpoch: () => agent.epoch(),
      clones,
      onContact(_peer, isLeader) {
        if (isLeader) {
          agent.heardLeader();
        }
      },
      clock,
      logger,
    });
    try {
      await Promise.all([
        tls.run(scope),
        files.run(scope),
        shardMap.run(scope),
        launcher.run(scope),
        positions.run(scope),
        resolver.run(scope),
        agent.run(scope),
      ]);
    } finally {
      await Promise.all([server.close(), status.close()]);
    }
  });
}

/** The files of a mounted certificate. */
function tlsFiles(folder: string): TlsFiles {
  return {
    authority: join(folder, TRUST_FILE),
    certificate: join(folder, CERTIFICATE_FILE),
    key: join(folder, KEY_FILE),
  };
}

/** The member as the newest settings describe it. */
function memberOf(
  { place, places, engine, startProgram }: RunAgentOptions,
  tls: TlsFiles,
  currentSettings: () => AgentSettings,
): () => Member {
  let made: { readonly settings: AgentSettings; readonly member: Member } | undefined;
  return () => {
    const settings = currentSettings();
    if (made?.settings !== settings) {
      const { configuration, memoryBytes } = settings;
      const member = engine.createMember({
        shard: place.shard,
        ordinal: place.ordinal,
        volumePath: places.volumePath,
        memoryPath: places.memoryPath,
        port: places.serverPort,
        tls,
        configuration,
        ...(memoryBytes === undefined ? {} : { memoryBytes }),
        ...(startProgram === undefined ? {} : { startProgram }),
      });
      made = { settings, member };
    }
    return made.member;
  };
}

function otherPods(shardMap: Pick<ReturnType<typeof createShardMapReader>, 'view'>, pod: string): string[] {
  const view = shardMap.view();
  if (view.kind !== 'known') {
    return [];
  }
  const { primary, replicas } = view.shard;
  return [...(primary === null ? [] : [primary]), ...replicas].filter((other) => other !== pod);
}

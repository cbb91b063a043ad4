/** What the benchmark of the router measures, each for itself for a few seconds. */
import type { Comparison, Series } from '../result.ts';
import type { Layout, RouterStage } from './router-stage.ts';
import type { Endpoint, SysbenchRun, Workload } from './sysbench.ts';

/** Who is between sysbench and the servers. `routerOne` has one worker, `router` two, as many as `pipe` has processes. */
export const WAYS = ['direct', 'haproxy', 'pipe', 'router', 'routerOne'] as const;

/** One of {@link WAYS}. */
export type Way = (typeof WAYS)[number];

const WAY_LABELS: Readonly<Record<Way, string>> = {
  direct: 'direct',
  haproxy: 'HAProxy',
  pipe: 'bare Node pipe',
  router: 'router',
  routerOne: 'router with one worker',
};

/** Runs that are compared: the same work by several ways. */
export interface Group {
  /** Its series are named by it, with the way behind. */
  readonly name: string;
  readonly label: string;
  readonly run: Omit<SysbenchRun, 'seconds'>;
  readonly ways: readonly Way[];
  readonly layout: Layout;
  readonly tls: boolean;
  /** What is told of a way: queries a second, and for proxies the processor time of a query, or the median of the times. */
  readonly figures: 'throughput' | 'latency';
  /** Whether the group has an aim. */
  readonly isAim: boolean;
}

/** Throughput of the router, in shares of HAProxy's. */
const LEAST_OF_HAPROXY = 0.9;
/** Processor time of the router, in multiples of HAProxy's. */
const MOST_OF_HAPROXY = 1.5;
/** What a router may add to the median of a query of one client. */
const ADDED_MICROSECONDS = 100;

const LABELS: Readonly<Record<Workload, string>> = {
  oltp_point_select: 'point select',
  oltp_read_only: 'read-only',
  oltp_read_write: 'read-write',
};

/** Point selects go to all slots; transactions stay in one. */
const LAYOUT_OF: Readonly<Record<Workload, Layout>> = {
  oltp_point_select: 'hashed',
  oltp_read_only: 'oneSlot',
  oltp_read_write: 'oneSlot',
};

const BESIDE: readonly Way[] = ['direct', 'haproxy', 'pipe', 'router'];

const LATENCY: Group = {
  name: 'latency',
  label: 'point select, one client',
  run: { workload: 'oltp_point_select', clients: 1 },
  ways: BESIDE,
  layout: 'hashed',
  tls: false,
  figures: 'latency',
  isAim: true,
};

const THROUGHPUT: readonly Group[] = [8, 32].flatMap((clients) =>
  (['oltp_point_select', 'oltp_read_only', 'oltp_read_write'] as const).map((workload): Group => {
    const isPointSelect = workload === 'oltp_point_select';
    return {
      name: `${workload}${clients}`,
      label: `${LABELS[workload]}, ${clients} clients`,
      run: { workload, clients },
      ways: isPointSelect ? WAYS : BESIDE,
      layout: LAYOUT_OF[workload],
      tls: false,
      figures: 'throughput',
      isAim: true,
    };
  }),
);

const HALVES: readonly Group[] = (['oltp_read_only', 'oltp_read_write'] as const).map((workload): Group => ({
  name: `halves${workload}`,
  label: `${LABELS[workload]}, 8 clients, transactions on both shards`,
  run: { workload, clients: 8 },
  ways: ['router'],
  layout: 'halves',
  tls: false,
  figures: 'throughput',
  isAim: false,
}));

const TLS: Group = {
  name: 'tls',
  label: 'point select, 8 clients, TLS everywhere',
  run: { workload: 'oltp_point_select', clients: 8 },
  ways: BESIDE,
  layout: 'hashed',
  tls: true,
  figures: 'throughput',
  isAim: false,
};

/** One range of 100 ids, ordered by another column. */
const ONE_RANGE = [
  '--skip-trx=on',
  '--point-selects=0',
  '--simple-ranges=0',
  '--sum-ranges=0',
  '--distinct-ranges=0',
  '--order-ranges=1',
];

const SCATTER: readonly Group[] = (['oneSlot', 'hashed'] as const).map((layout): Group => ({
  name: `range_${layout}`,
  label: layout === 'oneSlot' ? '100 rows in order, of one slot' : '100 rows in order, of all 256 slots',
  run: { workload: 'oltp_read_only', clients: 1, options: ONE_RANGE },
  ways: ['router'],
  layout,
  tls: false,
  figures: 'latency',
  isAim: false,
}));

/** All groups. */
export const GROUPS: readonly Group[] = [LATENCY, ...THROUGHPUT, ...HALVES, TLS, ...SCATTER];

/** Name of a series: what of a group, by which way. */
export function seriesName(group: Group, way: Way, what: 'rate' | 'processor' | 'median'): string {
  return `${group.name} ${way} ${what}`;
}

/** Names of the series of what a way adds to the direct one. */
export function addedName(way: Way): string {
  return `added ${way}`;
}

/** All series of the groups. */
export function groupSeries(): readonly Series[] {
  return [
    ...GROUPS.filter(({ figures }) => figures === 'latency').flatMap((group) =>
      group.ways.map((way) => ({
        name: seriesName(group, way, 'median'),
        label: `${group.label}, ${WAY_LABELS[way]}, median`,
        unit: 'µs',
      })),
    ),
    { name: addedName('haproxy'), label: 'added to that by HAProxy', unit: 'µs' },
    { name: addedName('pipe'), label: 'added to that by a bare Node pipe', unit: 'µs' },
    {
      name: addedName('router'),
      label: 'added to that by the router',
      unit: 'µs',
      atMost: ADDED_MICROSECONDS,
    },
    ...GROUPS.filter(({ figures }) => figures === 'throughput').flatMap((group) =>
      group.ways.flatMap((way) => [
        {
          name: seriesName(group, way, 'rate'),
          label: `${group.label}, ${WAY_LABELS[way]}`,
          unit: 'queries/s',
        },
        ...(way === 'direct'
          ? []
          : [
              {
                name: seriesName(group, way, 'processor'),
                label: `${group.label}, processor time of ${way === 'haproxy' ? 'HAProxy' : `the ${WAY_LABELS[way]}`}`,
                unit: 'µs/query',
              },
            ]),
      ]),
    ),
  ];
}

function rates(group: Group, of: Way, against: Way, aim: boolean): Comparison {
  return {
    label: `${group.label}, ${WAY_LABELS[of]} against ${WAY_LABELS[against]}`,
    of: seriesName(group, of, 'rate'),
    against: seriesName(group, against, 'rate'),
    ...(aim ? { atLeast: LEAST_OF_HAPROXY } : {}),
  };
}

/** What is compared. */
export function groupComparisons(): readonly Comparison[] {
  const throughput = GROUPS.filter(
    (group) => group.figures === 'throughput' && group.ways.includes('haproxy'),
  );
  return [
    ...throughput.map((group) => rates(group, 'router', 'haproxy', group.isAim)),
    ...throughput.map((group): Comparison => ({
      label: `${group.label}, processor time of a query, router against HAProxy`,
      of: seriesName(group, 'router', 'processor'),
      against: seriesName(group, 'haproxy', 'processor'),
      ...(group.isAim ? { atMost: MOST_OF_HAPROXY } : {}),
    })),
    ...throughput.map((group) => rates(group, 'router', 'pipe', false)),
    ...throughput.map((group): Comparison => ({
      label: `${group.label}, processor time of a query, router against bare Node pipe`,
      of: seriesName(group, 'router', 'processor'),
      against: seriesName(group, 'pipe', 'processor'),
    })),
    ...throughput.map((group) => rates(group, 'router', 'direct', false)),
    ...throughput.map((group) => rates(group, 'haproxy', 'direct', false)),
    ...throughput.map((group) => rates(group, 'pipe', 'direct', false)),
    ...throughput
      .filter(({ ways }) => ways.includes('routerOne'))
      .map((group) => rates(group, 'router', 'routerOne', false)),
    {
      label: '100 rows in order, time of all 256 slots against one',
      of: 'range_hashed router median',
      against: 'range_oneSlot router median',
    },
  ];
}

/** Where sysbench connects for a way. */
export function endpointOf(stage: RouterStage, { layout, tls }: Group, way: Way): Endpoint {
  const { routers } = stage;
  switch (way) {
    case 'direct':
      return stage.direct(tls);
    case 'haproxy':
      return stage.throughHaproxy(tls);
    case 'pipe':
      return stage.throughPipe(tls);
    case 'router':
      return stage.throughRouter(tls ? routers.tls : routers.two, layout);
    default:
      return stage.throughRouter(routers.one, layout);
  }
}

/** Processes of the proxy of a way. */
export async function proxyPids(
  { routers, haproxy, pipe }: RouterStage,
  { tls }: Group,
  way: Way,
): Promise<number[]> {
  switch (way) {
    case 'direct':
      return [];
    case 'haproxy':
      return [haproxy.pid];
    case 'pipe':
      return pipe.pids();
    case 'router':
      return (tls ? routers.tls : routers.two).pids();
    default:
      return routers.one.pids();
  }
}

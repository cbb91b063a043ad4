/** `docs/reliability.md`, made of the results of all runs that were recorded. */
import { type ClientKind, MEASURED_KINDS } from '../history/operation.ts';
import { describeDistribution } from './percentiles.ts';
import { renderTable } from './markdown-table.ts';
import type { RouterResult, RunResult } from './result.ts';
import type { Supersession } from './results-file.ts';
import { AFTER_FIGURES, BEFORE_FIGURES } from './reliability-text.ts';

/** A fault, as the page describes it. */
export interface DescribedFault {
  readonly name: string;
  readonly description: string;
  readonly expects: 'promotion' | 'noPromotion' | 'either';
}

const EXPECTED: Readonly<Record<DescribedFault['expects'], string>> = {
  promotion: 'another instance takes over',
  noPromotion: 'nobody takes over',
  either: 'writes come back',
};

/** The page. The same results give the same text. */
export function renderReliabilityPage(
  results: readonly RunResult[],
  faults: readonly DescribedFault[],
  supersessions: readonly Supersession[] = [],
): string {
  const last = supersessions.map(({ until }) => until).reduce((a, b) => (a > b ? a : b), '');
  const current = results.filter(({ at }) => at > last);
  const sections = [
    '<!-- Generated from docs/reliability/*.jsonl by `npm run generate`. Do not edit. -->',
    BEFORE_FIGURES,
    '## Summary',
    summary(results, current),
    '## Gaps in acknowledged writes',
    'In milliseconds, for each fault, with clients of all kinds at work; *map*: a client that follows the ShardMap, *Service*: one behind the `-primary` Service, ' +
      '*router*: one through the router (Service `<cluster>`), of the runs that had routers and lost none of them. ' +
      'Runs in which the leading operator was lost as well stand apart.',
    gapTable(
      current.filter((run) => !isAlone(run)),
      faults,
    ),
    ...withOneKind(current.filter(isAlone), faults),
    '## Through the router',
    'What statements outside a transaction were answered, and how many transactions were told to begin anew (error 1213). ' +
      '*Answer lost*: error 1158, for a write that the primary had received when it was lost. ' +
      '*Held too long*: error 1205, after `spec.router.holdSeconds`. *Oldest*: how far a read at the level `Eventual` showed the past. ' +
      'Times in milliseconds.',
    routerTable(current, faults),
    'Where the fault takes a router away, connections to it end, and its clients connect again, to the other one:',
    lostRouterTable(current, faults),
    '## Where the time goes',
    'Milliseconds of each part of a promotion, as the event `Promoted` tells them.',
    phaseTable(current, faults),
    '## Broken promises',
    brokenRuns(results),
    ...earlierVersions(results, faults, supersessions),
    '## The faults',
    renderTable(
      ['fault', 'what is done', 'expected'],
      faults.map(({ name, description, expects }) => [`\`${name}\``, description, EXPECTED[expects]]),
    ),
    AFTER_FIGURES,
    '## What it was measured on',
    surroundings(results),
  ];
  return `${sections.join('\n\n')}\n`;
}

function summary(results: readonly RunResult[], current: readonly RunResult[]): string {
  if (results.length === 0) {
    return 'No run has been recorded yet.';
  }
  const add = (of: (result: RunResult) => number): number =>
    results.reduce((sum, result) => sum + of(result), 0);
  const broken = results.filter(({ violations }) => violations.length > 0).length;
  const lost = results.filter(({ violations }) =>
    violations.some(({ rule }) => rule === 'acknowledgedWritePresent'),
  ).length;
  const converged = describeDistribution(
    current.flatMap(({ convergedSeconds }) => (convergedSeconds === null ? [] : [convergedSeconds])),
  );
  const agreed = results.filter(({ registers }) => registers.secondVerdict === 'agreed').length;
  const stale = add(({ staleReads }) => staleReads.count);
  const latest = Math.max(...results.map(({ staleReads }) => staleReads.lastAfterMilliseconds));
  return renderTable(
    ['', ''],
    [
      ['Runs', String(results.length)],
      ['Runs that broke a promise', String(broken)],
      ['Runs that lost an acknowledged write', String(lost)],
      ['Acknowledged rows', String(add(({ acknowledged }) => acknowledged.appends))],
      ['Acknowledged transfers', String(add(({ acknowledged }) => acknowledged.transfers))],
      [
        'Operations on registers, checked for linearizability',
        String(add(({ registers }) => registers.operations)),
      ],
      ['Runs in which Porcupine gave the same verdict', String(agreed)],
      [
        'Operations without an answer (may or may not have taken effect)',
        String(add(({ indeterminate }) => indeterminate)),
      ],
      ...routerSummary(results),
      [
        'Reads that a deposed primary answered',
        stale === 0 ? '0' : `${stale}, the last ${Math.round(latest)} ms after its successor had opened`,
      ],
      [
        'Reads that the Service led to a former primary, by then a replica',
        String(add(({ misledReads = 0 }) => misledReads)),
      ],
      [
        'Seconds from the end of a fault (the start of a node included) until all members followed and were equal, p50 / p90 / max',
        converged === undefined
          ? '-'
          : [converged.p50, converged.p90, converged.max].map((value) => value.toFixed(1)).join(' / '),
      ],
    ],
  );
}

function routerSummary(results: readonly RunResult[]): string[][] {
  const own = results.flatMap(({ router }) => (router === undefined ? [] : [router]));
  const [statements = '0', lost = '0', held = '0'] = answerCells(own);
  return own.length === 0
    ? []
    : [
        [
          'Statements outside transactions through the router: all, those whose answer was lost, those held too long',
          `${statements} / ${lost} / ${held}`,
        ],
      ];
}

function gapTable(results: readonly RunResult[], faults: readonly DescribedFault[]): string {
  const rows = faults.flatMap(({ name }) => {
    const own = results.filter(({ fault }) => fault === name);
    const parts: readonly (readonly [string, readonly RunResult[]])[] = [
      [`\`${name}\``, own.filter(({ leaderLost }) => !leaderLost)],
      [`\`${name}\`, leading operator lost`, own.filter(({ leaderLost }) => leaderLost)],
    ];
    return parts.flatMap(([title, runs]) =>
      runs.length === 0
        ? []
        : [
            [
              title,
              String(runs.length),
              ...gapCells(runs, 'shardMap'),
              ...gapCells(runs, 'primaryService'),
              ...routerCells(runs.filter(({ router }) => router?.routersLost === 0)),
            ],
          ],
    );
  });
  return renderTable(
    [
      'fault',
      'runs',
      'map p50',
      'p90',
      'max',
      'Service p50',
      'p90',
      'max',
      'router runs',
      'router p50',
      'p90',
      'max',
    ],
    rows,
  );
}

/** Whether clients of one kind only ran, which `--clients` asks for. */
function isAlone({ gaps }: RunResult): boolean {
  return Object.keys(gaps).length === 1;
}

function withOneKind(alone: readonly RunResult[], faults: readonly DescribedFault[]): string[] {
  if (alone.length === 0) {
    return [];
  }
  const rows = faults.flatMap(({ name }) => {
    const own = alone.filter(({ fault, leaderLost }) => fault === name && !leaderLost);
    const cells = MEASURED_KINDS.flatMap((kind) => {
      const runs = own.filter(({ gaps }) => kind in gaps);
      return [runs.length === 0 ? '-' : String(runs.length), ...gapCells(runs, kind)];
    });
    return own.length === 0 ? [] : [[`\`${name}\``, ...cells]];
  });
  return [
    '### With clients of one kind at a time',
    'The same, of runs in which clients of one kind only were at work (`--clients`), beside those that hold on to the first primary. All ' +
      'clients share the processors with databases, operators and Kubernetes, so that those of other kinds make a gap longer. ' +
      'Runs in which the leading operator was lost are left out.',
    renderTable(
      ['fault', ...['map', 'Service', 'router'].flatMap((name) => [`${name} runs`, 'p50', 'p90', 'max'])],
      rows,
    ),
  ];
}

function routerCells(runs: readonly RunResult[]): string[] {
  return [runs.length === 0 ? '-' : String(runs.length), ...gapCells(runs, 'router')];
}

/** Runs of each fault that had routers. */
function routed(
  results: readonly RunResult[],
  faults: readonly DescribedFault[],
  accept: (router: RouterResult) => boolean,
): { readonly name: string; readonly runs: readonly RunResult[]; readonly own: readonly RouterResult[] }[] {
  return faults.flatMap(({ name }) => {
    const runs = results.filter(
      ({ fault, router }) => fault === name && router !== undefined && accept(router),
    );
    const own = runs.flatMap(({ router }) => (router === undefined ? [] : [router]));
    return runs.length === 0 ? [] : [{ name, runs, own }];
  });
}

function routerTable(results: readonly RunResult[], faults: readonly DescribedFault[]): string {
  const rows = routed(results, faults, () => true).map(({ name, runs, own }) => [
    `\`${name}\``,
    String(runs.length),
    ...answerCells(own),
    oldestRead(own),
  ]);
  return rows.length === 0
    ? 'No run has told yet.'
    : renderTable(
        [
          'fault',
          'runs',
          'statements',
          'answers lost',
          'held too long',
          'transactions',
          'told to begin anew',
          'oldest',
        ],
        rows,
      );
}

function answerCells(own: readonly RouterResult[]): string[] {
  const add = (of: (answers: RouterResult['answers']) => number): string =>
    String(own.reduce((sum, { answers }) => sum + of(answers), 0));
  return [
    add(({ statements }) => statements),
    add(({ answersLost }) => answersLost),
    add(({ heldTooLong }) => heldTooLong),
    add(({ transactions }) => transactions),
    add(({ toldToRetry }) => toldToRetry),
  ];
}

function oldestRead(own: readonly RouterResult[]): string {
  return own.reduce((oldest, { eventual }) => Math.max(oldest, eventual.oldestMilliseconds), 0).toFixed(0);
}

function lostRouterTable(results: readonly RunResult[], faults: readonly DescribedFault[]): string {
  const rows = routed(results, faults, ({ routersLost }) => routersLost > 0).map(({ name, runs, own }) => {
    const lost = own.reduce((sum, { answers }) => sum + answers.connectionsLost, 0);
    return [`\`${name}\``, String(runs.length), ...gapCells(runs, 'router'), String(lost)];
  });
  return rows.length === 0
    ? 'No run has told yet.'
    : renderTable(['fault', 'runs', 'router p50', 'p90', 'max', 'statements cut off'], rows);
}

/** Runs of versions that have been mended since: they count in the summary, but not among the figures above. */
function earlierVersions(
  results: readonly RunResult[],
  faults: readonly DescribedFault[],
  supersessions: readonly Supersession[],
): string[] {
  let from = '';
  return supersessions
    .toSorted((a, b) => a.until.localeCompare(b.until))
    .flatMap(({ until, mended }) => {
      const own = results.filter(({ at }) => at > from && at <= until);
      from = until;
      return own.length === 0
        ? []
        : [
            `## Gaps before ${until.slice(0, 16).replace('T', ' ')}`,
            `Mended since: ${mended}`,
            gapTable(own, faults),
          ];
    });
}

function gapCells(runs: readonly RunResult[], kind: ClientKind): string[] {
  const gaps = runs.map((run) => run.gaps[kind]);
  const measured = describeDistribution(gaps.filter((gap): gap is number => typeof gap === 'number'));
  const never = gaps.filter((gap) => gap === null).length;
  if (measured === undefined) {
    return ['-', '-', never > 0 ? 'no end' : '-'];
  }
  const longest = never > 0 ? `no end (${never})` : measured.max.toFixed(0);
  return [measured.p50.toFixed(0), measured.p90.toFixed(0), longest];
}

function phaseTable(results: readonly RunResult[], faults: readonly DescribedFault[]): string {
  const names = [...new Set(results.flatMap(({ phases }) => Object.keys(phases)))];
  const rows = faults.flatMap(({ name }) => {
    const runs = results.filter(({ fault, phases }) => fault === name && Object.keys(phases).length > 0);
    return runs.length === 0
      ? []
      : [
          [
            `\`${name}\``,
            String(runs.length),
            ...names.map((phase) => {
              const found = describeDistribution(
                runs.flatMap(({ phases }) => (phases[phase] === undefined ? [] : [phases[phase]])),
              );
              return found === undefined ? '-' : `${found.p50.toFixed(0)} (max ${found.max.toFixed(0)})`;
            }),
          ],
        ];
  });
  return rows.length === 0 ? 'No run has told yet.' : renderTable(['fault', 'runs', ...names], rows);
}

function brokenRuns(results: readonly RunResult[]): string {
  const rows = results.flatMap(({ at, fault, seed, index, violations, surroundings }) =>
    violations.map(({ rule, message }) => [
      at.slice(0, 16).replace('T', ' '),
      `\`${fault}\``,
      `${seed}/${index}`,
      surroundings.commit,
      rule,
      message.length > 160 ? `${message.slice(0, 157)}...` : message,
    ]),
  );
  return rows.length === 0
    ? 'None in the runs recorded.'
    : `Every one that was recorded, with the version it was found in.\n\n${renderTable(
        ['when (UTC)', 'fault', 'seed/run', 'commit', 'promise', 'what was found'],
        rows,
      )}`;
}

function surroundings(results: readonly RunResult[]): string {
  const distinct = Map.groupBy(results, ({ surroundings: { commit: _commit, ...rest } }) =>
    JSON.stringify(rest),
  );
  const rows = [...distinct.values()].flatMap((runs) => {
    const [first] = runs;
    if (first === undefined) {
      return [];
    }
    const { surroundings: on } = first;
    const days = [...new Set(runs.map(({ at }) => at.slice(0, 10)))].sort().join(', ');
    const seeds = [...new Set(runs.map(({ seed }) => seed))].sort((a, b) => a - b).join(', ');
    return [
      [
        `${on.processors} processors (${on.processor}), ${on.memoryGibibytes} GiB, Linux ${on.kernel}`,
        `MariaDB ${on.mariadb}, Kubernetes ${on.kubernetes} (${on.provider}), Node.js ${on.node}`,
        on.kubeProxy,
        days,
        String(runs.length),
        seeds,
      ],
    ];
  });
  return rows.length === 0
    ? 'Nothing yet.'
    : renderTable(['machine', 'versions', 'kube-proxy', 'days', 'runs', 'seeds'], rows);
}

/**
 * The direction of imports (docs/architecture.md):
 * core <- api <- engines <- agent, supervisor, controllers, router <- commands <- main. runtime, and pki and launcher on top of it
 * alone, may be imported from where they are named below.
 * @type {import('dependency-cruiser').IConfiguration}
 */
const only = (name, from, allowed, comment) => ({
  name,
  severity: 'error',
  comment,
  // What only tests use may look anywhere.
  from: { path: `^operator/src/${from}/`, pathNot: '(\\.test\\.ts|/testing/[^/]+\\.ts)$' },
  to: {
    path: '^operator/src/',
    pathNot: allowed.map((place) => `^operator/src/${place}${place.endsWith('ts$') ? '' : '/'}`),
  },
});

export default {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'resolvable',
      severity: 'error',
      comment:
        'modules of Node.js that exist only with the prefix, such as node:sqlite, are not known to the checker',
      from: {},
      to: { couldNotResolve: true, pathNot: '^node:' },
    },
    only('core-is-pure', 'core', ['core'], 'core/ has no I/O and imports nothing else of ours'),
    {
      name: 'core-does-no-io',
      severity: 'error',
      from: { path: '^operator/src/core/', pathNot: '\\.test\\.ts$' },
      to: { dependencyTypes: ['core', 'npm'] },
    },
    only('api-imports-core', 'api', ['api', 'core'], 'api/ describes resources'),
    only('runtime-stands-alone', 'runtime', ['runtime'], 'runtime/ knows no database and could be published'),
    only(
      'controllers',
      'controllers',
      [
        'controllers',
        'runtime',
        'api',
        'core',
        'engines',
        'pki',
        'agent/(settings|pod-contract)\\.ts$|agent/protocol',
        'router/pod-contract\\.ts$',
        'movers/(planned-moves|whereabouts|move-wishes|move-edits)\\.ts$',
      ],
      'controllers act through the runtime, and know of agents and routers what their pods must give them',
    ),
    only(
      'wire',
      'wire',
      ['wire', 'runtime'],
      'wire/ knows the bytes of a protocol, and nobody who speaks it',
    ),
    only(
      'engines',
      'engines',
      ['engines', 'wire', 'runtime', 'api', 'core'],
      'an engine knows neither agent nor operator',
    ),
    only('pki', 'pki', ['pki', 'runtime'], 'pki/ knows certificates and Secrets as text'),
    only(
      'agent',
      'agent',
      ['agent', 'launcher', 'pki', 'engines', 'runtime', 'api', 'core'],
      'the agent knows no operator',
    ),
    only(
      'supervisor',
      'supervisor',
      [
        'supervisor',
        'agent/protocol',
        'router/pod-contract\\.ts$',
        'launcher',
        'pki',
        'engines',
        'runtime',
        'api',
        'core',
      ],
      'the supervisor knows agents by their protocol only',
    ),
    only(
      'movers',
      'movers',
      ['movers', 'supervisor', 'agent/protocol', 'engines', 'runtime', 'api', 'core'],
      'movers know agents by what the supervisor hears of them',
    ),
    only(
      'router',
      'router',
      ['router', 'wire', 'engines', 'pki', 'runtime', 'api', 'core'],
      'routers know nobody but the API server and the servers of the shards',
    ),
    only(
      'observability',
      'observability',
      ['observability', 'runtime'],
      'observability/ writes logs for whoever asks, and knows nothing of what they say',
    ),
    only(
      'commands',
      'commands',
      [
        'commands',
        'controllers',
        'supervisor',
        'movers',
        'agent',
        'router',
        'engines',
        'observability',
        'runtime',
        'api',
      ],
      'commands put the parts together, and nobody but main imports them',
    ),
    only(
      'cli',
      'cli',
      ['cli', 'runtime', 'api', 'core', 'commands/version\\.ts$'],
      'the plugin speaks to the API server as kubectl does, and knows no part of the operator',
    ),
    {
      name: 'main-starts-commands',
      severity: 'error',
      comment: 'main.ts reads arguments and starts one command',
      from: { path: '^operator/src/main\\.ts$' },
      to: { path: '^operator/src/', pathNot: '^operator/src/commands/' },
    },
    {
      name: 'nobody-imports-main',
      severity: 'error',
      comment: 'importing main.ts would start the program',
      from: { path: '^operator/src/' },
      to: { path: '^operator/src/main\\.ts$' },
    },
    {
      name: 'launcher-is-tiny',
      severity: 'error',
      comment: 'the launcher is what a restart of the database container waits for',
      from: { path: '^operator/src/launcher/', pathNot: '\\.test\\.ts$' },
      to: { pathNot: '^(operator/src/launcher/|operator/src/runtime/assert-never\\.ts$|(node:)?[a-z_/]+$)' },
    },
    {
      name: 'agents-issue-no-certificates',
      severity: 'error',
      comment:
        'the X.509 library takes a tenth of a second to load, and only the operator holds the keys of authorities',
      from: { path: '^operator/src/(agent|launcher|engines)/', pathNot: '\\.test\\.ts$|/testing/' },
      to: { path: '^operator/src/pki/certificate-authority\\.ts$', reachable: true },
    },
    {
      name: 'client-library-stays-in-runtime-client',
      severity: 'error',
      comment: 'importing @kubernetes/client-node costs 90 MB: types anywhere, values in runtime/client only',
      from: { path: '^operator/src/', pathNot: '^operator/src/runtime/client/' },
      to: { path: '@kubernetes/client-node', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'operator-does-not-import-tests',
      severity: 'error',
      from: { path: '^operator/src/' },
      to: { path: '^(test-e2e|scripts)/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    // The program of Prisma's client imports what its scenario installs and generates.
    exclude: { path: '(^|/)(node_modules|dist)/|^test-e2e/router/clients/prisma/' },
    parser: 'swc',
    enhancedResolveOptions: {
      extensions: ['.ts', '.mjs', '.js'],
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default'],
    },
  },
};

/**
 * The direction of imports (docs/architecture.md): core <- api <- runtime, engines <- controllers <- main.
 * @type {import('dependency-cruiser').IConfiguration}
 */
const only = (name, from, allowed, comment) => ({
  name,
  severity: 'error',
  comment,
  from: { path: `^operator/src/${from}/`, pathNot: '\\.test\\.ts$' },
  to: {
    path: '^operator/src/',
    pathNot: allowed.map((place) => `^operator/src/${place}${place.endsWith('ts$') ? '' : '/'}`),
  },
});

export default {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    { name: 'resolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
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
      ],
      'controllers act through the runtime, and know of agents what their pods must give them',
    ),
    only(
      'engines',
      'engines',
      ['engines', 'runtime', 'api', 'core'],
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
      ['supervisor', 'agent/protocol', 'launcher', 'pki', 'engines', 'runtime', 'api', 'core'],
      'the supervisor knows agents by their protocol only',
    ),
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
    exclude: { path: '(^|/)(node_modules|dist)/' },
    parser: 'swc',
    enhancedResolveOptions: {
      extensions: ['.ts', '.mjs', '.js'],
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default'],
    },
  },
};

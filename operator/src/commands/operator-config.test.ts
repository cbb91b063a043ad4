import { describe, expect, it } from '@jest/globals';
import { OPERATOR_SETTINGS, OperatorConfigError, parseOperatorConfig } from './operator-config.ts';

const defaults = Object.fromEntries(
  Object.entries(OPERATOR_SETTINGS).flatMap(([name, setting]) =>
    'default' in setting ? [[name, setting.default]] : [],
  ),
);
const usable = { ...defaults, image: 'registry.example/shardwright:1' };

describe('parseOperatorConfig', () => {
  it('needs the image only', () => {
    expect(parseOperatorConfig(usable)).toEqual({
      watchNamespace: '',
      image: 'registry.example/shardwright:1',
      bindAddress: { port: 8080 },
      leaderElect: true,
      leaderElectionNamespace: '',
      leaderElectionLeaseName: 'shardwright-operator',
      logLevel: 'info',
      logFormat: 'json',
    });
  });

  it('freezes its answer', () => expect(Object.isFrozen(parseOperatorConfig(usable))).toBe(true));

  it.each([
    [{ image: undefined }, '--image (SHARDWRIGHT_IMAGE) is required'],
    [{ image: '' }, '--image (SHARDWRIGHT_IMAGE) is not an image reference'],
    [{ watchNamespace: 'Shop' }, '--watch-namespace (SHARDWRIGHT_WATCH_NAMESPACE) is not a namespace name'],
    [{ watchNamespace: 'a,b' }, '--watch-namespace'],
    [{ bindAddress: '8080' }, '--bind-address (SHARDWRIGHT_BIND_ADDRESS) "8080" is not host:port'],
    [{ leaderElect: 'yes' }, '--leader-elect (SHARDWRIGHT_LEADER_ELECT) must be true or false'],
    [{ leaderElectionLeaseName: '-x' }, '--leader-election-lease-name'],
    [{ logLevel: 'loud' }, '--log-level (SHARDWRIGHT_LOG_LEVEL) must be one of error, warn, info, debug'],
    [{ logFormat: 'xml' }, '--log-format (SHARDWRIGHT_LOG_FORMAT) must be one of json, text'],
  ])('refuses %j', (change, sentence) => {
    expect(() => parseOperatorConfig({ ...usable, ...change })).toThrow(OperatorConfigError);
    expect(() => parseOperatorConfig({ ...usable, ...change })).toThrow(sentence);
  });

  it('tells every fault at once, one a line', () => {
    expect(() => parseOperatorConfig({ ...usable, logLevel: 'loud', image: undefined })).toThrow(
      /^--image .*\n--log-level .*$/,
    );
  });
});

describe('OPERATOR_SETTINGS', () => {
  it.each(Object.values(OPERATOR_SETTINGS))(
    '$flag has the environment variable of its name',
    ({ flag, environment }) => {
      const name = flag.split(' ')[0]?.slice(2).replaceAll('-', '_').toUpperCase();
      expect(environment).toBe(`SHARDWRIGHT_${name}`);
    },
  );
});

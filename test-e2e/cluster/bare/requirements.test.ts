import { describe, expect, it } from '@jest/globals';
import { checkRequirements } from './requirements.ts';
import type { SystemFacts } from './requirements.ts';

const debian: SystemFacts = {
  platform: 'linux',
  userId: 0,
  osRelease: 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nID=debian\n',
  hasAptGet: true,
  missingPrograms: [],
};

describe('checkRequirements', () => {
  it('is content with root on a Debian that has everything', () => {
    expect(checkRequirements(debian)).toEqual({ kind: 'met' });
  });

  it('installs what is missing, each package once', () => {
    expect(checkRequirements({ ...debian, missingPrograms: ['containerd', 'ctr', 'ip'] })).toEqual({
      kind: 'install',
      packages: ['containerd', 'iproute2'],
    });
  });

  it('installs on systems like Debian', () => {
    const osRelease = 'PRETTY_NAME="Ubuntu 24.04 LTS"\nID=ubuntu\nID_LIKE=debian\n';
    expect(checkRequirements({ ...debian, osRelease, missingPrograms: ['runc'] }).kind).toBe('install');
  });

  it.each<[string, Partial<SystemFacts>, RegExp, RegExp]>([
    ['another system', { platform: 'darwin' }, /Linux only, and this is darwin/, /Install Docker and kind/],
    ['no root', { userId: 1000 }, /needs root/, /sudo/],
    [
      'another distribution',
      { osRelease: 'PRETTY_NAME="Fedora Linux 42"\nID=fedora\n', missingPrograms: ['buildah', 'ctr'] },
      /missing: buildah, ctr.*Fedora Linux 42/,
      /buildah, containerd/,
    ],
    ['no apt-get', { hasAptGet: false, missingPrograms: ['runc'] }, /missing: runc/, /Install them/],
  ])('says what is missing and how to get it: %s', (_title, facts, message, remedy) => {
    const verdict = checkRequirements({ ...debian, ...facts });
    if (verdict.kind !== 'refused') {
      throw new Error(`expected a refusal, got ${verdict.kind}`);
    }
    expect(verdict.error.message).toMatch(message);
    expect(verdict.error.remedy).toMatch(remedy);
  });
});

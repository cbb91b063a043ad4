import { describe, expect, it } from '@jest/globals';
import { cacheKey } from './cache-key.ts';
import { buildFlags, goModules, moduleOf, requiredVersion } from './catalog.ts';
import { findGo, goVersionProblem, minimumGoVersion } from './go-toolchain.ts';

const goMod = `module example

go 1.24.6

require k8s.io/kubernetes v1.34.4

require (
	helm.sh/helm/v3 v3.19.0 // indirect
)
`;

describe('cacheKey', () => {
  const inputs = {
    files: { 'go.mod': 'a', 'go.sum': 'b' },
    goVersion: 'go1.24.6',
    platform: 'linux/amd64',
    flags: ['-trimpath'],
  };

  it('is the same whatever the order of the files', () => {
    expect(cacheKey({ ...inputs, files: { 'go.sum': 'b', 'go.mod': 'a' } })).toBe(cacheKey(inputs));
  });

  it.each([
    ['a file', { ...inputs, files: { 'go.mod': 'a', 'go.sum': 'c' } }],
    ['the Go version', { ...inputs, goVersion: 'go1.25.0' }],
    ['the platform', { ...inputs, platform: 'linux/arm64' }],
    ['the flags', { ...inputs, flags: [] }],
  ])('changes with %s', (_title, changed) => {
    expect(cacheKey(changed)).not.toBe(cacheKey(inputs));
  });
});

describe('requiredVersion', () => {
  it('reads single lines and blocks', () => {
    expect(requiredVersion(goMod, 'k8s.io/kubernetes')).toBe('v1.34.4');
    expect(requiredVersion(goMod, 'helm.sh/helm/v3')).toBe('v3.19.0');
    expect(requiredVersion(goMod, 'k8s.io/kube')).toBeUndefined();
  });
});

describe('buildFlags', () => {
  it('gives Kubernetes the version that go.mod names', () => {
    expect(buildFlags(moduleOf('kubelet'), goMod).join(' ')).toContain(
      '-X k8s.io/component-base/version.gitVersion=v1.34.4',
    );
  });

  it('names every program once', () => {
    const names = goModules.flatMap((module) => module.programs.map((program) => program.name));
    expect(new Set(names).size).toBe(names.length);
  });
});

describe('goVersionProblem', () => {
  it.each(['go1.24.6', 'go1.24.7', 'go1.25', 'go1.26.8', 'go2.0'])('accepts %s', (version) => {
    expect(goVersionProblem(version, '1.24.6')).toBeUndefined();
  });

  it.each(['go1.19.8', 'go1.24.5', 'go1.24'])('refuses %s as too old', (version) => {
    expect(goVersionProblem(version, '1.24.6')).toMatch(/too old: Kubernetes needs Go 1\.24\.6 or newer/);
  });

  it('does not guess', () => {
    expect(goVersionProblem('gccgo', '1.24')).toMatch(/not understood/);
  });
});

describe('findGo', () => {
  it('says that Go is missing, for what it is needed and how to get it', async () => {
    await expect(findGo('.', '1.24.6', ['no-such-go'])).rejects.toMatchObject({
      code: 'MissingRequirement',
      message: expect.stringMatching(/Go is not installed.*needs Go 1\.24\.6 or newer/),
      remedy: expect.stringContaining('https://go.dev/doc/install'),
    });
  });
});

describe('minimumGoVersion', () => {
  it('is what go.mod says', () => {
    expect(minimumGoVersion(goMod)).toBe('1.24.6');
  });
});

import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Clock } from '../runtime/clock.ts';
import { type Logger, silentLogger } from '../runtime/logger.ts';
import { createAuthority } from './certificate-authority.ts';
import type { KeyPair } from './certificate.ts';
import { type CertificateFiles, openCertificateFiles } from './certificate-files.ts';
import { validityFrom } from './lifetime.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'certificates-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

const pair = (): Promise<KeyPair> => createAuthority('test', validityFrom(Date.now(), 3600_000));

let version = 0;
/** Writes files the way a kubelet does: a new directory, then one rename of the link to it. */
function publish(files: Record<string, string>): void {
  version += 1;
  mkdirSync(join(directory, `..${version}`));
  for (const [name, text] of Object.entries(files)) {
    writeFileSync(join(directory, `..${version}`, name), text);
  }
  symlinkSync(`..${version}`, join(directory, '..new'));
  renameSync(join(directory, '..new'), join(directory, '..data'));
}

const secret = ({ certificate, key }: KeyPair): Record<string, string> => ({
  'tls.crt': certificate,
  'tls.key': key,
  'ca.crt': certificate,
});

/** A clock whose sleeps end when the test says so, and after which one look has been taken. */
function steppedClock(): { readonly clock: Clock; readonly look: () => Promise<void> } {
  let wake: (() => void) | undefined;
  let asleep = Promise.withResolvers<void>();
  return {
    clock: {
      now: () => 0,
      monotonic: () => 0,
      setTimer: () => ({ cancel() {} }),
      sleep: (_milliseconds, signal) =>
        new Promise((resolve, reject) => {
          wake = resolve;
          signal.addEventListener('abort', reject, { once: true });
          asleep.resolve();
        }),
    },
    async look() {
      await asleep.promise;
      asleep = Promise.withResolvers<void>();
      wake?.();
      await asleep.promise;
    },
  };
}

async function open(logger: Logger = silentLogger): Promise<{
  readonly files: CertificateFiles;
  readonly look: () => Promise<void>;
  readonly stop: () => Promise<void>;
}> {
  const { clock, look } = steppedClock();
  const files = await openCertificateFiles({ directory, clock, logger });
  const abort = new AbortController();
  const running = files.run(abort.signal);
  return {
    files,
    look,
    stop: () => {
      abort.abort();
      return running;
    },
  };
}

describe('certificate files', () => {
  it('are read at once, and again after the kubelet has swapped them', async () => {
    const [first, second] = [await pair(), await pair()];
    publish(secret(first));
    const { files, look, stop } = await open();
    const changed = jest.fn();
    const forget = files.onChange(changed);
    expect(files.current()).toEqual({ ...first, authorities: first.certificate });
    await look();
    expect(changed).not.toHaveBeenCalled();
    publish(secret(second));
    await look();
    expect(changed).toHaveBeenCalledTimes(1);
    expect(files.current()).toEqual({ ...second, authorities: second.certificate });
    forget();
    publish(secret(first));
    await look();
    expect(changed).toHaveBeenCalledTimes(1);
    await stop();
  });

  it('tell of a change of trust alone', async () => {
    const [first, second] = [await pair(), await pair()];
    publish(secret(first));
    const { files, look, stop } = await open();
    publish({ ...secret(first), 'ca.crt': first.certificate + second.certificate });
    await look();
    expect(files.current().authorities).toBe(first.certificate + second.certificate);
    await stop();
  });

  it('stay as they were while new ones cannot be used, and that is logged', async () => {
    const [first, second] = [await pair(), await pair()];
    publish(secret(first));
    const warn = jest.fn();
    const { files, look, stop } = await open({ ...silentLogger, warn });
    for (const broken of [
      { ...secret(first), 'tls.key': second.key },
      { ...secret(first), 'ca.crt': '' },
      { 'tls.crt': first.certificate },
      { ...secret(first), 'tls.crt': 'garbage' },
    ]) {
      publish(broken);
      await look();
    }
    expect(warn).toHaveBeenCalledTimes(4);
    expect(JSON.stringify(warn.mock.calls)).not.toContain('PRIVATE');
    expect(files.current().key).toBe(first.key);
    await stop();
  });

  it('that cannot be used at the start are an error', async () => {
    await expect(open()).rejects.toMatchObject({ code: 'ENOENT' });
    publish({ ...secret(await pair()), 'tls.key': 'x' });
    await expect(open()).rejects.toMatchObject({ code: 'UnreadableCertificate' });
  });

  it('work without the kubelet’s links too', async () => {
    const first = await pair();
    for (const [name, text] of Object.entries(secret(first))) {
      writeFileSync(join(directory, name), text);
    }
    const { files, stop } = await open();
    expect(files.current().certificate).toBe(first.certificate);
    await stop();
  });
});

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The settings that a kubelet changes on its machine. */
const changedByKubelet = [
  'vm/overcommit_memory',
  'vm/panic_on_oom',
  'kernel/panic',
  'kernel/panic_on_oops',
  'kernel/keys/root_maxkeys',
  'kernel/keys/root_maxbytes',
];

/** Their present values. */
export function readKernelSettings(): Record<string, string> {
  const present = changedByKubelet.filter((name) => existsSync(join('/proc/sys', name)));
  return Object.fromEntries(
    present.map((name) => [name, readFileSync(join('/proc/sys', name), 'utf8').trim()]),
  );
}

/** Puts recorded values back. */
export function restoreKernelSettings(settings: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(settings)) {
    const path = join('/proc/sys', name);
    if (existsSync(path) && readFileSync(path, 'utf8').trim() !== value) {
      writeFileSync(path, value);
    }
  }
}

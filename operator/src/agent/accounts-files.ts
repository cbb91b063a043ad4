import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Account } from '../engines/accounts.ts';
import type { AccountSettings } from './settings.ts';

/** The accounts of the database as their mounted Secrets say now. Rejects where one cannot be read. */
export async function readAccounts(
  folder: string,
  accounts: readonly AccountSettings[],
): Promise<readonly Account[]> {
  return Promise.all(
    accounts.map(async ({ folder: name, purpose, requireTls, schemas }) => ({
      name: await readValue(join(folder, name, 'username')),
      password: await readValue(join(folder, name, 'password')),
      purpose,
      requireTls,
      schemas,
    })),
  );
}

async function readValue(path: string): Promise<string> {
  const value = (await readFile(path, 'utf8')).replace(/\r?\n$/, '');
  if (value === '') {
    throw new TypeError(`${path} is empty`);
  }
  return value;
}

import { expect, it } from '@jest/globals';
import { AGENT_PATHS } from '../agent/pod-contract.ts';
import { ACCOUNT_FOLDERS } from '../controllers/sharded-cluster/resources/accounts.ts';
import { mariadbEngine } from '../engines/mariadb/engine.ts';
import { layoutOf } from '../engines/mariadb/layout.ts';
import { ACCOUNTS_FOLDER, AGENT_ACCOUNT_FILE, AUTHORITY_FILE, VOLUME_FOLDER } from './pod-paths.ts';
import { SQL_ACCOUNTS } from './sql.ts';

it('finds things where the pods have them', () => {
  const { container } = mariadbEngine;
  expect(layoutOf(container).clientConfiguration).toBe(AGENT_ACCOUNT_FILE);
  expect(container.volumePath).toBe(VOLUME_FOLDER);
  expect(AGENT_PATHS.accounts).toBe(ACCOUNTS_FOLDER);
  expect(`${AGENT_PATHS.serverTls}/ca.crt`).toBe(AUTHORITY_FILE);
  expect(Object.values(ACCOUNT_FOLDERS)).toEqual(expect.arrayContaining(Object.values(SQL_ACCOUNTS)));
});

import { describe, expect, it } from '@jest/globals';
import { namedRoles, unifyGrants } from './shown-grants.ts';

const ACCOUNT = '`shop`@`%`';

describe('unifyGrants', () => {
  it('tells of rights on keyspaces, and neither of roles and slots nor of what identifies the user', () => {
    const rows = [
      'GRANT `shardwright_user_shop` TO `shop`@`%`',
      "GRANT USAGE ON *.* TO `shop`@`%` IDENTIFIED VIA mysql_native_password USING '*AB' OR mysql_native_password USING '*CD' REQUIRE SSL WITH MAX_USER_CONNECTIONS 5",
      'GRANT `shardwright_keyspace_app_owner` TO `shardwright_user_shop`',
      'GRANT `shardwright_keyspace_my_app_ro` TO `shardwright_user_shop`',
      'GRANT USAGE ON *.* TO `shardwright_user_shop`',
      'GRANT SELECT, SHOW VIEW ON `app\\_s0001`.* TO `shardwright_keyspace_app_owner`',
      'GRANT SELECT, SHOW VIEW ON `app$shared`.* TO `shardwright_keyspace_app_owner`',
      'GRANT SELECT ON `mysql`.`proc` TO `shop`@`%`',
      'SET DEFAULT ROLE `shardwright_user_shop` FOR `shop`@`%`',
    ];
    const unified = unifyGrants(rows, ACCOUNT, ['app', 'my_app']);
    expect(unified).toEqual([
      'GRANT USAGE ON *.* TO `shop`@`%` REQUIRE SSL WITH MAX_USER_CONNECTIONS 5',
      expect.stringMatching(/^GRANT SELECT, SHOW VIEW, INSERT, .*DELETE HISTORY ON `app`\.\* TO `shop`@`%`$/),
      'GRANT SELECT, SHOW VIEW ON `my_app`.* TO `shop`@`%`',
      'GRANT SELECT ON `mysql`.`proc` TO `shop`@`%`',
    ]);
    expect(namedRoles(rows)).toEqual(['shardwright_user_shop']);
  });

  it('strips a password in the short form', () => {
    expect(
      unifyGrants(["GRANT USAGE ON *.* TO `a`@`%` IDENTIFIED BY PASSWORD '*AB'"], '`a`@`%`', []),
    ).toEqual(['GRANT USAGE ON *.* TO `a`@`%`']);
  });
});

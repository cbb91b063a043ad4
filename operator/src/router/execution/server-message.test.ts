import { describe, expect, it } from '@jest/globals';
import { clientMessage, clientTable } from './server-message.ts';

const KEYSPACES = new Map([
  ['app', {}],
  ['shop_eu', {}],
]);

describe('a message of a server, as a client reads it', () => {
  it.each([
    [1146, "Table 'app_s0001.missing' doesn't exist", "Table 'app.missing' doesn't exist"],
    [1146, "Table 'app$single.missing' doesn't exist", "Table 'app.missing' doesn't exist"],
    [1051, "Unknown table 'shop_eu_s12345.a,shop_eu_s12345.b'", "Unknown table 'shop_eu.a,shop_eu.b'"],
    [
      1452,
      'Cannot add or update a child row: a foreign key constraint fails (`app_s0001`.`orders`, CONSTRAINT `o` FOREIGN KEY (`user_id`) REFERENCES `app$shared`.`users` (`id`))',
      'Cannot add or update a child row: a foreign key constraint fails (`app`.`orders`, CONSTRAINT `o` FOREIGN KEY (`user_id`) REFERENCES `app`.`users` (`id`))',
    ],
    [
      1366,
      "Incorrect integer value: 'x' for column `app_s0001`.`users`.`age` at row 1",
      "Incorrect integer value: 'x' for column `app`.`users`.`age` at row 1",
    ],
    [1305, 'PROCEDURE app_s0001.totals does not exist', 'PROCEDURE app.totals does not exist'],
    [
      1142,
      "SELECT command denied to user 'u'@'%' for table `app_s0001`.`users`",
      "SELECT command denied to user 'u'@'%' for table `app`.`users`",
    ],
    [
      1044,
      "Access denied for user 'u'@'%' to database 'app_s0001'",
      "Access denied for user 'u'@'%' to database 'app'",
    ],
    [1049, "Unknown database 'app$shared'", "Unknown database 'app'"],
  ])('%i: %s', (errno, message, told) => {
    expect(clientMessage({ errno, message }, KEYSPACES)).toBe(told);
  });

  it.each([
    [1062, "Duplicate entry 'app_s0001.x' for key 'PRIMARY'"],
    [1366, "Incorrect integer value: 'app_s0001' for column `app`.`users`.`age` at row 1"],
    [1146, "Table 'other_s0001.missing' doesn't exist"],
    [1146, "Table 'app_s00001.missing' doesn't exist"],
    [1054, "Unknown column 'app_s0001' in 'SELECT'"],
    [1146, "Table 'my_app_s0001.missing' doesn't exist"],
  ])('is left alone: %i: %s', (errno, message) => {
    expect(clientMessage({ errno, message }, KEYSPACES)).toBe(message);
  });
});

describe('a table in a server’s answer', () => {
  it.each([
    ['app_s0001.users', 'app.users'],
    ['app$shared.a.b', 'app.a.b'],
    ['other$shared.a', 'other$shared.a'],
    ['mysql.user', 'mysql.user'],
  ])('%s', (name, shown) => {
    expect(clientTable(name, KEYSPACES)).toBe(shown);
  });
});

import type { ShownLine } from './support-line.ts';

/** Clients and applications that were used unchanged, each against two shards. */
export const APPLICATIONS: readonly ShownLine[] = [
  { what: 'MariaDB’s command line', scenario: 'router-quickstart' },
  { what: 'Node.js: mysql2 and MariaDB’s connector', scenario: 'router-drivers' },
  {
    what: 'Node.js: TypeORM and Drizzle',
    note: 'They read ids of 63 bits as texts or big integers; Drizzle’s `$returningId()` does not.',
    scenario: 'router-orms',
  },
  {
    what: 'Node.js: Prisma, with its adapter for MariaDB: nested writes, relations, aggregates, both kinds of transactions',
    note: 'Tables were made by SQL: `prisma migrate` and `db push` need a program that Prisma’s own server gives out, and were not tried. `deleteMany()` without the key is refused, as any DELETE without one.',
    scenario: 'router-orms.long',
  },
  {
    what: 'Python: SQLAlchemy, and Django with its own migrations, users and permissions',
    note: 'They read within transactions: of the keyspace or the user, `transactions: Multi`. Django’s own tables are unsharded.',
    scenario: 'router-orms.long',
  },
  { what: 'Go: database/sql with go-sql-driver', scenario: 'router-orms.long' },
  {
    what: 'Java: JDBC by MariaDB’s connector, with statements prepared at the client and at the server, and compressed',
    scenario: 'router-orms.long',
  },
  {
    what: 'sysbench oltp_read_write over all slots',
    note: 'With `transactions: Multi` and `--auto-inc=off`: its ids are 32 bits wide.',
    scenario: 'router-orms.long',
  },
  {
    what: 'PHP: WordPress as Debian packages it, from its installation to pages of posts, searches, comments and users',
    note: 'All of it with every table unsharded. With `wp_users` by `ID` and `wp_usermeta` by `user_id` over all slots, and the other ten tables unsharded, everything but one thing: when a user is deleted, what `wp_usermeta` knows of him stays, since WordPress deletes it by `umeta_id`, which is not the key. Content is not to be sharded: its pages join posts, terms and what is known of both.',
    scenario: 'router-wordpress.long',
  },
];

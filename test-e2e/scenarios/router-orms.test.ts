import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { and, asc, count, eq, inArray, sql, sum } from 'drizzle-orm';
import { drizzle, type MySql2Database } from 'drizzle-orm/mysql2';
import { bigint, datetime, decimal, int, mysqlTable, primaryKey, varchar } from 'drizzle-orm/mysql-core';
import { createPool, type Pool } from 'mysql2/promise';
import 'reflect-metadata';
import { DataSource, EntitySchema } from 'typeorm';
import { APPLICATION_USER, createRouterWorld, KEYSPACE, type RouterWorld } from '../router/router-world.ts';

interface Customer {
  id: string;
  name: string;
  born: string | null;
}

interface Purchase {
  userId: string;
  number: number;
  total: string;
}

const CustomerEntity = new EntitySchema<Customer>({
  name: 'Customer',
  tableName: 'users',
  columns: {
    id: { type: 'bigint', primary: true, generated: 'increment' },
    name: { type: 'varchar', length: 40 },
    born: { type: 'date', nullable: true },
  },
  indices: [{ name: 'by_name', columns: ['name'] }],
});

const PurchaseEntity = new EntitySchema<Purchase>({
  name: 'Purchase',
  tableName: 'purchases',
  columns: {
    userId: { type: 'bigint', primary: true, name: 'user_id' },
    number: { type: 'int', primary: true },
    total: { type: 'decimal', precision: 10, scale: 2 },
  },
});

describe('ORMs through a router on two shards', () => {
  let world: RouterWorld;

  beforeAll(async () => {
    world = await createRouterWorld({
      keyspace: {
        tables: [
          { name: 'users', key: 'id' },
          { name: 'people', key: 'id' },
        ],
      },
    });
    await world.begin();
  });

  afterAll(async () => {
    await world?.close();
  });

  describe('TypeORM', () => {
    let source: DataSource;

    const connect = async (synchronize: boolean): Promise<DataSource> =>
      new DataSource({
        type: 'mariadb',
        ...world.router.address,
        username: APPLICATION_USER,
        password: world.password,
        database: KEYSPACE,
        entities: [CustomerEntity, PurchaseEntity],
        synchronize,
      }).initialize();

    beforeAll(async () => {
      source = await connect(true);
    });

    afterAll(async () => {
      await source?.destroy();
    });

    it('makes its tables, and finds nothing to change in them a second time', async () => {
      const builder = source.driver.createSchemaBuilder();
      const { upQueries } = await builder.log();
      expect(upQueries.map(({ query }) => query)).toEqual([]);
    });

    it('keeps, finds, counts and deletes', async () => {
      const customers = source.getRepository(CustomerEntity);
      // One by one: each customer has a key of his own, and several would want RETURNING from several slots.
      const kept: Customer[] = [];
      for (let index = 0; index < 6; index += 1) {
        kept.push(await customers.save({ name: `customer ${index}`, born: '2000-01-02' }));
      }
      expect(new Set(kept.map(({ id }) => id)).size).toBe(6);
      const [first] = kept;
      expect(await customers.findOneBy({ id: first?.id ?? '' })).toMatchObject({
        name: 'customer 0',
        born: '2000-01-02',
      });
      expect(await customers.count()).toBe(6);
      const page = await customers.find({ order: { name: 'DESC' }, take: 2, skip: 1 });
      expect(page.map(({ name }) => name)).toEqual(['customer 4', 'customer 3']);
      await customers.update({ id: first?.id ?? '' }, { name: 'changed' });
      expect(await customers.findOneBy({ id: first?.id ?? '' })).toMatchObject({ name: 'changed' });
      await customers.delete({ id: first?.id ?? '' });
      expect(await customers.count()).toBe(5);
    });

    it('runs transactions of one key', async () => {
      const [customer] = await source.getRepository(CustomerEntity).find({ take: 1 });
      const userId = customer?.id ?? '';
      await source.transaction(async (manager) => {
        await manager.insert(PurchaseEntity, [
          { userId, number: 1, total: '1.50' },
          { userId, number: 2, total: '2.25' },
        ]);
      });
      await expect(
        source.transaction(async (manager) => {
          await manager.delete(PurchaseEntity, { userId });
          throw new Error('changed my mind');
        }),
      ).rejects.toThrow('changed my mind');
      const result: unknown = await source
        .getRepository(PurchaseEntity)
        .createQueryBuilder('p')
        .select('SUM(p.total)', 'total')
        .where('p.userId = :userId', { userId })
        .getRawOne();
      expect(result).toEqual({ total: '3.75' });
    });
  });

  describe('Drizzle', () => {
    const people = mysqlTable('people', {
      id: bigint({ mode: 'bigint' }).primaryKey().autoincrement(),
      name: varchar({ length: 40 }).notNull(),
      seen: datetime({ fsp: 3 }),
    });
    const notes = mysqlTable(
      'notes',
      {
        userId: bigint('user_id', { mode: 'bigint' }).notNull(),
        number: int().notNull(),
        weight: decimal({ precision: 10, scale: 2 }),
      },
      (table) => [primaryKey({ columns: [table.userId, table.number] })],
    );
    let pool: Pool;
    let database: MySql2Database;

    beforeAll(async () => {
      pool = createPool({
        ...world.router.address,
        user: APPLICATION_USER,
        password: world.password,
        database: KEYSPACE,
        supportBigNumbers: true,
      });
      database = drizzle(pool);
      await database.execute(
        sql`CREATE TABLE people (id BIGINT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(40) NOT NULL, seen DATETIME(3))`,
      );
      await database.execute(
        sql`CREATE TABLE notes (user_id BIGINT NOT NULL, number INT NOT NULL, weight DECIMAL(10,2), PRIMARY KEY (user_id, number))`,
      );
    });

    afterAll(async () => {
      await pool?.end();
    });

    it('inserts, selects with joins, and aggregates', async () => {
      // Not $returningId(): it counts ids as doubles, which those of 63 bits are not.
      await database
        .insert(people)
        .values([
          { name: 'Ann', seen: new Date('2026-01-02T03:04:05.678Z') },
          { name: 'Bob' },
          { name: 'Cid' },
        ]);
      const found = await database.select().from(people).orderBy(asc(people.name));
      expect(found.map(({ name }) => name)).toEqual(['Ann', 'Bob', 'Cid']);
      expect(found[0]?.seen).toEqual(new Date('2026-01-02T03:04:05.678Z'));
      const ids = found.map(({ id }) => id);
      await database.insert(notes).values(
        ids.flatMap((userId) => [
          { userId, number: 1, weight: '1.25' },
          { userId, number: 2, weight: '2.50' },
        ]),
      );
      const [total] = await database.select({ n: count(), weight: sum(notes.weight) }).from(notes);
      expect(total).toEqual({ n: 6, weight: '11.25' });
      const joined = await database
        .select({ name: people.name, weight: notes.weight })
        .from(people)
        .innerJoin(notes, eq(notes.userId, people.id))
        .where(and(inArray(people.id, ids.slice(0, 2)), eq(notes.number, 2)))
        .orderBy(asc(people.name));
      expect(joined).toEqual([
        { name: 'Ann', weight: '2.50' },
        { name: 'Bob', weight: '2.50' },
      ]);
    });

    it('runs transactions, upserts and prepared statements', async () => {
      const [person] = await database.select().from(people).limit(1);
      const userId = person?.id ?? 0n;
      await expect(
        database.transaction(async (transaction) => {
          await transaction.delete(notes).where(eq(notes.userId, userId));
          transaction.rollback();
        }),
      ).rejects.toThrow('Rollback');
      await database
        .insert(notes)
        .values({ userId, number: 1, weight: '9.00' })
        .onDuplicateKeyUpdate({ set: { weight: '9.00' } });
      const prepared = database
        .select({ weight: notes.weight })
        .from(notes)
        .where(and(eq(notes.userId, sql.placeholder('user')), eq(notes.number, 1)))
        .prepare();
      expect(await prepared.execute({ user: userId })).toEqual([{ weight: '9.00' }]);
    });
  });
});
